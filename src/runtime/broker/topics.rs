//! What a broker does about topics as a whole: more partitions, and records that are too old.

use super::super::rpc::LogAnswer;
use super::{Asked, Broker, BrokerTimer, Out, Then};
use crate::base::{Name, SimTime};
use crate::broker::WalEntry;
use crate::host::{IsolationLevel, LogError};
use crate::trace::LogEvent;

impl Broker {
    /// Every broker is told, since each leads some of the partitions and describes the topic.
    pub(super) fn on_create_partitions(
        &mut self,
        asked: Asked,
        topic: Name,
        requested: u16,
        out: &mut Out,
    ) {
        let Some(&present) = self.state.topics.get(&topic) else {
            let error = LogError::UnknownTopicOrPartition(topic.to_string());
            return Self::fail(asked, error, out);
        };
        if requested < present {
            return Self::fail(asked, LogError::InvalidPartitions { present, requested }, out);
        }
        if requested > present {
            self.write(&WalEntry::PartitionsAdded { topic: topic.clone(), partitions: requested });
            self.then(Then::Trace(LogEvent::PartitionsAdded { topic, partitions: requested }));
        }
        self.answer(asked, LogAnswer::PartitionsCreated);
    }

    /// Comes back when records may be too old, if they ever are.
    pub(super) fn watch_retention(&self, now: SimTime, out: &mut Out) {
        if let Some(retention) = self.options.retention {
            out.wake_at(now + retention.check_interval, BrokerTimer::CheckRetention);
        }
    }

    pub(super) fn on_check_retention(&mut self, now: SimTime, out: &mut Out) {
        let Some(retention) = self.options.retention else { return };
        let mut expired = Vec::new();
        for (partition, log) in &self.state.partitions {
            let from = log.offsets(IsolationLevel::ReadCommitted).earliest;
            let to = log.expired(now, retention.after);
            if to > from {
                expired.push((partition.clone(), from, to));
            }
        }
        for (partition, from, to) in expired {
            self.write(&WalEntry::Deleted { partition: partition.clone(), before: to });
            let (topic, partition) = (partition.topic, partition.partition);
            self.then(Then::Trace(LogEvent::RecordsDeleted { topic, partition, from, to }));
        }
        self.watch_retention(now, out);
    }
}
