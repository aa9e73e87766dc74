//! Finding out that nothing comes.
//!
//! A generator without events cannot advance; if it stayed silent it would hold every window
//! behind it. After a time without events its output is marked idle, so that nobody waits.
//!
//! The time is that of a clock which stands still while the task could not have read anyway
//! ([`PausableRelativeClock`]): a source held back by back-pressure or alignment is not idle.

use super::generator::Generator;
use super::output::WatermarkOutput;
use crate::base::{EventTime, SimDuration, SimTime};

/// Flink's class of this name: a generator that marks its output idle when no event came for a
/// while.
pub struct WatermarksWithIdleness<T> {
    watermarks: Generator<T>,
    timer: IdlenessTimer,
    is_idle: bool,
}

impl<T> WatermarksWithIdleness<T> {
    /// Idle after this long without an event.
    pub fn new(watermarks: Generator<T>, timeout: SimDuration) -> Self {
        Self { watermarks, timer: IdlenessTimer::new(timeout), is_idle: false }
    }

    /// Called for every event.
    pub fn on_event(&mut self, event: &T, timestamp: EventTime, output: &mut dyn WatermarkOutput) {
        self.watermarks.on_event(event, timestamp, output);
        self.on_activity();
    }

    /// As [`Generator::on_timestamps`].
    pub fn on_timestamps(&mut self, timestamps: &[EventTime]) -> bool {
        let taken = self.watermarks.on_timestamps(timestamps);
        if taken && !timestamps.is_empty() {
            self.on_activity();
        }
        taken
    }

    /// Called at the interval at which watermarks are emitted: marks the output idle once, or asks
    /// the generator.
    pub fn on_periodic_emit(&mut self, now: SimTime, output: &mut dyn WatermarkOutput) {
        if !self.timer.check_if_idle(now) {
            self.watermarks.on_periodic_emit(now, output);
        } else if !self.is_idle {
            output.mark_idle();
            self.is_idle = true;
        }
    }

    fn on_activity(&mut self) {
        self.timer.activity();
        self.is_idle = false;
    }
}

/// Measures how long there was no activity, at the moments at which it is asked: the clock starts
/// at the first question that finds none, so that events cost no look at a clock.
#[derive(Clone, Copy, Debug)]
struct IdlenessTimer {
    was_active: bool,
    /// Zero while the clock has not started; as in Flink, it does not start at moment zero.
    inactive_since: SimTime,
    timeout: SimDuration,
}

impl IdlenessTimer {
    fn new(timeout: SimDuration) -> Self {
        Self { was_active: false, inactive_since: SimTime::ZERO, timeout }
    }

    fn activity(&mut self) {
        self.was_active = true;
    }

    fn check_if_idle(&mut self, now: SimTime) -> bool {
        if std::mem::take(&mut self.was_active) {
            self.inactive_since = SimTime::ZERO;
            return false;
        }
        if self.inactive_since == SimTime::ZERO {
            self.inactive_since = now;
            return false;
        }
        now.since(self.inactive_since) > self.timeout
    }
}

/// A clock that stands still while there is a reason to (Flink's class of this name).
#[derive(Clone, Copy, Debug, Default)]
pub struct PausableRelativeClock {
    /// How many reasons there are.
    pauses: u32,
    paused_since: SimTime,
    paused_for: SimDuration,
}

impl PausableRelativeClock {
    /// There is one more reason to stand still.
    pub fn pause(&mut self, now: SimTime) {
        if self.pauses == 0 {
            self.paused_since = now;
        }
        self.pauses += 1;
    }

    /// There is one reason less.
    pub fn unpause(&mut self, now: SimTime) {
        self.pauses = self.pauses.checked_sub(1).expect("every pause ends once");
        if self.pauses == 0 {
            self.paused_for += now.since(self.paused_since);
        }
    }

    /// What the clock shows when the node's clock shows `now`.
    pub fn relative_time(&self, now: SimTime) -> SimTime {
        let running = if self.pauses == 0 { now } else { self.paused_since };
        SimTime::ZERO + running.since(SimTime::ZERO + self.paused_for)
    }
}
