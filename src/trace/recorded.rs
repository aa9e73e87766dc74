//! One event as it stands in a trace.

use super::Event;
use crate::base::{Incarnation, NodeId, SimTime, Step};

/// An event with its place in the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The number of this control event, or of the one that a record event follows; 0 before
    /// the first.
    pub step: Step,
    /// 0 for a control event; record events count from 1 after each.
    pub sub: u32,
    /// When it happened.
    pub at: SimTime,
    /// Where it happened.
    pub node: NodeId,
    /// In which life of that node.
    pub incarnation: Incarnation,
    /// What happened.
    pub event: Event,
}

/// Numbers events: a control event takes the next step, a record event the next place below the
/// step it follows. Writer and readers count alike, so that files need no numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Count {
    pub step: u64,
    pub sub: u32,
}

impl Count {
    /// The place of an event.
    pub fn of(recorded: &Recorded) -> Self {
        Self { step: recorded.step.0, sub: recorded.sub }
    }

    /// A place after which an event takes its own.
    pub fn before(recorded: &Recorded) -> Self {
        match recorded.sub.checked_sub(1) {
            Some(sub) => Self { step: recorded.step.0, sub },
            None => Self { step: recorded.step.0.wrapping_sub(1), sub: 0 },
        }
    }

    /// The place of the next event.
    pub fn next(self, is_control: bool) -> Self {
        if is_control {
            Self { step: self.step.wrapping_add(1), sub: 0 }
        } else {
            Self { step: self.step, sub: self.sub.saturating_add(1) }
        }
    }
}
