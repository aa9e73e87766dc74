//! One checkpoint at a time: Flink's `SingleCheckpointBarrierHandler` with all of its states.
//!
//! *Aligned*, a channel whose barrier has come is blocked until that of every other channel has;
//! then the snapshot is taken, so that it holds what was before the barriers and nothing of what
//! was behind. *Unaligned*, the snapshot is taken with the first barrier, which overtakes the
//! records in front of it, and what the other barriers have not passed yet becomes part of the
//! checkpoint. *Aligned with a timeout* begins as the one and, when it takes too long, goes on as
//! the other; for that barriers are announced ahead of the records.
//!
//! A channel whose input has ended counts as one whose barrier has come.
//!
//! Invariants: a checkpoint is triggered at most once, and not after it was aborted; when it is
//! over, no channel is blocked; a barrier of a checkpoint that is over changes nothing.

use std::collections::BTreeSet;

use super::channel_state::ChannelState;
use super::{BarrierAction, CheckpointBarrier, CheckpointFailureReason, CheckpointId};

/// How barriers are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// All of them.
    Aligned,
    /// All of them, until the checkpoint's timeout.
    AlignedWithTimeout,
    /// The first.
    Unaligned,
}

/// How far the checkpoint at hand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No barrier has come, and those that come keep their place.
    WaitingForFirstBarrier,
    /// Some barriers have come in their place.
    CollectingBarriers,
    /// No barrier has come, and the first will trigger the checkpoint.
    WaitingForFirstBarrierUnaligned,
    /// The checkpoint has been triggered; some barriers have not come yet.
    CollectingBarriersUnaligned,
}

/// See the module.
#[derive(Debug)]
pub struct SingleCheckpointBarrierHandler {
    alignment: Alignment,
    phase: Phase,
    /// The latest checkpoint that was heard of.
    current: Option<CheckpointId>,
    /// The latest that is over.
    over: Option<CheckpointId>,
    /// The first barrier of the current one, as long as that is pending.
    pending: Option<CheckpointBarrier>,
    /// The channels whose barrier has come, or whose input has ended since.
    aligned: BTreeSet<usize>,
    /// How many channels there were when the checkpoint began.
    target: usize,
    open_channels: usize,
    channels: ChannelState,
    /// When the pending checkpoint stops waiting.
    timeout_at: Option<i64>,
}

type Actions = Vec<BarrierAction>;

impl SingleCheckpointBarrierHandler {
    /// A handler of so many channels.
    pub fn new(alignment: Alignment, channels: usize) -> Self {
        Self {
            alignment,
            phase: first_phase(alignment),
            current: None,
            over: None,
            pending: None,
            aligned: BTreeSet::new(),
            target: 0,
            open_channels: channels,
            channels: ChannelState::default(),
            timeout_at: None,
        }
    }

    /// The latest checkpoint that was heard of.
    pub fn latest_checkpoint(&self) -> Option<CheckpointId> {
        self.current
    }

    /// Whether a checkpoint has begun and is not over.
    pub fn is_pending(&self) -> bool {
        self.current.is_some() && self.current != self.over
    }

    /// When [`Self::on_clock`] wants to be called next.
    pub fn timeout_at(&self) -> Option<i64> {
        self.timeout_at
    }

    /// A barrier comes from a channel in its place, or having overtaken.
    pub fn process_barrier(
        &mut self,
        barrier: CheckpointBarrier,
        channel: usize,
        now: i64,
    ) -> Actions {
        let mut actions = Vec::new();
        if self.is_over(barrier.id) {
            if !barrier.is_unaligned() {
                // It stopped its channel when it was delivered.
                actions.push(BarrierAction::Resume(channel));
            }
            return actions;
        }
        self.begin_if_new(barrier, now, &mut actions);
        self.aligned.insert(channel);
        match self.phase {
            Phase::WaitingForFirstBarrier | Phase::CollectingBarriers => {
                self.on_aligned(barrier, channel, now, &mut actions);
            }
            Phase::WaitingForFirstBarrierUnaligned | Phase::CollectingBarriersUnaligned => {
                self.on_unaligned(barrier, channel, &mut actions);
            }
        }
        self.finish_if_all_came();
        actions
    }

