//! Checkpoints in the sense of Chandy and Lamport: the parts of the protocol that decide.
//!
//! Everything here is pure: whoever runs a task says which barrier came from which channel and what
//! the clock shows, and does what comes back, in order. The decisions are those of Flink 2.3, held
//! to its own vectors.
//!
//! | file | what it is |
//! |---|---|
//! | `barrier` | barriers, and what becomes of them |
//! | `channel_state` | channels that are blocked, channels that have announced a barrier |
//! | [`alignment`] | one checkpoint at a time: aligned, overtaking, or aligned for a while |
//! | [`tracker`] | several at a time, nothing blocked: at least once |
//!
//! Previous: the input gate, which delivers barriers among records. Next: the task, which blocks
//! channels and takes its snapshot.

pub mod alignment;
mod barrier;
mod channel_state;
pub mod tracker;

pub use alignment::{Alignment, SingleCheckpointBarrierHandler};
pub use barrier::{
    BarrierAction, CheckpointBarrier, CheckpointFailureReason, CheckpointId, CheckpointKind,
};
pub use tracker::CheckpointBarrierTracker;
