//! A layer as boxes and labelled edges, before any format.

use super::Layer;
use crate::graph::{JobEdge, PhysicalPlan, StreamEdge, StreamGraph, VertexSubtask};
use crate::record::Partitioning;

/// Boxes, perhaps within frames, and edges. Texts are as the program has them.
#[derive(Default)]
pub(super) struct Diagram {
    pub title: String,
    pub frames: Vec<String>,
    pub boxes: Vec<DiagramBox>,
    pub edges: Vec<DiagramEdge>,
}

pub(super) struct DiagramBox {
    /// An identifier of letters, digits and underscores.
    pub id: String,
    pub lines: Vec<String>,
    pub frame: Option<usize>,
}

pub(super) struct DiagramEdge {
    pub from: usize,
    pub to: usize,
    pub label: String,
}

pub(super) fn diagram(layer: Layer, program: &StreamGraph, plan: &PhysicalPlan) -> Diagram {
    match layer {
        Layer::Stream => stream(program),
        Layer::Job => job(program, plan),
        Layer::Execution => execution(program, plan),
        Layer::Physical => physical(program, plan),
    }
}

pub(super) fn stream(program: &StreamGraph) -> Diagram {
    let boxes = program.nodes.iter().map(|node| DiagramBox {
        id: format!("n{}", node.id.0),
        lines: vec![node.name.clone(), format!("{} ×{}", node.uid, node.parallelism)],
        frame: None,
    });
    let edges = program.edges.iter().map(|edge| DiagramEdge {
        from: usize::from(edge.source.0),
        to: usize::from(edge.target.0),
        label: label(program, edge, resolved(program, edge)),
    });
    let (boxes, edges) = (boxes.collect(), edges.collect());
    Diagram { title: title(program, "stream graph"), frames: Vec::new(), boxes, edges }
}

pub(super) fn job(program: &StreamGraph, plan: &PhysicalPlan) -> Diagram {
    let job = &plan.execution.job;
    let boxes = job.vertices.iter().map(|vertex| {
        let max = if vertex.max_parallelism_set {
            format!(" (max {})", vertex.max_parallelism)
        } else {
            String::new()
        };
        DiagramBox {
            id: format!("v{}", vertex.id),
            lines: vec![
                vertex.name.clone(),
                format!("×{}{max}, group {}", vertex.parallelism, vertex.slot_sharing_group),
            ],
            frame: None,
        }
    });
    Diagram {
        title: title(program, "job graph"),
        frames: Vec::new(),
        boxes: boxes.collect(),
        edges: job.edges.iter().map(|edge| job_edge(program, edge)).collect(),
    }
}

pub(super) fn job_edge(program: &StreamGraph, edge: &JobEdge) -> DiagramEdge {
    DiagramEdge {
        from: usize::from(edge.source.0),
        to: usize::from(edge.target.0),
        label: label(program, &program.edges[edge.stream_edge], edge.partitioning),
    }
}

fn execution(program: &StreamGraph, plan: &PhysicalPlan) -> Diagram {
    let job = &plan.execution.job;
    let subtask = |it: VertexSubtask| (it, usize::from(it.vertex.0));
    Diagram {
        title: title(program, "execution graph"),
        frames: job.vertices.iter().map(|vertex| vertex.name.clone()).collect(),
        ..subtasks(program, plan, job.subtasks().map(subtask))
    }
}

fn physical(program: &StreamGraph, plan: &PhysicalPlan) -> Diagram {
    let frames = plan.slots.iter().zip(1..);
    let frames = frames.map(|(slot, number)| format!("slot {number}, group {}", slot.group));
    let subtask = plan.slots.iter().enumerate();
    let subtask =
        subtask.flat_map(|(place, slot)| slot.subtasks.iter().map(move |&it| (it, place)));
    Diagram {
        title: title(program, "physical plan"),
        frames: frames.collect(),
        ..subtasks(program, plan, subtask)
    }
}

/// A box for each subtask, in a frame, and an edge for each channel.
fn subtasks(
    program: &StreamGraph,
    plan: &PhysicalPlan,
    framed: impl Iterator<Item = (VertexSubtask, usize)>,
) -> Diagram {
    let job = &plan.execution.job;
    // Where the boxes of each vertex will stand, by subtask.
    let mut places: Vec<Vec<usize>> =
        job.vertices.iter().map(|vertex| vec![0; vertex.parallelism as usize]).collect();
    let mut boxes = Vec::new();
    for (subtask, frame) in framed {
        places[usize::from(subtask.vertex.0)][subtask.index as usize] = boxes.len();
        boxes.push(DiagramBox {
            id: format!("v{}_{}", subtask.vertex, subtask.index + 1),
            lines: vec![job.subtask_name(subtask)],
            frame: Some(frame),
        });
    }
    let edges = plan.execution.channels.iter().map(|channel| {
        let edge = &job.edges[channel.edge];
        DiagramEdge {
            from: places[usize::from(edge.source.0)][channel.producer as usize],
            to: places[usize::from(edge.target.0)][channel.consumer as usize],
            ..job_edge(program, edge)
        }
    });
    let edges = edges.collect();
    Diagram { boxes, edges, ..Diagram::default() }
}

pub(super) fn title(program: &StreamGraph, layer: &str) -> String {
    match program.name.as_str() {
        "" => layer.to_string(),
        name => format!("{name}: {layer}"),
    }
}

/// What is written on an edge: how records are dealt, which output they come from if not the
/// main one, and which input they go to if there are several.
fn label(program: &StreamGraph, edge: &StreamEdge, partitioning: Partitioning) -> String {
    let mut label = ship_strategy(partitioning).to_string();
    if let Some(tag) = &edge.side_output {
        label = format!("{label} ({tag})");
    }
    if program.edges.iter().any(|other| other.target == edge.target && other.input > 0) {
        label = format!("{}: {label}", edge.input + 1);
    }
    label
}

/// Flink's name of a partitioning.
pub(super) fn ship_strategy(partitioning: Partitioning) -> &'static str {
    match partitioning {
        Partitioning::Forward => "FORWARD",
        Partitioning::Rebalance => "REBALANCE",
        Partitioning::Rescale => "RESCALE",
        Partitioning::Shuffle => "SHUFFLE",
        Partitioning::Broadcast => "BROADCAST",
        Partitioning::Global => "GLOBAL",
        Partitioning::Hash => "HASH",
        Partitioning::Custom => "CUSTOM",
    }
}

fn resolved(program: &StreamGraph, edge: &StreamEdge) -> Partitioning {
    let parallelism =
        |node: crate::graph::StreamNodeId| program.nodes[usize::from(node.0)].parallelism;
    edge.resolved_partitioning(parallelism(edge.source), parallelism(edge.target))
}
