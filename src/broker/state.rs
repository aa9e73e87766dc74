//! All that a broker knows, folded from the entries of its write-ahead log.

use std::collections::BTreeMap;

use super::entry::WalEntry;
use super::partition::PartitionLog;
use super::transactions::{TransactionChange, Transactions};
use crate::host::TopicPartition;

/// Which of the brokers one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its index among them.
    pub own: u16,
    /// How many there are.
    pub brokers: u16,
}

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerState {
    place: Place,
    /// The partitions that it leads.
    pub partitions: BTreeMap<TopicPartition, PartitionLog>,
    /// The transactional ids that it coordinates.
    pub transactions: Transactions,
    /// How many producer numbers it has given out.
    given: u64,
}

impl BrokerState {
    /// A broker that leads these partitions, of which nothing is known yet.
    pub fn new(place: Place, partitions: impl IntoIterator<Item = TopicPartition>) -> Self {
        let partitions = partitions.into_iter().map(|it| (it, PartitionLog::default()));
        Self {
            place,
            partitions: partitions.collect(),
            transactions: Transactions::default(),
            given: 0,
        }
    }

    /// The producer number that is given out next. No two brokers give out the same.
    pub fn next_producer(&self) -> u64 {
        self.given * u64::from(self.place.brokers) + u64::from(self.place.own)
    }

    /// Changes what an entry says. Entries of partitions that it does not lead change nothing.
    pub fn apply(&mut self, entry: &WalEntry) {
        match entry {
            WalEntry::ProducerGiven { id } => self.gave(*id),
            WalEntry::Appended { to, batch } => {
                if let Some(log) = self.partitions.get_mut(to) {
                    log.append(batch.clone());
                }
            }
            WalEntry::Marker { partition, producer, result } => {
                if let Some(log) = self.partitions.get_mut(partition) {
                    log.mark(*producer, *result);
                }
            }
            WalEntry::Transaction { transactional_id, change } => {
                if let TransactionChange::Initialized { producer, .. } = change
                    && producer.epoch == 0
                {
                    self.gave(producer.id);
                }
                self.transactions.apply(transactional_id, change);
            }
        }
    }

    /// Says that everything in the partitions is durable, as it is when it was read again.
    pub fn all_is_durable(&mut self) {
        for log in self.partitions.values_mut() {
            log.advance_high_watermark(log.end());
        }
    }

    fn gave(&mut self, id: u64) {
        self.given = self.given.max(id / u64::from(self.place.brokers) + 1);
    }
}
