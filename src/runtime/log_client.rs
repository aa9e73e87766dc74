//! A node's way to the log: asks the broker in charge, asks again, gives up.
//!
//! Previous: sources and sinks. Next: the broker that leads the partition, or that coordinates the
//! transactions of the transactional id.

use super::outbox::{Component, Outbox};
use super::ports;
use super::requests::{Overdue, Requests};
use super::rpc::{BrokerRpc, LogAnswer, LogClientRpc};
use super::shell::Reports;
use super::storage_client::Answered;
use crate::base::{Name, NodeId, SimDuration, SimTime};
use crate::broker::placement;
use crate::host::{
    Address, Append, Fetched, IsolationLevel, LogAccess, LogDone, LogError, LogOffsets, Port,
    ProducerIdentity, TopicPartition, TransactionResult,
};

/// After how long without an answer a request is repeated (`request.timeout.ms`).
const PATIENCE: SimDuration = SimDuration::from_secs(2);
/// After how long it is given up (`delivery.timeout.ms`).
const GIVE_UP: SimDuration = SimDuration::from_secs(120);

/// What is asked, and whom to tell.
pub enum LogCall {
    /// How many partitions a topic has.
    Partitions(Name, LogDone<u16>),
    /// To give a topic more partitions.
    CreatePartitions(Name, u16, LogDone<()>),
    /// The ends of a partition.
    Offsets(TopicPartition, IsolationLevel, LogDone<LogOffsets>),
    /// A producer.
    InitProducer(Option<Name>, SimDuration, LogDone<ProducerIdentity>),
    /// To append.
    Append(Append, LogDone<u64>),
    /// To end a transaction.
    EndTransaction(Name, ProducerIdentity, TransactionResult, LogDone<()>),
    /// Which transactions are open, or with a prefix, which are or may be.
    OpenTransactions(Option<Name>, LogDone<Vec<Name>>),
    /// Records.
    Fetch {
        /// The partition.
        from: TopicPartition,
        /// From where on.
        position: u64,
        /// What the reader may see.
        isolation: IsolationLevel,
        /// How many at most.
        at_most: u32,
        /// Whom to tell.
        done: LogDone<Fetched>,
    },
}

struct Pending {
    call: LogCall,
    /// The brokers that have yet to answer.
    asks: Vec<NodeId>,
    /// What those have said, all in all, that have answered.
    said: Option<LogAnswer>,
}

impl Pending {
    /// A broker answers. What they say all in all, if that was the last that was asked, or one that
    /// refuses.
    fn take_in(&mut self, from: NodeId, answer: LogAnswer) -> Option<LogAnswer> {
        // One that has answered before and was asked again may answer twice.
        let place = self.asks.iter().position(|asked| *asked == from)?;
        if matches!(answer, LogAnswer::Failed(_)) {
            return Some(answer);
        }
        self.asks.remove(place);
        self.said = Some(match (self.said.take(), answer) {
            (Some(LogAnswer::Transactions(mut all)), LogAnswer::Transactions(open)) => {
                all.extend(open);
                all.sort();
                LogAnswer::Transactions(all)
            }
            // A partition is there when its leader knows of it, whichever that is.
            (Some(LogAnswer::Partitions(least)), LogAnswer::Partitions(count)) => {
                LogAnswer::Partitions(least.min(count))
            }
            (_, answer) => answer,
        });
        if self.asks.is_empty() { self.said.take() } else { None }
    }
}

/// See the module.
pub struct LogClient {
    brokers: Vec<NodeId>,
    /// How many calls there were, so that brokers take turns.
    calls: u64,
    requests: Requests<Pending>,
}

type Out = Outbox<LogClient>;

impl LogClient {
    /// A life that begins `now`.
    pub fn new(brokers: Vec<NodeId>, now: SimTime) -> Self {
        Self { brokers, calls: now.0, requests: Requests::new(now, GIVE_UP) }
    }

