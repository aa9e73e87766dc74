//! What is due, and when: the one time-ordered queue of a simulation.
//!
//! Entries of one moment keep the order in which they were scheduled. An entry can be taken
//! back, so that a sleep that is no longer wanted leaves nothing behind.
//! Previous: `wire` and `sleep`, which schedule. Next: `driver`, which takes what is due.

use std::collections::BTreeMap;
use std::task::Waker;

use super::link::{LinkId, Parcel};
use crate::base::SimTime;
use crate::host::Lane;

/// An entry's place in the queue.
pub(super) type Key = (SimTime, u64);

/// What happens when an entry is due.
pub(super) enum Due {
    /// A parcel is at the end of its link.
    Parcel(Parcel),
    /// A link that was cut delivers what waited on one of its lanes.
    Flush(LinkId, Lane),
    /// A sleeper wakes.
    Wake(Waker),
    /// A fault, by its place in the list, ends.
    Heal(usize),
}

/// See the module.
#[derive(Default)]
pub(super) struct Queue {
    entries: BTreeMap<Key, Due>,
    sequence: u64,
}

impl Queue {
    /// Adds an entry.
    pub(super) fn push(&mut self, at: SimTime, due: Due) -> Key {
        self.sequence += 1;
        let key = (at, self.sequence);
        self.entries.insert(key, due);
        key
    }

    /// The moment of the first entry.
    pub(super) fn next(&self) -> Option<SimTime> {
        self.entries.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the first entry if it is due by `now`.
    pub(super) fn pop(&mut self, now: SimTime) -> Option<Due> {
        let entry = self.entries.first_entry()?;
        if entry.key().0 <= now { Some(entry.remove()) } else { None }
    }

    /// Takes an entry back; `None` if it has had its moment.
    pub(super) fn cancel(&mut self, key: Key) -> Option<Due> {
        self.entries.remove(&key)
    }

    /// Whether the sleep `key` still waits, now for `waker`.
    pub(super) fn keep_waiting(&mut self, key: Key, waker: &Waker) -> bool {
        match self.entries.get_mut(&key) {
            Some(Due::Wake(waiting)) => {
                waiting.clone_from(waker);
                true
            }
            Some(Due::Parcel(_) | Due::Flush(..) | Due::Heal(_)) | None => false,
        }
    }

    /// Takes everything, due or not.
    pub(super) fn drain(&mut self) -> Vec<Due> {
        std::mem::take(&mut self.entries).into_values().collect()
    }
}
