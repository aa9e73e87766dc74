//! What holds for every program.

use std::collections::BTreeSet;

use proptest::prelude::*;
use weir::graph::layout::{BoxSize, Connection, Layout, Point, layout};
use weir::graph::{
    ChainingStrategy, FlinkChaining, Format, Layer, OutputTarget, PhysicalPlan, StreamEdge,
    StreamGraph, StreamNodeKind, render,
};
use weir::record::Partitioning;

use super::programs::{edge, node, stream_graph};

const PARTITIONINGS: [Option<Partitioning>; 8] = [
    None,
    None,
    None,
    Some(Partitioning::Rescale),
    Some(Partitioning::Rebalance),
    Some(Partitioning::Broadcast),
    Some(Partitioning::Hash),
    Some(Partitioning::Global),
];

fn edges(nodes: usize) -> impl Strategy<Value = Vec<StreamEdge>> {
    let one = (0..nodes, 0..nodes, 0..2_u16, 0..PARTITIONINGS.len()).prop_filter_map(
        "edges lead on",
        |(a, b, input, partitioning)| {
            let edge = edge(a.min(b), a.max(b), input, PARTITIONINGS[partitioning]);
            (a != b).then_some(edge)
        },
    );
    proptest::collection::vec(one, 0..2 * nodes)
}

prop_compose! {
    fn program()(nodes in 2..12_usize)(
        nodes in proptest::collection::vec((1..5_u32, 0..6_u8, 0..5_u8), nodes),
        edges in edges(nodes),
    ) -> StreamGraph {
        let nodes = nodes.into_iter().enumerate().map(|(place, (parallelism, chaining, group))| {
            let name = format!("operator {place}");
            let mut node = node(place, &name, StreamNodeKind::Operator, parallelism);
            node.chaining = match chaining {
                0 => ChainingStrategy::Head,
                1 => ChainingStrategy::Never,
                _ => ChainingStrategy::Always,
            };
            node.slot_sharing_group = match group {
                0 => Some("a".to_string()),
                1 => Some("b".to_string()),
                _ => None,
            };
            node
        });
        stream_graph(nodes.collect(), edges)
    }
}

fn plan(graph: &StreamGraph) -> PhysicalPlan {
    PhysicalPlan::from_stream_graph(graph, &FlinkChaining).expect("the program is sound")
}

/// Every operator is in one chain, fed within it by an operator before it or, at its head, from
/// outside; every edge of the program is in exactly one place.
fn chains_are_consistent(graph: &StreamGraph, plan: &PhysicalPlan) {
    let job = &plan.execution.job;
    let (mut nodes, mut edges) = (BTreeSet::new(), BTreeSet::new());
    for (place, vertex) in job.vertices.iter().enumerate() {
        assert_eq!(usize::from(vertex.id.0), place);
        let mut fed = BTreeSet::from([0]);
        for (place, operator) in vertex.chain.iter().enumerate() {
            assert!(nodes.insert(operator.node), "in two chains");
            assert!(fed.contains(&place), "fed by none before it");
            let node = &graph.nodes[usize::from(operator.node.0)];
            assert_eq!(node.parallelism, vertex.parallelism);
            for output in &operator.outputs {
                assert!(edges.insert(output.stream_edge), "led twice");
                match output.target {
                    OutputTarget::Chained(next) => {
                        assert!(fed.insert(next) && next > place, "fed twice or backwards");
                    }
                    OutputTarget::Edge(edge) => {
                        assert_eq!(job.edges[edge].stream_edge, output.stream_edge);
                        assert_eq!(job.edges[edge].source, vertex.id);
                    }
                }
            }
        }
    }
    assert_eq!((nodes.len(), edges.len()), (graph.nodes.len(), graph.edges.len()));
    for edge in &job.edges {
        assert!(edge.source < edge.target, "vertices are in topological order");
        let head = graph.edges[edge.stream_edge].target;
        assert_eq!(job.vertex(edge.target).chain[0].node, head);
    }
}

/// Each gate numbers its channels from 0 and each subpartition has one consumer.
fn channels_are_right(plan: &PhysicalPlan) {
    let execution = &plan.execution;
    let mut channels = 0;
    for (place, edge) in execution.job.edges.iter().enumerate() {
        let consumers = execution.job.vertex(edge.target).parallelism;
        let producers = execution.job.vertex(edge.source).parallelism;
        for consumer in 0..consumers {
            let into = execution.channels_into(place, consumer);
            assert!(!into.is_empty(), "a consumer without producers");
            for (channel, number) in into.iter().zip(0..) {
                assert_eq!((channel.consumer, channel.channel), (consumer, number));
            }
            channels += into.len();
            if edge.partitioning == Partitioning::Hash {
                assert_eq!(into.len(), producers as usize);
            }
        }
        for producer in 0..producers {
            let out = execution.channels_out_of(place, producer);
            assert!(!out.is_empty(), "a producer without consumers");
            assert_eq!(
                out.len(),
                execution.channels_of(place).iter().filter(|it| it.producer == producer).count()
            );
            for (channel, subpartition) in out.iter().zip(0..) {
                assert_eq!((channel.producer, channel.subpartition), (producer, subpartition));
            }
        }
    }
    assert_eq!(channels, execution.channels.len());
}

