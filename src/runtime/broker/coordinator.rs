//! What a broker does as the coordinator of transactional ids.
//!
//! Unlike Kafka: a transaction's end is answered when all its partitions have it, and not as soon
//! as it is decided. A producer goes on in the next transaction with the same epoch, so a leader
//! that has not heard of the end could not tell its records from those before; in Kafka it is told
//! to try again (`CONCURRENT_TRANSACTIONS`).

use super::super::rpc::{BrokerRpc, LogAnswer};
use super::{ASK_AGAIN, Asked, Broker, BrokerAction, BrokerTimer, Out, Then, broker};
use crate::base::{Name, SimTime};
use crate::broker::{
    EndDecision, InitDecision, InitRequest, JoinDecision, Phase, TransactionChange, WalEntry,
    placement,
};
use crate::host::{Address, LogError, ProducerIdentity, TopicPartition};
use crate::trace::{Event, LogEvent, TransactionResult};

impl Broker {
    fn change(&mut self, transactional_id: &Name, change: TransactionChange) {
        let transactional_id = transactional_id.clone();
        self.write(&WalEntry::Transaction { transactional_id, change });
    }

    fn give(&mut self, asked: Asked, transactional_id: Name, producer: ProducerIdentity) {
        let ProducerIdentity { id, epoch } = producer;
        let event = LogEvent::ProducerInitialized { transactional_id, producer: id, epoch };
        self.then(Then::Trace(event));
        self.answer(asked, LogAnswer::Producer(producer));
    }

    /// A producer without a transactional id: if the request comes again, another number is given
    /// out and nobody uses one of the two.
    pub(super) fn on_init_idempotent(&mut self, asked: Asked) {
        let id = self.state.next_producer();
        self.write(&WalEntry::ProducerGiven { id });
        self.give(asked, Name::default(), ProducerIdentity { id, epoch: 0 });
    }

    pub(super) fn on_init(&mut self, transactional_id: &Name, init: InitRequest) {
        if self.inits.contains_key(transactional_id) {
            // Who has come first is not to be the latest.
            return self.wait_for_end(transactional_id, init);
        }
        let asked = Asked { client: init.client, request: init.request };
        let fresh = self.state.next_producer();
        match self.state.transactions.init(transactional_id, init, fresh) {
            InitDecision::Known(producer) => self.answer(asked, LogAnswer::Producer(producer)),
            InitDecision::Give(change) => {
                self.change(transactional_id, change);
                if let Some(known) = self.state.transactions.get(transactional_id) {
                    let producer = known.producer;
                    self.give(asked, transactional_id.clone(), producer);
                }
            }
            InitDecision::AbortFirst(change) => {
                self.change(transactional_id, change);
                self.then(Then::Decided(transactional_id.clone()));
                self.wait_for_end(transactional_id, init);
            }
            InitDecision::Wait => self.wait_for_end(transactional_id, init),
        }
    }

    fn wait_for_end(&mut self, transactional_id: &Name, init: InitRequest) {
        let waiting = self.inits.entry(transactional_id.clone()).or_default();
        if !waiting.contains(&init) {
            waiting.push(init);
        }
    }

    pub(super) fn on_add_partition(
        &mut self,
        now: SimTime,
        from: Address,
        transactional_id: Name,
        (producer, partition): (ProducerIdentity, TopicPartition),
        out: &mut Out,
    ) {
        let fencing = &*self.options.fencing;
        let transactions = &self.state.transactions;
        let result = match transactions.join(now, &transactional_id, producer, &partition, fencing)
        {
            // The leader asks again.
            Ok(JoinDecision::Wait) => return,
            Ok(JoinDecision::Known) => Ok(()),
            Ok(JoinDecision::Join(change)) => {
                self.change(&transactional_id, change);
                self.watch(transactional_id.clone(), out);
                self.then(Then::Trace(LogEvent::PartitionJoined {
                    transactional_id: transactional_id.clone(),
                    topic: partition.topic.clone(),
                    partition: partition.partition,
                }));
                Ok(())
            }
            Err(error) => {
                self.note_fenced(&transactional_id, producer, &error, out);
                Err(error)
            }
        };
        let answer = BrokerRpc::PartitionAdded { transactional_id, producer, partition, result };
        self.then(Then::Tell(from, answer));
    }

    /// Comes back when the open transaction may be open for too long.
    pub(super) fn watch(&self, transactional_id: Name, out: &mut Out) {
        if let Some(at) = self.state.transactions.expires_at(&transactional_id) {
            out.wake_at(at, BrokerTimer::Expire(transactional_id));
        }
    }

    pub(super) fn on_expire(&mut self, now: SimTime, transactional_id: Name, out: &mut Out) {
        if let Some(change) = self.state.transactions.expire(now, &transactional_id) {
            self.expire(transactional_id, change, out);
        }
    }

    /// The time of all that is open is taken for passed. What is still being read from the disk is
    /// not open yet.
    pub(super) fn on_expire_all(&mut self, out: &mut Out) {
        let open = self.state.transactions.expire_all();
        out.act(BrokerAction::Expired { transactions: open.len() });
        for (transactional_id, change) in open {
            self.expire(transactional_id, change, out);
        }
    }

