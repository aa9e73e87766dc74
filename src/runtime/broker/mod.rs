//! A broker of the transactional log.
//!
//! What it knows is a [`BrokerState`]; whatever changes that is an entry of the write-ahead log,
//! which is applied at once and queued for the disk. What others may learn of the change (answers,
//! messages, events) waits in `waiting` until the entry is durable. So nobody ever knows of
//! something that a crash could take back, and one sync serves all that came meanwhile.
//!
//! | file | what it is |
//! |---|---|
//! | this one | what arrives, and what goes out once it is durable |
//! | `leader` | produce, fetch, markers: what the leader of a partition does |
//! | `coordinator` | transactional ids: init, join, end, expire |
//! | `topics` | more partitions, and retention |
//!
//! Requests may come again, since whoever got no answer asks again; all are harmless then. Every
//! answer goes to where the request came from. Previous: [`crate::broker`]. Next: the disk, and
//! [`crate::host::Outside`], which sees what is committed.

mod coordinator;
mod leader;
mod topics;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::journal::{Journal, JournalResult, JournalTimer, JournalWork, Next, Recovered};
use super::outbox::{Component, Outbox};
use super::ports;
use super::rpc::{BrokerRpc, LogAnswer, LogClientRpc};
use crate::base::{Name, NodeId, SimDuration, SimTime};
use crate::broker::{BrokerState, InitRequest, Phase, Place, ProducerFencing, Retention, WalEntry};
use crate::host::{Address, IsolationLevel, LogError, Port, ProducerIdentity, TopicPartition};
use crate::record::Row;
use crate::trace::{Event, LogEvent, TransactionResult};
use leader::{HeldFetch, HeldProduce, Shown};

/// After how long something that got no answer from another broker, or was refused by the disk, is
/// tried again.
const ASK_AGAIN: SimDuration = SimDuration::from_millis(500);

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicOptions {
    /// Its name; no two topics share one.
    pub name: Name,
    /// How many partitions it has in the beginning.
    pub partitions: u16,
}

/// What a broker is told of the log.
#[derive(Clone, Debug)]
pub struct BrokerOptions {
    /// All brokers, in order; the same at each.
    pub brokers: Vec<NodeId>,
    /// Which of them this one is.
    pub own: u16,
    /// The topics.
    pub topics: Vec<TopicOptions>,
    /// How long records are kept; for ever if unset.
    pub retention: Option<Retention>,
    /// Which producers are fenced.
    pub fencing: Arc<dyn ProducerFencing>,
}

/// What a broker asks of its shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerAction {
    /// Have the disk do something for the write-ahead log.
    Journal(JournalWork),
    /// Show committed rows of a partition to the world, with their offsets and in their order. Some
    /// may have been shown in an earlier life.
    Reveal {
        /// The topic.
        topic: Name,
        /// The partition.
        partition: u16,
        /// The rows.
        rows: Vec<(u64, Row)>,
    },
    /// Say how many transactions were open when it was told to take their time for passed.
    Expired {
        /// How many.
        transactions: usize,
    },
}

/// What a broker is told by its shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerReport {
    /// What the disk has done.
    Journal(JournalResult),
    /// The time of all transactions that are open is to be taken for passed.
    ExpireAll,
}

/// What a broker may be reminded of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerTimer {
    /// The write-ahead log is to be reminded.
    Journal(JournalTimer),
    /// The coordinator has not said whether a partition has joined; the last is which asking.
    AskAgain(TopicPartition, ProducerIdentity, u64),
    /// A fetch has waited long enough.
    FetchWaited(u64),
    /// Markers of a transaction may be missing; the last is which transaction.
    SendMarkers(Name, u64),
    /// A transaction may have been open for too long.
    Expire(Name),
    /// Records may be too old by now.
    CheckRetention,
}

/// A request of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    client: Address,
    request: u64,
}

/// What happens once an entry is durable.
enum Then {
    /// A client is answered.
    Answer(Asked, LogAnswer),
    /// A broker is told something.
    Tell(Address, BrokerRpc),
    /// An event has happened.
    Trace(LogEvent),
    /// The end of a transaction is decided.
    Decided(Name),
    /// A transaction has ended.
    Ended(Name, ProducerIdentity, TransactionResult),
}

/// See the module.
pub struct Broker {
    options: BrokerOptions,
    state: BrokerState,
    /// What has arrived before the log was read.
    early: Vec<(Address, BrokerRpc)>,
    journal: Journal<WalEntry, Then>,
    /// How far the partitions are when the disk is done with what it is at.
    underway: Vec<(TopicPartition, u64)>,
    /// Batches of a producer for a partition that has not joined its transaction yet.
    held: BTreeMap<(TopicPartition, ProducerIdentity), HeldProduce>,
    /// How often coordinators were asked.
    asked: u64,
    fetches: BTreeMap<u64, HeldFetch>,
    /// How many fetches have waited.
    fetches_held: u64,
    /// By transactional id: who waits until what is open is over.
    inits: BTreeMap<Name, Vec<InitRequest>>,
    /// By transactional id: who waits for the end of its transaction.
    ends: BTreeMap<Name, BTreeSet<Asked>>,
    /// By transactional id: the last request to end a transaction when there was none to end. If it
    /// comes again, it does not end the next one.
    ended_nothing: BTreeMap<Name, Asked>,
    /// By transactional id whose end is decided: which decision, by its place among the entries.
    marking: BTreeMap<Name, u64>,
    shown: BTreeMap<TopicPartition, Shown>,
}

