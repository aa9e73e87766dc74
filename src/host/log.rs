//! A node's way to the transactional log: topics of partitions, each a sequence of records that is
//! only ever appended to (Apache Kafka's, in its terms).
//!
//! A producer that is not transactional is idempotent: its records carry sequence numbers, so that
//! what is sent again is there once. One with a transactional id appends to several partitions as
//! one: its records become visible to readers of what is committed all together, or never. Whoever
//! initializes the same transactional id again fences the producer before.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use thiserror::Error;

use crate::base::{EventTime, Name, SimDuration};
use crate::record::Row;
pub use crate::trace::TransactionResult;

/// A partition of a topic.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct TopicPartition {
    /// The topic.
    pub topic: Name,
    /// The partition, from 0.
    pub partition: u16,
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// Who appends.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct ProducerIdentity {
    /// Its number (`producer.id`).
    pub id: u64,
    /// Which of those that had this number it is: the latest counts.
    pub epoch: u32,
}

impl fmt::Display for ProducerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.id, self.epoch)
    }
}

/// A record of a partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRecord {
    /// What it says.
    pub row: Row,
    /// When that happened, if that is known.
    pub timestamp: Option<EventTime>,
}

/// Records on their way into a partition.
#[derive(Clone, Debug)]
pub struct Append {
    /// Where they go.
    pub to: TopicPartition,
    /// Who appends.
    pub producer: ProducerIdentity,
    /// The transactional id, if they belong to a transaction. The partition joins it by itself.
    pub transactional_id: Option<Name>,
    /// How many records this producer, of this epoch, has appended to the partition before.
    pub sequence: u64,
    /// The records.
    pub records: Arc<[LogRecord]>,
}

/// What a reader sees (`isolation.level`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum IsolationLevel {
    /// All that was appended, in open and aborted transactions too.
    ReadUncommitted,
    /// What is committed, up to the last stable offset: the first record of the oldest transaction
    /// that is open.
    #[default]
    ReadCommitted,
}

/// What was read of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Records with their offsets.
    pub records: Vec<(u64, LogRecord)>,
    /// Where to go on: behind what was read, and behind what is not for this reader.
    pub next: u64,
}

/// The ends of a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogOffsets {
    /// The first record that is still there.
    pub earliest: u64,
    /// Behind the last record that this reader may see.
    pub latest: u64,
}

/// Why the log refuses, in the terms of Kafka's errors.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LogError {
    /// There is no such partition.
    #[error("UNKNOWN_TOPIC_OR_PARTITION: there is no {0}")]
    UnknownTopicOrPartition(String),
    /// A topic cannot have fewer partitions than it has.
    #[error(
        "INVALID_PARTITIONS: the topic has {present} partitions, which is more than the requested \
         {requested}"
    )]
    InvalidPartitions {
        /// How many it has.
        present: u16,
        /// How many it was to have.
        requested: u16,
    },
    /// Another producer has the same transactional id, with a later epoch.
    #[error("PRODUCER_FENCED: there is a newer producer with the same transactional id")]
    ProducerFenced,
    /// A later epoch of the producer has been seen.
    #[error("INVALID_PRODUCER_EPOCH: the producer attempted to produce with an old epoch")]
    InvalidProducerEpoch,
    /// Records are missing between the last ones and these.
    #[error("OUT_OF_ORDER_SEQUENCE_NUMBER: the producer's records are not in order")]
    OutOfOrderSequence,
    /// The transaction is not in a state in which that can be done.
    #[error(
        "INVALID_TXN_STATE: the producer attempted a transactional operation in an invalid state"
    )]
    InvalidTransactionState,
    /// The coordinator does not know the transactional id, or not with this producer.
    #[error("INVALID_PRODUCER_ID_MAPPING: the producer is not assigned to its transactional id")]
    InvalidProducerIdMapping,
    /// The position is before the first record that is left, or behind the last.
    #[error("OFFSET_OUT_OF_RANGE: the offset is not within those of the partition")]
    OffsetOutOfRange,
    /// Nobody has answered for so long that it was given up.
    #[error("the log did not answer")]
    TimedOut,
}

/// Called once, with what became of a request.
pub type LogDone<T> = Box<dyn FnOnce(Result<T, LogError>)>;

/// See the module. Requests are repeated until they are answered or given up; none takes effect
/// more than once.
pub trait LogAccess {
    /// How many partitions a topic has, of which every broker knows.
    fn partitions(&self, topic: &str, done: LogDone<u16>);
    /// Gives a topic more partitions, so that there are so many (`createPartitions`); done when
    /// every broker knows. If there are so many, that is no error.
    fn create_partitions(&self, topic: &str, partitions: u16, done: LogDone<()>);
    /// Where a partition begins and ends, for a reader of this isolation.
    fn offsets(&self, of: &TopicPartition, isolation: IsolationLevel, done: LogDone<LogOffsets>);
    /// Gives out a producer. With a transactional id: fences the one before it and aborts its open
    /// transaction; an open transaction of the new one is aborted after `timeout`
    /// (`transaction.timeout.ms`).
    fn init_producer(
        &self,
        transactional_id: Option<&str>,
        timeout: SimDuration,
        done: LogDone<ProducerIdentity>,
    );
    /// Appends records; done when no crash can take them. The offset of the first.
    fn append(&self, append: Append, done: LogDone<u64>);
    /// Ends the open transaction of a producer. To end one again that has ended in the same way is
    /// no error.
    fn end_transaction(
        &self,
        transactional_id: &str,
        producer: ProducerIdentity,
        result: TransactionResult,
        done: LogDone<()>,
    );
    /// The transactional ids of which a transaction is open.
    fn open_transactions(&self, done: LogDone<Vec<Name>>);
    /// The transactional ids with this prefix of which a transaction is open, or may be begun by
    /// what is on its way.
    fn unfenced_transactions(&self, prefix: &str, done: LogDone<Vec<Name>>);
    /// Reads up to `at_most` records from a position on; waits a while if there are none.
    fn fetch(
        &self,
        from: &TopicPartition,
        position: u64,
        isolation: IsolationLevel,
        at_most: u32,
        done: LogDone<Fetched>,
    );
}
