//! Assigners: which windows a record belongs to.
//!
//! The assigners of Flink are one closed enum, on the hot path; a user's own comes in as a trait
//! object. Where the windows of Flink's shapes lie is a seam of its own ([`WindowPlacement`]), which
//! sees only timestamps, so that another rule fits records of every type.
//!
//! Invariant: Flink's sliding windows are given latest first, and emission order rests on it.
//!
//! Previous: a record with its timestamp. Next: [`super::lateness`] says whether a window may
//! still take it.

use std::fmt;
use std::sync::Arc;

use super::{TimeWindow, Window, WindowError};
use crate::base::{EventTime, TimeDomain};

/// How Flink's class names spell it.
fn name(domain: TimeDomain) -> &'static str {
    match domain {
        TimeDomain::EventTime => "EventTime",
        TimeDomain::ProcessingTime => "ProcessingTime",
    }
}

/// The shapes of Flink's windows of time. All lengths are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowShape {
    /// Side by side.
    Tumbling {
        /// How long a window is.
        size: i64,
        /// Where one begins.
        offset: i64,
    },
    /// Overlapping, or with pauses between them.
    Sliding {
        /// How long a window is.
        size: i64,
        /// How much later the next one begins.
        slide: i64,
        /// Where one begins.
        offset: i64,
    },
    /// From a record until nothing has come for a while.
    Session {
        /// For how long.
        gap: i64,
    },
}

impl WindowShape {
    fn check(self, domain: TimeDomain) -> Result<(), WindowError> {
        let sound = match self {
            Self::Tumbling { size, offset } => within(offset, size),
            Self::Sliding { size, slide, offset } => within(offset, slide) && size > 0,
            Self::Session { gap } => gap > 0,
        };
        if sound {
            return Ok(());
        }
        Err(match self {
            Self::Tumbling { .. } => WindowError::Tumbling(name(domain)),
            Self::Sliding { .. } => WindowError::Sliding(name(domain)),
            Self::Session { .. } => WindowError::Session(name(domain)),
        })
    }

    /// Adds the windows to which a record of this time belongs.
    #[inline]
    pub fn place(self, timestamp: EventTime, windows: &mut Vec<Window>) {
        match self {
            Self::Tumbling { size, offset } => {
                let start = TimeWindow::window_start_with_offset(timestamp.0, offset, size);
                windows.push(TimeWindow::new(start, start.wrapping_add(size)).into());
            }
            Self::Sliding { size, slide, offset } => {
                let mut start = TimeWindow::window_start_with_offset(timestamp.0, offset, slide);
                while start > timestamp.0.wrapping_sub(size) {
                    windows.push(TimeWindow::new(start, start.wrapping_add(size)).into());
                    start = start.wrapping_sub(slide);
                }
            }
            Self::Session { gap } => {
                // A session without end ends at the end of time.
                windows.push(TimeWindow::new(timestamp.0, timestamp.0.saturating_add(gap)).into());
            }
        }
    }
}

fn within(offset: i64, size: i64) -> bool {
    offset.checked_abs().is_some_and(|offset| offset < size)
}

/// The seam: where the windows of a shape lie.
pub trait WindowPlacement: std::fmt::Debug + Send + Sync {
    /// Adds the windows to which a record of this time belongs.
    fn place(&self, shape: WindowShape, timestamp: EventTime, windows: &mut Vec<Window>);
}

/// An assigner of the user's own.
pub trait CustomAssigner<T>: Send + Sync {
    /// Adds the windows to which a record belongs. `now` is the processing time.
    fn assign_windows(
        &self,
        value: &T,
        timestamp: EventTime,
        now: EventTime,
        windows: &mut Vec<Window>,
    );
    /// Whether windows that intersect or touch become one.
    fn merges(&self) -> bool {
        false
    }
}

/// How long a session that has only this element lasts, in milliseconds.
pub type SessionGap<T> = Arc<dyn Fn(&T) -> i64 + Send + Sync>;

enum Kind<T> {
    Shape(WindowShape),
    PlacedShape(WindowShape, Arc<dyn WindowPlacement>),
    DynamicSession(SessionGap<T>),
    Global,
    Custom(Arc<dyn CustomAssigner<T>>),
}

/// Says which windows a record belongs to, and by whose time.
pub struct WindowAssigner<T> {
    domain: TimeDomain,
    kind: Kind<T>,
}

impl<T> Clone for WindowAssigner<T> {
    fn clone(&self) -> Self {
        let kind = match &self.kind {
            Kind::Shape(shape) => Kind::Shape(*shape),
            Kind::PlacedShape(shape, placement) => Kind::PlacedShape(*shape, placement.clone()),
            Kind::DynamicSession(gap) => Kind::DynamicSession(gap.clone()),
            Kind::Global => Kind::Global,
            Kind::Custom(assigner) => Kind::Custom(assigner.clone()),
        };
        Self { domain: self.domain, kind }
    }
}

impl<T> WindowAssigner<T> {
    /// Windows of one of Flink's shapes.
    pub fn shape(domain: TimeDomain, shape: WindowShape) -> Result<Self, WindowError> {
        shape.check(domain)?;
        Ok(Self { domain, kind: Kind::Shape(shape) })
    }