type Out = Outbox<Broker>;

impl Broker {
    /// A life that begins.
    pub fn new(options: BrokerOptions) -> Self {
        let place = Place { own: options.own, brokers: options.brokers.len() as u16 };
        let topics = options.topics.iter().map(|topic| (topic.name.clone(), topic.partitions));
        Self {
            state: BrokerState::new(place, topics),
            options,
            early: Vec::new(),
            journal: Journal::default(),
            underway: Vec::new(),
            held: BTreeMap::new(),
            asked: 0,
            fetches: BTreeMap::new(),
            fetches_held: 0,
            inits: BTreeMap::new(),
            ends: BTreeMap::new(),
            ended_nothing: BTreeMap::new(),
            marking: BTreeMap::new(),
            shown: BTreeMap::new(),
        }
    }

    /// What it knows.
    pub fn state(&self) -> &BrokerState {
        &self.state
    }

    /// Changes something, for good once it is durable.
    fn write(&mut self, entry: &WalEntry) {
        self.journal.push(entry);
        self.state.apply(entry);
    }

    /// Does something once all that was written so far is durable.
    fn then(&mut self, then: Then) {
        self.journal.then(then);
    }

    fn answer(&mut self, asked: Asked, answer: LogAnswer) {
        self.then(Then::Answer(asked, answer));
    }

    /// Answers at once.
    fn send(asked: Asked, answer: LogAnswer, out: &mut Out) {
        let Asked { client, request } = asked;
        out.send(client, LogClientRpc { request, answer });
    }

    fn fail(asked: Asked, error: LogError, out: &mut Out) {
        Self::send(asked, LogAnswer::Failed(error), out);
    }

    /// Does what waits for nothing any more, and gives the disk what there is to write. The last
    /// thing in every handler.
    fn settle(&mut self, now: SimTime, out: &mut Out) {
        while let Some(then) = self.journal.settled() {
            self.perform(now, then, out);
        }
        if let Some(work) = self.journal.begin_append() {
            let logs = self.state.partitions.iter();
            self.underway = logs.map(|(it, log)| (it.clone(), log.end())).collect();
            out.act(BrokerAction::Journal(work));
        }
    }

    /// Does what the write-ahead log wants next.
    fn follow(&mut self, now: SimTime, next: Next<WalEntry>, out: &mut Out) {
        match next {
            Next::Nothing => {}
            Next::Wake(at, timer) => out.wake_at(at, BrokerTimer::Journal(timer)),
            Next::Work(work) => out.act(BrokerAction::Journal(work)),
            Next::Begin(recovered) => self.begin(now, recovered, out),
            Next::Settle => {
                for (partition, end) in std::mem::take(&mut self.underway) {
                    if let Some(log) = self.state.partitions.get_mut(&partition) {
                        log.advance_high_watermark(end);
                    }
                }
                self.settle(now, out);
                self.on_watermarks_advanced(out);
            }
        }
    }

    /// All that was read is durable: it begins to serve.
    fn begin(&mut self, now: SimTime, recovered: Recovered<WalEntry>, out: &mut Out) {
        let Recovered { entries, torn_bytes, is_first_life } = recovered;
        for entry in &entries {
            self.state.apply(entry);
        }
        if !is_first_life {
            let entries = entries.len() as u64;
            out.trace(Event::Log(LogEvent::LogRecovered { entries, torn_bytes }));
        }
        self.state.all_is_durable();
        for (partition, log) in &self.state.partitions {
            let earliest = log.offsets(IsolationLevel::ReadCommitted).earliest;
            let shown = Shown { stable: earliest, revealed: earliest };
            self.shown.insert(partition.clone(), shown);
        }
        self.on_watermarks_advanced(out);
        let transactions = self.state.transactions.iter();
        let all: Vec<_> = transactions.map(|(name, it)| (name.clone(), it.phase.clone())).collect();
        for (transactional_id, phase) in all {
            match phase {
                Phase::Empty | Phase::Complete { .. } => {}
                Phase::Ongoing { .. } => self.watch(transactional_id, out),
                Phase::Prepare { .. } => self.then(Then::Decided(transactional_id)),
            }
        }
        self.watch_retention(now, out);
        for (from, message) in std::mem::take(&mut self.early) {
            self.handle(now, from, message, out);
        }
    }

    fn perform(&mut self, now: SimTime, then: Then, out: &mut Out) {
        match then {
            Then::Answer(asked, answer) => Self::send(asked, answer, out),
            Then::Tell(to, rpc) => out.send(to, rpc),
            Then::Trace(event) => out.trace(Event::Log(event)),
            Then::Decided(transactional_id) => self.on_decided(now, transactional_id, out),
            Then::Ended(transactional_id, producer, result) => {
                self.on_ended(&transactional_id, producer, result, out);
            }
        }
    }

