//! All that a broker knows, folded from the entries of its write-ahead log.

use std::collections::BTreeMap;

use super::entry::WalEntry;
use super::partition::PartitionLog;
use super::placement;
use super::transactions::{TransactionChange, Transactions};
use crate::base::Name;
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
    /// How many partitions each topic has.
    pub topics: BTreeMap<Name, u16>,
    /// The partitions that it leads.
    pub partitions: BTreeMap<TopicPartition, PartitionLog>,
    /// The transactional ids that it coordinates.
    pub transactions: Transactions,
    /// How many producer numbers it has given out.
    given: u64,
}

impl BrokerState {
    /// A broker of topics with so many partitions each, of which nothing is known yet.
    pub fn new(place: Place, topics: impl IntoIterator<Item = (Name, u16)>) -> Self {
        let mut state = Self {
            place,
            topics: BTreeMap::new(),
            partitions: BTreeMap::new(),
            transactions: Transactions::default(),
            given: 0,
        };
        for (topic, partitions) in topics {
            state.add_partitions(&topic, partitions);
        }
        state
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
            WalEntry::Deleted { partition, before } => {
                if let Some(log) = self.partitions.get_mut(partition) {
                    log.delete_before(*before);
                }
            }
            WalEntry::PartitionsAdded { topic, partitions } => {
                self.add_partitions(topic, *partitions);
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

    /// A topic has so many partitions from now on, if it has not more.
    fn add_partitions(&mut self, topic: &Name, partitions: u16) {
        let count = self.topics.entry(topic.clone()).or_default();
        let added = *count..partitions;
        *count = partitions.max(*count);
        for partition in added.filter(|partition| placement::leads(self.place, *partition)) {
            let added = TopicPartition { topic: topic.clone(), partition };
            self.partitions.insert(added, PartitionLog::default());
        }
    }

    fn gave(&mut self, id: u64) {
        self.given = self.given.max(id / u64::from(self.place.brokers) + 1);
    }
}
