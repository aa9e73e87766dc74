//! The execution graph: every subtask and every channel.
//!
//! Previous: [`super::JobGraph`]. Next: [`super::PhysicalPlan`].

use serde::{Deserialize, Serialize};

use super::wiring::{self, Widths};
use super::{DistributionPattern, GraphError, JobEdge, JobGraph, OperatorLabel};

/// The most channels, and the most subtasks, that a job may have. A simulated cluster holds them
/// all in one process, so a typing error must not take the machine's memory.
pub const CHANNEL_LIMIT: u64 = 1 << 18;

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

impl ExecutionGraph {
    /// Unfolds a job graph to its subtasks and channels. As in Flink, it is here that a vertex
    /// with more subtasks than key groups is refused.
    pub fn from_job_graph(job: JobGraph) -> Result<Self, GraphError> {
        for vertex in &job.vertices {
            if vertex.parallelism > vertex.max_parallelism {
                let (name, uid) = (vertex.name.clone(), vertex.uid.clone());
                return Err(GraphError::ParallelismAboveMax {
                    operator: OperatorLabel { name, uid },
                    parallelism: vertex.parallelism,
                    max_parallelism: vertex.max_parallelism,
                });
            }
        }
        let subtasks = job.vertices.iter().map(|vertex| u64::from(vertex.parallelism)).sum();
        let channels =
            job.edges.iter().map(|edge| wiring::count(edge.pattern, widths(&job, edge))).sum();
        for (what, count) in [("subtasks", subtasks), ("channels", channels)] {
            if count > CHANNEL_LIMIT {
                return Err(GraphError::TooLarge { what, count, limit: CHANNEL_LIMIT });
            }
        }
        let mut graph = Self { job, channels: Vec::new() };
        for (place, edge) in graph.job.edges.iter().enumerate() {
            let widths = widths(&graph.job, edge);
            for consumer in 0..widths.consumers {
                graph.channels.extend(wiring::channels(place, edge.pattern, widths, consumer));
            }
        }
        Ok(graph)
    }

    /// The channels through which a consumer reads an edge, in order.
    pub fn channels_into(&self, edge: usize, consumer: u32) -> &[ExecutionEdge] {
        let first = self.channels.partition_point(|it| (it.edge, it.consumer) < (edge, consumer));
        let channels = &self.channels[first..];
        let count = channels.partition_point(|it| (it.edge, it.consumer) == (edge, consumer));
        &channels[..count]
    }

    /// The channels of an edge.
    pub fn channels_of(&self, edge: usize) -> &[ExecutionEdge] {
        let first = self.channels.partition_point(|it| it.edge < edge);
        let channels = &self.channels[first..];
        &channels[..channels.partition_point(|it| it.edge == edge)]
    }

    /// The channels into which a producer writes an edge, one for each subpartition, in order.
    pub fn channels_out_of(&self, edge: usize, producer: u32) -> Vec<ExecutionEdge> {
        let channels = self.channels_of(edge);
        let mut channels: Vec<_> = match self.job.edges[edge].pattern {
            // Every consumer has a channel from every producer.
            DistributionPattern::AllToAll => {
                let producers = self.job.vertex(self.job.edges[edge].source).parallelism;
                let (first, step) = (producer as usize, producers as usize);
                channels.iter().skip(first).step_by(step).copied().collect()
            }
            // Later consumers never have earlier producers.
            DistributionPattern::Pointwise => {
                let channels = &channels[channels.partition_point(|it| it.producer < producer)..];
                let count = channels.partition_point(|it| it.producer == producer);
                channels[..count].to_vec()
            }
        };
        channels.sort_by_key(|it| it.subpartition);
        channels
    }
}

fn widths(job: &JobGraph, edge: &JobEdge) -> Widths {
    Widths {
        producers: job.vertex(edge.source).parallelism,
        consumers: job.vertex(edge.target).parallelism,
    }
}
