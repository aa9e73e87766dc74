//! The checkpoints of a job, as the coordinator and the tasks tell of them.
//!
//! Where barriers are is said by [`super::Channels`], what a task is doing about a checkpoint by
//! [`super::Snapshotting`].
//!
//! Invariant: nothing is ever taken from the list, so that one can go back to any checkpoint. The
//! maps are persistent: a key frame shares with the next all that has not changed between them.

use rpds::RedBlackTreeMapSync;

use super::Seen;
use super::snapshots::{SnapshotProgress, SubtaskSnapshot};
use crate::base::{CheckpointId, Name, SimDuration, SimTime};
use crate::trace::CheckpointEvent;

/// What has become of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CheckpointState {
    /// Some tasks have not acknowledged it, or its metadata is not stored.
    #[default]
    InProgress,
    /// The job can be restored from it.
    Completed,
    /// It came to nothing, for this reason.
    Aborted(Name),
    /// It was complete, and is no longer retained.
    Discarded,
}

/// A checkpoint. Of one that the trace speaks of without having told of its beginning, that
/// beginning is not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// How its barriers travel.
    pub barriers: Option<Name>,
    /// When it began.
    pub triggered: Option<SimTime>,
    /// What has become of it.
    pub state: CheckpointState,
    /// When it was completed or aborted.
    pub ended: Option<SimTime>,
    /// How long it took, if it is complete.
    pub duration: Option<SimDuration>,
    /// How large it is: what has been acknowledged until it is complete.
    pub bytes: u64,
    /// How much of that was written for it.
    pub stored_bytes: u64,
    /// How many subtasks had finished before, and are taken for granted.
    pub finished: usize,
    /// Why it cannot be restored, if that was tried.
    pub unusable: Option<Name>,
    /// How many subtasks must acknowledge it, and how many of these have.
    expected: usize,
    acknowledged: usize,
    subtasks: RedBlackTreeMapSync<Name, SubtaskSnapshot>,
}

impl Checkpoint {
    /// What is known of subtasks, by name; also of such as need not acknowledge it.
    pub fn subtasks(&self) -> impl Iterator<Item = (&Name, &SubtaskSnapshot)> {
        self.subtasks.iter()
    }

    /// How many subtasks something is known of.
    pub fn subtask_count(&self) -> usize {
        self.subtasks.size()
    }

    /// What is known of a subtask.
    pub fn subtask(&self, name: &str) -> Option<&SubtaskSnapshot> {
        self.subtasks.get(name)
    }

    /// How many subtasks must acknowledge it.
    pub fn expected(&self) -> usize {
        self.expected
    }

    /// How many of these have.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged
    }

    /// How long it took, or has taken up to `now`.
    pub fn duration_at(&self, now: SimTime) -> Option<SimDuration> {
        let so_far = |triggered| self.ended.unwrap_or(now).since(triggered);
        self.duration.or_else(|| self.triggered.map(so_far))
    }

    fn begin(&mut self, at: SimTime, event: &CheckpointEvent) {
        if let CheckpointEvent::CheckpointTriggered { barriers: kind, tasks, finished, .. } = event
        {
            // What was told of it before belonged to another checkpoint of that number.
            *self = Self {
                barriers: Some(kind.clone()),
                triggered: Some(at),
                finished: finished.len(),
                ..Self::default()
            };
            for name in tasks {
                let expected = SubtaskSnapshot { expected: true, ..SubtaskSnapshot::default() };
                self.subtasks.insert_mut(name.clone(), expected);
            }
            self.expected = self.subtasks.size();
        }
    }

    fn on_subtask(&mut self, at: SimTime, subtask: &Name, event: &CheckpointEvent) -> Seen {
        let mut snapshot = self.subtasks.get(subtask).cloned().unwrap_or_default();
        let before = snapshot.clone();
        snapshot.apply(at, event);
        if snapshot == before && self.subtasks.contains_key(subtask) {
            return Seen::No;
        }
        let counts =
            |of: &SubtaskSnapshot| of.expected && of.progress == SnapshotProgress::Acknowledged;
        match (counts(&before), counts(&snapshot)) {
            (false, true) => {
                self.acknowledged += 1;
                if self.state == CheckpointState::InProgress {
                    self.bytes = self.bytes.saturating_add(snapshot.bytes.unwrap_or(0));
                    let stored = snapshot.stored_bytes.unwrap_or(0);
                    self.stored_bytes = self.stored_bytes.saturating_add(stored);
                }
            }
            (true, false) => self.acknowledged -= 1,
            (true, true) | (false, false) => {}
        }
        self.subtasks.insert_mut(subtask.clone(), snapshot);
        Seen::Yes
    }

    fn end(&mut self, at: SimTime, state: CheckpointState) -> Seen {
        Seen::set(&mut self.ended, Some(at)).or(Seen::set(&mut self.state, state))
    }
}