    /// A barrier is announced that still has records in front of it.
    pub fn process_announcement(
        &mut self,
        barrier: CheckpointBarrier,
        channel: usize,
        now: i64,
    ) -> Actions {
        let mut actions = Vec::new();
        self.begin_if_new(barrier, now, &mut actions);
        if self.is_over(barrier.id) {
            return actions;
        }
        match (self.alignment, self.phase) {
            (Alignment::Aligned, _) => {}
            (_, Phase::WaitingForFirstBarrier | Phase::CollectingBarriers) => {
                self.channels.announce(channel);
            }
            (_, Phase::WaitingForFirstBarrierUnaligned | Phase::CollectingBarriersUnaligned) => {
                actions.push(BarrierAction::ConvertToPriority(channel));
            }
        }
        actions
    }

    /// A task in front has given a checkpoint up.
    pub fn process_cancellation(&mut self, cancelled: CheckpointId) -> Actions {
        let mut actions = Vec::new();
        let is_new = self.current.is_none_or(|current| cancelled > current);
        let is_at_hand = self.current == Some(cancelled) && !self.aligned.is_empty();
        if is_new || is_at_hand {
            let reason = CheckpointFailureReason::CheckpointDeclinedOnCancellationBarrier;
            self.abort(cancelled, reason, &mut actions);
        }
        actions
    }

    /// The input of a channel has ended.
    pub fn process_end_of_partition(&mut self, channel: usize, now: i64) -> Actions {
        let mut actions = Vec::new();
        self.open_channels -= 1;
        if !self.is_pending() {
            return actions;
        }
        let pending = self.pending.expect("a pending checkpoint has a barrier");
        self.aligned.insert(channel);
        self.channels.finished(channel);
        let waits_in_place = match self.alignment {
            Alignment::Aligned => true,
            Alignment::AlignedWithTimeout => self.phase == Phase::CollectingBarriers,
            Alignment::Unaligned => false,
        };
        if waits_in_place && self.all_came() {
            self.trigger_aligned(pending, &mut actions);
        } else if waits_in_place && self.is_timed_out(pending, now) {
            self.overtake(pending, &mut actions);
        }
        if self.phase == Phase::CollectingBarriersUnaligned && self.all_came() {
            self.stop(pending.id, &mut actions);
        }
        self.finish_if_all_came();
        actions
    }

    /// The clock shows `now`: a checkpoint that has waited too long stops waiting.
    pub fn on_clock(&mut self, now: i64) -> Actions {
        let mut actions = Vec::new();
        if self.timeout_at.is_none_or(|at| at > now) {
            return actions;
        }
        self.timeout_at = None;
        if let Some(pending) = self.pending.filter(|_| self.is_pending() && self.open_channels > 0)
        {
            self.overtake(pending, &mut actions);
        }
        actions
    }

    fn all_came(&self) -> bool {
        self.aligned.len() == self.target
    }

    fn is_over(&self, checkpoint: CheckpointId) -> bool {
        self.current > Some(checkpoint) || self.current == Some(checkpoint) && !self.is_pending()
    }

    fn is_timed_out(&self, barrier: CheckpointBarrier, now: i64) -> bool {
        self.alignment == Alignment::AlignedWithTimeout
            && barrier.overtakes_at().is_some_and(|at| at < now)
    }

    fn begin_if_new(&mut self, barrier: CheckpointBarrier, now: i64, actions: &mut Actions) {
        if self.current >= Some(barrier.id) {
            return;
        }
        if let Some(current) = self.current.filter(|_| self.is_pending()) {
            self.abort(current, CheckpointFailureReason::CheckpointDeclinedSubsumed, actions);
        }
        self.current = Some(barrier.id);
        self.pending = Some(barrier);
        self.aligned.clear();
        self.target = self.open_channels;
        if self.alignment == Alignment::AlignedWithTimeout {
            self.timeout_at = barrier.overtakes_at().map(|at| at.max(now));
        }
    }

