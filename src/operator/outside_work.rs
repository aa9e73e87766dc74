//! What the operators of a chain have underway outside: requests that are answered later, parts of
//! snapshots that are prepared there, and commits that wait for a checkpoint to be complete.
//!
//! An operator never waits. It asks, goes on, and is called ([`ChainEvent::TimersDue`]) when an
//! answer has come; until then it can keep further input away, have the snapshot wait, and keep
//! the task alive at the end of its input.
//!
//! Previous: sources and sinks. Next: the task's loop, which looks here.
//!
//! [`ChainEvent::TimersDue`]: crate::record::ChainEvent::TimersDue

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::ProcessingTimeService;
use crate::base::{CheckpointId, Name};
use crate::host::Signal;

/// What a sink has prepared for a checkpoint: its operator, and how to commit it.
pub type Prepared = (CheckpointId, Name, Vec<u8>);

/// See the module. Shared by all operators of a chain.
#[derive(Default)]
pub struct OutsideWork {
    signal: Signal,
    timers: Rc<ProcessingTimeService>,
    parts: Cell<usize>,
    prepared: RefCell<VecDeque<Prepared>>,
    full: Cell<u32>,
    uncommitted: Cell<u32>,
}

impl OutsideWork {
    /// For a task that `signal` wakes.
    pub fn new(signal: Signal, timers: Rc<ProcessingTimeService>) -> Self {
        Self { signal, timers, ..Self::default() }
    }

    /// An answer has come: the operators are called before any further input.
    pub fn wake(&self) {
        self.timers.call_again();
        self.signal.notify();
    }

    /// Has the snapshot that is being taken wait for [`Self::prepared`].
    pub fn begin_part(&self) {
        self.parts.set(self.parts.get() + 1);
    }

    /// A part of a snapshot is done: this is how what was prepared is committed.
    pub fn prepared(&self, checkpoint: CheckpointId, operator: &Name, how: Vec<u8>) {
        self.prepared.borrow_mut().push_back((checkpoint, operator.clone(), how));
        self.signal.notify();
    }

    /// How many parts of the snapshot that was just taken are to be waited for.
    pub fn take_parts(&self) -> usize {
        self.parts.take()
    }

    /// The next part that is done.
    pub fn take_prepared(&self) -> Option<Prepared> {
        self.prepared.borrow_mut().pop_front()
    }

    /// Whether no further input can be taken.
    pub fn is_full(&self) -> bool {
        self.full.get() > 0
    }

    /// Whether the task has to live on, so that what is written becomes visible.
    pub fn is_uncommitted(&self) -> bool {
        self.uncommitted.get() > 0
    }

    /// One operator's voice in this.
    pub fn share(self: &Rc<Self>) -> OutsideShare {
        OutsideShare { work: self.clone(), full: Cell::new(false), uncommitted: Cell::new(false) }
    }
}

/// What one operator says of its work outside.
pub struct OutsideShare {
    work: Rc<OutsideWork>,
    full: Cell<bool>,
    uncommitted: Cell<bool>,
}

impl OutsideShare {
    /// Says whether it can take no further input.
    pub fn set_full(&self, full: bool) {
        count(&self.work.full, self.full.replace(full), full);
    }

    /// Says whether it has written what is not committed.
    pub fn set_uncommitted(&self, uncommitted: bool) {
        count(&self.work.uncommitted, self.uncommitted.replace(uncommitted), uncommitted);
    }
}

fn count(count: &Cell<u32>, was: bool, is: bool) {
    count.set(count.get() + u32::from(is) - u32::from(was));
}
