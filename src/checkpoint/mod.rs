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
//! | `config` | what a job asks for |
//! | [`coordinator`], `failure` | when checkpoints begin, are complete, fail, are discarded |
//! | `snapshot`, `handle` | what is stored, and where it is |
//! | [`seams`] | the decisions that can be replaced |
//!
//! Previous: the input gate, which delivers barriers among records. Next: the task, which blocks
//! channels and takes its snapshot.

pub mod alignment;
mod barrier;
mod channel_state;
mod config;
pub mod coordinator;
mod failure;
mod handle;
pub mod seams;
mod snapshot;
pub mod tracker;

pub use crate::base::CheckpointId;
pub use crate::record::{CheckpointBarrier, CheckpointKind};
pub use alignment::{Alignment, SingleCheckpointBarrierHandler};
pub use barrier::{BarrierAction, CheckpointFailureReason};
pub use config::{
    CheckpointConfig, CheckpointConfigError, CheckpointStorage, CheckpointingMode,
    ExternalizedRetention, OnCorrupt,
};
pub use failure::CheckpointFailure;
pub use handle::{
    BackendFile, CompletedCheckpoint, DamagedFile, FileHandle, StateHandle, SubtaskState,
};
pub use seams::{CompletionParts, SnapshotParts};
pub use snapshot::{
    ChannelCounts, ChannelState, ContentDigest, OperatorSubtaskState, SourceState, StoredChannel,
    StoredElement, TaskSnapshot, TimerGroup,
};
pub use tracker::CheckpointBarrierTracker;
