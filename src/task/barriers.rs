//! What a task does about barriers: it asks its handler, and blocks, overtakes, triggers or gives up
//! as that says.
//!
//! Previous: the input gate, and the JobMaster at a source. Next: [`super::checkpoints`], which takes
//! the snapshot.

use super::TaskUpdate;
use super::chain::Head;
use super::checkpoints::{Handler, overtaken_of};
use super::guard::guarded;
use super::stream_task::StreamTask;
use crate::base::{CheckpointId, SimDuration, SimTime};
use crate::checkpoint::{
    BarrierAction, CheckpointBarrier, CheckpointFailure, CheckpointFailureReason, CheckpointKind,
};
use crate::network::PriorityEvent;
use crate::operator::Channels;
use crate::record::{Failure, StreamEvent};
use crate::trace::CheckpointEvent;

impl StreamTask {
    // What comes.

    /// The JobMaster begins a checkpoint here.
    pub(super) fn on_trigger(&mut self, barrier: CheckpointBarrier) -> Result<(), Failure> {
        if self.closing && self.shared.outside.is_uncommitted() {
            self.checkpoints.first_barrier = (barrier.id, self.host.clock.now());
            return self.perform(barrier);
        }
        if self.closing || (self.gate.channel_count() > 0 && self.gate.is_ended()) {
            let failure = CheckpointFailure::DeclinedTaskClosing;
            self.decline(barrier.id, failure, failure.to_string());
            return Ok(());
        }
        match &self.head {
            Head::Source(_) => {
                self.checkpoints.first_barrier = (barrier.id, self.host.clock.now());
                self.pause(barrier);
                self.perform(barrier)
            }
            // All in front of it have finished.
            Head::Operator(_) => {
                self.gate.inject(barrier);
                Ok(())
            }
            // Nobody expects it to answer.
            Head::Finished => Ok(()),
        }
    }

    pub(super) fn on_barrier(
        &mut self,
        channel: usize,
        barrier: CheckpointBarrier,
    ) -> Result<(), Failure> {
        let now = self.host.clock.now();
        if barrier.id > self.checkpoints.first_barrier.0 {
            self.checkpoints.first_barrier = (barrier.id, now);
            if self.gate.open_channels() > 1 && barrier.kind != CheckpointKind::Unaligned {
                self.tell(CheckpointEvent::AlignmentStarted {
                    job: self.job(),
                    subtask: self.name(),
                    attempt: self.attempt(),
                    checkpoint: barrier.id,
                });
            }
        }
        let clock = self.clock_ms();
        let actions = match &mut self.checkpoints.handler {
            Handler::None => Vec::new(),
            Handler::Single(handler) => handler.process_barrier(barrier, channel, clock),
            Handler::Tracker(tracker) => tracker.process_barrier(barrier, channel),
        };
        self.follow(barrier.id, actions)
    }

    pub(super) fn on_priority(
        &mut self,
        channel: usize,
        event: PriorityEvent,
    ) -> Result<(), Failure> {
        let clock = self.clock_ms();
        match event {
            PriorityEvent::Barrier(barrier) => self.on_barrier(channel, barrier),
            PriorityEvent::Announcement(barrier) => {
                let actions = match &mut self.checkpoints.handler {
                    Handler::Single(handler) => {
                        handler.process_announcement(barrier, channel, clock)
                    }
                    Handler::None | Handler::Tracker(_) => Vec::new(),
                };
                self.follow(barrier.id, actions)
            }
            PriorityEvent::CancelCheckpoint(checkpoint) => {
                let actions = match &mut self.checkpoints.handler {
                    Handler::None => Vec::new(),
                    Handler::Single(handler) => handler.process_cancellation(checkpoint),
                    Handler::Tracker(tracker) => tracker.process_cancellation(checkpoint, channel),
                };
                self.follow(checkpoint, actions)
            }
        }
    }

    /// The input of a channel has ended.
    pub(super) fn on_end_of_channel(&mut self, channel: usize) -> Result<(), Failure> {
        let clock = self.clock_ms();
        let actions = match &mut self.checkpoints.handler {
            Handler::None => Vec::new(),
            Handler::Single(handler) => handler.process_end_of_partition(channel, clock),
            Handler::Tracker(tracker) => tracker.process_end_of_partition(channel),
        };
        self.follow(self.checkpoints.first_barrier.0, actions)
    }

    /// When a checkpoint wants the clock to be looked at.
    pub(super) fn checkpoint_deadline(&self) -> Option<SimTime> {
        let pause = self.checkpoints.paused.map(|(_, _, until)| until);
        let now = self.host.clock.now();
        let moment = |shown: i64| {
            let span = u64::try_from(shown.saturating_sub(self.clock_ms())).unwrap_or(0);
            now + SimDuration::from_millis(span)
        };
        let alignment = match &self.checkpoints.handler {
            Handler::Single(handler) => handler.timeout_at().map(moment),
            Handler::None | Handler::Tracker(_) => None,
        };
        let outputs = self.outputs_timeout().map(moment);
        [pause, alignment, outputs].into_iter().flatten().min()
    }

