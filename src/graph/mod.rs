//! The four layers of a job, each a pure function of the one before:
//! stream graph → job graph (chaining) → execution graph (channels) → physical plan (slots).

mod execution_graph;
mod job_graph;
mod physical;
mod stream_graph;

pub use execution_graph::{ExecutionEdge, ExecutionGraph};
pub use job_graph::{
    ChainedOperator, ChainedOutput, DistributionPattern, JobEdge, JobGraph, JobVertex, OutputTarget,
};
pub use physical::{PhysicalPlan, SharedSlot, VertexSubtask};
pub use stream_graph::{
    ChainingStrategy, StreamEdge, StreamGraph, StreamNode, StreamNodeId, StreamNodeKind,
};
