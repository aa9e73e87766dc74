//! Time inside a program: watermarks, what they make of several channels, and timers.
//!
//! Everything here is pure: whoever calls says what arrived and what the clock shows.
//!
//! | file | what it is |
//! |---|---|
//! | [`timers`] | the timers of a keyed operator, in Flink's order |
//! | `heap_set` | the array heap without duplicates below them |

mod heap_set;
pub mod timers;

pub use timers::{InternalTimerService, KeyGroupTimers, Timer, TimersSnapshot};
