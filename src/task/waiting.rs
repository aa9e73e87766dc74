//! How a task waits, and how long it did.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::stream_task::StreamTask;
use crate::base::{SimDuration, SimTime};
use crate::host::{Host, Signal};
use crate::record::Failure;
use crate::trace::{Event, TaskEvent};

/// Less than this is not slept for, but owed until it is more: a source at whose pace one record is
/// due at a time would otherwise wake twice for each.
const LEAST_PAID: SimDuration = SimDuration::from_micros(50);

/// Where a task's time went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    /// Working.
    pub(super) busy: SimDuration,
    /// Waiting for room for output.
    pub(super) back_pressured: SimDuration,
    /// Waiting for input.
    pub(super) idle: SimDuration,
}

/// Waits for the signal or the deadline, and tells how long it took.
pub(super) async fn wait(host: &Host, signal: &Signal, deadline: SimTime) -> SimDuration {
    let start = host.clock.now();
    let mut signalled = pin!(signal.wait());
    let mut sleep = (deadline < SimTime::MAX).then(|| host.clock.sleep_until(deadline));
    poll_fn(|context| {
        if signalled.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        match &mut sleep {
            Some(sleep) => sleep.as_mut().poll(context),
            None => Poll::Pending,
        }
    })
    .await;
    host.clock.now().since(start)
}

/// Lets others run.
pub(super) async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl StreamTask {
    /// Lets the simulated time pass that the work so far has cost.
    pub(super) async fn pay(&mut self) -> Result<(), Failure> {
        let mut cost = self.shared.meter.take_unpaid();
        let slowness = self.host.outside.slowness(&self.descriptor.name);
        if slowness != 1.0 {
            // A cost that no clock can show would be as good as one that lasts for ever.
            let seconds = (cost.as_secs_f64() * slowness).min(1e9);
            cost = SimDuration::from_secs_f64(seconds);
        }
        cost += std::mem::take(&mut self.owed);
        let clock = &self.host.clock;
        let start = clock.now();
        let done = match self.shared.scratch.take_unpaid() {
            0 => start,
            bytes => self.host.disk.transfer(bytes).map_err(|error| Failure(error.to_string()))?,
        };
        if cost > SimDuration::ZERO && cost < LEAST_PAID && done == start {
            self.owed = cost;
            return Ok(());
        }
        if cost > SimDuration::ZERO || done > start {
            clock.sleep_until((start + cost).max(done)).await;
        } else {
            yield_once().await;
        }
        // Not what it was to cost: the timer may drift, and the node may stand still.
        self.spent.busy += clock.now().since(start);
        Ok(())
    }

    pub(super) async fn wait_idle(&mut self, due: SimTime) {
        self.ease_back_pressure();
        let timers = self.shared.timers.deadline(&*self.host.clock);
        // Nobody calls timers while a source stands still, or when nothing is left to do.
        let over = self.closing && !self.shared.outside.is_uncommitted();
        let silent = self.checkpoints.is_paused() || over;
        let timers = if silent { SimTime::MAX } else { timers };
        let due = [
            Some(due.min(timers)),
            self.flush_deadline(),
            self.gate.retry_deadline(),
            self.checkpoint_deadline(),
        ];
        let due = due.into_iter().flatten().min().unwrap_or(SimTime::MAX);
        self.spent.idle += wait(&self.host, &self.signal, due).await;
    }

    pub(super) async fn wait_back_pressured(&mut self) {
        if !self.back_pressured {
            self.back_pressured = true;
            self.shared.activity_clock.borrow_mut().pause(self.host.clock.now());
            self.record_back_pressure();
        }
        let due = [self.flush_deadline(), self.checkpoint_deadline()];
        let due = due.into_iter().flatten().min().unwrap_or(SimTime::MAX);
        self.spent.back_pressured += wait(&self.host, &self.signal, due).await;
    }

    pub(super) fn ease_back_pressure(&mut self) {
        if self.back_pressured {
            self.back_pressured = false;
            self.shared.activity_clock.borrow_mut().unpause(self.host.clock.now());
            self.record_back_pressure();
        }
    }

    fn record_back_pressure(&self) {
        let job = self.descriptor.attempt.subtask.job;
        let subtask = self.descriptor.name.clone();
        self.host.trace.record(Event::Task(if self.back_pressured {
            TaskEvent::BackPressured { job, subtask }
        } else {
            TaskEvent::BackPressureEased { job, subtask }
        }));
    }
}
