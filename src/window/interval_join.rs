//! Interval join: pairs of records whose timestamps are near, Flink's `IntervalJoinOperator`.
//!
//! A record of the left side meets those of the right from `lower_bound` to `upper_bound` after it.
//! Each side is buffered by key and time until the other side's watermark has passed all that a
//! record could meet; timers then remove it. A record behind the watermark meets nothing and is
//! late.
//!
//! Invariants: a pair is emitted once, when its second record comes; its timestamp is the later of
//! the two; a buffered record has a cleanup timer.
//!
//! Unlike Flink: the partners of one record come in order of time. There it is the order of a hash
//! map (or, in RocksDB, of serialized keys).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{StreamRecord, WindowError};
use crate::base::EventTime;
use crate::record::{Key, KeyGroupRange, shown_list, shown_map};
use crate::state::KeyedStore;
use crate::time::{ChangedTimer, InternalTimerService, TimersSnapshot};

/// A side of the join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum JoinSide {
    /// The side that bounds are relative to.
    Left,
    /// The other.
    Right,
}

/// How far after a left record a right one may be, in milliseconds; by itself, with both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntervalBounds {
    /// At least so much; may be negative.
    pub lower: i64,
    /// At most so much; may be negative.
    pub upper: i64,
    /// Whether `lower` itself is too little.
    pub lower_exclusive: bool,
    /// Whether `upper` itself is too much.
    pub upper_exclusive: bool,
}

/// What is buffered of one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalBuffers<L, R> {
    left: BTreeMap<EventTime, Vec<L>>,
    right: BTreeMap<EventTime, Vec<R>>,
}

impl<L, R> Default for IntervalBuffers<L, R> {
    fn default() -> Self {
        Self { left: BTreeMap::new(), right: BTreeMap::new() }
    }
}

/// Takes what an interval join emits, in order.
pub trait IntervalOutput<L, R> {
    /// Takes a pair, with the timestamps of both.
    fn pair(&mut self, left: (&L, EventTime), right: (&R, EventTime));
    /// Takes a late record of the left side.
    fn late_left(&mut self, record: StreamRecord<L>);
    /// Takes a late record of the right side.
    fn late_right(&mut self, record: StreamRecord<R>);
    /// Whether it wants to hear of buffers and timers, which takes time to tell.
    fn watches(&self) -> bool {
        false
    }
    /// Hears how a key's buffer was used: what it holds now, shown to a person; none if nothing.
    fn observe_buffer<K: Key>(&mut self, _of: (i32, &K), _side: JoinSide, _used: BufferUse) {}
    /// Hears of what becomes of a timer.
    fn observe_timer<K: Key>(&mut self, _changed: &ChangedTimer<K, JoinSide>) {}
}

/// A use of a buffer: whether it was changed, and what it holds.
pub type BufferUse = (bool, Option<String>);

impl<L: fmt::Debug, R: fmt::Debug> IntervalBuffers<L, R> {
    /// Tells that one side was changed, and the other read if it was.
    fn tell<K: Key>(
        &self,
        of: (i32, &K),
        (changed, reads): (JoinSide, bool),
        output: &mut impl IntervalOutput<L, R>,
    ) {
        if !output.watches() {
            return;
        }
        for side in [JoinSide::Left, JoinSide::Right] {
            if side == changed || reads {
                let value = match side {
                    JoinSide::Left => buffer_shown(&self.left),
                    JoinSide::Right => buffer_shown(&self.right),
                };
                output.observe_buffer(of, side, (side == changed, value));
            }
        }
    }
}

fn buffer_shown<T: fmt::Debug>(buffer: &BTreeMap<EventTime, Vec<T>>) -> Option<String> {
    let entries = buffer.iter().map(|(at, bucket)| (at.0, shown_list(bucket)));
    (!buffer.is_empty()).then(|| shown_map(entries))
}

/// See the module. `S` holds the buffers, by key.
pub struct IntervalJoinOperator<K, L, R, S> {
    lower: i64,
    upper: i64,
    store: S,
    timers: InternalTimerService<K, JoinSide>,
    current_watermark: EventTime,
    sides: std::marker::PhantomData<(L, R)>,
}

