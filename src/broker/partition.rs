//! The log of one partition.
//!
//! Records and markers have offsets, one each. Up to the high watermark no crash can take them; up
//! to the last stable offset it is also decided what becomes of them, and the markers that say so
//! are below the high watermark. A producer's batches are numbered, so that one that comes again
//! is recognized.
//!
//! Unlike Kafka: a producer of which nothing is known begins at 0, since producers are never
//! forgotten here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::seams::ProducerFencing;
use crate::base::{Name, SimDuration, SimTime};
use crate::host::{
    Append, Fetched, IsolationLevel, LogError, LogOffsets, LogRecord, ProducerIdentity,
};
use crate::trace::TransactionResult;

/// How many batches of a producer are recognized when they come again, as in Kafka.
const REMEMBERED_BATCHES: usize = 5;

/// Records that were appended at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Who has appended them.
    pub producer: ProducerIdentity,
    /// The transactional id, if they belong to a transaction.
    pub transactional_id: Option<Name>,
    /// How many records this producer, of this epoch, had appended before.
    pub sequence: u64,
    /// When that was (`LogAppendTime`).
    pub appended_at: SimTime,
    /// The records, at least one.
    pub records: Arc<[LogRecord]>,
}

impl Batch {
    /// What is appended now.
    pub fn new(append: Append, now: SimTime) -> Self {
        let Append { to: _, producer, transactional_id, sequence, records } = append;
        Self { producer, transactional_id, sequence, appended_at: now, records }
    }
}

/// What a partition holds.
#[derive(Clone, Debug, PartialEq)]
enum Entry {
    Batch(Batch),
    Marker,
}

impl Entry {
    fn offsets(&self) -> u64 {
        match self {
            Self::Batch(batch) => batch.records.len() as u64,
            Self::Marker => 1,
        }
    }
}

/// A batch of which only its place is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Appended {
    sequence: u64,
    count: u64,
    offset: u64,
}

/// What is known of a producer.
#[derive(Clone, Debug, Default, PartialEq)]
struct Producer {
    epoch: u32,
    /// The sequence number of its next record.
    next: u64,
    /// Its last batches.
    last: VecDeque<Appended>,
}

impl Producer {
    /// A later epoch begins anew.
    fn advance(&mut self, epoch: u32) {
        if self.epoch < epoch {
            *self = Self { epoch, ..Self::default() };
        }
    }
}

/// A transaction of which no end is marked.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Open {
    /// The offset of its first record.
    first: u64,
    epoch: u32,
}

/// What is to be done with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is appended.
    New,
    /// It was, at this offset.
    Repeated(u64),
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartitionLog {
    /// By the offset of the first record.
    entries: BTreeMap<u64, Entry>,
    earliest: u64,
    end: u64,
    high_watermark: u64,
    producers: BTreeMap<u64, Producer>,
    /// By producer.
    open: BTreeMap<u64, Open>,
    /// By the offset of the marker: the first offset of a transaction whose marker a crash may
    /// still take.
    decided: BTreeMap<u64, u64>,
    /// By producer and first offset of an aborted transaction: the offset of its marker.
    aborted: BTreeMap<(u64, u64), u64>,
}

impl PartitionLog {
    /// The offset behind the last entry, durable or not.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Behind the last offset that no crash can take.
    pub fn high_watermark(&self) -> u64 {
        self.high_watermark
    }

    /// Behind the last offset of which it is decided, durably, what becomes of it.
    pub fn last_stable(&self) -> u64 {
        let open = self.open.values().map(|open| open.first);
        let unstable = open.chain(self.decided.values().copied()).min();
        unstable.map_or(self.high_watermark, |first| first.min(self.high_watermark))
    }

    /// Where the log begins and ends for a reader.
    pub fn offsets(&self, isolation: IsolationLevel) -> LogOffsets {
        let latest = match isolation {
            IsolationLevel::ReadUncommitted => self.high_watermark,
            IsolationLevel::ReadCommitted => self.last_stable(),
        };
        LogOffsets { earliest: self.earliest, latest }
    }

    /// The latest epoch of a producer that was seen here.
    pub fn epoch(&self, producer: u64) -> Option<u32> {
        self.producers.get(&producer).map(|known| known.epoch)
    }

    /// Whether a transaction of this producer, of this epoch, is open here.
    pub fn is_open(&self, producer: ProducerIdentity) -> bool {
        self.open.get(&producer.id).is_some_and(|open| open.epoch == producer.epoch)
    }

    /// Whether a transaction of this producer, of any epoch, is open here.
    pub fn has_open(&self, producer: u64) -> bool {
        self.open.contains_key(&producer)
    }