    /// The checkpoint whose barriers wait in the output, and when they wait no longer.
    fn outputs_timeout(&self) -> Option<i64> {
        let underway = self.checkpoints.underway.values();
        let mut open = underway.filter(|it| it.overtaking.outputs_open);
        open.find_map(|it| it.overtaking_at)
    }

    /// Looks at the clock.
    pub(super) fn on_checkpoint_clock(&mut self) -> Result<(), Failure> {
        let (now, clock) = (self.host.clock.now(), self.clock_ms());
        if self.checkpoints.paused.is_some_and(|(_, _, until)| until <= now) {
            self.unpause();
        }
        if let Handler::Single(handler) = &mut self.checkpoints.handler
            && handler.timeout_at().is_some_and(|at| at <= clock)
        {
            let checkpoint = handler.latest_checkpoint().unwrap_or_default();
            let actions = handler.on_clock(clock);
            if !actions.is_empty() {
                self.tell_timed_out(checkpoint);
            }
            self.follow(checkpoint, actions)?;
        }
        self.look_at_outputs(clock)
    }

    /// Barriers that wait in the output have gone, or wait no longer.
    pub(super) fn look_at_outputs(&mut self, clock: i64) -> Result<(), Failure> {
        let open = self.checkpoints.underway.iter().filter(|(_, it)| it.overtaking.outputs_open);
        let open: Vec<(CheckpointId, Option<i64>)> =
            open.map(|(id, it)| (*id, it.overtaking_at)).collect();
        for (checkpoint, at) in open {
            let waits = self.partitions.iter().any(|partition| partition.has_queued(checkpoint));
            if waits && at.is_none_or(|at| at > clock) {
                continue;
            }
            let mut outputs = Vec::new();
            if waits {
                self.tell_timed_out(checkpoint);
                let partitions = self.partitions.clone();
                outputs = guarded(|| {
                    Ok(overtaken_of(&partitions, |partition| partition.overtake(checkpoint)))
                })?;
            }
            if let Some(underway) = self.checkpoints.underway.get_mut(&checkpoint) {
                underway.overtaking.outputs_open = false;
                underway.unaligned |= waits;
                underway.overtaking.state.outputs.extend(outputs);
            }
            self.advance(checkpoint);
        }
        Ok(())
    }

    fn tell_timed_out(&self, checkpoint: CheckpointId) {
        self.tell(CheckpointEvent::AlignmentTimedOut {
            job: self.job(),
            subtask: self.name(),
            attempt: self.attempt(),
            checkpoint,
        });
    }

    // What the handler says.

    fn follow(
        &mut self,
        checkpoint: CheckpointId,
        actions: Vec<BarrierAction>,
    ) -> Result<(), Failure> {
        for action in actions {
            match action {
                BarrierAction::Block(channel) => {
                    if self.checkpoints.parts.alignment.blocks() {
                        self.gate.block(channel, checkpoint);
                    }
                }
                BarrierAction::Resume(channel) => self.gate.resume(channel, checkpoint),
                BarrierAction::ConvertToPriority(channel) => {
                    self.gate.convert_to_priority(channel, checkpoint);
                }
                // Whatever is overtaken is written when it is complete.
                BarrierAction::InitInputs(_) => {}
                BarrierAction::InputsStarted(checkpoint) => {
                    let gate = &mut self.gate;
                    guarded(|| {
                        gate.start_keeping(checkpoint);
                        Ok(())
                    })?;
                }
                BarrierAction::InputsStopped(checkpoint) => {
                    let inputs = self.gate.stop_keeping();
                    if let Some(underway) = self.checkpoints.underway.get_mut(&checkpoint) {
                        underway.overtaking.inputs_open = false;
                        underway.overtaking.state.inputs = inputs;
                    }
                    self.advance(checkpoint);
                }
                BarrierAction::Trigger(barrier) => self.perform(barrier)?,
                BarrierAction::Abort(checkpoint, reason) => self.give_up(checkpoint, reason),
            }
        }
        Ok(())
    }

    fn give_up(&mut self, checkpoint: CheckpointId, reason: CheckpointFailureReason) {
        self.forget(checkpoint);
        let failure = match reason {
            CheckpointFailureReason::CheckpointDeclinedSubsumed => {
                CheckpointFailure::DeclinedSubsumed
            }
            CheckpointFailureReason::CheckpointDeclinedOnCancellationBarrier => {
                CheckpointFailure::DeclinedOnCancellationBarrier
            }
        };
        self.decline(checkpoint, failure, failure.to_string());
        self.cancel_behind(checkpoint);
    }

    /// Tells the tasks behind that the barrier of a checkpoint will not come.
    pub(super) fn cancel_behind(&self, checkpoint: CheckpointId) {
        for partition in &self.partitions {
            partition.broadcast(StreamEvent::CancelCheckpoint(checkpoint));
        }
    }

    pub(super) fn decline(
        &self,
        checkpoint: CheckpointId,
        failure: CheckpointFailure,
        reason: String,
    ) {
        self.tell(CheckpointEvent::SnapshotFailed {
            job: self.job(),
            subtask: self.name(),
            attempt: self.attempt(),
            checkpoint,
            reason: reason.as_str().into(),
        });
        (self.on_update)(TaskUpdate::Declined { checkpoint, failure, reason });
    }
}