impl<K, L, R, S> IntervalJoinOperator<K, L, R, S>
where
    K: Key,
    L: Clone + fmt::Debug,
    R: Clone + fmt::Debug,
    S: KeyedStore<K, IntervalBuffers<L, R>>,
{
    /// An operator with empty buffers.
    pub fn new(bounds: IntervalBounds, store: S) -> Result<Self, WindowError> {
        if bounds.lower > bounds.upper {
            return Err(WindowError::IntervalBounds);
        }
        Ok(Self {
            lower: bounds.lower.saturating_add(i64::from(bounds.lower_exclusive)),
            upper: bounds.upper.saturating_sub(i64::from(bounds.upper_exclusive)),
            store,
            timers: InternalTimerService::new(),
            current_watermark: EventTime::NONE,
            sides: std::marker::PhantomData,
        })
    }

    /// The buffers, by key.
    pub fn store(&mut self) -> &mut S {
        &mut self.store
    }

    /// Tells the output from now on what becomes of timers.
    pub fn watch_timers(&mut self) {
        self.timers.watch();
    }

    fn tell_timers(&mut self, output: &mut impl IntervalOutput<L, R>) {
        for changed in self.timers.take_changes() {
            output.observe_timer(&changed);
        }
    }

    /// The timers.
    pub fn timers(&self) -> &InternalTimerService<K, JoinSide> {
        &self.timers
    }

    /// The timers, to take them over from a checkpoint.
    pub fn timers_mut(&mut self) -> &mut InternalTimerService<K, JoinSide> {
        &mut self.timers
    }

    /// Takes the timers of the key groups in `range` back from a snapshot.
    pub fn restore_timers(&mut self, range: KeyGroupRange, snapshot: TimersSnapshot<K, JoinSide>) {
        self.timers.restore(range, snapshot);
    }

    /// Takes a record of the left side in.
    pub fn process_left(
        &mut self,
        hash_code: i32,
        key: &K,
        record: StreamRecord<L>,
        output: &mut impl IntervalOutput<L, R>,
    ) -> Result<(), WindowError> {
        if self.is_late(record.timestamp)? {
            output.late_left(record);
            return Ok(());
        }
        let StreamRecord { value, timestamp, id: _ } = record;
        let (from, to) = (later(timestamp, self.lower), later(timestamp, self.upper));
        let buffers = self.buffers(hash_code, key);
        if from <= to {
            for (&other, bucket) in buffers.right.range(from..=to) {
                for right in bucket {
                    output.pair((&value, timestamp), (right, other));
                }
            }
        }
        buffers.left.entry(timestamp).or_default().push(value);
        buffers.tell((hash_code, key), (JoinSide::Left, true), output);
        let cleanup_time = later(timestamp, self.upper.max(0));
        self.timers.register_event_time(cleanup_time, hash_code, key.clone(), JoinSide::Left);
        self.tell_timers(output);
        Ok(())
    }

    /// Takes a record of the right side in.
    pub fn process_right(
        &mut self,
        hash_code: i32,
        key: &K,
        record: StreamRecord<R>,
        output: &mut impl IntervalOutput<L, R>,
    ) -> Result<(), WindowError> {
        if self.is_late(record.timestamp)? {
            output.late_right(record);
            return Ok(());
        }
        let StreamRecord { value, timestamp, id: _ } = record;
        let (from, to) = (earlier(timestamp, self.upper), earlier(timestamp, self.lower));
        let buffers = self.buffers(hash_code, key);
        if from <= to {
            for (&other, bucket) in buffers.left.range(from..=to) {
                for left in bucket {
                    output.pair((left, other), (&value, timestamp));
                }
            }
        }
        buffers.right.entry(timestamp).or_default().push(value);
        buffers.tell((hash_code, key), (JoinSide::Right, true), output);
        let cleanup_time = earlier(timestamp, self.lower.min(0));
        self.timers.register_event_time(cleanup_time, hash_code, key.clone(), JoinSide::Right);
        self.tell_timers(output);
        Ok(())
    }

    /// Moves event time on; buffers are cleaned by [`IntervalJoinOperator::clean_one`].
    pub fn start_watermark(&mut self, watermark: EventTime) {
        self.current_watermark = watermark;
    }

    /// Removes what one cleanup timer that is due names; false if none is due.
    pub fn clean_one(&mut self, output: &mut impl IntervalOutput<L, R>) -> bool {
        let Some(timer) = self.timers.pop_due_event(self.current_watermark) else { return false };
        self.tell_timers(output);
        let (lower, upper) = (self.lower, self.upper);
        let is_key = |key: &K| key.same(&timer.key);
        if let Some((_, buffers)) = self.store.find(timer.hash_code, is_key, || timer.key.clone()) {
            match timer.namespace {
                JoinSide::Left => {
                    buffers.left.remove(&earlier(timer.timestamp, upper.max(0)));
                }
                JoinSide::Right => {
                    buffers.right.remove(&later(timer.timestamp, lower.min(0)));
                }
            }
            let of = (timer.hash_code, &timer.key);
            buffers.tell(of, (timer.namespace, false), output);
            if buffers.left.is_empty() && buffers.right.is_empty() {
                self.store.remove(timer.hash_code, &timer.key);
            }
        }
        true
    }

    /// Moves event time on and removes all that nothing can meet any more.
    pub fn advance_watermark(
        &mut self,
        watermark: EventTime,
        output: &mut impl IntervalOutput<L, R>,
    ) {
        self.start_watermark(watermark);
        while self.clean_one(output) {}
    }

    fn buffers(&mut self, hash_code: i32, key: &K) -> &mut IntervalBuffers<L, R> {
        let is_key = |found: &K| found.same(key);
        self.store.find_or_insert(hash_code, is_key, || key.clone(), IntervalBuffers::default).1
    }

    fn is_late(&self, timestamp: EventTime) -> Result<bool, WindowError> {
        if timestamp == EventTime::NONE {
            return Err(WindowError::IntervalNoTimestamp);
        }
        Ok(timestamp < self.current_watermark)
    }
}

fn later(time: EventTime, by: i64) -> EventTime {
    EventTime(time.0.saturating_add(by))
}

fn earlier(time: EventTime, by: i64) -> EventTime {
    EventTime(time.0.saturating_sub(by))
}