fn slots_are_right(plan: &PhysicalPlan) {
    let job = &plan.execution.job;
    let mut placed = BTreeSet::new();
    for slot in &plan.slots {
        let vertices: BTreeSet<_> = slot.subtasks.iter().map(|subtask| subtask.vertex).collect();
        assert_eq!(vertices.len(), slot.subtasks.len(), "two subtasks of a vertex share a slot");
        for &subtask in &slot.subtasks {
            assert!(placed.insert(subtask), "in two slots");
            assert_eq!(job.vertex(subtask.vertex).slot_sharing_group, slot.group);
        }
    }
    assert!(job.subtasks().eq(placed), "every subtask has a slot");
    assert_eq!(plan.slots_per_group().values().sum::<u32>() as usize, plan.required_slots());
}

/// The cells that a route covers, with the way it takes through them.
fn cells(layout: &Layout) -> Vec<(usize, Point, bool)> {
    let mut cells = Vec::new();
    for leg in layout.routes.iter().flat_map(|route| &route.legs) {
        let straight = leg.start.x == leg.end.x;
        for y in leg.start.y..=leg.end.y {
            let before = straight || y <= leg.across;
            let x = if before { leg.start.x } else { leg.end.x };
            cells.push((leg.trunk, Point { x, y }, true));
        }
        if !straight {
            let columns = leg.start.x.min(leg.end.x)..=leg.start.x.max(leg.end.x);
            cells.extend(columns.map(|x| (leg.trunk, Point { x, y: leg.across }, false)));
        }
    }
    cells
}

fn nothing_overlaps(layout: &Layout) {
    for (place, one) in layout.boxes.iter().enumerate() {
        assert!(one.x + one.width <= layout.width && one.y + one.height <= layout.height);
        for other in &layout.boxes[place + 1..] {
            let beside = one.x + one.width <= other.x || other.x + other.width <= one.x;
            let apart = one.y + one.height <= other.y || other.y + other.height <= one.y;
            assert!(beside || apart, "{one:?} and {other:?} overlap");
        }
    }
    let cells = cells(layout);
    for &(trunk, at, down) in &cells {
        for rect in &layout.boxes {
            let columns = rect.x..rect.x + rect.width;
            let rows = rect.y..rect.y + rect.height;
            assert!(!(columns.contains(&at.x) && rows.contains(&at.y)), "{at:?} is in {rect:?}");
        }
        let clash = cells.iter().find(|it| it.0 != trunk && it.1 == at && it.2 == down);
        assert!(clash.is_none(), "trunk {trunk} and {clash:?} share a cell");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn every_program_is_translated_consistently(graph in program()) {
        let plan = plan(&graph);
        chains_are_consistent(&graph, &plan);
        channels_are_right(&plan);
        slots_are_right(&plan);
        let json = serde_json::to_string(&plan).expect("plans are JSON");
        prop_assert_eq!(serde_json::from_str::<PhysicalPlan>(&json).expect("and back"), plan);
    }

    #[test]
    fn every_program_can_be_drawn(graph in program(), name in any::<String>()) {
        let mut graph = graph;
        graph.nodes[0].name = name;
        let plan = plan(&graph);
        for &layer in Layer::ALL {
            for &format in Format::ALL {
                let text = render(layer, format, &graph, &plan);
                prop_assert!(text.ends_with('\n'));
                let odd = text.chars().find(|&c| c != '\n' && c.is_control());
                prop_assert_eq!(odd, None);
            }
        }
    }

    #[test]
    fn layouts_do_not_overlap(
        sizes in proptest::collection::vec((1..30_usize, 3..7_usize), 2..14),
        ends in proptest::collection::vec((0..14_usize, 0..14_usize, 0..12_usize), 0..26),
    ) {
        let boxes: Vec<BoxSize> =
            sizes.iter().map(|&(width, height)| BoxSize { width, height }).collect();
        let connections: Vec<Connection> = ends
            .into_iter()
            .map(|(a, b, label)| (a % boxes.len(), b % boxes.len(), label))
            .filter(|(a, b, _)| a != b)
            .map(|(a, b, label)| Connection { from: a.min(b), to: a.max(b), label })
            .collect();
        nothing_overlaps(&layout(&boxes, &connections));
    }
}
