//! A node's clock: how it differs from the simulation's time, which no node sees.

use std::time::Duration;

use crate::base::{EventTime, SimTime};

/// What a clock that is neither early nor late shows at the start: 2024-01-01T00:00:00Z.
const START_NS: i128 = 1_704_067_200_000_000_000;
const MILLION: i128 = 1_000_000;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeClock {
    /// When it was last set.
    since: SimTime,
    /// How far ahead it was then, in nanoseconds.
    ahead_ns: i128,
    drift_ppm: i64,
}

impl NodeClock {
    /// A clock that starts `offset_us` ahead and runs `drift_ppm` too fast (above -1,000,000).
    pub(super) fn new(offset_us: i64, drift_ppm: i64) -> Self {
        Self { since: SimTime::ZERO, ahead_ns: i128::from(offset_us) * 1_000, drift_ppm }
    }

    /// How far ahead it is, in nanoseconds.
    fn ahead(&self, now: SimTime) -> i128 {
        let elapsed = i128::from(now.0) - i128::from(self.since.0);
        self.ahead_ns + elapsed * i128::from(self.drift_ppm) / MILLION
    }

    /// How far ahead it is, in microseconds.
    pub(super) fn offset_us(&self, now: SimTime) -> i64 {
        i64::try_from(self.ahead(now) / 1_000).unwrap_or(i64::MAX)
    }

    /// How much too fast it runs, in parts per million.
    pub(super) fn drift_ppm(&self) -> i64 {
        self.drift_ppm
    }

    /// What it shows.
    pub(super) fn show(&self, now: SimTime) -> EventTime {
        let shown = (START_NS + i128::from(now.0) + self.ahead(now)).div_euclid(1_000_000);
        EventTime(i64::try_from(shown).unwrap_or(i64::MAX))
    }

    /// Makes it jump, and run at another rate.
    pub(super) fn set(&mut self, now: SimTime, jump_us: i64, drift_ppm: i64) {
        self.ahead_ns = self.ahead(now) + i128::from(jump_us) * 1_000;
        self.since = now;
        self.drift_ppm = drift_ppm;
    }

    /// When a sleep until `deadline` that begins now ends, since its length runs on this clock.
    pub(super) fn wakes_at(&self, now: SimTime, deadline: SimTime) -> SimTime {
        self.scaled(now, deadline, MILLION, MILLION + i128::from(self.drift_ppm))
    }

    /// The deadline of a sleep that begins now and must not end before `done`.
    pub(super) fn sleep_past(&self, now: SimTime, done: SimTime) -> SimTime {
        let rate = MILLION + i128::from(self.drift_ppm.max(0));
        self.scaled(now, done, rate, MILLION)
    }

    fn scaled(&self, now: SimTime, until: SimTime, by: i128, over: i128) -> SimTime {
        if self.drift_ppm == 0 {
            return until.max(now);
        }
        let span = (until.since(now).as_nanos() as i128 * by + over - 1) / over;
        now + Duration::from_nanos(u64::try_from(span).unwrap_or(u64::MAX))
    }
}
