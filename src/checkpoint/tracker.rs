//! Several checkpoints at a time, no channel blocked: Flink's `CheckpointBarrierTracker`.
//!
//! A checkpoint is triggered when its barrier has come from every channel. What came meanwhile
//! behind the first barriers is in the snapshot and comes again after a restore: at least once.
//!
//! Invariants: pending checkpoints are in the order of their numbers; one that is triggered ends
//! all before it; an aborted one is remembered until its barriers have come, so that the rest of
//! them begins nothing.

use std::collections::{BTreeSet, VecDeque};

use super::{BarrierAction, CheckpointBarrier, CheckpointFailureReason, CheckpointId};

/// How many checkpoints can be pending; a further one makes the oldest be forgotten.
const MAX_CHECKPOINTS_TO_TRACK: usize = 50;

/// A checkpoint of which some barriers have come.
#[derive(Debug)]
struct Pending {
    id: CheckpointId,
    /// Its first barrier; none if it was aborted before that came.
    barrier: Option<CheckpointBarrier>,
    aligned: BTreeSet<usize>,
    target: usize,
    aborted: bool,
}

impl Pending {
    fn align(&mut self, channel: usize) -> bool {
        self.aligned.insert(channel);
        self.aligned.len() == self.target
    }
}

/// See the module.
#[derive(Debug)]
pub struct CheckpointBarrierTracker {
    open_channels: usize,
    pending: VecDeque<Pending>,
    /// The latest checkpoint that has ever been pending.
    latest: Option<CheckpointId>,
}

type Actions = Vec<BarrierAction>;

impl CheckpointBarrierTracker {
    /// A tracker of so many channels.
    pub fn new(channels: usize) -> Self {
        Self { open_channels: channels, pending: VecDeque::new(), latest: None }
    }

    /// The latest checkpoint that is pending.
    pub fn latest_checkpoint(&self) -> Option<CheckpointId> {
        self.pending.back().map(|pending| pending.id)
    }

    /// Whether any is.
    pub fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// A barrier comes from a channel.
    pub fn process_barrier(&mut self, barrier: CheckpointBarrier, channel: usize) -> Actions {
        let mut actions = Vec::new();
        let is_new = self.latest < Some(barrier.id);
        if is_new && self.open_channels == 1 {
            actions.push(BarrierAction::Trigger(barrier));
            return actions;
        }
        let place = self.pending.iter().position(|pending| pending.id == barrier.id);
        match place {
            Some(place) if self.pending[place].align(channel) => {
                self.complete(place, &mut actions);
            }
            None if is_new => {
                self.latest = Some(barrier.id);
                self.track(barrier.id, Some(barrier), channel);
                if self.pending.len() > MAX_CHECKPOINTS_TO_TRACK {
                    self.pending.pop_front();
                }
            }
            // Others have not come yet, or it has been triggered or ended by a later one.
            Some(_) | None => {}
        }
        actions
    }

    /// A task in front has given a checkpoint up.
    pub fn process_cancellation(&mut self, cancelled: CheckpointId, channel: usize) -> Actions {
        let mut actions = Vec::new();
        let is_new = self.latest < Some(cancelled);
        if is_new && self.open_channels == 1 {
            abort(cancelled, &mut actions);
            return actions;
        }
        // What is older cannot be triggered before this one would have been.
        let older = self.pending.partition_point(|pending| pending.id < cancelled);
        for older in self.pending.drain(..older).filter(|older| !older.aborted) {
            abort(older.id, &mut actions);
        }
        match self.pending.front_mut() {
            Some(pending) if pending.id == cancelled => {
                if !std::mem::replace(&mut pending.aborted, true) {
                    abort(cancelled, &mut actions);
                }
                if pending.align(channel) {
                    self.pending.pop_front();
                }
            }
            Some(_) | None if is_new => {
                abort(cancelled, &mut actions);
                self.latest = Some(cancelled);
                self.track(cancelled, None, channel);
            }
            Some(_) | None => {}
        }
        actions
    }

    /// The input of a channel has ended, which counts as a barrier of every pending checkpoint. The
    /// latest that waited for nothing else is triggered.
    pub fn process_end_of_partition(&mut self, channel: usize) -> Actions {
        let mut actions = Vec::new();
        self.open_channels -= 1;
        for place in (0..self.pending.len()).rev() {
            if self.pending[place].align(channel) {
                self.complete(place, &mut actions);
                break;
            }
        }
        actions
    }

    fn track(&mut self, id: CheckpointId, barrier: Option<CheckpointBarrier>, channel: usize) {
        let (aligned, target) = (BTreeSet::from([channel]), self.open_channels);
        let aborted = barrier.is_none();
        self.pending.push_back(Pending { id, barrier, aligned, target, aborted });
    }

    /// All barriers of the checkpoint at a place have come: it ends, and with it all before it.
    fn complete(&mut self, place: usize, actions: &mut Actions) {
        let completed = self.pending.drain(..=place).next_back();
        if let Some(Pending { barrier: Some(barrier), aborted: false, .. }) = completed {
            actions.push(BarrierAction::Trigger(barrier));
        }
    }
}

fn abort(checkpoint: CheckpointId, actions: &mut Actions) {
    let reason = CheckpointFailureReason::CheckpointDeclinedOnCancellationBarrier;
    actions.push(BarrierAction::Abort(checkpoint, reason));
}
