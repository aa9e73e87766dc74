//! Newtype identifiers. None of them is ever an address, a thread or an executor's task id, so
//! that they may stand in a trace.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A shared text: node, operator, sink and file names as they stand in traces.
pub type Name = Arc<str>;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A node of the cluster: its place in the list of nodes that heads every trace.
    NodeId(u16)
}
id! {
    /// Which life of a node this is. Whatever an earlier life still tries to do is refused.
    Incarnation(u32)
}
id! {
    /// A job, numbered from 1 in order of submission.
    JobId(u32)
}
id! {
    /// A vertex of the job graph, that is, a chain of operators.
    VertexId(u16)
}
id! {
    /// One grant of one slot to one job (Flink's `AllocationID`).
    AllocationId(u32)
}
id! {
    /// A checkpoint of a job, numbered from 1; later ones have greater numbers.
    CheckpointId(u64)
}
id! {
    /// The number of a control event in its run. The same at every trace level.
    Step(u64)
}

/// One parallel instance of a job vertex.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SubtaskId {
    /// The job it belongs to.
    pub job: JobId,
    /// The vertex it is an instance of.
    pub vertex: VertexId,
    /// Its index among its siblings, from 0. Printed from 1, as Flink does.
    pub index: u16,
}

/// One execution of a subtask: Flink's `ExecutionAttemptID`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct AttemptId {
    /// What is executed.
    pub subtask: SubtaskId,
    /// The how-manieth time, from 0.
    pub attempt: u32,
}

/// A slot of a TaskManager.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SlotId {
    /// The TaskManager.
    pub node: NodeId,
    /// Its index there, from 0.
    pub index: u16,
}