    fn expire(&mut self, transactional_id: Name, change: TransactionChange, out: &mut Out) {
        let Some(known) = self.state.transactions.get(&transactional_id) else { return };
        out.trace(Event::Log(LogEvent::TransactionExpired {
            transactional_id: transactional_id.clone(),
            producer: known.producer.id,
            epoch: known.producer.epoch,
        }));
        self.change(&transactional_id, change);
        self.then(Then::Decided(transactional_id));
    }

    pub(super) fn on_end(
        &mut self,
        asked: Asked,
        transactional_id: &Name,
        producer: ProducerIdentity,
        result: TransactionResult,
        out: &mut Out,
    ) {
        let fencing = &*self.options.fencing;
        let by = (asked.client, asked.request);
        match self.state.transactions.end(by, transactional_id, producer, result, fencing) {
            Ok(EndDecision::Ended) => {
                self.ended_nothing.insert(transactional_id.clone(), asked);
                self.answer(asked, LogAnswer::Done);
            }
            Ok(EndDecision::End(_)) if self.ended_nothing.get(transactional_id) == Some(&asked) => {
                self.answer(asked, LogAnswer::Done);
            }
            Ok(EndDecision::Underway) => {
                self.ends.entry(transactional_id.clone()).or_default().insert(asked);
            }
            Ok(EndDecision::End(change)) => {
                self.change(transactional_id, change);
                self.then(Then::Decided(transactional_id.clone()));
                self.ends.entry(transactional_id.clone()).or_default().insert(asked);
            }
            Err(error) => {
                self.note_fenced(transactional_id, producer, &error, out);
                Self::fail(asked, error, out);
            }
        }
    }

    fn note_fenced(
        &self,
        transactional_id: &Name,
        producer: ProducerIdentity,
        error: &LogError,
        out: &mut Out,
    ) {
        if let Some(known) = self.state.transactions.get(transactional_id)
            && *error == LogError::ProducerFenced
        {
            out.trace(Event::Log(LogEvent::ProducerFenced {
                transactional_id: transactional_id.clone(),
                producer: producer.id,
                epoch: producer.epoch,
                current: known.producer.epoch,
            }));
        }
    }

    /// How a transaction ends is decided, and durable.
    pub(super) fn on_decided(&mut self, now: SimTime, transactional_id: Name, out: &mut Out) {
        let Some(known) = self.state.transactions.get(&transactional_id) else { return };
        let Phase::Prepare { result, .. } = known.phase else { return };
        out.trace(Event::Log(LogEvent::TransactionDecided {
            transactional_id: transactional_id.clone(),
            producer: known.producer.id,
            epoch: known.producer.epoch,
            result,
        }));
        self.asked += 1;
        self.marking.insert(transactional_id.clone(), self.asked);
        self.send_markers(now, transactional_id, self.asked, out);
    }

    /// Tells all partitions of a transaction that have no marker yet.
    pub(super) fn send_markers(
        &mut self,
        now: SimTime,
        transactional_id: Name,
        which: u64,
        out: &mut Out,
    ) {
        if self.marking.get(&transactional_id) != Some(&which) {
            return;
        }
        let Some(known) = self.state.transactions.get(&transactional_id) else { return };
        let Phase::Prepare { result, missing } = &known.phase else { return };
        for partition in missing {
            let to = placement::leader(&self.options.brokers, partition.partition);
            let marker = BrokerRpc::WriteMarker {
                transactional_id: transactional_id.clone(),
                producer: known.producer,
                partition: partition.clone(),
                result: *result,
            };
            out.send(broker(to), marker);
        }
        out.wake_at(now + ASK_AGAIN, BrokerTimer::SendMarkers(transactional_id, which));
    }

    pub(super) fn on_marker_written(
        &mut self,
        transactional_id: &Name,
        producer: ProducerIdentity,
        partition: &TopicPartition,
    ) {
        let transactions = &self.state.transactions;
        let Some(change) = transactions.marked(transactional_id, producer, partition) else {
            return;
        };
        self.change(transactional_id, change);
        let Some(known) = self.state.transactions.get(transactional_id) else { return };
        if let Phase::Complete { result } = known.phase {
            self.marking.remove(transactional_id);
            let ended = Then::Ended(transactional_id.clone(), known.producer, result);
            self.then(ended);
        }
    }

    /// A transaction has ended, durably: whoever waits for that goes on.
    pub(super) fn on_ended(
        &mut self,
        transactional_id: &Name,
        producer: ProducerIdentity,
        result: TransactionResult,
        out: &mut Out,
    ) {
        out.trace(Event::Log(LogEvent::TransactionEnded {
            transactional_id: transactional_id.clone(),
            producer: producer.id,
            result,
        }));
        for asked in self.ends.remove(transactional_id).unwrap_or_default() {
            Self::send(asked, LogAnswer::Done, out);
        }
        for init in self.inits.remove(transactional_id).unwrap_or_default() {
            self.on_init(transactional_id, init);
        }
    }
}