    fn handle(&mut self, now: SimTime, from: Address, message: BrokerRpc, out: &mut Out) {
        let asked = |request| Asked { client: from, request };
        match message {
            BrokerRpc::DescribeTopic { request, topic } => {
                let answer = match self.state.topics.get(&topic) {
                    Some(partitions) => LogAnswer::Partitions(*partitions),
                    None => LogAnswer::Failed(LogError::UnknownTopicOrPartition(topic.to_string())),
                };
                self.answer(asked(request), answer);
            }
            BrokerRpc::CreatePartitions { request, topic, partitions } => {
                self.on_create_partitions(asked(request), topic, partitions, out);
            }
            BrokerRpc::ListOffsets { request, of, isolation } => {
                let answer = match self.state.partitions.get(&of) {
                    Some(log) => LogAnswer::Offsets(log.offsets(isolation)),
                    None => LogAnswer::Failed(LogError::UnknownTopicOrPartition(of.to_string())),
                };
                self.answer(asked(request), answer);
            }
            BrokerRpc::InitProducerId { request, transactional_id, timeout } => {
                let init = InitRequest { client: from, request, timeout };
                match transactional_id {
                    Some(transactional_id) => self.on_init(&transactional_id, init),
                    None => self.on_init_idempotent(asked(request)),
                }
            }
            BrokerRpc::Produce { request, append } => {
                self.on_produce(now, asked(request), append, out);
            }
            BrokerRpc::EndTransaction { request, transactional_id, producer, result } => {
                self.on_end(asked(request), &transactional_id, producer, result, out);
            }
            BrokerRpc::ListTransactions { request, prefix } => {
                let transactions = &self.state.transactions;
                let open = match prefix {
                    Some(prefix) => transactions.not_fenced(&prefix),
                    None => transactions.unfinished(),
                };
                self.answer(asked(request), LogAnswer::Transactions(open));
            }
            BrokerRpc::Fetch { request, from, position, isolation, at_most } => {
                let fetch = HeldFetch { asked: asked(request), from, position, isolation, at_most };
                self.on_fetch(now, fetch, out);
            }
            BrokerRpc::AddPartition { transactional_id, producer, partition } => {
                self.on_add_partition(now, from, transactional_id, (producer, partition), out);
            }
            BrokerRpc::PartitionAdded { producer, partition, result, .. } => {
                self.on_partition_added(now, &(partition, producer), &result, out);
            }
            BrokerRpc::WriteMarker { transactional_id, producer, partition, result } => {
                self.on_write_marker(from, transactional_id, (producer, partition), result);
            }
            BrokerRpc::MarkerWritten { transactional_id, producer, partition } => {
                self.on_marker_written(&transactional_id, producer, &partition);
            }
        }
    }
}

impl Component for Broker {
    type Message = BrokerRpc;
    type Timer = BrokerTimer;
    type Action = BrokerAction;
    type Report = BrokerReport;

    fn name(&self) -> Name {
        "broker".into()
    }

    fn port(&self) -> Port {
        ports::BROKER
    }

    fn on_start(&mut self, _now: SimTime, out: &mut Out) {
        out.act(BrokerAction::Journal(JournalWork::Read));
    }

    fn on_message(&mut self, now: SimTime, from: Address, message: BrokerRpc, out: &mut Out) {
        if !self.journal.is_open() {
            self.early.push((from, message));
            return;
        }
        self.handle(now, from, message, out);
        self.settle(now, out);
    }

    /// Whoever is not there may come back: what got no answer is asked again in time.
    fn on_reset(&mut self, _now: SimTime, _peer: Address, _out: &mut Out) {}

    fn on_timer(&mut self, now: SimTime, timer: BrokerTimer, out: &mut Out) {
        match timer {
            BrokerTimer::Journal(timer) => {
                let next = self.journal.on_timer(now, timer);
                self.follow(now, next, out);
            }
            BrokerTimer::AskAgain(partition, producer, which) => {
                self.on_ask_again(now, (partition, producer), which, out);
            }
            BrokerTimer::FetchWaited(which) => self.on_fetch_waited(which, out),
            BrokerTimer::SendMarkers(transactional_id, which) => {
                self.send_markers(now, transactional_id, which, out);
            }
            BrokerTimer::Expire(transactional_id) => self.on_expire(now, transactional_id, out),
            BrokerTimer::CheckRetention => self.on_check_retention(now, out),
        }
        self.settle(now, out);
    }

    fn on_report(&mut self, now: SimTime, report: BrokerReport, out: &mut Out) {
        match report {
            BrokerReport::Journal(result) => {
                let next = self.journal.on_result(now, result);
                self.follow(now, next, out);
            }
            BrokerReport::ExpireAll => {
                self.on_expire_all(out);
                self.settle(now, out);
            }
        }
    }
}

/// Where the broker of a node is.
fn broker(node: NodeId) -> Address {
    Address { node, port: ports::BROKER }
}