    /// Who is in charge of what a call is about.
    fn in_charge(&self, call: &LogCall) -> Vec<NodeId> {
        let count = self.brokers.len();
        let leader = |of: &TopicPartition| vec![placement::leader(&self.brokers, of.partition)];
        let coordinator = |id: &str| vec![placement::coordinator(&self.brokers, id)];
        match call {
            LogCall::Offsets(of, ..) | LogCall::Fetch { from: of, .. } => leader(of),
            LogCall::Append(append, _) => leader(&append.to),
            LogCall::InitProducer(Some(id), ..) | LogCall::EndTransaction(id, ..) => {
                coordinator(id)
            }
            LogCall::InitProducer(None, ..) => vec![self.brokers[self.calls as usize % count]],
            LogCall::Partitions(..)
            | LogCall::CreatePartitions(..)
            | LogCall::OpenTransactions(..) => self.brokers.clone(),
        }
    }

    fn send(&mut self, now: SimTime, request: u64, out: &mut Out) {
        let Some((pending, tries)) = self.requests.ask(request) else { return };
        for node in &pending.asks {
            let to = Address { node: *node, port: ports::BROKER };
            out.send(to, message(request, &pending.call));
        }
        out.wake_at(now + PATIENCE, (request, tries));
    }

    fn finish(&mut self, request: u64, answer: LogAnswer, out: &mut Out) {
        let Some(Pending { call, .. }) = self.requests.take(request) else { return };
        out.act(Answered::new(move || tell(call, answer)));
    }
}

fn message(request: u64, call: &LogCall) -> BrokerRpc {
    match call {
        LogCall::Partitions(topic, _) => BrokerRpc::DescribeTopic { request, topic: topic.clone() },
        LogCall::CreatePartitions(topic, partitions, _) => {
            let (topic, partitions) = (topic.clone(), *partitions);
            BrokerRpc::CreatePartitions { request, topic, partitions }
        }
        LogCall::Offsets(of, isolation, _) => {
            BrokerRpc::ListOffsets { request, of: of.clone(), isolation: *isolation }
        }
        LogCall::InitProducer(transactional_id, timeout, _) => {
            let (transactional_id, timeout) = (transactional_id.clone(), *timeout);
            BrokerRpc::InitProducerId { request, transactional_id, timeout }
        }
        LogCall::Append(append, _) => BrokerRpc::Produce { request, append: append.clone() },
        LogCall::EndTransaction(transactional_id, producer, result, _) => {
            let (transactional_id, producer, result) =
                (transactional_id.clone(), *producer, *result);
            BrokerRpc::EndTransaction { request, transactional_id, producer, result }
        }
        LogCall::OpenTransactions(prefix, _) => {
            BrokerRpc::ListTransactions { request, prefix: prefix.clone() }
        }
        LogCall::Fetch { from, position, isolation, at_most, .. } => {
            let (from, position) = (from.clone(), *position);
            let (isolation, at_most) = (*isolation, *at_most);
            BrokerRpc::Fetch { request, from, position, isolation, at_most }
        }
    }
}

/// Tells whoever has asked.
///
/// # Panics
/// If the answer is to another question, which brokers do not give.
fn tell(call: LogCall, answer: LogAnswer) {
    match (call, answer) {
        (LogCall::Partitions(_, done), LogAnswer::Partitions(count)) => done(Ok(count)),
        (LogCall::Partitions(_, done), LogAnswer::Failed(error)) => done(Err(error)),
        (LogCall::Offsets(.., done), LogAnswer::Offsets(ends)) => done(Ok(ends)),
        (LogCall::Offsets(.., done), LogAnswer::Failed(error)) => done(Err(error)),
        (LogCall::InitProducer(.., done), LogAnswer::Producer(producer)) => done(Ok(producer)),
        (LogCall::InitProducer(.., done), LogAnswer::Failed(error)) => done(Err(error)),
        (LogCall::Append(_, done), LogAnswer::Appended(offset)) => done(Ok(offset)),
        (LogCall::Append(_, done), LogAnswer::Failed(error)) => done(Err(error)),
        (LogCall::CreatePartitions(.., done), LogAnswer::PartitionsCreated)
        | (LogCall::EndTransaction(.., done), LogAnswer::Done) => done(Ok(())),
        (
            LogCall::CreatePartitions(.., done) | LogCall::EndTransaction(.., done),
            LogAnswer::Failed(error),
        ) => done(Err(error)),
        (LogCall::OpenTransactions(_, done), LogAnswer::Transactions(open)) => done(Ok(open)),
        (LogCall::OpenTransactions(_, done), LogAnswer::Failed(error)) => done(Err(error)),
        (LogCall::Fetch { done, .. }, LogAnswer::Fetched(fetched)) => done(Ok(fetched)),
        (LogCall::Fetch { done, .. }, LogAnswer::Failed(error)) => done(Err(error)),
        _ => panic!("a broker answers what was asked"),
    }
}

