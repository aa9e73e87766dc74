//! The timers of a keyed operator: Flink's `InternalTimerService` on heap timers.
//!
//! An operator registers a time for a key and a namespace (a window, or `()`), and takes out what
//! is due one timer at a time, so that a watermark which fires a hundred thousand of them can be
//! interrupted between any two. A timer registered twice fires once. Timers that are registered
//! while others fire take part at once: one that is already due fires under the same watermark.
//!
//! Invariant: event time and processing time are two separate sets; a timer of one is never seen
//! by the other.
//!
//! Previous: the valve and the multi-input merge say how far time is. Next: window operators and
//! process functions.

use serde::{Deserialize, Serialize};

use super::heap_set::HeapSet;
use crate::base::{EventTime, TimeDomain};
use crate::record::{Key, KeyGroup, KeyGroupRange, key_group};

/// A timer: a key wants to be called at a time, on behalf of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer<K, N> {
    /// When.
    pub timestamp: EventTime,
    /// The Java hash of the key, kept so that it is computed once.
    pub hash_code: i32,
    /// For whom.
    pub key: K,
    /// On behalf of what: a window, or nothing.
    pub namespace: N,
}

/// What happens to a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerChange {
    /// It is set.
    Registered,
    /// It is taken back.
    Deleted,
    /// Its time has come.
    Fired,
}

/// The timers of one key group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyGroupTimers<K, N> {
    /// The key group.
    pub key_group: KeyGroup,
    /// Its event-time timers, in the order of the heap's array.
    pub event_time: Vec<Timer<K, N>>,
    /// Its processing-time timers, in the order of the heap's array.
    pub processing_time: Vec<Timer<K, N>>,
}

/// The timers of a subtask by key group, ascending; groups without timers are left out.
pub type TimersSnapshot<K, N> = Vec<KeyGroupTimers<K, N>>;

/// See the module.
#[derive(Debug)]
pub struct InternalTimerService<K, N> {
    event_time: HeapSet<K, N>,
    processing_time: HeapSet<K, N>,
    /// What became of timers since the last look, if anybody wants to know.
    changes: Option<Vec<ChangedTimer<K, N>>>,
}

/// A timer, by whose time it fires, and what became of it.
pub type ChangedTimer<K, N> = (Timer<K, N>, TimeDomain, TimerChange);

impl<K: Key, N: PartialEq + Clone> Default for InternalTimerService<K, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Key, N: PartialEq + Clone> InternalTimerService<K, N> {
    /// No timers.
    pub fn new() -> Self {
        Self { event_time: HeapSet::new(), processing_time: HeapSet::new(), changes: None }
    }

    /// Remembers from now on what becomes of timers, for [`Self::take_changes`].
    pub fn watch(&mut self) {
        self.changes = Some(Vec::new());
    }

