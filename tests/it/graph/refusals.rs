//! Programs that cannot become a job, and what their authors are told.

use insta::assert_snapshot;
use weir::graph::{FlinkChaining, PhysicalPlan, StreamGraph, StreamNodeId};
use weir::record::Partitioning;

use super::programs::{edge, word_count};

fn refused(change: impl FnOnce(&mut StreamGraph)) -> String {
    let mut graph = word_count(2);
    change(&mut graph);
    PhysicalPlan::from_stream_graph(&graph, &FlinkChaining).expect_err("unsound").to_string()
}

#[test]
fn refusals_say_what_is_wrong() {
    let refusals = [
        refused(|graph| *graph = StreamGraph::default()),
        refused(|graph| graph.nodes[1].id = StreamNodeId(7)),
        refused(|graph| graph.edges[1].target = StreamNodeId(9)),
        refused(|graph| graph.nodes[2].uid = "split".to_string()),
        refused(|graph| graph.nodes[2].parallelism = 0),
        refused(|graph| graph.nodes[2].max_parallelism = Some(0)),
        refused(|graph| graph.nodes[2].max_parallelism = Some(32_769)),
        refused(|graph| graph.nodes[2].max_parallelism = Some(1)),
        refused(|graph| graph.nodes[2].parallelism = 40_000),
        refused(|graph| graph.edges[2].partitioning = Some(Partitioning::Forward)),
        refused(|graph| graph.edges.push(edge(2, 1, 0, None))),
        refused(|graph| graph.edges.push(edge(2, 2, 0, None))),
        refused(|graph| {
            graph.nodes.iter_mut().for_each(|node| node.parallelism = 1_000);
        }),
        refused(|graph| {
            graph.nodes[2].name = "red \u{1b}[31m".to_string();
            graph.nodes[2].parallelism = 0;
        }),
    ];
    assert_snapshot!(refusals.join("\n"));
}
