//! Time as a node has it.

use std::future::Future;
use std::pin::Pin;

use crate::base::{EventTime, SimTime};

/// Completes when its moment has come.
pub type Sleep = Pin<Box<dyn Future<Output = ()>>>;

/// A node's clock. Durations run on the node's own timer, which a clock fault may make drift.
pub trait Clock {
    /// The moment of the simulation: for the trace, for deadlines, never for user code.
    fn now(&self) -> SimTime;

    /// What the node takes the time to be (milliseconds since 1970): Flink's processing time.
    /// Clocks of nodes may differ, drift and jump.
    fn processing_time(&self) -> EventTime;

    /// Completes at `deadline`, at once if that is past.
    fn sleep_until(&self, deadline: SimTime) -> Sleep;
}
