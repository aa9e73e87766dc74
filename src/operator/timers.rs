//! When the operators of a task want to be called though no record comes: Flink's
//! `ProcessingTimeService`, and the mail with which a watermark goes on firing timers.
//!
//! The task looks here before it takes its next input. When something is due it forgets all wishes
//! and sends [`ChainEvent::TimersDue`](crate::record::ChainEvent::TimersDue) down the chain;
//! every operator then does what is due and says anew what it waits for.

use std::cell::Cell;

use crate::base::{EventTime, SimDuration, SimTime};
use crate::host::Clock;

/// See the module. Shared by all operators of a chain.
pub struct ProcessingTimeService {
    at: Cell<SimTime>,
    clock_shows: Cell<EventTime>,
    again: Cell<bool>,
}

impl Default for ProcessingTimeService {
    fn default() -> Self {
        Self {
            at: Cell::new(SimTime::MAX),
            clock_shows: Cell::new(EventTime::MAX),
            again: Cell::new(false),
        }
    }
}

impl ProcessingTimeService {
    /// Calls after a span of time, for whatever goes by intervals.
    pub fn call_at(&self, at: SimTime) {
        self.at.set(self.at.get().min(at));
    }

    /// Calls when the node's clock shows this time.
    pub fn call_when_clock_shows(&self, time: EventTime) {
        self.clock_shows.set(self.clock_shows.get().min(time));
    }

    /// Calls before any further input: something was put off.
    pub fn call_again(&self) {
        self.again.set(true);
    }

    /// Whether someone is to be called now.
    pub fn is_due(&self, clock: &dyn Clock) -> bool {
        self.again.get()
            || self.at.get() <= clock.now()
            || (self.clock_shows.get() < EventTime::MAX
                && self.clock_shows.get() <= clock.processing_time())
    }

    /// When someone is to be called next, if all clocks go on as they do now.
    pub fn deadline(&self, clock: &dyn Clock) -> SimTime {
        if self.again.get() {
            return clock.now();
        }
        let shown = match self.clock_shows.get() {
            EventTime::MAX => return self.at.get(),
            time => time.0.saturating_sub(clock.processing_time().0),
        };
        let span = SimDuration::from_millis(u64::try_from(shown).unwrap_or(0));
        self.at.get().min(clock.now() + span)
    }

    /// Forgets all wishes, since everyone is about to be called.
    pub fn forget(&self) {
        self.at.set(SimTime::MAX);
        self.clock_shows.set(EventTime::MAX);
        self.again.set(false);
    }
}
