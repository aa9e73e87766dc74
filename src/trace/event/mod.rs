//! What can happen in a run: one closed enum per area, under one.
//!
//! Names of kinds are unique over all areas, since JSON shows them without the area's type.
//! Subtasks are named as users see them (`parse#1`), operators by uid, nodes by name.

mod checkpoint;
mod cluster;
mod data;
mod database;
mod job;
mod log;
mod state;
mod storage;
mod time;
mod whose;

use serde::{Deserialize, Serialize};

use super::Level;

pub use checkpoint::{
    ChannelCut, ChannelRange, CheckpointEvent, RecoveryEvent, SplitPosition, StateDigest,
    StoredFile,
};
pub use cluster::{FaultEvent, NodeEvent, ResourceEvent, RpcEvent};
pub use data::{ExchangeEvent, RecordEvent, RowRange, SinkEvent};
pub use database::DatabaseEvent;
pub use job::{Accumulated, ExecutionState, JobEvent, JobStatus, TaskEvent};
pub use log::{LogEvent, TransactionEvent, TransactionResult};
pub use state::{StateEvent, TimerEvent};
pub use storage::StorageEvent;
pub use time::{FiringTime, LateOutcome, Span, TimeEvent, WindowEvent};

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
    /// Event time.
    Time(TimeEvent),
    /// Windows.
    Window(WindowEvent),
    /// Timers.
    Timer(TimerEvent),
    /// Keyed state.
    State(StateEvent),
    /// Checkpoints.
    Checkpoint(CheckpointEvent),
    /// Restarts.
    Recovery(RecoveryEvent),
    /// Durable storage.
    Storage(StorageEvent),
    /// The transactional log.
    Log(LogEvent),
    /// The database.
    Database(DatabaseEvent),
    /// Transactions of sinks.
    Transaction(TransactionEvent),
    /// What the outside world sees.
    Sink(SinkEvent),
}

impl Event {
    /// The lowest level at which the event is kept.
    pub fn level(&self) -> Level {
        match self {
            Self::Record(_) | Self::Window(_) | Self::Timer(_) => Level::Records,
            Self::State(event) => event.level(),
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
            | Self::Time(_)
            | Self::Checkpoint(_)
            | Self::Recovery(_)
            | Self::Storage(_)
            | Self::Log(_)
            | Self::Database(_)
            | Self::Transaction(_)
            | Self::Sink(_) => Level::Control,
        }
    }
}
