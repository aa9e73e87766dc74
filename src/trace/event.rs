//! What can happen in a run: one closed enum per area, under one.
//!
//! Names of kinds are unique over all areas, since JSON shows them without the area's type.
//! Subtasks are named as users see them (`parse#1`), operators by uid, nodes by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use super::Level;
use crate::base::{AllocationId, Incarnation, JobId, Name, SimTime};
use crate::record::{RecordId, Row};

/// Anything that happens in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Machines and processes.
    Node(NodeEvent),
    /// What is done to them on purpose.
    Fault(FaultEvent),
    /// Messages between components.
    Rpc(RpcEvent),
    /// TaskExecutors and slots.
    Resource(ResourceEvent),
    /// Jobs.
    Job(JobEvent),
    /// Executions of subtasks.
    Task(TaskEvent),
    /// Channels.
    Exchange(ExchangeEvent),
    /// Records on their way.
    Record(RecordEvent),
    /// What the outside world sees.
    Sink(SinkEvent),
}

impl Event {
    /// The lowest level at which the event is kept.
    pub fn level(&self) -> Level {
        match self {
            Self::Record(_) => Level::Records,
            Self::Exchange(event) => event.level(),
            Self::Rpc(event) => event.level(),
            Self::Sink(SinkEvent::RowsWritten { .. } | SinkEvent::LatencyMeasured { .. }) => {
                Level::Records
            }
            Self::Node(_)
            | Self::Fault(_)
            | Self::Resource(_)
            | Self::Job(_)
            | Self::Task(_)
            | Self::Sink(_) => Level::Control,
        }
    }
}

/// Machines and processes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum NodeEvent {
    /// A process starts, for the first time or again.
    NodeStarted {
        /// Which life this is.
        incarnation: Incarnation,
    },
    /// A process ends without warning.
    NodeKilled {
        /// Which life this was.
        incarnation: Incarnation,
    },
    /// A process stands still.
    NodePaused,
    /// A process goes on.
    NodeResumed,
    /// A node's clock was changed.
    ClockChanged {
        /// How far ahead of the simulation it now is, in microseconds.
        offset_us: i64,
        /// How much too fast it runs, in parts per million.
        drift_ppm: i64,
    },
    /// The way from this node to another was cut.
    LinkCut {
        /// The other node.
        to: Name,
    },
    /// The way from this node to another is whole again.
    LinkHealed {
        /// The other node.
        to: Name,
    },
    /// Unsynced bytes of this node were lost in its crash.
    BytesLost {
        /// The file.
        file: String,
        /// How many bytes.
        bytes: u64,
    },
}

/// What is done to the cluster on purpose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum FaultEvent {
    /// A fault of the scenario strikes.
    FaultInjected {
        /// Its place in the scenario, from 1.
        fault: u32,
        /// What it does, in words.
        what: String,
    },
    /// A fault that lasts is over.
    FaultHealed {
        /// Its place in the scenario, from 1.
        fault: u32,
        /// What was undone, in words.
        what: String,
    },
    /// A note of the scenario has its moment.
    NoteShown {
        /// Its place in the scenario, from 1.
        note: u32,
        /// Its text.
        text: String,
    },
}

/// Messages between components.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum RpcEvent {
    /// A component sends a message.
    RpcSent {
        /// The sender, such as `jobmaster-1`.
        from: Name,
        /// The receiving node.
        to: Name,
        /// The method, such as `SubmitTask`.
        message: Name,
        /// What it is about, in a few words.
        about: String,
    },
    /// A component takes a message up.
    RpcReceived {
        /// The receiver, such as `taskexecutor`.
        by: Name,
        /// The sending node.
        from: Name,
        /// The method.
        message: Name,
        /// What it is about, in a few words.
        about: String,
    },
    /// A peer's process turned out to be gone.
    ConnectionReset {
        /// Who learned it.
        by: Name,
        /// The node whose process is gone.
        peer: Name,
    },
    /// A heartbeat is sent.
    HeartbeatSent {
        /// The sender.
        from: Name,
        /// The receiving node.
        to: Name,
    },
    /// A heartbeat arrives.
    HeartbeatReceived {
        /// The receiver.
        by: Name,
        /// The sending node.
        from: Name,
    },
    /// Nothing was heard from a peer for too long.
    HeartbeatTimedOut {
        /// Who waited.
        by: Name,
        /// The silent node.
        peer: Name,
    },
}

impl RpcEvent {
    fn level(&self) -> Level {
        match self {
            Self::HeartbeatSent { .. } | Self::HeartbeatReceived { .. } => Level::Records,
            Self::RpcSent { .. }
            | Self::RpcReceived { .. }
            | Self::ConnectionReset { .. }
            | Self::HeartbeatTimedOut { .. } => Level::Control,
        }
    }
}

