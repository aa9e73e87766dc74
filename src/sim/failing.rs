//! Tasks whose functions fail, or are slow, when a fault says so.

use std::cell::Cell;
use std::rc::{Rc, Weak};

use super::world::World;
use crate::base::NodeId;
use crate::host::{InjectedFailure, Signal};

/// One attempt at a subtask.
pub(super) struct Failing {
    /// Where it runs.
    pub(super) node: NodeId,
    /// Whether the node's life goes on.
    pub(super) pulse: Rc<Cell<bool>>,
    /// Set to make it fail; gone with the task.
    pub(super) fails: Weak<Cell<Option<InjectedFailure>>>,
    /// Wakes it.
    pub(super) signal: Signal,
}

impl Failing {
    /// Whether there still is somebody to fail.
    pub(super) fn is_alive(&self) -> bool {
        self.pulse.get() && self.fails.upgrade().is_some_and(|fails| fails.get().is_none())
    }
}

impl World {
    /// Where a subtask runs, if it does.
    pub(super) fn node_of(&self, subtask: &str) -> Option<NodeId> {
        let subtasks = self.failing.borrow();
        let attempts = subtasks.get(subtask)?;
        attempts.iter().find(|attempt| attempt.is_alive()).map(|attempt| attempt.node)
    }

    /// Makes all attempts at a subtask fail that run now.
    pub(super) fn fail(&self, subtask: &str, how: InjectedFailure) {
        let attempts = self.failing.borrow_mut().remove(subtask).unwrap_or_default();
        for attempt in attempts.iter().filter(|attempt| attempt.is_alive()) {
            if let Some(fails) = attempt.fails.upgrade() {
                fails.set(Some(how));
                attempt.signal.notify();
            }
        }
    }
}