    /// What became of timers since the last call, in order.
    pub fn take_changes(&mut self) -> Vec<ChangedTimer<K, N>> {
        self.changes.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Registers an event-time timer; false if it was there already.
    pub fn register_event_time(
        &mut self,
        timestamp: EventTime,
        hash_code: i32,
        key: K,
        namespace: N,
    ) -> bool {
        self.register(TimeDomain::EventTime, Timer { timestamp, hash_code, key, namespace })
    }

    /// Registers a processing-time timer; false if it was there already.
    pub fn register_processing_time(
        &mut self,
        timestamp: EventTime,
        hash_code: i32,
        key: K,
        namespace: N,
    ) -> bool {
        self.register(TimeDomain::ProcessingTime, Timer { timestamp, hash_code, key, namespace })
    }

    #[inline]
    fn register(&mut self, domain: TimeDomain, timer: Timer<K, N>) -> bool {
        let timers = match domain {
            TimeDomain::EventTime => &mut self.event_time,
            TimeDomain::ProcessingTime => &mut self.processing_time,
        };
        match &mut self.changes {
            None => timers.add(timer),
            Some(changes) => {
                let is_new = timers.add(timer.clone());
                if is_new {
                    changes.push((timer, domain, TimerChange::Registered));
                }
                is_new
            }
        }
    }

    #[inline]
    fn delete(
        &mut self,
        domain: TimeDomain,
        timestamp: EventTime,
        hash_code: i32,
        key: &K,
        namespace: &N,
    ) -> bool {
        let timers = match domain {
            TimeDomain::EventTime => &mut self.event_time,
            TimeDomain::ProcessingTime => &mut self.processing_time,
        };
        let was_there = timers.remove(timestamp, hash_code, key, namespace);
        if let (true, Some(changes)) = (was_there, &mut self.changes) {
            let (key, namespace) = (key.clone(), namespace.clone());
            let timer = Timer { timestamp, hash_code, key, namespace };
            changes.push((timer, domain, TimerChange::Deleted));
        }
        was_there
    }

    #[inline]
    fn fired(&mut self, domain: TimeDomain, timer: Option<Timer<K, N>>) -> Option<Timer<K, N>> {
        if let (Some(timer), Some(changes)) = (&timer, &mut self.changes) {
            changes.push((timer.clone(), domain, TimerChange::Fired));
        }
        timer
    }

    /// Deletes an event-time timer; false if there was none.
    pub fn delete_event_time(
        &mut self,
        timestamp: EventTime,
        hash_code: i32,
        key: &K,
        namespace: &N,
    ) -> bool {
        self.delete(TimeDomain::EventTime, timestamp, hash_code, key, namespace)
    }

    /// Deletes a processing-time timer; false if there was none.
    pub fn delete_processing_time(
        &mut self,
        timestamp: EventTime,
        hash_code: i32,
        key: &K,
        namespace: &N,
    ) -> bool {
        self.delete(TimeDomain::ProcessingTime, timestamp, hash_code, key, namespace)
    }

    /// Takes out the next event-time timer that is due at `watermark`.
    #[inline]
    pub fn pop_due_event(&mut self, watermark: EventTime) -> Option<Timer<K, N>> {
        if self.next_event_time()? > watermark {
            return None;
        }
        let timer = self.event_time.poll();
        self.fired(TimeDomain::EventTime, timer)
    }

    /// Takes out the next processing-time timer that is due at `now`.
    #[inline]
    pub fn pop_due_processing(&mut self, now: EventTime) -> Option<Timer<K, N>> {
        if self.next_processing_time()? > now {
            return None;
        }
        let timer = self.processing_time.poll();
        self.fired(TimeDomain::ProcessingTime, timer)
    }

    /// When the next event-time timer is due.
    #[inline]
    pub fn next_event_time(&self) -> Option<EventTime> {
        self.event_time.next_timestamp()
    }

    /// When the next processing-time timer is due: for which moment to arm the clock.
    #[inline]
    pub fn next_processing_time(&self) -> Option<EventTime> {
        self.processing_time.next_timestamp()
    }

    /// How many event-time timers there are.
    pub fn event_time_len(&self) -> usize {
        self.event_time.len()
    }

    /// How many processing-time timers there are.
    pub fn processing_time_len(&self) -> usize {
        self.processing_time.len()
    }

    /// How many timers there are of both kinds.
    pub fn len(&self) -> usize {
        self.event_time.len() + self.processing_time.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory that the timers take, without what keys and namespaces own elsewhere.
    pub fn memory(&self) -> usize {
        self.event_time.memory() + self.processing_time.memory()
    }
}

impl<K: Key, N: PartialEq + Clone> InternalTimerService<K, N> {
    /// All timers by key group, each group in the order of the heap's array, as Flink writes them:
    /// only so do timers of equal time leave in Flink's order after a restore.
    pub fn snapshot(&self, max_parallelism: u32) -> TimersSnapshot<K, N> {
        let mut groups = std::collections::BTreeMap::new();
        for (set, is_event_time) in [(&self.event_time, true), (&self.processing_time, false)] {
            for (timestamp, hash_code, key, namespace) in set.iter() {
                let key_group = key_group::assign(hash_code, max_parallelism);
                let group = groups.entry(key_group).or_insert_with(|| KeyGroupTimers {
                    key_group,
                    event_time: Vec::new(),
                    processing_time: Vec::new(),
                });
                let list =
                    if is_event_time { &mut group.event_time } else { &mut group.processing_time };
                let (key, namespace) = (key.clone(), namespace.clone());
                list.push(Timer { timestamp, hash_code, key, namespace });
            }
        }
        groups.into_values().collect()
    }

    /// Adds the timers of those groups of a snapshot that lie in `range`, one by one and group by
    /// group, as Flink does.
    pub fn restore(&mut self, range: KeyGroupRange, snapshot: TimersSnapshot<K, N>) {
        for group in snapshot.into_iter().filter(|group| range.contains(group.key_group)) {
            for timer in group.event_time {
                self.event_time.add(timer);
            }
            for timer in group.processing_time {
                self.processing_time.add(timer);
            }
        }
    }
}
