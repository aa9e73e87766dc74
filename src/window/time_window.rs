//! Windows: a span of time, or all of it.
//!
//! Unlike Flink: the classes of windows are these two. A user's own assigner may choose spans as
//! it likes, but a window has no other content; so panes, timers and traces need no type parameter.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::EventTime;

/// The time from `start` up to, but not including, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimeWindow {
    /// The first moment within.
    pub start: EventTime,
    /// The first moment after.
    pub end: EventTime,
}

impl TimeWindow {
    /// The window from `start` up to `end`, in milliseconds.
    #[inline]
    pub const fn new(start: i64, end: i64) -> Self {
        Self { start: EventTime(start), end: EventTime(end) }
    }

    /// The last moment within.
    #[inline]
    pub fn max_timestamp(self) -> EventTime {
        EventTime(self.end.0.wrapping_sub(1))
    }

    /// Whether they have a moment in common or touch.
    #[inline]
    pub fn intersects(self, other: Self) -> bool {
        self.start <= other.end && self.end >= other.start
    }

    /// The least window that holds both.
    #[inline]
    pub fn cover(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether a moment lies within.
    #[inline]
    pub fn contains(self, timestamp: EventTime) -> bool {
        self.start <= timestamp && timestamp < self.end
    }

    /// Where the window of this size that holds `timestamp` begins, if windows lie side by side
    /// and one begins at `offset`.
    #[inline]
    pub fn window_start_with_offset(timestamp: i64, offset: i64, size: i64) -> i64 {
        let remainder = timestamp.wrapping_sub(offset) % size;
        let back = if remainder < 0 { remainder.wrapping_add(size) } else { remainder };
        timestamp.wrapping_sub(back)
    }

    /// Java's hash code of the window. Flink keeps merged windows in hash sets, and which state
    /// survives a merge of several follows from their order.
    pub(super) fn hash_code(self) -> i32 {
        let mut bits = self.start.0.wrapping_add(self.end.0) as u64;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) as i32
    }
}

/// A window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Window {
    /// A span of time.
    Time(TimeWindow),
    /// All of time: Flink's `GlobalWindow`.
    Global,
}

impl Window {
    /// The last moment that belongs to it; what it emits carries this timestamp.
    #[inline]
    pub fn max_timestamp(self) -> EventTime {
        match self {
            Self::Time(window) => window.max_timestamp(),
            Self::Global => EventTime::MAX,
        }
    }

    /// The span of time, unless it is all of it.
    pub fn time(self) -> Option<TimeWindow> {
        match self {
            Self::Time(window) => Some(window),
            Self::Global => None,
        }
    }
}

impl From<TimeWindow> for Window {
    #[inline]
    fn from(window: TimeWindow) -> Self {
        Self::Time(window)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(window) => write!(f, "[{}, {})", window.start.0, window.end.0),
            Self::Global => f.write_str("global"),
        }
    }
}
