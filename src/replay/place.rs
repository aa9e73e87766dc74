//! Places in a trace.

use crate::base::Step;
use crate::trace::Recorded;

/// A place in a trace: a control event, or a record event below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The control event.
    pub step: Step,
    /// The record event below it, from 1; 0 is the control event itself.
    pub sub: u32,
}

impl Place {
    /// Where an event is.
    pub fn of(recorded: &Recorded) -> Self {
        Self { step: recorded.step, sub: recorded.sub }
    }
}
