//! The kinds of faults that a sweep makes up.

use std::fmt;

use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};

use crate::sim::FaultAction;

/// A kind of fault. All of them pass, so that a job that is started again outlives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum FaultKind {
    /// A TaskManager dies and starts again.
    Kill,
    /// A TaskManager stands still.
    Pause,
    /// A TaskManager is cut off: from all, from the JobManager, or from storage.
    Partition,
    /// The disk of durable storage fails, or is slow.
    Disk,
    /// Somebody outside has the lock of the database.
    Lock,
    /// A task fails, as if its function had thrown.
    Fail,
}

impl FaultKind {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The kind of an action; none if no sweep makes up such.
    pub fn of(action: &FaultAction) -> Option<Self> {
        match action {
            FaultAction::Kill { .. } => Some(Self::Kill),
            FaultAction::Pause { .. } => Some(Self::Pause),
            FaultAction::Partition { .. } => Some(Self::Partition),
            FaultAction::Disk { .. } => Some(Self::Disk),
            FaultAction::Lock { .. } => Some(Self::Lock),
            FaultAction::Fail { .. } => Some(Self::Fail),
            FaultAction::Degrade { .. }
            | FaultAction::Clock { .. }
            | FaultAction::Panic { .. }
            | FaultAction::Slow { .. }
            | FaultAction::Poison { .. }
            | FaultAction::Expire { .. } => None,
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
