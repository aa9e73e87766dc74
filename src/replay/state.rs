//! Keyed state and timers, by subtask and operator.
//!
//! Which operators have a place for keyed state is known at every level, what is there at level
//! `records` only: see [`super::World::knows_records`].
//!
//! The maps are persistent: a key frame shares with the next whatever has not changed between
//! them, so that frames of a large state cost as much as its changes and not as often its size.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rpds::RedBlackTreeMapSync;

use super::Place;
use crate::base::{EventTime, Name, StateBackendKind, TimeDomain};
use crate::record::{KeyGroup, KeyGroupRange};
use crate::trace::{Span, StateEvent, TimerEvent, WindowEvent};

/// The state in which windows keep what came into them.
const WINDOW_CONTENTS: &str = "window-contents";

/// Which state of an operator: they are in order of key groups, as backends store them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryKey {
    /// The key group.
    pub key_group: KeyGroup,
    /// The key, rendered.
    pub key: Name,
    /// The state's name.
    pub state: Name,
    /// The window that it belongs to, if it is a window's.
    pub window: Option<Span>,
}

impl EntryKey {
    /// Whether it is what has come into a window.
    pub fn is_window_contents(&self) -> bool {
        &*self.state == WINDOW_CONTENTS
    }
}

/// What a state holds for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The value, rendered.
    pub value: Name,
    /// Where it was last written; unset if it was only ever read.
    pub written: Option<Place>,
}

/// A timer that is set. They are in order of their times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// By whose time it fires.
    pub domain: TimeDomain,
    /// When it fires.
    pub timestamp: EventTime,
    /// The key group.
    pub key_group: KeyGroup,
    /// The key, rendered.
    pub key: Name,
    /// The window that it is set for, if it is a window's.
    pub window: Option<Span>,
}

/// What is no longer there, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone {
    /// A function cleared it, whether or not there was anything.
    Cleared(EntryKey),
    /// It was found to be there no more: its time to live is over.
    Expired(EntryKey),
    /// Contents of a window that has become part of another.
    Merged(EntryKey),
    /// A timer was taken back.
    Deleted(Timer),
    /// A timer fired.
    Fired(Timer),
}

/// Where an operator keeps its keyed state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenBackend {
    /// What kind of place it is.
    pub kind: StateBackendKind,
    /// The key groups whose state is there.
    pub key_groups: KeyGroupRange,
}

/// A key that has state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct KnownKey {
    key_group: KeyGroup,
    entries: usize,
}

/// The keyed state and the timers of one operator in one subtask.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperatorState {
    /// Where it is, if that was told.
    pub backend: Option<OpenBackend>,
    entries: RedBlackTreeMapSync<EntryKey, Entry>,
    keys: RedBlackTreeMapSync<Name, KnownKey>,
    /// Each timer with where it was set.
    timers: RedBlackTreeMapSync<Timer, Place>,
    /// Names of states, each kept once.
    names: BTreeSet<Name>,
    gone: VecDeque<(Place, Gone)>,
}

impl OperatorState {
    /// How much of what is gone is remembered.
    pub const GONE: usize = 64;

    /// What its states hold, in order of key groups and keys.
    pub fn entries(&self) -> impl Iterator<Item = (&EntryKey, &Entry)> {
        self.entries.iter()
    }

    /// How many entries its states have.
    pub fn entry_count(&self) -> usize {
        self.entries.size()
    }

    /// How many keys have state.
    pub fn key_count(&self) -> usize {
        self.keys.size()
    }

    /// The timers that are set, in order of their times, each with where it was set.
    pub fn timers(&self) -> impl Iterator<Item = (&Timer, Place)> {
        self.timers.iter().map(|(timer, set)| (timer, *set))
    }

    /// How many timers are set.
    pub fn timer_count(&self) -> usize {
        self.timers.size()
    }

    /// What has gone since the control event before its last going, the last of it at the end.
    pub fn gone(&self) -> impl ExactSizeIterator<Item = (Place, &Gone)> {
        self.gone.iter().map(|(place, gone)| (*place, gone))
    }

    fn name(&mut self, state: &str) -> Name {
        if let Some(known) = self.names.get(state) {
            return known.clone();
        }
        let name = Name::from(state);
        self.names.insert(name.clone());
        name
    }

    fn put(&mut self, of: EntryKey, entry: Entry) {
        // Most are there already, and need no look at the keys.
        if let Some(known) = self.entries.get_mut(&of) {
            *known = entry;
            return;
        }
        // A key is kept once, however many entries it has.
        let known = self.keys.get_key_value(&of.key).map(|(key, it)| (key.clone(), it.entries));
        let (key, entries) = known.unwrap_or_else(|| (of.key.clone(), 0));
        let known = KnownKey { key_group: of.key_group, entries: entries + 1 };
        self.keys.insert_mut(key.clone(), known);
        self.entries.insert_mut(EntryKey { key, ..of }, entry);
    }

    /// Says whether it was there.
    fn take(&mut self, of: &EntryKey) -> bool {
        let taken = self.entries.remove_mut(of);
        if taken && let Some(known) = self.keys.get_mut(&of.key) {
            known.entries -= 1;
            if known.entries == 0 {
                self.keys.remove_mut(&of.key);
            }
        }
        taken
    }

    fn lose(&mut self, at: Place, gone: Gone) {
        let is_over = self.gone.back().is_some_and(|(place, _)| place.step != at.step);
        if is_over {
            self.gone.clear();
        }
        if self.gone.len() == Self::GONE {
            self.gone.pop_front();
        }
        self.gone.push_back((at, gone));
    }

