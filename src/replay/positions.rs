//! How far the splits of sources are read, as snapshots and restarts tell.
//!
//! Between two snapshots the trace does not say how far a split is read, only how many records
//! its subtask has emitted ([`super::Task::records_in`]).

use std::collections::BTreeMap;

use super::Seen;
use crate::base::{CheckpointId, Name};
use crate::trace::SplitPosition;

/// How far a split of a source is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadUpTo {
    /// The subtask that reads it.
    pub subtask: Name,
    /// The offset of the next record.
    pub position: u64,
    /// The checkpoint in which that stands.
    pub checkpoint: CheckpointId,
    /// Whether the subtask began there after a restart, and has taken no snapshot since.
    pub restored: bool,
}

/// By the source operator's uid and the split.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions(BTreeMap<(Name, u16), ReadUpTo>);

/// Whose positions are told, and on what occasion.
pub(super) struct Told<'a> {
    pub subtask: &'a Name,
    pub checkpoint: CheckpointId,
    pub restored: bool,
}

impl Positions {
    /// By the source operator's uid and the split.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, u16, &ReadUpTo)> {
        self.0.iter().map(|((operator, split), read)| (operator, *split, read))
    }

    /// Whether nothing has been told of any split.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn tell(&mut self, told: &Told<'_>, positions: &[SplitPosition]) -> Seen {
        let mut seen = Seen::No;
        for SplitPosition { operator, split, position } in positions {
            let read = ReadUpTo {
                subtask: told.subtask.clone(),
                position: *position,
                checkpoint: told.checkpoint,
                restored: told.restored,
            };
            let before = self.0.insert((operator.clone(), *split), read.clone());
            if before != Some(read) {
                seen = Seen::Yes;
            }
        }
        seen
    }
}
