//! The write-ahead log of a broker: one sequence of entries for all its partitions and all its
//! transactional ids.

use serde::{Deserialize, Serialize};

use super::partition::Batch;
use super::transactions::TransactionChange;
use crate::base::Name;
use crate::host::{ProducerIdentity, TopicPartition};
use crate::trace::TransactionResult;

/// Something that has changed, for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WalEntry {
    /// A producer without a transactional id was given out.
    ProducerGiven {
        /// Its number.
        id: u64,
    },
    /// Records were appended to a partition.
    Appended {
        /// The partition.
        to: TopicPartition,
        /// The records.
        batch: Batch,
    },
    /// The end of a transaction was marked in a partition.
    Marker {
        /// The partition.
        partition: TopicPartition,
        /// The producer, perhaps with a later epoch than that of its records.
        producer: ProducerIdentity,
        /// How the transaction ends.
        result: TransactionResult,
    },
    /// The first records of a partition were removed, as retention has it.
    Deleted {
        /// The partition.
        partition: TopicPartition,
        /// Those below this offset.
        before: u64,
    },
    /// A topic has more partitions.
    PartitionsAdded {
        /// The topic.
        topic: Name,
        /// How many it has from now on.
        partitions: u16,
    },
    /// Something happened to a transactional id.
    Transaction {
        /// Which.
        transactional_id: Name,
        /// What.
        change: TransactionChange,
    },
}
