//! The transactional log: what is in its partitions, and which transactions hold its readers up.
//!
//! Only what is durable is told, so that nothing here is lost when a broker crashes.
//!
//! Invariant: what is said of markers is never taken back, so that the whole of a partition can be
//! drawn. The map of them is persistent: a key frame shares with the next what both have.

use std::collections::{BTreeMap, BTreeSet};

use rpds::RedBlackTreeMapSync;

use super::Seen;
use crate::base::Name;
use crate::trace::{LogEvent, TransactionResult};

/// Offsets of a partition: from the first to behind the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetRange {
    /// The first.
    pub from: u64,
    /// That behind the last.
    pub to: u64,
}

/// A transaction that has not ended in a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenTransaction {
    /// Its producer, once it has appended something.
    pub producer: Option<u64>,
    /// Where its records are, in order.
    pub ranges: Vec<OffsetRange>,
    /// How it will end, once that is decided.
    pub decided: Option<TransactionResult>,
    /// Whether it was open for too long.
    pub expired: bool,
}

impl OpenTransaction {
    /// How many records it has.
    pub fn records(&self) -> u64 {
        self.ranges.iter().map(|range| range.to.saturating_sub(range.from)).sum()
    }

    fn extend(&mut self, range: OffsetRange) {
        match self.ranges.last_mut() {
            Some(last) if last.to == range.from => last.to = range.to,
            Some(_) | None => self.ranges.push(range),
        }
    }
}

/// The end of a transaction in a partition. Its offset is its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The transaction, if its beginning was told.
    pub transactional_id: Option<Name>,
    /// How it has ended.
    pub result: TransactionResult,
    /// Where its records are.
    pub ranges: Vec<OffsetRange>,
}

/// A partition of a topic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogPartition {
    /// The offset of the first record that was not deleted.
    pub begin: u64,
    /// The offset behind the last record or marker.
    pub end: u64,
    /// How far readers of what is committed can read.
    pub stable: u64,
    /// The transactions that have not ended in it, by transactional id.
    pub open: BTreeMap<Name, OpenTransaction>,
    markers: RedBlackTreeMapSync<u64, Marker>,
}

impl LogPartition {
    /// The ends of transactions in it, by their offsets.
    pub fn markers(&self) -> impl DoubleEndedIterator<Item = (u64, &Marker)> {
        self.markers.iter().map(|(offset, marker)| (*offset, marker))
    }

    fn mark(&mut self, producer: u64, result: TransactionResult, offset: u64) {
        let of = self.open.iter().find(|(_, open)| open.producer == Some(producer));
        let id = of.map(|(id, _)| id.clone());
        let ended = id.as_ref().and_then(|id| self.open.remove(id));
        let ranges = ended.map(|ended| ended.ranges).unwrap_or_default();
        self.markers.insert_mut(offset, Marker { transactional_id: id, result, ranges });
        self.end = self.end.max(offset.saturating_add(1));
    }
}

/// A producer, by its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Producer {
    /// Its transactional id, empty without one.
    pub transactional_id: Name,
    /// Which of those with that number is the latest.
    pub epoch: u32,
}

/// The transactional log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// By topic and partition.
    pub partitions: BTreeMap<(Name, u16), LogPartition>,
    /// By number.
    pub producers: BTreeMap<u64, Producer>,
    /// How often something of a producer that was replaced was refused.
    pub fenced: u64,
    /// How many transactions were open for too long.
    pub expired: u64,
    /// How often records were refused.
    pub refused: u64,
    /// Why that was so, the last time.
    pub refusal: Option<Name>,
    /// How often a broker has read its log again.
    pub recovered: u64,
    /// How many bytes at the ends of logs were torn and cut off.
    pub torn_bytes: u64,
}

impl Log {
    fn partition(&mut self, topic: &Name, partition: u16) -> &mut LogPartition {
        self.partitions.entry((topic.clone(), partition)).or_default()
    }

    /// The transaction `id` wherever it is open.
    fn open_mut<'a>(&'a mut self, id: &'a Name) -> impl Iterator<Item = &'a mut OpenTransaction> {
        self.partitions.values_mut().filter_map(|partition| partition.open.get_mut(id))
    }

    /// The transactions that are open in some partition.
    pub fn open(&self) -> BTreeSet<&Name> {
        self.partitions.values().flat_map(|partition| partition.open.keys()).collect()
    }

    pub(super) fn apply(&mut self, event: &LogEvent) -> Seen {
        match event {
            LogEvent::LogRecovered { torn_bytes, .. } => {
                self.recovered += 1;
                self.torn_bytes = self.torn_bytes.saturating_add(*torn_bytes);
            }
            LogEvent::ProducerInitialized { transactional_id, producer, epoch } => {
                let new = Producer { transactional_id: transactional_id.clone(), epoch: *epoch };
                self.producers.insert(*producer, new);
            }
            LogEvent::ProducerFenced { transactional_id, producer, current, .. } => {
                self.fenced += 1;
                let transactional_id = transactional_id.clone();
                let new = Producer { transactional_id, epoch: *current };
                self.producers.insert(*producer, new);
            }
            LogEvent::RecordsAppended {
                topic,
                partition,
                producer,
                transactional_id,
                from,
                to,
                ..
            } => {
                let log = self.partition(topic, *partition);
                log.end = log.end.max(*to);
                if !transactional_id.is_empty() {
                    let open = log.open.entry(transactional_id.clone()).or_default();
                    open.producer = Some(*producer);
                    open.extend(OffsetRange { from: *from, to: *to });
                }
            }
            LogEvent::AppendRefused { cause, .. } => {
                self.refused += 1;
                self.refusal = Some(cause.clone());
            }
            LogEvent::PartitionJoined { transactional_id, topic, partition } => {
                let log = self.partition(topic, *partition);
                log.open.entry(transactional_id.clone()).or_default();
            }
            LogEvent::TransactionDecided { transactional_id, producer, result, .. } => {
                for open in self.open_mut(transactional_id) {
                    // Its partitions may have got no record of it, and be marked all the same.
                    open.producer = Some(*producer);
                    open.decided = Some(*result);
                }
            }
            LogEvent::TransactionExpired { transactional_id, .. } => {
                self.expired += 1;
                self.open_mut(transactional_id).for_each(|open| open.expired = true);
            }
            LogEvent::MarkerWritten { topic, partition, producer, result, offset } => {
                self.partition(topic, *partition).mark(*producer, *result, *offset);
            }
            LogEvent::TransactionEnded { transactional_id, .. } => {
                let mut seen = Seen::No;
                for partition in self.partitions.values_mut() {
                    if partition.open.remove(transactional_id).is_some() {
                        seen = Seen::Yes;
                    }
                }
                return seen;
            }
            LogEvent::StableOffsetAdvanced { topic, partition, offset } => {
                self.partition(topic, *partition).stable = *offset;
            }
            LogEvent::RecordsDeleted { topic, partition, to, .. } => {
                self.partition(topic, *partition).begin = *to;
            }
            LogEvent::PartitionsAdded { topic, partitions } => {
                for partition in 0..*partitions {
                    self.partition(topic, partition);
                }
            }
            // What a source makes of it shows in its positions.
            LogEvent::PartitionDiscovered { .. } | LogEvent::PositionReset { .. } => {
                return Seen::No;
            }
        }
        Seen::Yes
    }
}
