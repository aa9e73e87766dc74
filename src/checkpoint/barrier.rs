//! Barriers, and what a task does about them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A checkpoint's number; later ones have greater numbers.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct CheckpointId(pub u64);

impl fmt::Display for CheckpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How barriers of a checkpoint travel, and what it guarantees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckpointKind {
    /// In their place among the records; a channel that has delivered one waits for the others. If
    /// that takes longer than so many milliseconds since the checkpoint began, they overtake.
    Aligned {
        /// For how long they keep their place; for ever if nothing is said.
        timeout_ms: Option<i64>,
    },
    /// They overtake the records, which become part of the checkpoint.
    Unaligned,
    /// In their place among the records; no channel waits.
    AtLeastOnce,
}

impl fmt::Display for CheckpointKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aligned { .. } => "ALIGNED",
            Self::Unaligned => "UNALIGNED",
            Self::AtLeastOnce => "AT_LEAST_ONCE",
        })
    }
}

/// What goes from the sources through all channels and divides what is before a checkpoint from
/// what comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointBarrier {
    /// Of which checkpoint.
    pub id: CheckpointId,
    /// When that began, in milliseconds of the coordinator's clock.
    pub timestamp: i64,
    /// How it travels.
    pub kind: CheckpointKind,
}

impl CheckpointBarrier {
    /// The same barrier, overtaking.
    pub fn as_unaligned(self) -> Self {
        Self { kind: CheckpointKind::Unaligned, ..self }
    }

    /// Whether it overtakes.
    pub fn is_unaligned(&self) -> bool {
        self.kind == CheckpointKind::Unaligned
    }

    /// When it begins to overtake, if it ever does.
    pub fn overtakes_at(&self) -> Option<i64> {
        match self.kind {
            CheckpointKind::Aligned { timeout_ms } => {
                timeout_ms.map(|timeout| self.timestamp.saturating_add(timeout))
            }
            CheckpointKind::Unaligned | CheckpointKind::AtLeastOnce => None,
        }
    }
}

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
