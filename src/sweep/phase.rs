//! What a job is doing when a fault strikes: how far its checkpoint or its restart is.
//!
//! Folded from the trace: the phase is that of the last thing that happened to a checkpoint, until
//! all tasks know that it is complete or it came to nothing.

use std::collections::BTreeSet;
use std::fmt;

use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};

use crate::base::{JobId, Name};
use crate::trace::{
    CheckpointEvent, Event, ExecutionState, RecoveryEvent, StorageEvent, TaskEvent,
};

/// How far a checkpoint or a restart is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Phase {
    /// Neither is underway.
    #[default]
    None,
    /// A checkpoint has begun.
    Triggered,
    /// Its barriers are on their way.
    Barriers,
    /// Channels wait for others.
    Aligning,
    /// A task has taken its snapshot.
    Snapshot,
    /// Snapshots are being stored.
    Storing,
    /// Tasks acknowledge.
    Acknowledged,
    /// What the checkpoint consists of is stored.
    Metadata,
    /// It is complete, and tasks are told.
    Completed,
    /// A failure is known, and the job is about to be started again.
    Restarting,
    /// Tasks are started again and take their state over.
    Restoring,
}

impl Phase {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether it is of a checkpoint.
    pub fn is_of_checkpoint(self) -> bool {
        match self {
            Self::None | Self::Restarting | Self::Restoring => false,
            Self::Triggered
            | Self::Barriers
            | Self::Aligning
            | Self::Snapshot
            | Self::Storing
            | Self::Acknowledged
            | Self::Metadata
            | Self::Completed => true,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct PhaseFold {
    phase: Phase,
    /// How many tasks are still to learn that the checkpoint is complete.
    untold: usize,
    /// Executions that are being started.
    starting: BTreeSet<(JobId, Name)>,
}

impl PhaseFold {
    /// The phase after the last event.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Recovery(event) => self.recovery(event),
            Event::Task(TaskEvent::ExecutionStateChanged { job, subtask, to, .. }) => {
                self.execution(*job, subtask, *to);
            }
            Event::Checkpoint(event) => self.checkpoint(event),
            Event::Storage(StorageEvent::FileStored { .. }) if self.phase == Phase::Snapshot => {
                self.phase = Phase::Storing;
            }
            Event::Storage(_)
            | Event::Log(_)
            | Event::Database(_)
            | Event::Transaction(_)
            | Event::Task(_)
            | Event::Node(_)
            | Event::Fault(_)
            | Event::Rpc(_)
            | Event::Resource(_)
            | Event::Job(_)
            | Event::Exchange(_)
            | Event::Record(_)
            | Event::Time(_)
            | Event::Window(_)
            | Event::Timer(_)
            | Event::State(_)
            | Event::Sink(_) => {}
        }
    }

    fn recovery(&mut self, event: &RecoveryEvent) {
        self.phase = match event {
            RecoveryEvent::RestartScheduled { .. } => Phase::Restarting,
            RecoveryEvent::JobRestored { .. }
            | RecoveryEvent::StateRestored { .. }
            | RecoveryEvent::RecordsMissed { .. }
            | RecoveryEvent::CheckpointUnusable { .. } => Phase::Restoring,
        };
    }

    /// A restart is over when everything that was being started runs.
    fn execution(&mut self, job: JobId, subtask: &Name, to: ExecutionState) {
        match to {
            ExecutionState::Created
            | ExecutionState::Scheduled
            | ExecutionState::Deploying
            | ExecutionState::Initializing => {
                self.starting.insert((job, subtask.clone()));
            }
            ExecutionState::Running
            | ExecutionState::Finished
            | ExecutionState::Canceling
            | ExecutionState::Canceled
            | ExecutionState::Failed => {
                self.starting.remove(&(job, subtask.clone()));
                if self.phase == Phase::Restoring && self.starting.is_empty() {
                    self.phase = Phase::None;
                }
            }
        }
    }

    fn checkpoint(&mut self, event: &CheckpointEvent) {
        let now = match event {
            CheckpointEvent::CheckpointTriggered { tasks, .. } => {
                self.untold = tasks.len();
                self.phase = Phase::Triggered;
                return;
            }
            CheckpointEvent::BarrierSent { .. } | CheckpointEvent::BarrierReceived { .. } => {
                Phase::Barriers
            }
            CheckpointEvent::AlignmentStarted { .. } | CheckpointEvent::ChannelBlocked { .. } => {
                Phase::Aligning
            }
            CheckpointEvent::SnapshotTaken { .. } => Phase::Snapshot,
            CheckpointEvent::ChannelStateCollected { .. }
            | CheckpointEvent::SnapshotStored { .. } => Phase::Storing,
            CheckpointEvent::CheckpointAcknowledged { .. } => Phase::Acknowledged,
            CheckpointEvent::MetadataStored { .. } => Phase::Metadata,
            CheckpointEvent::CheckpointCompleted { .. } => Phase::Completed,
            CheckpointEvent::CompletionNotified { .. } => {
                self.untold = self.untold.saturating_sub(1);
                if self.untold == 0 { Phase::None } else { Phase::Completed }
            }
            CheckpointEvent::CheckpointAborted { .. } => Phase::None,
            CheckpointEvent::CheckpointNotTriggered { .. }
            | CheckpointEvent::SourcePaused { .. }
            | CheckpointEvent::SourceResumed { .. }
            | CheckpointEvent::ChannelResumed { .. }
            | CheckpointEvent::AlignmentTimedOut { .. }
            | CheckpointEvent::SnapshotFailed { .. }
            | CheckpointEvent::AcknowledgementIgnored { .. }
            | CheckpointEvent::CheckpointDeclined { .. }
            | CheckpointEvent::AbortionNotified { .. }
            | CheckpointEvent::CheckpointDiscarded { .. } => return,
        };
        // What tasks still do for a checkpoint that came to nothing is beside the point.
        if self.phase.is_of_checkpoint() {
            self.phase = now;
        }
    }
}
