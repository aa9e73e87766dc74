//! How often a job was started again, and from where; and what checkpoints and restarts mean for
//! its tasks and channels.

use super::positions::Told;
use super::{ChannelKey, Job, Jobs, Seen, Task};
use crate::base::{CheckpointId, Name, SimTime};
use crate::trace::{CheckpointEvent, RecoveryEvent};

/// A restart that has been decided on and has not begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// When that was decided.
    pub at: SimTime,
    /// In how many milliseconds from then it begins.
    pub delay_ms: u64,
    /// What failed.
    pub cause: String,
}

/// The restarts of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restarts {
    /// How many have been decided on.
    pub count: u32,
    /// The one that is waited for.
    pub scheduled: Option<Scheduled>,
    /// The checkpoint from which the job runs: none if it began anew.
    pub restored: Option<CheckpointId>,
}

fn key(edge: u16, from: &Name, to: &Name) -> ChannelKey {
    ChannelKey { edge, from: from.clone(), to: to.clone() }
}

impl Job {
    /// An execution of a subtask, unless another has replaced it. Whether it is itself a new one is
    /// said too; then nothing is left of the one before.
    pub(super) fn execution(&mut self, subtask: &Name, attempt: u32) -> Option<(&mut Task, Seen)> {
        let task = self.task_mut(subtask);
        if attempt < task.attempt {
            return None;
        }
        let renewed = task.turn_to(attempt);
        if renewed {
            self.reset(subtask);
        }
        Some((self.task_mut(subtask), if renewed { Seen::Yes } else { Seen::No }))
    }

    fn on_checkpoint(&mut self, at: SimTime, event: &CheckpointEvent) -> Seen {
        use CheckpointEvent as E;
        let listed = self.checkpoints.apply(at, event);
        let done = match event {
            E::BarrierSent { edge, from, to, attempt, checkpoint, seq, overtaken, .. } => {
                match self.execution(from, *attempt) {
                    Some(_) => {
                        let channel = self.channels.entry(key(*edge, from, to));
                        channel.send_barrier(at, *seq, *checkpoint, *overtaken);
                        Seen::Yes
                    }
                    None => Seen::No,
                }
            }
            E::BarrierReceived { edge, from, to, attempt, seq, .. } => {
                match self.execution(to, *attempt) {
                    Some(_) => {
                        self.channels.entry(key(*edge, from, to)).take_barrier(*seq);
                        Seen::Yes
                    }
                    None => Seen::No,
                }
            }
            E::ChannelBlocked { edge, from, to, checkpoint, .. } => {
                let channel = self.channels.entry(key(*edge, from, to));
                Seen::set(&mut channel.blocked_for, Some(*checkpoint))
            }
            // Whatever it waited for: it goes on.
            E::ChannelResumed { edge, from, to, .. } => {
                let channel = self.channels.entry(key(*edge, from, to));
                Seen::set(&mut channel.blocked_for, None)
            }
            E::AlignmentStarted { subtask, attempt, .. }
            | E::AlignmentTimedOut { subtask, attempt, .. }
            | E::ChannelStateCollected { subtask, attempt, .. }
            | E::SnapshotStored { subtask, attempt, .. }
            | E::SnapshotFailed { subtask, attempt, .. }
            | E::CompletionNotified { subtask, attempt, .. }
            | E::AbortionNotified { subtask, attempt, .. } => {
                match self.execution(subtask, *attempt) {
                    Some((task, renewed)) => renewed.or(task.snapshotting.apply(at, event)),
                    None => Seen::No,
                }
            }
            E::SnapshotTaken { subtask, attempt, checkpoint, positions, .. } => {
                match self.execution(subtask, *attempt) {
                    Some((task, renewed)) => {
                        let seen = renewed.or(task.snapshotting.apply(at, event));
                        let told = Told { subtask, checkpoint: *checkpoint, restored: false };
                        seen.or(self.positions.tell(&told, positions))
                    }
                    None => Seen::No,
                }
            }
            E::SourcePaused { subtask, .. } | E::SourceResumed { subtask, .. } => {
                self.task_mut(subtask).snapshotting.apply(at, event)
            }
            // The coordinator does it, or hears of what a task did before.
            E::CheckpointTriggered { .. }
            | E::CheckpointNotTriggered { .. }
            | E::CheckpointAcknowledged { .. }
            | E::AcknowledgementIgnored { .. }
            | E::CheckpointDeclined { .. }
            | E::MetadataStored { .. }
            | E::CheckpointCompleted { .. }
            | E::CheckpointAborted { .. }
            | E::CheckpointDiscarded { .. } => Seen::No,
        };
        listed.or(done)
    }

    fn on_recovery(&mut self, at: SimTime, event: &RecoveryEvent) -> Seen {
        match event {
            RecoveryEvent::RestartScheduled { restart, delay_ms, cause, .. } => {
                self.restarts.count = *restart;
                let (delay_ms, cause) = (*delay_ms, cause.clone());
                self.restarts.scheduled = Some(Scheduled { at, delay_ms, cause });
                Seen::Yes
            }
            RecoveryEvent::JobRestored { restart, checkpoint, .. } => {
                let (count, restored) = (*restart, *checkpoint);
                Seen::set(&mut self.restarts, Restarts { count, scheduled: None, restored })
            }
            RecoveryEvent::CheckpointUnusable { checkpoint, cause, .. } => {
                self.checkpoints.unusable(*checkpoint, cause)
            }
            RecoveryEvent::RecordsMissed { .. } => Seen::No,
            RecoveryEvent::StateRestored { subtask, attempt, checkpoint, positions, .. } => {
                match self.execution(subtask, *attempt) {
                    Some((task, renewed)) => {
                        let seen = renewed.or(Seen::set(&mut task.restored, Some(*checkpoint)));
                        let told = Told { subtask, checkpoint: *checkpoint, restored: true };
                        seen.or(self.positions.tell(&told, positions))
                    }
                    None => Seen::No,
                }
            }
        }
    }
}

impl Jobs {
    pub(super) fn apply_checkpoint(&mut self, at: SimTime, event: &CheckpointEvent) -> Seen {
        let known = self.known();
        let seen = self.job(event.job()).on_checkpoint(at, event);
        if known == self.known() { seen } else { Seen::Yes }
    }

    pub(super) fn apply_recovery(&mut self, at: SimTime, event: &RecoveryEvent) -> Seen {
        let known = self.known();
        let seen = self.job(event.job()).on_recovery(at, event);
        if known == self.known() { seen } else { Seen::Yes }
    }
}
