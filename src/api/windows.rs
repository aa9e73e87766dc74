//! Window assigners under Flink's names.
//!
//! ```
//! use std::time::Duration;
//! use weir::api::{EventTimeSessionWindows, SlidingEventTimeWindows, TumblingEventTimeWindows};
//!
//! let hourly = TumblingEventTimeWindows::of(Duration::from_secs(3600));
//! let from_half_past = hourly.with_offset_millis(1_800_000);
//! let last_hour = SlidingEventTimeWindows::of(Duration::from_secs(3600), Duration::from_secs(300));
//! let visits = EventTimeSessionWindows::with_gap(Duration::from_secs(60));
//! ```

use std::sync::Arc;
use std::time::Duration;

use crate::window::{TimeDomain, Trigger, WindowAssigner, WindowError, WindowShape};

/// What a stream can be windowed by.
pub trait Windowing<T> {
    /// What the operator is shown as.
    fn name(&self) -> &'static str;
    /// The assigner, unless its sizes do not fit each other.
    fn assigner(self) -> Result<WindowAssigner<T>, WindowError>;
    /// The trigger, if not the one that fits the windows.
    fn trigger(&self) -> Option<Trigger<T>> {
        None
    }
}

pub(super) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Windows of a fixed shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    name: &'static str,
    domain: TimeDomain,
    shape: WindowShape,
}

impl Windows {
    /// The same windows, moved by so many milliseconds, which may be negative: less than the size
    /// of tumbling windows or the slide of sliding ones. Sessions begin where their records do.
    pub fn with_offset_millis(self, offset: i64) -> Self {
        let shape = match self.shape {
            WindowShape::Tumbling { size, .. } => WindowShape::Tumbling { size, offset },
            WindowShape::Sliding { size, slide, .. } => {
                WindowShape::Sliding { size, slide, offset }
            }
            WindowShape::Session { gap } => WindowShape::Session { gap },
        };
        Self { shape, ..self }
    }
}

impl<T> Windowing<T> for Windows {
    fn name(&self) -> &'static str {
        self.name
    }

    fn assigner(self) -> Result<WindowAssigner<T>, WindowError> {
        WindowAssigner::shape(self.domain, self.shape)
    }
}

impl<T> Windowing<T> for WindowAssigner<T> {
    fn name(&self) -> &'static str {
        "Window"
    }

    fn assigner(self) -> Result<WindowAssigner<T>, WindowError> {
        Ok(self)
    }
}

macro_rules! tumbling {
    ($(#[$doc:meta])* $name:ident, $domain:ident) => {
        $(#[$doc])*
        pub enum $name {}

        impl $name {
            /// Windows of this size, side by side.
            pub fn of(size: Duration) -> Windows {
                let shape = WindowShape::Tumbling { size: millis(size), offset: 0 };
                Windows { name: stringify!($name), domain: TimeDomain::$domain, shape }
            }
        }
    };
}
tumbling! {
    /// Windows side by side, by the records' own time.
    TumblingEventTimeWindows, EventTime
}
tumbling! {
    /// Windows side by side, by the node's clock.
    TumblingProcessingTimeWindows, ProcessingTime
}

macro_rules! sliding {
    ($(#[$doc:meta])* $name:ident, $domain:ident) => {
        $(#[$doc])*
        pub enum $name {}

        impl $name {
            /// Windows of this size, one beginning every `slide`.
            pub fn of(size: Duration, slide: Duration) -> Windows {
                let (size, slide) = (millis(size), millis(slide));
                let shape = WindowShape::Sliding { size, slide, offset: 0 };
                Windows { name: stringify!($name), domain: TimeDomain::$domain, shape }
            }
        }
    };
}
sliding! {
    /// Windows that overlap, by the records' own time.
    SlidingEventTimeWindows, EventTime
}
sliding! {
    /// Windows that overlap, by the node's clock.
    SlidingProcessingTimeWindows, ProcessingTime
}

macro_rules! session {
    ($(#[$doc:meta])* $name:ident, $dynamic:literal, $domain:ident) => {
        $(#[$doc])*
        pub enum $name {}

        impl $name {
            /// Sessions that end when nothing has come for `gap`.
            pub fn with_gap(gap: Duration) -> Windows {
                let shape = WindowShape::Session { gap: millis(gap) };
                Windows { name: stringify!($name), domain: TimeDomain::$domain, shape }
            }

            /// Sessions in which each record says how long it keeps them open.
            pub fn with_dynamic_gap<T>(
                gap: impl Fn(&T) -> Duration + Send + Sync + 'static,
            ) -> DynamicSessionWindows<T> {
                let gap = Arc::new(move |value: &T| millis(gap(value)));
                let assigner = WindowAssigner::dynamic_session(TimeDomain::$domain, gap);
                DynamicSessionWindows { name: $dynamic, assigner }
            }
        }
    };
}
session! {
    /// Sessions by the records' own time.
    EventTimeSessionWindows, "DynamicEventTimeSessionWindows", EventTime
}
session! {
    /// Sessions by the node's clock.
    ProcessingTimeSessionWindows, "DynamicProcessingTimeSessionWindows", ProcessingTime
}

/// Sessions in which each record says how long it keeps them open.
pub struct DynamicSessionWindows<T> {
    name: &'static str,
    assigner: WindowAssigner<T>,
}

impl<T> Windowing<T> for DynamicSessionWindows<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn assigner(self) -> Result<WindowAssigner<T>, WindowError> {
        Ok(self.assigner)
    }
}

/// One window for all of time. Nothing comes of it without a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalWindows {
    at_end: bool,
}

impl GlobalWindows {
    /// Evaluated when a trigger says so.
    pub fn create() -> Self {
        Self { at_end: false }
    }

    /// Evaluated once, when all input has ended.
    pub fn create_with_end_of_stream_trigger() -> Self {
        Self { at_end: true }
    }
}

impl<T> Windowing<T> for GlobalWindows {
    fn name(&self) -> &'static str {
        "GlobalWindows"
    }

    fn assigner(self) -> Result<WindowAssigner<T>, WindowError> {
        Ok(WindowAssigner::global())
    }

    fn trigger(&self) -> Option<Trigger<T>> {
        self.at_end.then_some(Trigger::EndOfStream)
    }
}