    /// Whether a batch may be appended.
    pub fn admit(
        &self,
        append: &Append,
        fencing: &dyn ProducerFencing,
    ) -> Result<Admission, LogError> {
        let Append { producer, sequence, records, .. } = append;
        let in_order = |next| {
            if *sequence == next { Ok(Admission::New) } else { Err(LogError::OutOfOrderSequence) }
        };
        let Some(known) = self.producers.get(&producer.id) else { return in_order(0) };
        if !fencing.admits(producer.epoch, known.epoch) {
            return Err(LogError::InvalidProducerEpoch);
        }
        match producer.epoch.cmp(&known.epoch) {
            // Nothing is known any more of what it had appended.
            std::cmp::Ordering::Less => Ok(Admission::New),
            std::cmp::Ordering::Greater => in_order(0),
            std::cmp::Ordering::Equal => {
                let count = records.len() as u64;
                let is_it = |it: &&Appended| it.sequence == *sequence && it.count == count;
                match known.last.iter().find(is_it) {
                    Some(appended) => Ok(Admission::Repeated(appended.offset)),
                    None => in_order(known.next),
                }
            }
        }
    }

    /// Appends a batch that was admitted.
    pub(super) fn append(&mut self, batch: Batch) {
        let ProducerIdentity { id, epoch } = batch.producer;
        let (offset, count) = (self.end, batch.records.len() as u64);
        let producer = self.producers.entry(id).or_default();
        producer.advance(epoch);
        if producer.epoch == epoch {
            producer.next = batch.sequence + count;
            producer.last.push_back(Appended { sequence: batch.sequence, count, offset });
            if producer.last.len() > REMEMBERED_BATCHES {
                producer.last.pop_front();
            }
        }
        if batch.transactional_id.is_some() {
            self.open.entry(id).or_insert(Open { first: offset, epoch });
        }
        self.entries.insert(offset, Entry::Batch(batch));
        self.end += count;
    }

    /// Marks the end of the open transaction of a producer.
    pub(super) fn mark(&mut self, producer: ProducerIdentity, result: TransactionResult) {
        let offset = self.end;
        self.producers.entry(producer.id).or_default().advance(producer.epoch);
        if let Some(Open { first, .. }) = self.open.remove(&producer.id) {
            self.decided.insert(offset, first);
            match result {
                TransactionResult::Commit => {}
                TransactionResult::Abort => {
                    self.aborted.insert((producer.id, first), offset);
                }
            }
        }
        self.entries.insert(offset, Entry::Marker);
        self.end += 1;
    }

    /// No crash can take what is below `offset`.
    pub fn advance_high_watermark(&mut self, offset: u64) {
        self.high_watermark = self.high_watermark.max(offset.min(self.end));
        self.decided = self.decided.split_off(&self.high_watermark);
    }

    /// Up to where everything is older than `retention`, and stable.
    ///
    /// Unlike Kafka: what goes are batches, not segments of many of them; and what is not decided
    /// yet stays, however old.
    pub fn expired(&self, now: SimTime, retention: SimDuration) -> u64 {
        let is_young = |entry: &Entry| match entry {
            Entry::Batch(batch) => batch.appended_at + retention > now,
            // It goes with what is around it.
            Entry::Marker => false,
        };
        let young = self.entries.iter().find(|(_, entry)| is_young(entry));
        let expired = young.map_or(self.end, |(first, _)| *first);
        expired.min(self.last_stable()).max(self.earliest)
    }

    /// Removes what is below `offset`, of which it was decided that it goes. No question of what is
    /// stable here: when entries are read again, nothing is yet.
    pub(super) fn delete_before(&mut self, offset: u64) {
        let offset = offset.min(self.end);
        if offset <= self.earliest {
            return;
        }
        self.earliest = offset;
        self.entries.retain(|first, entry| first + entry.offsets() > offset);
        self.aborted.retain(|_, marker| *marker >= offset);
    }

    /// Reads up to `at_most` records from a position on.
    pub fn fetch(
        &self,
        position: u64,
        isolation: IsolationLevel,
        at_most: u32,
    ) -> Result<Fetched, LogError> {
        if position < self.earliest || position > self.high_watermark {
            return Err(LogError::OffsetOutOfRange);
        }
        let latest = self.offsets(isolation).latest;
        let mut fetched = Fetched { records: Vec::new(), next: position };
        let first = self.entries.range(..=position).next_back().map_or(position, |(at, _)| *at);
        for (&base, entry) in self.entries.range(first..) {
            if base >= latest {
                break;
            }
            if let Entry::Batch(batch) = entry
                && self.is_visible(base, batch, isolation)
            {
                for (offset, record) in (base..).zip(batch.records.iter()) {
                    if offset < position {
                        continue;
                    }
                    if fetched.records.len() as u64 == u64::from(at_most) {
                        return Ok(fetched);
                    }
                    fetched.records.push((offset, record.clone()));
                    fetched.next = offset + 1;
                }
            }
            fetched.next = fetched.next.max(base + entry.offsets());
        }
        Ok(fetched)
    }

    fn is_visible(&self, base: u64, batch: &Batch, isolation: IsolationLevel) -> bool {
        match isolation {
            IsolationLevel::ReadUncommitted => true,
            IsolationLevel::ReadCommitted if batch.transactional_id.is_none() => true,
            IsolationLevel::ReadCommitted => {
                let id = batch.producer.id;
                let before = self.aborted.range((id, 0)..=(id, base)).next_back();
                before.is_none_or(|(_, marker)| *marker < base)
            }
        }
    }
}
