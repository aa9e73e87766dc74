//! Translation and rendering of graphs: the chaining rule, errors, drawings, and what holds for
//! every program.

pub mod programs;
mod properties;
mod refusals;
mod renderings;

use weir::graph::{
    ChainCandidate, ChainingRule, ChainingStrategy, FlinkChaining, JobGraph, StreamGraph,
    StreamNode, StreamNodeKind,
};
use weir::record::Partitioning;

use programs::{edge, node, stream_graph};

/// Two operators in a row, changed in some way, and the vertices that come of it.
fn check(change: impl FnOnce(&mut StreamGraph), expected: &[&str]) {
    let mut graph = stream_graph(
        vec![node(0, "Source: a", StreamNodeKind::Source, 2), operator(1, "b"), operator(2, "c")],
        vec![edge(0, 1, 0, None), edge(1, 2, 0, None)],
    );
    change(&mut graph);
    let job = JobGraph::from_stream_graph(&graph, &FlinkChaining).expect("the program is sound");
    let names: Vec<&str> = job.vertices.iter().map(|vertex| vertex.name.as_str()).collect();
    assert_eq!(names, expected, "{graph:#?}");
}

fn operator(place: usize, name: &str) -> StreamNode {
    node(place, name, StreamNodeKind::Operator, 2)
}

#[test]
fn chaining() {
    check(|_| {}, &["Source: a -> b -> c"]);
    check(|graph| graph.chaining = false, &["Source: a", "b", "c"]);
    check(|graph| graph.nodes[0].chaining = ChainingStrategy::Head, &["Source: a -> b -> c"]);
    check(|graph| graph.nodes[1].chaining = ChainingStrategy::Head, &["Source: a", "b -> c"]);
    check(|graph| graph.nodes[1].chaining = ChainingStrategy::Never, &["Source: a", "b", "c"]);
    check(|graph| graph.nodes[2].chaining = ChainingStrategy::Never, &["Source: a -> b", "c"]);
    check(|graph| graph.nodes[1].parallelism = 3, &["Source: a", "b", "c"]);
    check(|graph| graph.nodes[1].max_parallelism = Some(7), &["Source: a -> b -> c"]);
    check(|graph| graph.nodes[1].slot_sharing_group = Some("x".into()), &["Source: a", "b -> c"]);
    check(
        |graph| graph.nodes[1].slot_sharing_group = Some("default".into()),
        &["Source: a -> b -> c"],
    );
    for partitioning in [
        Partitioning::Rebalance,
        Partitioning::Rescale,
        Partitioning::Shuffle,
        Partitioning::Broadcast,
        Partitioning::Global,
        Partitioning::Hash,
        Partitioning::Custom,
    ] {
        check(|graph| graph.edges[1].partitioning = Some(partitioning), &["Source: a -> b", "c"]);
    }
    check(
        |graph| graph.edges[1].partitioning = Some(Partitioning::Forward),
        &["Source: a -> b -> c"],
    );
    check(|graph| graph.edges[1].side_output = Some("late".into()), &["Source: a -> b -> c"]);
    // A fork within a chain, and a union, which never is one.
    check(|graph| graph.edges[1].source = graph.nodes[0].id, &["Source: a -> (b, c)"]);
    check(|graph| graph.edges.push(edge(0, 2, 0, None)), &["Source: a -> b", "c"]);
    check(|graph| graph.edges.push(edge(1, 2, 0, None)), &["Source: a -> b", "c"]);
    check(|graph| graph.edges.push(edge(1, 2, 1, None)), &["Source: a -> b", "c"]);
}

/// A wrong rule: everything shares a task with everything.
struct ChainAlways;

impl ChainingRule for ChainAlways {
    fn is_chainable(&self, _: &ChainCandidate<'_>) -> bool {
        true
    }
}

#[test]
fn the_rule_decides_except_where_a_chain_would_have_two_ways_in() {
    let mut graph = programs::word_count(2);
    graph.edges.push(edge(1, 3, 0, None));
    let job = JobGraph::from_stream_graph(&graph, &ChainAlways).expect("the program is sound");
    let names: Vec<&str> = job.vertices.iter().map(|vertex| vertex.name.as_str()).collect();
    assert_eq!(names, ["Source: lines -> split -> count", "counts: Writer"]);
}
