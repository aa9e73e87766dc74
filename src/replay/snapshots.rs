//! What subtasks contribute to checkpoints, and what they are doing about them now.

use std::collections::BTreeMap;

use super::Seen;
use crate::base::{CheckpointId, Name, SimTime};
use crate::trace::CheckpointEvent;

/// How far a subtask is with its snapshot for a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SnapshotProgress {
    /// Nothing has been heard of it.
    #[default]
    Waiting,
    /// Some of its barriers have come.
    Aligning,
    /// It is taken and not yet stored.
    Taken,
    /// It is stored, and the coordinator has not heard of that.
    Stored,
    /// The coordinator has it.
    Acknowledged,
    /// It could not be taken or stored.
    Failed(Name),
    /// The coordinator has heard that there is none.
    Declined(Name),
}

/// The snapshot of a subtask for a checkpoint. What is not known yet is unset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubtaskSnapshot {
    /// Whether the checkpoint needs it.
    pub expected: bool,
    /// How far it is.
    pub progress: SnapshotProgress,
    /// Since when it is so far.
    pub since: Option<SimTime>,
    /// The channel whose barrier came last so far: its producer and its edge.
    pub last_barrier: Option<(Name, u16)>,
    /// From the trigger to the first barrier, in microseconds.
    pub start_delay_us: Option<u64>,
    /// From the first barrier to the last, in microseconds.
    pub alignment_us: Option<u64>,
    /// What taking it cost, in microseconds.
    pub sync_us: Option<u64>,
    /// How long storing it took, in microseconds.
    pub async_us: Option<u64>,
    /// How large it is.
    pub bytes: Option<u64>,
    /// How much of that was written for it.
    pub stored_bytes: Option<u64>,
    /// How large the records are that its barriers have overtaken.
    pub in_flight_bytes: Option<u64>,
}

impl SubtaskSnapshot {
    pub(super) fn apply(&mut self, at: SimTime, event: &CheckpointEvent) {
        let before = self.progress.clone();
        self.take_up(event);
        if self.progress != before {
            self.since = Some(at);
        }
    }

    fn take_up(&mut self, event: &CheckpointEvent) {
        use CheckpointEvent as E;
        match event {
            E::BarrierReceived { from, edge, .. } => {
                self.last_barrier = Some((from.clone(), *edge));
            }
            E::AlignmentStarted { .. } => self.progress = SnapshotProgress::Aligning,
            E::SnapshotTaken { start_delay_us, alignment_us, sync_us, bytes, .. } => {
                self.progress = SnapshotProgress::Taken;
                self.start_delay_us = Some(*start_delay_us);
                self.alignment_us = Some(*alignment_us);
                self.sync_us = Some(*sync_us);
                self.bytes = Some(*bytes);
            }
            E::ChannelStateCollected { bytes, .. } => self.in_flight_bytes = Some(*bytes),
            E::SnapshotStored { stored_bytes, async_us, .. } => {
                self.progress = SnapshotProgress::Stored;
                self.stored_bytes = Some(*stored_bytes);
                self.async_us = Some(*async_us);
            }
            E::SnapshotFailed { reason, .. } => {
                self.progress = SnapshotProgress::Failed(reason.clone());
            }
            E::CheckpointDeclined { reason, .. } => {
                self.progress = SnapshotProgress::Declined(reason.clone());
            }
            E::CheckpointAcknowledged {
                bytes,
                stored_bytes,
                in_flight_bytes,
                start_delay_us,
                alignment_us,
                sync_us,
                async_us,
                ..
            } => {
                *self = Self {
                    expected: self.expected,
                    progress: SnapshotProgress::Acknowledged,
                    since: self.since,
                    last_barrier: self.last_barrier.take(),
                    start_delay_us: Some(*start_delay_us),
                    alignment_us: Some(*alignment_us),
                    sync_us: Some(*sync_us),
                    async_us: Some(*async_us),
                    bytes: Some(*bytes),
                    stored_bytes: Some(*stored_bytes),
                    in_flight_bytes: Some(*in_flight_bytes),
                };
            }
            E::CheckpointTriggered { .. }
            | E::CheckpointNotTriggered { .. }
            | E::SourcePaused { .. }
            | E::SourceResumed { .. }
            | E::BarrierSent { .. }
            | E::ChannelBlocked { .. }
            | E::ChannelResumed { .. }
            | E::AlignmentTimedOut { .. }
            | E::AcknowledgementIgnored { .. }
            | E::MetadataStored { .. }
            | E::CheckpointCompleted { .. }
            | E::CheckpointAborted { .. }
            | E::CompletionNotified { .. }
            | E::AbortionNotified { .. }
            | E::CheckpointDiscarded { .. } => {}
        }
    }
}

/// A checkpoint, and since when something has been done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// The checkpoint.
    pub checkpoint: CheckpointId,
    /// Since when.
    pub at: SimTime,
}

/// What an execution of a subtask is doing about checkpoints now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshotting {
    /// Some of its channels have delivered their barrier, and it waits for the others.
    pub aligning: Option<Since>,
    /// It stands still until a checkpoint is over, being a source.
    pub paused: Option<Since>,
    /// The snapshots that are taken and not yet stored, each with when it was taken.
    pub storing: BTreeMap<CheckpointId, SimTime>,
}

impl Snapshotting {
    fn ends_aligning(&mut self, of: CheckpointId) -> Seen {
        match self.aligning.take_if(|since| since.checkpoint == of) {
            Some(_) => Seen::Yes,
            None => Seen::No,
        }
    }

    fn ends_storing(&mut self, of: CheckpointId) -> Seen {
        if self.storing.remove(&of).is_some() { Seen::Yes } else { Seen::No }
    }

    pub(super) fn apply(&mut self, at: SimTime, event: &CheckpointEvent) -> Seen {
        use CheckpointEvent as E;
        let since = |checkpoint: &CheckpointId| Some(Since { checkpoint: *checkpoint, at });
        match event {
            E::SourcePaused { checkpoint, .. } => Seen::set(&mut self.paused, since(checkpoint)),
            // Whatever it stood still for: it goes on.
            E::SourceResumed { .. } => Seen::set(&mut self.paused, None),
            E::AlignmentStarted { checkpoint, .. } => {
                Seen::set(&mut self.aligning, since(checkpoint))
            }
            E::SnapshotTaken { checkpoint, .. } => {
                self.ends_aligning(*checkpoint);
                self.storing.insert(*checkpoint, at);
                Seen::Yes
            }
            E::SnapshotStored { checkpoint, .. } => self.ends_storing(*checkpoint),
            E::SnapshotFailed { checkpoint, .. } | E::AbortionNotified { checkpoint, .. } => {
                let aligned = self.ends_aligning(*checkpoint);
                aligned.or(self.ends_storing(*checkpoint))
            }
            E::CheckpointTriggered { .. }
            | E::CheckpointNotTriggered { .. }
            | E::BarrierSent { .. }
            | E::BarrierReceived { .. }
            | E::ChannelBlocked { .. }
            | E::ChannelResumed { .. }
            | E::AlignmentTimedOut { .. }
            | E::ChannelStateCollected { .. }
            | E::CheckpointAcknowledged { .. }
            | E::AcknowledgementIgnored { .. }
            | E::CheckpointDeclined { .. }
            | E::MetadataStored { .. }
            | E::CheckpointCompleted { .. }
            | E::CheckpointAborted { .. }
            | E::CompletionNotified { .. }
            | E::CheckpointDiscarded { .. } => Seen::No,
        }
    }
}
