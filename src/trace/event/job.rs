//! What happens to jobs and to the executions of their subtasks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use super::checkpoint::StateDigest;
use crate::base::{JobId, Name};

/// Flink's `JobStatus`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    IntoStaticStr,
    JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    /// The Dispatcher has it; its JobMaster is not yet up.
    #[default]
    Initializing,
    /// The JobMaster waits for slots.
    Created,
    /// Its tasks run or are about to.
    Running,
    /// Tasks are being cancelled after a failure that the job survives; it is started again.
    Restarting,
    /// Tasks are being cancelled after a failure that ends the job.
    Failing,
    /// It has failed for good.
    Failed,
    /// Tasks are being cancelled on request.
    Cancelling,
    /// It was cancelled.
    Canceled,
    /// All its tasks have finished.
    Finished,
}

impl JobStatus {
    /// Whether nothing more will happen to the job.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Failed | Self::Canceled | Self::Finished)
    }
}

/// What an accumulator has come to in a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accumulated {
    /// Its name.
    pub name: Name,
    /// The value, in words; why there is none if kinds differ.
    pub value: String,
}

/// Jobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum JobEvent {
    /// The Dispatcher takes a job in.
    JobSubmitted {
        /// Its number.
        job: JobId,
        /// Its name.
        name: Name,
        /// Its physical plan, as JSON.
        #[serde(with = "crate::trace::json_text")]
        #[schemars(with = "serde_json::Value")]
        plan: String,
    },
    /// A job changes its status.
    JobStatusChanged {
        /// The job.
        job: JobId,
        /// The old status.
        from: JobStatus,
        /// The new status.
        to: JobStatus,
        /// The root cause, if it fails.
        cause: Option<String>,
    },
    /// A job is about to end; this is what its accumulators have come to in all of its subtasks.
    AccumulatorsMerged {
        /// The job.
        job: JobId,
        /// The accumulators, by name.
        accumulators: Vec<Accumulated>,
    },
}

/// Flink's `ExecutionState`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumIter,
    IntoStaticStr,
    JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionState {
    /// Known, nothing more.
    #[default]
    Created,
    /// Waits for a slot.
    Scheduled,
    /// Has a slot and is sent there.
    Deploying,
    /// Arrived; its operators are being set up.
    Initializing,
    /// Processes.
    Running,
    /// Done.
    Finished,
    /// Is being stopped.
    Canceling,
    /// Was stopped.
    Canceled,
    /// Failed.
    Failed,
}

impl ExecutionState {
    /// Whether nothing more will happen to the execution.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Finished | Self::Canceled | Self::Failed)
    }
}

/// Executions of subtasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum TaskEvent {
    /// The JobMaster moves an execution to another state.
    ExecutionStateChanged {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The old state.
        from: ExecutionState,
        /// The new state.
        to: ExecutionState,
        /// Where it runs, once that is known.
        taskmanager: Option<Name>,
        /// Why, if it failed.
        cause: Option<String>,
    },
    /// A task begins its work on a TaskManager.
    TaskStarted {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
    },
    /// A task ends its work, with what it did.
    TaskEnded {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// How it ended.
        state: ExecutionState,
        /// Records that came in.
        records_in: u64,
        /// Records that went out.
        records_out: u64,
        /// Time spent working, in microseconds.
        busy_us: u64,
        /// Time spent waiting for output, in microseconds.
        back_pressured_us: u64,
        /// Time spent waiting for input, in microseconds.
        idle_us: u64,
    },
    /// The input of a task has ended, and this is what its keyed states hold. Told of jobs with
    /// checkpoints, if the state is not in files.
    StateLeft {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// What the states hold.
        state: Vec<StateDigest>,
    },
    /// A task has input but nowhere to put its output.
    BackPressured {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
    },
    /// A task can put its output somewhere again.
    BackPressureEased {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
    },
}
