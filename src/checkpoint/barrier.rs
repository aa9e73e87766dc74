//! What a task does about barriers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::CheckpointId;
use crate::record::CheckpointBarrier;

/// Why a checkpoint comes to nothing, as a task sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CheckpointFailureReason {
    /// A later one has begun.
    CheckpointDeclinedSubsumed,
    /// Another task has given it up, and says so in a marker among the records.
    CheckpointDeclinedOnCancellationBarrier,
}

impl fmt::Display for CheckpointFailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CheckpointDeclinedSubsumed => "CHECKPOINT_DECLINED_SUBSUMED",
            Self::CheckpointDeclinedOnCancellationBarrier => {
                "CHECKPOINT_DECLINED_ON_CANCELLATION_BARRIER"
            }
        })
    }
}

/// What a task has to do, in the order in which it is told. Channels are numbered over all inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarrierAction {
    /// Take nothing more from this channel.
    Block(usize),
    /// Go on with it.
    Resume(usize),
    /// Let the announced barrier of this channel overtake what is in front of it.
    ConvertToPriority(usize),
    /// Get ready to write the records that the barriers of a checkpoint overtake.
    InitInputs(CheckpointId),
    /// Keep such records from now on.
    InputsStarted(CheckpointId),
    /// Keep no more of them.
    InputsStopped(CheckpointId),
    /// Take the snapshot, and send the barrier on.
    Trigger(CheckpointBarrier),
    /// Forget the checkpoint, and tell the tasks behind.
    Abort(CheckpointId, CheckpointFailureReason),
}