    fn on_aligned(
        &mut self,
        barrier: CheckpointBarrier,
        channel: usize,
        now: i64,
        actions: &mut Actions,
    ) {
        if barrier.is_unaligned() && self.alignment == Alignment::AlignedWithTimeout {
            self.overtake(barrier, actions);
            self.on_unaligned(barrier, channel, actions);
            return;
        }
        self.channels.barrier_came(channel);
        self.channels.block(channel, actions);
        if self.all_came() {
            self.trigger_aligned(barrier, actions);
        } else if self.is_timed_out(barrier, now) {
            self.overtake(barrier, actions);
            self.on_unaligned(barrier.as_unaligned(), channel, actions);
        } else {
            self.phase = Phase::CollectingBarriers;
        }
    }

    fn on_unaligned(&mut self, barrier: CheckpointBarrier, channel: usize, actions: &mut Actions) {
        if !barrier.is_unaligned() {
            // It came in its place all the same, and has stopped its channel.
            self.channels.block(channel, actions);
        }
        if self.phase == Phase::WaitingForFirstBarrierUnaligned {
            self.trigger_unaligned(barrier, actions);
        }
        if self.all_came() {
            self.stop(barrier.id, actions);
        }
    }

    fn trigger_aligned(&mut self, barrier: CheckpointBarrier, actions: &mut Actions) {
        if self.alignment == Alignment::AlignedWithTimeout {
            actions.push(BarrierAction::InitInputs(barrier.id));
        }
        actions.push(BarrierAction::Trigger(barrier));
        self.reset(actions);
    }

    fn trigger_unaligned(&mut self, barrier: CheckpointBarrier, actions: &mut Actions) {
        let barrier = barrier.as_unaligned();
        actions.push(BarrierAction::InitInputs(barrier.id));
        actions.push(BarrierAction::InputsStarted(barrier.id));
        actions.push(BarrierAction::Trigger(barrier));
        self.phase = Phase::CollectingBarriersUnaligned;
    }

    /// From now on barriers overtake; if one has come already, the checkpoint is triggered.
    fn overtake(&mut self, barrier: CheckpointBarrier, actions: &mut Actions) {
        match self.phase {
            Phase::WaitingForFirstBarrier => {
                self.channels.prioritize_announced(actions);
                self.phase = Phase::WaitingForFirstBarrierUnaligned;
            }
            Phase::CollectingBarriers => {
                self.channels.prioritize_announced(actions);
                self.trigger_unaligned(barrier, actions);
            }
            Phase::WaitingForFirstBarrierUnaligned | Phase::CollectingBarriersUnaligned => {}
        }
    }

    /// An unaligned checkpoint needs no more records of its channels.
    fn stop(&mut self, checkpoint: CheckpointId, actions: &mut Actions) {
        actions.push(BarrierAction::InputsStopped(checkpoint));
        self.reset(actions);
    }

    fn reset(&mut self, actions: &mut Actions) {
        self.channels.reset(actions);
        self.phase = first_phase(self.alignment);
    }

    fn finish_if_all_came(&mut self) {
        if self.all_came() {
            self.aligned.clear();
            self.over = self.current;
            self.timeout_at = None;
        }
    }

    fn abort(
        &mut self,
        checkpoint: CheckpointId,
        reason: CheckpointFailureReason,
        actions: &mut Actions,
    ) {
        self.current = self.current.max(Some(checkpoint));
        self.over = self.over.max(Some(checkpoint));
        self.pending = None;
        self.aligned.clear();
        self.target = 0;
        self.timeout_at = None;
        if self.phase == Phase::CollectingBarriersUnaligned {
            self.stop(checkpoint, actions);
        } else {
            self.reset(actions);
        }
        actions.push(BarrierAction::Abort(checkpoint, reason));
    }
}

fn first_phase(alignment: Alignment) -> Phase {
    match alignment {
        Alignment::Aligned | Alignment::AlignedWithTimeout => Phase::WaitingForFirstBarrier,
        Alignment::Unaligned => Phase::WaitingForFirstBarrierUnaligned,
    }
}