/// Why no checkpoint could begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// When it should have.
    pub at: SimTime,
    /// Why it did not.
    pub reason: Name,
}

/// The checkpoints of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoints {
    known: RedBlackTreeMapSync<CheckpointId, Checkpoint>,
    /// The last that could not begin.
    pub refused: Option<Refusal>,
}

impl Checkpoints {
    /// The checkpoints, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (CheckpointId, &Checkpoint)> {
        self.known.iter().map(|(id, checkpoint)| (*id, checkpoint))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.known.size()
    }

    /// Whether none has ever begun.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The checkpoint of this number.
    pub fn get(&self, id: CheckpointId) -> Option<&Checkpoint> {
        self.known.get(&id)
    }

    /// The one that began last.
    pub fn newest(&self) -> Option<(CheckpointId, &Checkpoint)> {
        self.known.last().map(|(id, checkpoint)| (*id, checkpoint))
    }

    /// The next older and the next newer one.
    pub fn around(&self, id: CheckpointId) -> (Option<CheckpointId>, Option<CheckpointId>) {
        let older = self.known.range(..id).next_back().map(|(id, _)| *id);
        let newer = self.known.range(id..).map(|(id, _)| *id).find(|newer| *newer != id);
        (older, newer)
    }

    fn change(&mut self, id: CheckpointId, change: impl FnOnce(&mut Checkpoint) -> Seen) -> Seen {
        if let Some(known) = self.known.get_mut(&id) {
            return change(known);
        }
        let mut new = Checkpoint::default();
        change(&mut new);
        self.known.insert_mut(id, new);
        Seen::Yes
    }

    pub(super) fn unusable(&mut self, id: CheckpointId, cause: &str) -> Seen {
        self.change(id, |checkpoint| Seen::set(&mut checkpoint.unusable, Some(cause.into())))
    }

    pub(super) fn apply(&mut self, at: SimTime, event: &CheckpointEvent) -> Seen {
        use CheckpointEvent as E;
        match event {
            E::CheckpointTriggered { checkpoint, .. } => self.change(*checkpoint, |begun| {
                begun.begin(at, event);
                Seen::Yes
            }),
            E::CheckpointNotTriggered { reason, .. } => {
                let refusal = Refusal { at, reason: reason.clone() };
                Seen::set(&mut self.refused, Some(refusal))
            }
            E::AlignmentStarted { subtask, checkpoint, .. }
            | E::SnapshotTaken { subtask, checkpoint, .. }
            | E::ChannelStateCollected { subtask, checkpoint, .. }
            | E::SnapshotStored { subtask, checkpoint, .. }
            | E::SnapshotFailed { subtask, checkpoint, .. }
            | E::CheckpointAcknowledged { subtask, checkpoint, .. }
            | E::CheckpointDeclined { subtask, checkpoint, .. } => {
                self.change(*checkpoint, |changed| changed.on_subtask(at, subtask, event))
            }
            E::BarrierReceived { to, checkpoint, .. } => {
                self.change(*checkpoint, |changed| changed.on_subtask(at, to, event))
            }
            E::CheckpointCompleted { checkpoint, duration_us, bytes, stored_bytes, .. } => {
                self.change(*checkpoint, |completed| {
                    completed.duration = Some(SimDuration::from_micros(*duration_us));
                    (completed.bytes, completed.stored_bytes) = (*bytes, *stored_bytes);
                    completed.end(at, CheckpointState::Completed)
                })
            }
            E::CheckpointAborted { checkpoint, reason, .. } => {
                let state = CheckpointState::Aborted(reason.clone());
                self.change(*checkpoint, |aborted| aborted.end(at, state))
            }
            E::CheckpointDiscarded { checkpoint, .. } => self.change(*checkpoint, |discarded| {
                Seen::set(&mut discarded.state, CheckpointState::Discarded)
            }),
            // Of these tasks and channels tell.
            E::SourcePaused { .. }
            | E::SourceResumed { .. }
            | E::BarrierSent { .. }
            | E::ChannelBlocked { .. }
            | E::ChannelResumed { .. }
            | E::AlignmentTimedOut { .. }
            | E::CompletionNotified { .. }
            | E::AbortionNotified { .. }
            // These change nothing that is shown.
            | E::AcknowledgementIgnored { .. }
            | E::MetadataStored { .. } => Seen::No,
        }
    }
}