    /// Windows of one of Flink's shapes that lie where another rule says.
    pub fn placed(
        domain: TimeDomain,
        shape: WindowShape,
        placement: Arc<dyn WindowPlacement>,
    ) -> Result<Self, WindowError> {
        shape.check(domain)?;
        Ok(Self { domain, kind: Kind::PlacedShape(shape, placement) })
    }

    /// The same windows where another rule says, if they are of one of Flink's shapes.
    pub fn with_placement(self, placement: Arc<dyn WindowPlacement>) -> Self {
        match self.kind {
            Kind::Shape(shape) | Kind::PlacedShape(shape, _) => {
                Self { kind: Kind::PlacedShape(shape, placement), ..self }
            }
            Kind::DynamicSession(_) | Kind::Global | Kind::Custom(_) => self,
        }
    }

    /// Sessions whose gap depends on the element (`withDynamicGap`).
    pub fn dynamic_session(domain: TimeDomain, gap: SessionGap<T>) -> Self {
        Self { domain, kind: Kind::DynamicSession(gap) }
    }

    /// One window for all of time. Flink counts it as processing time and so drops nothing.
    pub fn global() -> Self {
        Self { domain: TimeDomain::ProcessingTime, kind: Kind::Global }
    }

    /// An assigner of the user's own.
    pub fn custom(domain: TimeDomain, assigner: Arc<dyn CustomAssigner<T>>) -> Self {
        Self { domain, kind: Kind::Custom(assigner) }
    }

    /// By whose time the windows go.
    pub fn domain(&self) -> TimeDomain {
        self.domain
    }

    /// Whether windows that intersect or touch become one.
    pub fn merges(&self) -> bool {
        match &self.kind {
            Kind::Shape(shape) | Kind::PlacedShape(shape, _) => match shape {
                WindowShape::Tumbling { .. } | WindowShape::Sliding { .. } => false,
                WindowShape::Session { .. } => true,
            },
            Kind::DynamicSession(_) => true,
            Kind::Global => false,
            Kind::Custom(assigner) => assigner.merges(),
        }
    }

    pub(super) fn is_global(&self) -> bool {
        match &self.kind {
            Kind::Global => true,
            Kind::Shape(_) | Kind::PlacedShape(..) | Kind::DynamicSession(_) | Kind::Custom(_) => {
                false
            }
        }
    }

    /// The shape, if the windows lie where Flink's rule says and do not merge: what the hot path
    /// may compute for itself.
    pub(super) fn aligned_shape(&self) -> Option<WindowShape> {
        match &self.kind {
            Kind::Shape(shape) if !self.merges() => Some(*shape),
            Kind::Shape(_)
            | Kind::PlacedShape(..)
            | Kind::DynamicSession(_)
            | Kind::Global
            | Kind::Custom(_) => None,
        }
    }

    /// Adds the windows to which a record belongs. `now` is the processing time.
    #[inline]
    pub fn assign_windows(
        &self,
        value: &T,
        timestamp: EventTime,
        now: EventTime,
        windows: &mut Vec<Window>,
    ) -> Result<(), WindowError> {
        let moment = match self.domain {
            TimeDomain::EventTime => timestamp,
            TimeDomain::ProcessingTime => now,
        };
        match &self.kind {
            Kind::Shape(shape) => {
                self.need_timestamp(*shape, moment)?;
                shape.place(moment, windows);
            }
            Kind::PlacedShape(shape, placement) => {
                self.need_timestamp(*shape, moment)?;
                placement.place(*shape, moment, windows);
            }
            Kind::DynamicSession(gap) => {
                let gap = gap(value);
                if gap <= 0 {
                    return Err(WindowError::DynamicGap);
                }
                WindowShape::Session { gap }.place(moment, windows);
            }
            Kind::Global => windows.push(Window::Global),
            Kind::Custom(assigner) => assigner.assign_windows(value, timestamp, now, windows),
        }
        Ok(())
    }

    /// Flink's sessions take a record without a timestamp for one of the earliest time there is.
    fn need_timestamp(&self, shape: WindowShape, moment: EventTime) -> Result<(), WindowError> {
        match (self.domain, shape) {
            (TimeDomain::EventTime, WindowShape::Tumbling { .. } | WindowShape::Sliding { .. })
                if moment == EventTime::NONE =>
            {
                Err(WindowError::NoTimestamp)
            }
            (TimeDomain::EventTime | TimeDomain::ProcessingTime, _) => Ok(()),
        }
    }
}

impl<T> fmt::Debug for WindowAssigner<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = name(self.domain);
        match &self.kind {
            Kind::Shape(shape) | Kind::PlacedShape(shape, _) => write!(f, "{domain} {shape:?}"),
            Kind::DynamicSession(_) => write!(f, "{domain} Session with dynamic gap"),
            Kind::Global => f.write_str("Global"),
            Kind::Custom(_) => write!(f, "{domain} custom"),
        }
    }
}