/// TaskExecutors and slots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum ResourceEvent {
    /// The ResourceManager takes a TaskExecutor in.
    TaskExecutorRegistered {
        /// Its node.
        taskmanager: Name,
        /// How many slots it brings.
        slots: u16,
    },
    /// The ResourceManager gives a TaskExecutor up.
    TaskExecutorLost {
        /// Its node.
        taskmanager: Name,
        /// Why.
        cause: String,
    },
    /// A JobMaster declares how many slots its job needs.
    ResourcesDeclared {
        /// The job.
        job: JobId,
        /// How many slots.
        slots: u32,
    },
    /// The ResourceManager has fewer slots than were asked for.
    NotEnoughResources {
        /// The job.
        job: JobId,
        /// How many slots are missing.
        missing: u32,
    },
    /// A slot is granted to a job.
    SlotAllocated {
        /// The slot, such as `taskmanager-1/0`.
        slot: Name,
        /// The grant.
        allocation: AllocationId,
        /// The job.
        job: JobId,
    },
    /// A JobMaster accepts a slot that a TaskExecutor offers.
    SlotAccepted {
        /// The slot.
        slot: Name,
        /// The grant.
        allocation: AllocationId,
        /// The job.
        job: JobId,
    },
    /// A slot is free again.
    SlotFreed {
        /// The slot.
        slot: Name,
        /// The grant that ended.
        allocation: AllocationId,
        /// The job that had it.
        job: JobId,
    },
}

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
    /// Tasks are being cancelled after a failure.
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
        #[serde(with = "super::json_text")]
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

/// Channels. A channel goes from one subtask to another along one edge of the job graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum ExchangeEvent {
    /// A consumer has connected to its producer's subpartition.
    PartitionRequested {
        /// The job.
        job: JobId,
        /// The edge of the job graph, by its place there.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// The credit it starts with, in buffers.
        credit: u32,
    },
    /// A producer sends a buffer.
    BufferSent {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// The buffer's number on its channel, from 1.
        seq: u64,
        /// How many records it holds; 0 for an event.
        records: u32,
        /// Buffers that wait behind it.
        backlog: u32,
        /// Credit left.
        credit: u32,
    },
    /// A consumer takes a buffer from its input gate.
    BufferConsumed {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// The buffer's number on its channel.
        seq: u64,
        /// How many records it holds; 0 for an event.
        records: u32,
    },
    /// A consumer grants a producer more credit.
    CreditAdded {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// How many buffers more.
        credit: u32,
    },
    /// A producer sends the end of its output, in the channel's order.
    EndOfInputSent {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// Its number on the channel.
        seq: u64,
    },
    /// A consumer has read all of a channel.
    EndOfInputReceived {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// Its number on the channel.
        seq: u64,
    },
}

impl ExchangeEvent {
    fn level(&self) -> Level {
        match self {
            Self::BufferSent { .. } | Self::BufferConsumed { .. } | Self::CreditAdded { .. } => {
                Level::Records
            }
            Self::PartitionRequested { .. }
            | Self::EndOfInputSent { .. }
            | Self::EndOfInputReceived { .. } => Level::Control,
        }
    }
}

/// Records on their way. Kept at level `records` only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum RecordEvent {
    /// A source emits records.
    RecordsEmitted {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The source operator's uid.
        operator: Name,
        /// The records' identities.
        ids: Vec<RecordId>,
        /// The records, rendered.
        values: Vec<String>,
    },
    /// Records leave a subtask in one buffer.
    RecordsSent {
        /// The job.
        job: JobId,
        /// The edge of the job graph.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// The buffer they are in.
        seq: u64,
        /// The records' identities.
        ids: Vec<RecordId>,
        /// The records, rendered.
        values: Vec<String>,
    },
}

/// What the outside world sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum SinkEvent {
    /// Rows became visible.
    RowsVisible {
        /// The sink.
        sink: Name,
        /// The subtask that wrote them.
        subtask: Name,
        /// How many rows.
        rows: u32,
        /// The sum of their hashes: equal for equal rows in any order.
        hash: u64,
    },
    /// The rows themselves, just before they become visible.
    RowsWritten {
        /// The sink.
        sink: Name,
        /// The subtask that wrote them.
        subtask: Name,
        /// The rows.
        rows: Vec<Row>,
    },
    /// Latency markers reached a sink.
    LatencyMeasured {
        /// The subtask that received them.
        subtask: Name,
        /// When each of them left its source.
        marked: Vec<SimTime>,
    },
}
