//! What a broker does as the leader of partitions: produce, fetch, markers.
//!
//! A batch of a transaction is appended only once the coordinator has the partition in the
//! transaction, as in Kafka since its version 4: who was replaced is refused there, so no record
//! of a transaction can come behind its end and stay open for ever.

use super::super::rpc::{BrokerRpc, LogAnswer};
use super::{ASK_AGAIN, Asked, Broker, BrokerAction, BrokerTimer, Out, Then, broker};
use crate::base::{Name, SimDuration, SimTime};
use crate::broker::{Admission, Batch, WalEntry, placement};
use crate::host::{Address, Append, IsolationLevel, LogError, ProducerIdentity, TopicPartition};
use crate::trace::{Event, LogEvent, TransactionResult};

/// How long a fetch waits for records.
const FETCH_WAIT: SimDuration = SimDuration::from_millis(500);

/// Batches that wait until their partition has joined the transaction.
pub(super) struct HeldProduce {
    transactional_id: Name,
    /// Which asking of the coordinator it is that they wait for.
    which: u64,
    /// In the order in which they came.
    queue: Vec<(Asked, Append)>,
}

/// A fetch that may wait for records.
pub(super) struct HeldFetch {
    pub(super) asked: Asked,
    pub(super) from: TopicPartition,
    pub(super) position: u64,
    pub(super) isolation: IsolationLevel,
    pub(super) at_most: u32,
}

/// What others know of a partition.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shown {
    /// The last stable offset.
    pub(super) stable: u64,
    /// Up to where the world has seen it.
    pub(super) revealed: u64,
}

impl Broker {
    pub(super) fn on_produce(&mut self, now: SimTime, asked: Asked, append: Append, out: &mut Out) {
        let Some(log) = self.state.partitions.get(&append.to) else {
            let error = LogError::UnknownTopicOrPartition(append.to.to_string());
            return Self::refuse(asked, &append, error, out);
        };
        if append.records.is_empty() {
            let end = log.end();
            return self.answer(asked, LogAnswer::Appended(end));
        }
        let key = (append.to.clone(), append.producer);
        if let Some(held) = self.held.get_mut(&key) {
            // What comes behind is judged when it is its turn.
            if held.queue.iter().all(|(known, _)| *known != asked) {
                held.queue.push((asked, append));
            }
            return;
        }
        let admission = log.admit(&append, &*self.options.fencing);
        match &append.transactional_id {
            Some(transactional_id)
                if admission == Ok(Admission::New) && !log.is_open(append.producer) =>
            {
                self.asked += 1;
                let transactional_id = transactional_id.clone();
                let queue = vec![(asked, append)];
                let held = HeldProduce { transactional_id, which: self.asked, queue };
                self.held.insert(key.clone(), held);
                self.on_ask_again(now, key, self.asked, out);
            }
            Some(_) | None => self.append(now, asked, append, out),
        }
    }

    /// Asks the coordinator to let a partition join, if that is still wanted.
    pub(super) fn on_ask_again(
        &mut self,
        now: SimTime,
        key: (TopicPartition, ProducerIdentity),
        which: u64,
        out: &mut Out,
    ) {
        let Some(held) = self.held.get(&key).filter(|held| held.which == which) else { return };
        let transactional_id = held.transactional_id.clone();
        let to = placement::coordinator(&self.options.brokers, &transactional_id);
        let (partition, producer) = key;
        let again = BrokerTimer::AskAgain(partition.clone(), producer, which);
        out.send(broker(to), BrokerRpc::AddPartition { transactional_id, producer, partition });
        out.wake_at(now + ASK_AGAIN, again);
    }

    pub(super) fn on_partition_added(
        &mut self,
        now: SimTime,
        key: &(TopicPartition, ProducerIdentity),
        result: &Result<(), LogError>,
        out: &mut Out,
    ) {
        let Some(held) = self.held.remove(key) else { return };
        for (asked, append) in held.queue {
            match result {
                Ok(()) => self.append(now, asked, append, out),
                Err(error) => Self::refuse(asked, &append, error.clone(), out),
            }
        }
    }

