//! What a window operator takes and gives.

use std::fmt;

use super::{TimeWindow, Window};
use crate::base::EventTime;
use crate::record::{Key, KeyGroup, RecordId, SideOutputs};
use crate::state::StateUse;
use crate::time::ChangedTimer;

/// A record with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRecord<T> {
    /// The record.
    pub value: T,
    /// Its event time; [`EventTime::NONE`] if it has none.
    pub timestamp: EventTime,
    /// Its identity, where the run keeps it.
    pub id: Option<RecordId>,
}

impl<T> StreamRecord<T> {
    /// A record with a timestamp and no identity.
    pub fn new(value: T, timestamp: EventTime) -> Self {
        Self { value, timestamp, id: None }
    }
}

/// Finds a record's key. The key itself is asked for only when its first window opens.
pub trait KeyOf<T> {
    /// The key's type.
    type Key: Key;
    /// The key's Java hash.
    fn hash(&self, value: &T) -> i32;
    /// Whether a record has this key.
    fn matches(&self, value: &T, key: &Self::Key) -> bool;
    /// The key.
    fn key(&self, value: &T) -> Self::Key;
}

/// Something happened to a window.
#[derive(Clone, Copy, Debug)]
pub enum WindowChange<'a> {
    /// Its first record came.
    Created,
    /// It is what these became together with a new one.
    Merged(&'a [TimeWindow]),
    /// It was evaluated.
    Fired,
    /// Its contents were thrown away by its trigger.
    Purged,
    /// Its state was removed.
    Cleaned,
    /// Its contents are these now, or there are none. Told only if the output watches.
    Contents {
        /// The group of its key.
        group: KeyGroup,
        /// What its records have come to, or the records themselves, shown to a person.
        contents: Option<&'a str>,
    },
    /// Its function, called for it, used a state.
    StateUsed {
        /// The group of its key.
        group: KeyGroup,
        /// The state, and what became of it.
        used: &'a StateUse,
    },
}

/// Takes what a window operator emits, in order.
pub trait WindowOutput<T, R> {
    /// Takes a result. Its timestamp is the last moment of its window.
    fn emit(&mut self, value: R, timestamp: EventTime);

    /// Takes a record that came too late for all its windows.
    fn late(&mut self, record: StreamRecord<T>, watermark: EventTime);

    /// Where a function puts what it emits beside its results.
    fn sides(&self) -> SideOutputs;

    /// Whether it wants to hear of contents and timers, which takes time to tell.
    fn watches(&self) -> bool {
        false
    }

    /// Hears of what becomes of a timer.
    fn observe_timer<K: Key>(&mut self, _changed: &ChangedTimer<K, Window>) {}

    /// Hears of what happens to windows.
    fn observe(&mut self, _key: &dyn fmt::Debug, _window: Window, _change: WindowChange<'_>) {}
}
