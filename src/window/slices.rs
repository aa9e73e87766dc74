//! Slices: how SQL's windows share their aggregates, Flink's `SliceAssigners`.
//!
//! Time is cut into slices that do not overlap. A record goes into one slice; a window is a run of
//! slices, so that windows that overlap share the work. Slices and windows are named by their ends.
//!
//! | windows | slice | kept until |
//! |---|---|---|
//! | tumble | the window | the window fires |
//! | hop | one slide | the last window that it begins |
//! | cumulate | one step | the first slice holds the running total, the others go when merged |

use super::{TimeWindow, WindowError};
use crate::base::EventTime;

/// SQL's windows; all lengths in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlicedWindow {
    /// `TUMBLE`.
    Tumble {
        /// How long a window is.
        size: i64,
    },
    /// `HOP`.
    Hop {
        /// How long a window is.
        size: i64,
        /// How much later the next one begins.
        slide: i64,
    },
    /// `CUMULATE`.
    Cumulate {
        /// How long the longest window is.
        size: i64,
        /// How much longer each window is than the one before.
        step: i64,
    },
}

/// Cuts time into slices and says what windows are made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceAssigner {
    window: SlicedWindow,
    offset: i64,
}

impl SliceAssigner {
    /// Slices for windows of which one begins at `offset`.
    pub fn new(window: SlicedWindow, offset: i64) -> Result<Self, WindowError> {
        let fault = match window {
            SlicedWindow::Tumble { size } => {
                (size <= 0).then_some("Tumbling Window parameters must satisfy size > 0")
            }
            SlicedWindow::Hop { size, slide } => {
                if size <= 0 || slide <= 0 {
                    Some("Hopping Window must satisfy slide > 0 and size > 0")
                } else {
                    (size % slide != 0).then_some(
                        "Slicing Hopping Window requires size must be an integral multiple of slide.",
                    )
                }
            }
            SlicedWindow::Cumulate { size, step } => {
                if size <= 0 || step <= 0 {
                    Some("Cumulative Window parameters must satisfy maxSize > 0 and step > 0")
                } else {
                    (size % step != 0).then_some(
                        "Cumulative Window requires maxSize must be an integral multiple of step.",
                    )
                }
            }
        };
        if let Some(fault) = fault {
            return Err(WindowError::Slices(fault));
        }
        if offset.checked_abs().is_none_or(|offset| offset >= period(window)) {
            return Err(WindowError::Slices("Window parameters must satisfy abs(offset) < period"));
        }
        Ok(Self { window, offset })
    }

    /// How far apart the ends of slices are.
    pub fn slice_end_interval(&self) -> i64 {
        match self.window {
            SlicedWindow::Tumble { size } => size,
            SlicedWindow::Hop { slide, .. } => slide,
            SlicedWindow::Cumulate { step, .. } => step,
        }
    }

    /// The slice of a record.
    pub fn assign_slice_end(&self, timestamp: EventTime) -> EventTime {
        let interval = self.slice_end_interval();
        EventTime(
            TimeWindow::window_start_with_offset(timestamp.0, self.offset, interval) + interval,
        )
    }

    /// The last window that a slice is part of.
    pub fn last_window_end(&self, slice_end: EventTime) -> EventTime {
        match self.window {
            SlicedWindow::Tumble { .. } => slice_end,
            SlicedWindow::Hop { size, slide } => EventTime(slice_end.0 - slide + size),
            SlicedWindow::Cumulate { size, .. } => EventTime(self.window_start(slice_end).0 + size),
        }
    }

    /// Where a window begins.
    pub fn window_start(&self, window_end: EventTime) -> EventTime {
        match self.window {
            SlicedWindow::Tumble { size } | SlicedWindow::Hop { size, .. } => {
                EventTime(window_end.0 - size)
            }
            SlicedWindow::Cumulate { size, .. } => {
                EventTime(TimeWindow::window_start_with_offset(window_end.0 - 1, self.offset, size))
            }
        }
    }

    /// The slices whose state is of no more use once a window has fired.
    pub fn expired_slices(&self, window_end: EventTime) -> Vec<EventTime> {
        let start = self.window_start(window_end).0;
        match self.window {
            SlicedWindow::Tumble { .. } => vec![window_end],
            SlicedWindow::Hop { slide, .. } => vec![EventTime(start + slide)],
            SlicedWindow::Cumulate { size, step } => {
                let first = EventTime(start + step);
                // The first slice holds the total of the windows to come.
                if window_end == first {
                    Vec::new()
                } else if window_end.0 == start + size {
                    vec![window_end, first]
                } else {
                    vec![window_end]
                }
            }
        }
    }

    /// The slices that make up a window. A cumulate window is its first slice, which has taken in
    /// all before the newest, and the newest.
    pub fn slices(&self, window_end: EventTime) -> Vec<EventTime> {
        let start = self.window_start(window_end).0;
        match self.window {
            SlicedWindow::Tumble { .. } => vec![window_end],
            SlicedWindow::Hop { size, slide } => {
                (0..size / slide).map(|back| EventTime(window_end.0 - back * slide)).collect()
            }
            SlicedWindow::Cumulate { step, .. } => {
                let first = EventTime(start + step);
                if window_end == first { vec![first] } else { vec![first, window_end] }
            }
        }
    }

    /// The window to fire next after one has fired, if the slices at hand can be part of it.
    pub fn next_window_end(&self, window_end: EventTime, window_empty: bool) -> Option<EventTime> {
        match self.window {
            SlicedWindow::Tumble { .. } => None,
            SlicedWindow::Hop { slide, .. } => {
                (!window_empty).then_some(EventTime(window_end.0 + slide))
            }
            SlicedWindow::Cumulate { size, step } => {
                let next = EventTime(window_end.0 + step);
                (next.0 <= self.window_start(window_end).0 + size).then_some(next)
            }
        }
    }
}

/// How far apart the windows of greatest length begin.
fn period(window: SlicedWindow) -> i64 {
    match window {
        SlicedWindow::Tumble { size } | SlicedWindow::Cumulate { size, .. } => size,
        SlicedWindow::Hop { slide, .. } => slide,
    }
}
