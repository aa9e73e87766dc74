//! Programs to translate.

use weir::graph::{
    ChainingStrategy, StreamEdge, StreamGraph, StreamNode, StreamNodeId, StreamNodeKind,
};
use weir::record::Partitioning;

fn id(place: usize) -> StreamNodeId {
    StreamNodeId(u16::try_from(place).expect("test programs are small"))
}

/// A program of these nodes and edges.
pub fn stream_graph(nodes: Vec<StreamNode>, edges: Vec<StreamEdge>) -> StreamGraph {
    StreamGraph { name: "test".to_string(), nodes, edges, chaining: true }
}

/// An operator without wishes. Its uid is the last word of its name.
pub fn node(place: usize, name: &str, kind: StreamNodeKind, parallelism: u32) -> StreamNode {
    let uid = match kind {
        StreamNodeKind::Source | StreamNodeKind::Operator => name.rsplit(' ').next(),
        StreamNodeKind::Sink => name.split(':').next(),
    };
    StreamNode {
        id: id(place),
        name: name.to_string(),
        uid: uid.unwrap_or(name).to_string(),
        kind,
        parallelism,
        max_parallelism: None,
        slot_sharing_group: None,
        chaining: ChainingStrategy::Always,
    }
}

/// An edge of the main output.
pub fn edge(
    source: usize,
    target: usize,
    input: u16,
    partitioning: Option<Partitioning>,
) -> StreamEdge {
    StreamEdge { source: id(source), target: id(target), input, partitioning, side_output: None }
}

/// A program from lines such as `Source: a ×2` and from edges. Kinds follow from the names.
fn program(name: &str, nodes: &[(&str, u32)], edges: Vec<StreamEdge>) -> StreamGraph {
    let nodes = nodes.iter().enumerate().map(|(place, &(name, parallelism))| {
        let kind = if name.starts_with("Source: ") {
            StreamNodeKind::Source
        } else if name.ends_with(": Writer") {
            StreamNodeKind::Sink
        } else {
            StreamNodeKind::Operator
        };
        node(place, name, kind, parallelism)
    });
    StreamGraph { name: name.to_string(), ..stream_graph(nodes.collect(), edges) }
}

/// Lines are split, keyed and counted.
pub fn word_count(parallelism: u32) -> StreamGraph {
    program(
        "word-count",
        &[
            ("Source: lines", parallelism),
            ("split", parallelism),
            ("count", parallelism),
            ("counts: Writer", 1),
        ],
        vec![edge(0, 1, 0, None), edge(1, 2, 0, Some(Partitioning::Hash)), edge(2, 3, 0, None)],
    )
}

/// Two sources, one of which forks, joined again by a union; eight vertices.
pub fn diamond() -> StreamGraph {
    program(
        "diamond",
        &[
            ("Source: flights", 2),
            ("Source: weather", 1),
            ("early", 4),
            ("late", 3),
            ("storms", 1),
            ("merged", 2),
            ("ranking", 1),
            ("all: Writer", 2),
            ("top: Writer", 1),
        ],
        vec![
            edge(0, 2, 0, Some(Partitioning::Rescale)),
            edge(0, 3, 0, Some(Partitioning::Rebalance)),
            edge(1, 4, 0, Some(Partitioning::Shuffle)),
            edge(2, 5, 0, Some(Partitioning::Hash)),
            edge(3, 5, 0, Some(Partitioning::Hash)),
            edge(4, 5, 0, Some(Partitioning::Hash)),
            edge(0, 5, 0, Some(Partitioning::Hash)),
            edge(5, 6, 0, Some(Partitioning::Global)),
            edge(5, 7, 0, Some(Partitioning::Rebalance)),
            edge(6, 8, 0, None),
        ],
    )
}

/// One operator feeds three sinks, one of them from a side output, and a control stream.
pub fn fan_out() -> StreamGraph {
    let mut graph = program(
        "fan-out",
        &[
            ("Source: events", 2),
            ("Source: rules", 1),
            ("classify", 2),
            ("good: Writer", 2),
            ("audit: Writer", 2),
            ("bad: Writer", 1),
        ],
        vec![
            edge(0, 2, 0, Some(Partitioning::Hash)),
            edge(1, 2, 1, Some(Partitioning::Broadcast)),
            edge(2, 3, 0, None),
            edge(2, 4, 0, None),
            edge(2, 5, 0, None),
        ],
    );
    graph.edges[4].side_output = Some("malformed".to_string());
    graph
}

/// Every other operator asks for a group of its own.
pub fn slot_sharing() -> StreamGraph {
    let mut graph = program(
        "slot-sharing",
        &[("Source: lines", 2), ("parse", 2), ("enrich", 3), ("window", 4), ("out: Writer", 4)],
        (0..4).map(|place| edge(place, place + 1, 0, None)).collect(),
    );
    graph.nodes[2].slot_sharing_group = Some("lookup".to_string());
    graph.nodes[3].slot_sharing_group = Some("state".to_string());
    graph.nodes[3].max_parallelism = Some(64);
    graph.nodes[4].slot_sharing_group = Some("default".to_string());
    graph
}