    fn append(&mut self, now: SimTime, asked: Asked, append: Append, out: &mut Out) {
        let Some(log) = self.state.partitions.get(&append.to) else { return };
        match log.admit(&append, &*self.options.fencing) {
            Err(error) => {
                if error == LogError::InvalidProducerEpoch {
                    let ProducerIdentity { id, epoch } = append.producer;
                    out.trace(Event::Log(LogEvent::ProducerFenced {
                        transactional_id: append.transactional_id.clone().unwrap_or_default(),
                        producer: id,
                        epoch,
                        current: log.epoch(id).unwrap_or(epoch),
                    }));
                }
                Self::refuse(asked, &append, error, out);
            }
            Ok(Admission::Repeated(offset)) => self.answer(asked, LogAnswer::Appended(offset)),
            Ok(Admission::New) => {
                let from = log.end();
                let appended = LogEvent::RecordsAppended {
                    topic: append.to.topic.clone(),
                    partition: append.to.partition,
                    producer: append.producer.id,
                    epoch: append.producer.epoch,
                    transactional_id: append.transactional_id.clone().unwrap_or_default(),
                    from,
                    to: from + append.records.len() as u64,
                };
                let to = append.to.clone();
                self.write(&WalEntry::Appended { to, batch: Batch::new(append, now) });
                self.then(Then::Trace(appended));
                self.answer(asked, LogAnswer::Appended(from));
            }
        }
    }

    fn refuse(asked: Asked, append: &Append, error: LogError, out: &mut Out) {
        out.trace(Event::Log(LogEvent::AppendRefused {
            topic: append.to.topic.clone(),
            partition: append.to.partition,
            producer: append.producer.id,
            epoch: append.producer.epoch,
            cause: error.to_string().into(),
        }));
        Self::fail(asked, error, out);
    }

    pub(super) fn on_write_marker(
        &mut self,
        from: Address,
        transactional_id: Name,
        (producer, partition): (ProducerIdentity, TopicPartition),
        result: TransactionResult,
    ) {
        let Some(log) = self.state.partitions.get(&partition) else { return };
        if log.has_open(producer.id) {
            let written = LogEvent::MarkerWritten {
                topic: partition.topic.clone(),
                partition: partition.partition,
                producer: producer.id,
                result,
                offset: log.end(),
            };
            self.write(&WalEntry::Marker { partition: partition.clone(), producer, result });
            self.then(Then::Trace(written));
        }
        let answer = BrokerRpc::MarkerWritten { transactional_id, producer, partition };
        self.then(Then::Tell(from, answer));
    }

    pub(super) fn on_fetch(&mut self, now: SimTime, fetch: HeldFetch, out: &mut Out) {
        let is_held = self.fetches.values().any(|held| held.asked == fetch.asked);
        if !is_held && !self.try_fetch(&fetch, false, out) {
            self.fetches_held += 1;
            self.fetches.insert(self.fetches_held, fetch);
            out.wake_at(now + FETCH_WAIT, BrokerTimer::FetchWaited(self.fetches_held));
        }
    }

    pub(super) fn on_fetch_waited(&mut self, which: u64, out: &mut Out) {
        if let Some(fetch) = self.fetches.remove(&which) {
            self.try_fetch(&fetch, true, out);
        }
    }

    /// Answers a fetch, unless it should wait. Whether it was answered.
    fn try_fetch(&mut self, fetch: &HeldFetch, even_empty: bool, out: &mut Out) -> bool {
        let HeldFetch { asked, from, position, isolation, at_most } = fetch;
        let Some(log) = self.state.partitions.get(from) else {
            Self::fail(*asked, LogError::UnknownTopicOrPartition(from.to_string()), out);
            return true;
        };
        match log.fetch(*position, *isolation, *at_most) {
            Ok(fetched) if fetched.records.is_empty() && !even_empty => return false,
            Ok(fetched) => Self::send(*asked, LogAnswer::Fetched(fetched), out),
            // What is deleted may come back with a crash, until that is durable.
            Err(error) => self.answer(*asked, LogAnswer::Failed(error)),
        }
        true
    }

    /// The high watermarks may be further: what is stable goes out.
    pub(super) fn on_watermarks_advanced(&mut self, out: &mut Out) {
        for (partition, log) in &self.state.partitions {
            let stable = log.last_stable();
            let shown = self.shown.entry(partition.clone()).or_default();
            if stable <= shown.stable {
                continue;
            }
            shown.stable = stable;
            let TopicPartition { topic, partition } = partition.clone();
            let advanced =
                LogEvent::StableOffsetAdvanced { topic: topic.clone(), partition, offset: stable };
            out.trace(Event::Log(advanced));
            let committed = log.fetch(shown.revealed, IsolationLevel::ReadCommitted, u32::MAX);
            let Ok(committed) = committed else { continue };
            shown.revealed = committed.next;
            let rows: Vec<_> =
                committed.records.into_iter().map(|(offset, it)| (offset, it.row)).collect();
            if !rows.is_empty() {
                out.act(BrokerAction::Reveal { topic, partition, rows });
            }
        }
        let waiting = std::mem::take(&mut self.fetches);
        for (which, fetch) in waiting {
            if !self.try_fetch(&fetch, false, out) {
                self.fetches.insert(which, fetch);
            }
        }
    }
}
