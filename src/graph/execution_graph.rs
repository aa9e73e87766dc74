//! The execution graph: every subtask and every channel.

use serde::{Deserialize, Serialize};

use super::JobGraph;

/// One channel: from one subpartition of a producer to one consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionEdge {
    /// The edge of the job graph, by its place there.
    pub edge: usize,
    /// The producing subtask's index.
    pub producer: u32,
    /// The subpartition of that producer's result partition.
    pub subpartition: u32,
    /// The consuming subtask's index.
    pub consumer: u32,
    /// The channel of the consumer's input gate for this edge.
    pub channel: u32,
}

/// A job graph at full width. Subtasks follow from the vertices' parallelisms; what is new here
/// are the channels, ordered by edge, consumer and channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionGraph {
    /// The job graph.
    pub job: JobGraph,
    /// The channels.
    pub channels: Vec<ExecutionEdge>,
}
