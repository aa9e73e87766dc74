//! The job graph: operators chained into vertices, each a task's worth of work.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{StreamNodeId, VertexSubtask};
use crate::base::VertexId;
use crate::record::Partitioning;

/// Which subtasks an edge joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DistributionPattern {
    /// Every one with every one.
    AllToAll,
    /// Each with a few near it.
    Pointwise,
}

/// An operator within a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainedOperator {
    /// Which operator of the program.
    pub node: StreamNodeId,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// The operators of this chain that it feeds, as places in the chain, in order of their
    /// edges. Side outputs carry their tag.
    pub outputs: Vec<ChainedOutput>,
}

/// Where an operator's output goes: on in the chain, or out through an edge of the job graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainedOutput {
    /// The edge of the stream graph, by its place there.
    pub stream_edge: usize,
    /// The side output it carries, if not the main one.
    pub side_output: Option<String>,
    /// Where it leads.
    pub target: OutputTarget,
}

/// See [`ChainedOutput`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputTarget {
    /// To an operator of the same chain, by its place there.
    Chained(usize),
    /// Out through an edge of the job graph, by its place in [`JobGraph::edges`].
    Edge(usize),
}

/// A chain of operators that run as one task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobVertex {
    /// Its place in [`JobGraph::vertices`], which is a topological order.
    pub id: VertexId,
    /// Flink's name for it, such as `Source: flights -> parse`.
    pub name: String,
    /// The uid of the operator at its head, by which its subtasks are called (`parse#1`).
    pub uid: String,
    /// The operators: the head first, each before those it feeds.
    pub chain: Vec<ChainedOperator>,
    /// How many subtasks it has.
    pub parallelism: u32,
    /// How many it may ever have.
    pub max_parallelism: u32,
    /// Whether the program asked for that maximum (Flink's JSON shows -1 if not).
    pub max_parallelism_set: bool,
    /// Its slot sharing group.
    pub slot_sharing_group: String,
}

/// An exchange between two vertices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEdge {
    /// The producing vertex.
    pub source: VertexId,
    /// The consuming vertex.
    pub target: VertexId,
    /// Which input of the target's head it feeds, from 0.
    pub input: u16,
    /// The edge of the stream graph, by its place there.
    pub stream_edge: usize,
    /// How records are dealt.
    pub partitioning: Partitioning,
    /// Which subtasks are joined.
    pub pattern: DistributionPattern,
}

/// The job as it is submitted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobGraph {
    /// The job's name.
    pub name: String,
    /// The vertices, each after those that feed it.
    pub vertices: Vec<JobVertex>,
    /// The edges. Those into one vertex stand in the order of its inputs.
    pub edges: Vec<JobEdge>,
}

impl JobGraph {
    /// A vertex.
    ///
    /// # Panics
    /// If the id is another graph's.
    pub fn vertex(&self, id: VertexId) -> &JobVertex {
        &self.vertices[usize::from(id.0)]
    }

    /// The edges into a vertex with their places, in the order of its inputs.
    pub fn edges_into(&self, id: VertexId) -> impl Iterator<Item = (usize, &JobEdge)> {
        self.edges.iter().enumerate().filter(move |(_, edge)| edge.target == id)
    }

    /// The edges out of a vertex with their places.
    pub fn edges_out_of(&self, id: VertexId) -> impl Iterator<Item = (usize, &JobEdge)> {
        self.edges.iter().enumerate().filter(move |(_, edge)| edge.source == id)
    }

    /// Every subtask, vertex by vertex.
    pub fn subtasks(&self) -> impl Iterator<Item = VertexSubtask> {
        let of = |vertex: &JobVertex| {
            let id = vertex.id;
            (0..vertex.parallelism).map(move |index| VertexSubtask { vertex: id, index })
        };
        self.vertices.iter().flat_map(of)
    }

    /// What a subtask is called in traces and on screens, such as `parse#1`.
    pub fn subtask_name(&self, subtask: VertexSubtask) -> String {
        // Counted from 1, as Flink prints `(1/2)`.
        format!("{}#{}", self.vertex(subtask.vertex).uid, subtask.index + 1)
    }

    /// How many slots each slot sharing group needs: as many as its widest vertex has subtasks.
    /// Groups stand in the order of the vertices that first name them.
    pub fn slots_per_group(&self) -> IndexMap<&str, u32> {
        let mut slots = IndexMap::new();
        for vertex in &self.vertices {
            let widest = slots.entry(vertex.slot_sharing_group.as_str()).or_insert(0);
            *widest = vertex.parallelism.max(*widest);
        }
        slots
    }
}
