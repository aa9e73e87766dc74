//! The trace: every step of a run, and the only thing that the checkers and the terminal see.
//!
//! The engine records [`Event`]s; a recorder numbers, encodes and chains them. Control events
//! have a [`crate::base::Step`] and count towards the digest at every [`Level`]; record events
//! (level `records`) hang below the last control event as `step.sub`.

mod event;
mod json_text;
mod level;
mod pattern;
mod recorded;

pub use event::{
    Event, ExchangeEvent, ExecutionState, FaultEvent, JobEvent, JobStatus, NodeEvent, RecordEvent,
    ResourceEvent, RpcEvent, SinkEvent, TaskEvent,
};
pub use level::Level;
pub use pattern::Pattern;
pub use recorded::Recorded;