impl Component for LogClient {
    type Message = LogClientRpc;
    type Timer = (u64, u32);
    type Action = Answered;
    type Report = LogCall;

    fn name(&self) -> Name {
        "logclient".into()
    }

    fn port(&self) -> Port {
        ports::LOG_CLIENT
    }

    fn on_start(&mut self, _now: SimTime, _out: &mut Out) {}

    fn on_message(&mut self, _now: SimTime, from: Address, message: LogClientRpc, out: &mut Out) {
        let LogClientRpc { request, answer } = message;
        let Some(pending) = self.requests.get_mut(request) else { return };
        if let Some(answer) = pending.take_in(from.node, answer) {
            self.finish(request, answer, out);
        }
    }

    /// A broker may come back: the pending requests are repeated in time.
    fn on_reset(&mut self, _now: SimTime, _peer: Address, _out: &mut Out) {}

    fn on_timer(&mut self, now: SimTime, (request, tries): (u64, u32), out: &mut Out) {
        match self.requests.overdue(now, (request, tries)) {
            Overdue::No => {}
            Overdue::AskAgain => self.send(now, request, out),
            Overdue::GiveUp => self.finish(request, LogAnswer::Failed(LogError::TimedOut), out),
        }
    }

    fn on_report(&mut self, now: SimTime, call: LogCall, out: &mut Out) {
        self.calls += 1;
        let asks = self.in_charge(&call);
        let pending = Pending { call, asks, said: None };
        let request = self.requests.add(now, pending);
        self.send(now, request, out);
    }
}

/// What sources and sinks of the node have of it.
#[derive(Clone)]
pub struct LogHandle(pub Reports<LogCall>);

impl LogAccess for LogHandle {
    fn partitions(&self, topic: &str, done: LogDone<u16>) {
        self.0.push(LogCall::Partitions(topic.into(), done));
    }

    fn create_partitions(&self, topic: &str, partitions: u16, done: LogDone<()>) {
        self.0.push(LogCall::CreatePartitions(topic.into(), partitions, done));
    }

    fn offsets(&self, of: &TopicPartition, isolation: IsolationLevel, done: LogDone<LogOffsets>) {
        self.0.push(LogCall::Offsets(of.clone(), isolation, done));
    }

    fn init_producer(
        &self,
        transactional_id: Option<&str>,
        timeout: SimDuration,
        done: LogDone<ProducerIdentity>,
    ) {
        self.0.push(LogCall::InitProducer(transactional_id.map(Into::into), timeout, done));
    }

    fn append(&self, append: Append, done: LogDone<u64>) {
        self.0.push(LogCall::Append(append, done));
    }

    fn end_transaction(
        &self,
        transactional_id: &str,
        producer: ProducerIdentity,
        result: TransactionResult,
        done: LogDone<()>,
    ) {
        self.0.push(LogCall::EndTransaction(transactional_id.into(), producer, result, done));
    }

    fn open_transactions(&self, done: LogDone<Vec<Name>>) {
        self.0.push(LogCall::OpenTransactions(None, done));
    }

    fn unfenced_transactions(&self, prefix: &str, done: LogDone<Vec<Name>>) {
        self.0.push(LogCall::OpenTransactions(Some(prefix.into()), done));
    }

    fn fetch(
        &self,
        from: &TopicPartition,
        position: u64,
        isolation: IsolationLevel,
        at_most: u32,
        done: LogDone<Fetched>,
    ) {
        self.0.push(LogCall::Fetch { from: from.clone(), position, isolation, at_most, done });
    }
}
