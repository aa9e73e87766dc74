//! Of whom events about checkpoints and recovery tell.

use super::{CheckpointEvent, RecoveryEvent, TransactionEvent};
use crate::base::{CheckpointId, JobId, Name};

impl CheckpointEvent {
    /// The job.
    pub fn job(&self) -> JobId {
        match self {
            Self::CheckpointTriggered { job, .. }
            | Self::CheckpointNotTriggered { job, .. }
            | Self::SourcePaused { job, .. }
            | Self::SourceResumed { job, .. }
            | Self::BarrierSent { job, .. }
            | Self::BarrierReceived { job, .. }
            | Self::AlignmentStarted { job, .. }
            | Self::ChannelBlocked { job, .. }
            | Self::ChannelResumed { job, .. }
            | Self::AlignmentTimedOut { job, .. }
            | Self::SnapshotTaken { job, .. }
            | Self::ChannelStateCollected { job, .. }
            | Self::SnapshotStored { job, .. }
            | Self::SnapshotFailed { job, .. }
            | Self::CheckpointAcknowledged { job, .. }
            | Self::AcknowledgementIgnored { job, .. }
            | Self::CheckpointDeclined { job, .. }
            | Self::MetadataStored { job, .. }
            | Self::CheckpointCompleted { job, .. }
            | Self::CheckpointAborted { job, .. }
            | Self::CompletionNotified { job, .. }
            | Self::AbortionNotified { job, .. }
            | Self::CheckpointDiscarded { job, .. } => *job,
        }
    }

    /// The checkpoint; none if it did not come to one.
    pub fn checkpoint(&self) -> Option<CheckpointId> {
        match self {
            Self::CheckpointNotTriggered { .. } => None,
            Self::CheckpointTriggered { checkpoint, .. }
            | Self::SourcePaused { checkpoint, .. }
            | Self::SourceResumed { checkpoint, .. }
            | Self::BarrierSent { checkpoint, .. }
            | Self::BarrierReceived { checkpoint, .. }
            | Self::AlignmentStarted { checkpoint, .. }
            | Self::ChannelBlocked { checkpoint, .. }
            | Self::ChannelResumed { checkpoint, .. }
            | Self::AlignmentTimedOut { checkpoint, .. }
            | Self::SnapshotTaken { checkpoint, .. }
            | Self::ChannelStateCollected { checkpoint, .. }
            | Self::SnapshotStored { checkpoint, .. }
            | Self::SnapshotFailed { checkpoint, .. }
            | Self::CheckpointAcknowledged { checkpoint, .. }
            | Self::AcknowledgementIgnored { checkpoint, .. }
            | Self::CheckpointDeclined { checkpoint, .. }
            | Self::MetadataStored { checkpoint, .. }
            | Self::CheckpointCompleted { checkpoint, .. }
            | Self::CheckpointAborted { checkpoint, .. }
            | Self::CompletionNotified { checkpoint, .. }
            | Self::AbortionNotified { checkpoint, .. }
            | Self::CheckpointDiscarded { checkpoint, .. } => Some(*checkpoint),
        }
    }

    /// The task that does it, or that the coordinator hears of. None does what the coordinator does
    /// alone.
    pub fn subtask(&self) -> Option<&Name> {
        match self {
            Self::BarrierSent { from, .. } => Some(from),
            Self::BarrierReceived { to, .. }
            | Self::ChannelBlocked { to, .. }
            | Self::ChannelResumed { to, .. } => Some(to),
            Self::SourcePaused { subtask, .. }
            | Self::SourceResumed { subtask, .. }
            | Self::AlignmentStarted { subtask, .. }
            | Self::AlignmentTimedOut { subtask, .. }
            | Self::SnapshotTaken { subtask, .. }
            | Self::ChannelStateCollected { subtask, .. }
            | Self::SnapshotStored { subtask, .. }
            | Self::SnapshotFailed { subtask, .. }
            | Self::CheckpointAcknowledged { subtask, .. }
            | Self::AcknowledgementIgnored { subtask, .. }
            | Self::CheckpointDeclined { subtask, .. }
            | Self::CompletionNotified { subtask, .. }
            | Self::AbortionNotified { subtask, .. } => Some(subtask),
            Self::CheckpointTriggered { .. }
            | Self::CheckpointNotTriggered { .. }
            | Self::MetadataStored { .. }
            | Self::CheckpointCompleted { .. }
            | Self::CheckpointAborted { .. }
            | Self::CheckpointDiscarded { .. } => None,
        }
    }
}

impl RecoveryEvent {
    /// The job.
    pub fn job(&self) -> JobId {
        match self {
            Self::RestartScheduled { job, .. }
            | Self::JobRestored { job, .. }
            | Self::RecordsMissed { job, .. }
            | Self::CheckpointUnusable { job, .. }
            | Self::StateRestored { job, .. } => *job,
        }
    }
}

impl TransactionEvent {
    /// The job.
    pub fn job(&self) -> JobId {
        self.whose().0
    }

    /// The sink's subtask.
    pub fn subtask(&self) -> &Name {
        self.whose().1
    }

    fn whose(&self) -> (JobId, &Name) {
        match self {
            Self::TransactionBegun { job, subtask, .. }
            | Self::TransactionPreCommitted { job, subtask, .. }
            | Self::CommitRequested { job, subtask, .. }
            | Self::RecommitRequested { job, subtask, .. }
            | Self::LingeringAborted { job, subtask, .. }
            | Self::TransactionCommitted { job, subtask, .. }
            | Self::TransactionAborted { job, subtask, .. }
            | Self::CommitFailed { job, subtask, .. } => (*job, subtask),
        }
    }
}
