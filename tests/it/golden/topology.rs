//! Programs of the chaining vectors as stream graphs: what Flink's `StreamGraphGenerator` makes
//! of them. Partitions, unions and side outputs are virtual; they only tell how the next real
//! operator is fed.

use std::collections::BTreeMap;

use serde::Deserialize;
use weir::graph::{
    ChainingStrategy, StreamEdge, StreamGraph, StreamNode, StreamNodeId, StreamNodeKind,
};
use weir::record::Partitioning;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NodeType {
    Env,
    Source,
    Map,
    FlatMap,
    Filter,
    Reduce,
    WindowReduce,
    Process,
    Side,
    Union,
    CoMap,
    KeyedCoMap,
    BroadcastConnect,
    Sink,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Partition {
    KeyBy,
    Rebalance,
    Rescale,
    Shuffle,
    Global,
    Broadcast,
    Forward,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Chain {
    Disable,
    StartNew,
}

/// A node as a vector describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    id: String,
    #[serde(rename = "type")]
    kind: NodeType,
    #[serde(rename = "in")]
    input: Option<String>,
    #[serde(default)]
    ins: Vec<String>,
    tag: Option<String>,
    partition: Option<Partition>,
    par: Option<i64>,
    max_par: Option<i64>,
    slot: Option<String>,
    chain: Option<Chain>,
    uid: Option<String>,
    disable_operator_chaining: Option<bool>,
}

/// One real operator that feeds a stream, and how.
#[derive(Clone, Debug)]
struct Feed {
    node: StreamNodeId,
    partitioning: Option<Partitioning>,
    side_output: Option<String>,
}

/// Builds the program of a vector; what Flink's own API would already refuse is an error.
pub fn build(name: &str, default_parallelism: u32, nodes: &[Node]) -> Result<StreamGraph, String> {
    let mut graph =
        StreamGraph { name: name.to_string(), chaining: true, ..StreamGraph::default() };
    let mut job = Settings { parallelism: default_parallelism, max_parallelism: None };
    let mut streams: BTreeMap<&str, Vec<Feed>> = BTreeMap::new();
    for node in nodes {
        let mut inputs = Vec::new();
        for name in node.input.iter().chain(&node.ins) {
            let feeds = streams.get(name.as_str());
            inputs.push(feeds.cloned().ok_or_else(|| format!("unknown input {name}"))?);
        }
        partition_inputs(node, &mut inputs);
        let feeds = match node.kind {
            NodeType::Env => {
                graph.chaining = !node.disable_operator_chaining.unwrap_or(false);
                job.parallelism = parallelism(node, job)?;
                job.max_parallelism = max_parallelism(node, job)?;
                continue;
            }
            NodeType::Union => inputs.concat(),
            NodeType::Side => {
                let mut feeds = inputs.concat();
                feeds.iter_mut().for_each(|feed| feed.side_output.clone_from(&node.tag));
                feeds
            }
            NodeType::Source
            | NodeType::Map
            | NodeType::FlatMap
            | NodeType::Filter
            | NodeType::Reduce
            | NodeType::WindowReduce
            | NodeType::Process
            | NodeType::CoMap
            | NodeType::KeyedCoMap
            | NodeType::BroadcastConnect
            | NodeType::Sink => {
                let operator = operator(graph.nodes.len(), node, job)?;
                let feed = Feed { node: operator.id, partitioning: None, side_output: None };
                connect(&mut graph, operator.id, inputs);
                graph.nodes.push(operator);
                vec![feed]
            }
        };
        streams.insert(&node.id, feeds);
    }
    Ok(graph)
}

/// The partition written last, next to the operator that reads, is the one that holds.
fn partition_inputs(node: &Node, inputs: &mut [Vec<Feed>]) {
    let asked = node.partition.map(|partition| match partition {
        Partition::KeyBy => Partitioning::Hash,
        Partition::Rebalance => Partitioning::Rebalance,
        Partition::Rescale => Partitioning::Rescale,
        Partition::Shuffle => Partitioning::Shuffle,
        Partition::Global => Partitioning::Global,
        Partition::Broadcast => Partitioning::Broadcast,
        Partition::Forward => Partitioning::Forward,
    });
    for (place, feeds) in inputs.iter_mut().enumerate() {
        let partitioning = match node.kind {
            NodeType::KeyedCoMap => Some(Partitioning::Hash),
            NodeType::BroadcastConnect if place == 1 => Some(Partitioning::Broadcast),
            // A rolling or windowed reduction exists on keyed streams only.
            NodeType::Reduce | NodeType::WindowReduce => asked.or(Some(Partitioning::Hash)),
            NodeType::Env
            | NodeType::Source
            | NodeType::Map
            | NodeType::FlatMap
            | NodeType::Filter
            | NodeType::Process
            | NodeType::Side
            | NodeType::Union
            | NodeType::CoMap
            | NodeType::BroadcastConnect
            | NodeType::Sink => asked,
        };
        if partitioning.is_some() {
            feeds.iter_mut().for_each(|feed| feed.partitioning = partitioning);
        }
    }
}

/// What holds for operators that do not say.
#[derive(Clone, Copy)]
struct Settings {
    parallelism: u32,
    max_parallelism: Option<u32>,
}

fn parallelism(node: &Node, job: Settings) -> Result<u32, String> {
    match node.par {
        // `ExecutionConfig.PARALLELISM_DEFAULT`.
        None | Some(-1) => Ok(job.parallelism),
        Some(parallelism) => number(parallelism),
    }
}

fn max_parallelism(node: &Node, job: Settings) -> Result<Option<u32>, String> {
    Ok(node.max_par.map(number).transpose()?.or(job.max_parallelism))
}

fn number(value: i64) -> Result<u32, String> {
    u32::try_from(value).map_err(|error| format!("{value}: {error}"))
}

fn operator(place: usize, node: &Node, job: Settings) -> Result<StreamNode, String> {
    let (name, kind) = match node.kind {
        NodeType::Source => (format!("Source: {}", node.id), StreamNodeKind::Source),
        NodeType::Sink => (format!("{}: Writer", node.id), StreamNodeKind::Sink),
        NodeType::Env
        | NodeType::Map
        | NodeType::FlatMap
        | NodeType::Filter
        | NodeType::Reduce
        | NodeType::WindowReduce
        | NodeType::Process
        | NodeType::Side
        | NodeType::Union
        | NodeType::CoMap
        | NodeType::KeyedCoMap
        | NodeType::BroadcastConnect => (node.id.clone(), StreamNodeKind::Operator),
    };
    Ok(StreamNode {
        id: id(place),
        name,
        // Flink derives an id where none is given; here the node's own name does, which no uid
        // of a vector can equal.
        uid: node.uid.clone().unwrap_or_else(|| format!("unset: {}", node.id)),
        kind,
        parallelism: parallelism(node, job)?,
        max_parallelism: max_parallelism(node, job)?,
        slot_sharing_group: node.slot.clone(),
        chaining: match node.chain {
            None => ChainingStrategy::Always,
            Some(Chain::StartNew) => ChainingStrategy::Head,
            Some(Chain::Disable) => ChainingStrategy::Never,
        },
    })
}

fn connect(graph: &mut StreamGraph, target: StreamNodeId, inputs: Vec<Vec<Feed>>) {
    for (input, feeds) in (0..).zip(inputs) {
        for Feed { node: source, partitioning, side_output } in feeds {
            graph.edges.push(StreamEdge { source, target, input, partitioning, side_output });
        }
    }
}

fn id(place: usize) -> StreamNodeId {
    StreamNodeId(u16::try_from(place).expect("vectors are small"))
}
