//! What a TaskExecutor needs in order to run a task (Flink's `TaskDeploymentDescriptor`).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{AttemptId, CheckpointId, Name, SimDuration, VertexId};
use crate::checkpoint::coordinator::CheckpointMetrics;
use crate::checkpoint::{
    CheckpointConfig, CheckpointFailure, SnapshotParts, StateHandle, SubtaskState,
};
use crate::graph::{JobVertex, PhysicalPlan, VertexSubtask};
use crate::host::{Address, Port};
use crate::operator::{AccumulatorValues, EventTimeParts, JobCode, OperatorEvent};
use crate::record::BATCH_RECORDS;
use crate::state::StateBackendKind;

/// See the module.
#[derive(Clone)]
pub struct TaskDescriptor {
    /// Which execution this is.
    pub attempt: AttemptId,
    /// The subtask's name in traces, such as `parse#1`.
    pub name: Name,
    /// The port on which this task talks to its neighbours.
    pub port: Port,
    /// The job's plan.
    pub plan: Arc<PhysicalPlan>,
    /// The job's code.
    pub code: Arc<JobCode>,
    /// What the job's subtasks are called.
    pub names: Arc<SubtaskNames>,
    /// Where the producers of this task's inputs are.
    pub producers: BTreeMap<VertexSubtask, Address>,
    /// Settings of the data plane.
    pub options: Arc<TaskOptions>,
    /// What fills the seams of event time.
    pub parts: Arc<EventTimeParts>,
    /// How the job is checkpointed, if it is.
    pub checkpointing: Option<Arc<CheckpointConfig>>,
    /// What fills the seams of snapshots.
    pub snapshot_parts: Arc<SnapshotParts>,
    /// What it begins with, if that is not nothing.
    pub restore: Option<Arc<TaskRestore>>,
}

impl TaskDescriptor {
    /// Whether the subtask had finished by the checkpoint it is restored from.
    pub fn had_finished(&self) -> bool {
        self.restore.as_ref().is_some_and(|it| matches!(it.state, RestoreState::Finished))
    }
}

/// What the subtasks of a job are called in traces, by vertex and index. There is one table for all
/// tasks of a job: each channel has a name at either end, and there may be as many channels as pairs
/// of subtasks.
#[derive(Debug)]
pub struct SubtaskNames(Vec<Vec<Name>>);

impl SubtaskNames {
    /// The names of a plan's subtasks.
    pub fn new(plan: &PhysicalPlan) -> Self {
        let job = &plan.execution.job;
        let of = |vertex: &JobVertex| {
            let subtask = |index| VertexSubtask { vertex: vertex.id, index };
            let indices = 0..vertex.parallelism;
            indices.map(|index| job.subtask_name(subtask(index)).into()).collect()
        };
        Self(job.vertices.iter().map(of).collect())
    }

    /// The name of a subtask.
    ///
    /// # Panics
    /// If the plan has no such subtask.
    pub fn of(&self, vertex: VertexId, index: u32) -> &Name {
        &self.0[usize::from(vertex.0)][index as usize]
    }
}

/// What a checkpoint has of a subtask (Flink's `JobManagerTaskRestore`).
#[derive(Clone, Debug)]
pub struct TaskRestore {
    /// The checkpoint.
    pub checkpoint: CheckpointId,
    /// What it has.
    pub state: RestoreState,
}

/// See [`TaskRestore`].
#[derive(Clone, Debug)]
pub enum RestoreState {
    /// State.
    Stored {
        /// Its own.
        own: SubtaskState,
        /// The snapshots of all subtasks of its vertex, by index: for state that all must have.
        siblings: Vec<StateHandle>,
    },
    /// The subtask had finished: it has nothing left to do.
    Finished,
}

/// What a task acknowledges a checkpoint with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskAcknowledgement {
    /// The checkpoint.
    pub checkpoint: CheckpointId,
    /// Where its state is.
    pub state: SubtaskState,
    /// What it cost.
    pub metrics: CheckpointMetrics,
}

/// Settings of the data plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskOptions {
    /// After how long a buffer that is not full is sent (`execution.buffer-timeout`).
    pub buffer_timeout: SimDuration,
    /// How many records fill a buffer.
    pub buffer_records: usize,
    /// Buffers that a channel may have on their way or unread
    /// (`taskmanager.network.memory.buffers-per-channel`).
    pub credits: u32,
    /// Buffers that a channel's producer may hold beyond those.
    pub output_buffers: usize,
    /// What processing a record costs, unless its operator says otherwise.
    pub record_cost: SimDuration,
    /// Where keyed state lives, unless the program says otherwise (`state.backend.type`).
    pub state_backend: StateBackendKind,
}

/// What a task tells its TaskExecutor.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskUpdate {
    /// Its operators are set up.
    Running,
    /// One of its operators tells its coordinator something.
    OperatorEvent(OperatorEvent),
    /// It is about to end; this is what its accumulators have come to, if it has any.
    Accumulated(AccumulatorValues),
    /// Its snapshot of a checkpoint is stored.
    Acknowledged(Box<TaskAcknowledgement>),
    /// It has no snapshot of a checkpoint.
    Declined {
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Of which kind the reason is.
        failure: CheckpointFailure,
        /// The reason, in words.
        reason: String,
    },
    /// It is done.
    Finished,
    /// It was stopped.
    Canceled,
    /// It failed.
    Failed {
        /// The root cause.
        cause: String,
        /// The checkpoint that it was to begin with, if that is damaged.
        unusable: Option<CheckpointId>,
    },
}

impl TaskOptions {
    /// Flink's defaults, and credit enough for a busy channel to stay so over a round trip of
    /// twice this latency.
    pub fn for_latency(latency: SimDuration) -> Self {
        let mut options = Self {
            buffer_timeout: SimDuration::from_millis(100),
            buffer_records: BATCH_RECORDS,
            credits: 2,
            output_buffers: 2,
            record_cost: SimDuration::from_micros(1),
            state_backend: StateBackendKind::default(),
        };
        options.credits = options.credits_for(latency);
        options
    }

    /// Credit enough for a busy channel to stay so over a round trip of twice this latency,
    /// within reason.
    pub fn credits_for(&self, latency: SimDuration) -> u32 {
        let per_buffer = self.record_cost.as_nanos().max(1) * self.buffer_records as u128;
        let buffers = (2 * latency.as_nanos()).div_ceil(per_buffer) + 2;
        u32::try_from(buffers.min(64)).expect("it is at most 64")
    }
}