    fn read(&mut self, at: Place, of: EntryKey, value: Option<&String>) {
        match (value, self.entries.get(&of)) {
            (Some(value), Some(known)) if *known.value == **value => {}
            (Some(value), known) => {
                let written = known.and_then(|known| known.written);
                self.put(of, Entry { value: value.as_str().into(), written });
            }
            (None, _) => {
                if self.take(&of) {
                    self.lose(at, Gone::Expired(of));
                }
            }
        }
    }

    fn write(&mut self, at: Place, of: EntryKey, value: Option<&String>) {
        match value {
            Some(value) => {
                self.put(of, Entry { value: value.as_str().into(), written: Some(at) });
            }
            None => {
                self.take(&of);
                self.lose(at, Gone::Cleared(of));
            }
        }
    }

    /// The contents of windows that have become one are the new one's, which are told next.
    fn merge(&mut self, at: Place, key: &str, merged: &[Span]) {
        let known = self.keys.get_key_value(key);
        let Some((key, key_group)) = known.map(|(key, known)| (key.clone(), known.key_group))
        else {
            return;
        };
        let state = self.name(WINDOW_CONTENTS);
        for part in merged {
            let (key, state) = (key.clone(), state.clone());
            let of = EntryKey { key_group, key, state, window: Some(*part) };
            if self.take(&of) {
                self.lose(at, Gone::Merged(of));
            }
        }
    }
}

/// The keyed state and the timers of a job, by subtask and operator.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct States(BTreeMap<Name, BTreeMap<Name, OperatorState>>);

impl States {
    /// Those of a subtask, by the uids of its operators.
    pub fn of(&self, subtask: &str) -> impl Iterator<Item = (&Name, &OperatorState)> {
        self.0.get(subtask).into_iter().flatten()
    }

    /// Whether no operator is known to have any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets what an ended execution of `subtask` held.
    pub(super) fn reset(&mut self, subtask: &Name) {
        self.0.remove(subtask);
    }

    fn operator(&mut self, subtask: &Name, operator: &Name) -> &mut OperatorState {
        let operators = self.0.entry(subtask.clone()).or_default();
        operators.entry(operator.clone()).or_default()
    }

    pub(super) fn apply(&mut self, at: Place, event: &StateEvent) {
        match event {
            StateEvent::StateBackendOpened {
                subtask,
                operator,
                backend: kind,
                first_key_group: start,
                last_key_group: end,
                ..
            } => {
                let key_groups = KeyGroupRange { start: *start, end: *end };
                // Whatever was there before belonged to an execution of which no end was told.
                let backend = Some(OpenBackend { kind: *kind, key_groups });
                *self.operator(subtask, operator) =
                    OperatorState { backend, ..OperatorState::default() };
            }
            StateEvent::StateRead {
                subtask,
                operator,
                key_group,
                key,
                state,
                window,
                value,
                ..
            }
            | StateEvent::StateWritten {
                subtask,
                operator,
                key_group,
                key,
                state,
                window,
                value,
                ..
            } => {
                let operator = self.operator(subtask, operator);
                let (key, state) = (Name::from(key.as_str()), operator.name(state));
                let of = EntryKey { key_group: *key_group, key, state, window: *window };
                match event {
                    StateEvent::StateWritten { .. } => operator.write(at, of, value.as_ref()),
                    StateEvent::StateRead { .. } | StateEvent::StateBackendOpened { .. } => {
                        operator.read(at, of, value.as_ref());
                    }
                }
            }
        }
    }

    pub(super) fn apply_timer(&mut self, at: Place, event: &TimerEvent) {
        let (TimerEvent::TimerRegistered {
            subtask,
            operator,
            key_group,
            key,
            window,
            domain,
            timestamp,
            ..
        }
        | TimerEvent::TimerDeleted {
            subtask,
            operator,
            key_group,
            key,
            window,
            domain,
            timestamp,
            ..
        }
        | TimerEvent::TimerFired {
            subtask,
            operator,
            key_group,
            key,
            window,
            domain,
            timestamp,
            ..
        }) = event;
        let operator = self.operator(subtask, operator);
        let timer = Timer {
            domain: *domain,
            timestamp: *timestamp,
            key_group: *key_group,
            key: key.as_str().into(),
            window: *window,
        };
        if let TimerEvent::TimerRegistered { .. } = event {
            operator.timers.insert_mut(timer, at);
            return;
        }
        operator.timers.remove_mut(&timer);
        operator.lose(
            at,
            match event {
                TimerEvent::TimerFired { .. } => Gone::Fired(timer),
                TimerEvent::TimerDeleted { .. } | TimerEvent::TimerRegistered { .. } => {
                    Gone::Deleted(timer)
                }
            },
        );
    }

    /// What happens to windows moves what they hold.
    pub(super) fn apply_window(&mut self, at: Place, event: &WindowEvent) {
        match event {
            WindowEvent::WindowMerged { subtask, operator, key, merged, .. } => {
                let operators = self.0.get_mut(subtask);
                if let Some(state) = operators.and_then(|known| known.get_mut(operator)) {
                    state.merge(at, key, merged);
                }
            }
            // Of these the state is told by events of its own.
            WindowEvent::WindowCreated { .. }
            | WindowEvent::WindowFired { .. }
            | WindowEvent::WindowPurged { .. }
            | WindowEvent::WindowCleaned { .. }
            | WindowEvent::RecordLate { .. } => {}
        }
    }
}
