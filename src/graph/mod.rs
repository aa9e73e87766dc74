//! The four layers of a job, each a pure function of the one before:
//! stream graph → job graph (chaining) → execution graph (channels) → physical plan (slots).
//!
//! [`PhysicalPlan::from_stream_graph`] goes all the way; [`render()`] shows any layer.

mod chaining;
mod error;
mod execution_graph;
mod job_graph;
pub mod layout;
mod order;
mod physical;
pub mod render;
mod stream_graph;
mod translate;
mod wiring;

pub use chaining::{ChainCandidate, ChainingRule, FlinkChaining};
pub use error::{GraphError, OperatorLabel};
pub use execution_graph::{CHANNEL_LIMIT, ExecutionEdge, ExecutionGraph};
pub use job_graph::{
    ChainedOperator, ChainedOutput, DistributionPattern, JobEdge, JobGraph, JobVertex, OutputTarget,
};
pub use physical::{PhysicalPlan, SharedSlot, VertexSubtask};
pub use render::{Format, Layer, UnknownName, render};
pub use stream_graph::{
    ChainingStrategy, StreamEdge, StreamGraph, StreamNode, StreamNodeId, StreamNodeKind,
};
pub use translate::DEFAULT_SLOT_SHARING_GROUP;
