//! Which life of a component a message comes from or is meant for.
//!
//! A component's process may die and start again under the same address. Each life is known by
//! the moment it began, which no two lives on one node share; a message for another life is
//! ignored (Flink's fencing tokens and resource ids).

use crate::base::{AllocationId, AttemptId, CheckpointId, JobId, Name, NodeId, SimTime};
use crate::operator::AccumulatorValues;
use crate::trace::ExecutionState;

/// One life of the ResourceManager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceManagerId(pub SimTime);

/// One life of a job's JobMaster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobMasterId(pub SimTime);

/// One life of a TaskExecutor (Flink's `ResourceID` of a TaskManager).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskExecutorId {
    /// Its node.
    pub node: NodeId,
    /// When its process began.
    pub started: SimTime,
}

/// To whom a slot is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The grant.
    pub allocation: AllocationId,
    /// The job that has it.
    pub job: JobId,
}

/// What a TaskExecutor says of its slots: the grant of each, by index.
pub type SlotReport = Vec<Option<Grant>>;

/// What a TaskExecutor says of one execution (Flink's `TaskExecutionState`).
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionReport {
    /// The execution.
    pub attempt: AttemptId,
    /// Its subtask's name.
    pub task: Name,
    /// Its state, as the TaskExecutor knows it.
    pub state: ExecutionState,
    /// Why, if it failed.
    pub cause: Option<String>,
    /// The checkpoint that it was to begin with, if that is damaged.
    pub unusable: Option<CheckpointId>,
    /// What its accumulators have come to, if it is over.
    pub accumulators: AccumulatorValues,
}
