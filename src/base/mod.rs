//! What everything may use: identifiers, simulated time, seeds, hints to names.
//!
//! [`SimTime`] (when something happened in the run) and event time (what a record says of
//! itself) are different types on purpose; nothing converts one into the other.

mod backend_kind;
mod ids;
mod seed;
pub mod suggest;
mod time;

/// What a thread is called in which a simulation runs. A panic there is told as the error of the run.
pub const SIMULATION_THREAD: &str = "simulation";

pub use backend_kind::{StateBackendKind, UnknownBackend};
pub use ids::{
    AllocationId, AttemptId, CheckpointId, Incarnation, JobId, Name, NodeId, SlotId, Step,
    SubtaskId, VertexId,
};
pub use seed::{NumberedStreams, Seed, StreamRng};
pub use time::{EventTime, SimDuration, SimTime, TimeDomain};
