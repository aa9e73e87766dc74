//! Barriers: what divides the records before a checkpoint from those after it.
//!
//! Previous: a source, which is told to begin a checkpoint. Next: `checkpoint` says what a task
//! does about the barriers of its channels.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::CheckpointId;

/// How barriers of a checkpoint travel, and what it guarantees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
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
    #[default]
    AtLeastOnce,
}

impl CheckpointKind {
    /// How barriers travel, in a word.
    pub fn word(self) -> String {
        match self {
            Self::Aligned { timeout_ms: None } => "aligned".into(),
            Self::Aligned { timeout_ms: Some(millis) } => format!("aligned-for-{millis}ms"),
            Self::Unaligned => "unaligned".into(),
            Self::AtLeastOnce => "at-least-once".into(),
        }
    }
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
    /// The latest complete checkpoint when it began, 0 if there was none: files that belong to that
    /// one need not be stored again.
    pub base: CheckpointId,
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
