//! Two brokers, each with a disk, and clients: messages between the same two arrive in order,
//! otherwise in an order that is drawn.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use weir::base::{NodeId, SimDuration, SimTime};
use weir::broker::{BrokerState, FenceOlderEpochs, ProducerFencing, Retention};
use weir::host::{Address, Disk, Fetched, IsolationLevel, TopicPartition};
use weir::record::{Row, read_frames};
use weir::runtime::rpc::{BrokerRpc, LogAnswer, LogClientRpc, Rpc};
use weir::runtime::{
    Broker, BrokerAction, BrokerOptions, BrokerReport, BrokerTimer, Component, Effect, Outbox,
    TopicOptions, ports,
};
use weir::trace::{Event, LogEvent};

use super::disk::TestDisk;
use super::{TOPIC, partition, text};

/// How many brokers, and partitions, there are.
pub(super) const BROKERS: u16 = 2;

pub(super) fn client(number: u16) -> Address {
    Address { node: NodeId(100 + number), port: ports::LOG_CLIENT }
}

pub(super) const fn millis(millis: u64) -> SimDuration {
    SimDuration::from_millis(millis)
}

struct Node {
    broker: Broker,
    disk: TestDisk,
    timers: BTreeMap<(SimTime, u64), BrokerTimer>,
    reports: VecDeque<BrokerReport>,
}

/// See the module.
pub(super) struct World {
    pub(super) now: SimTime,
    fencing: Arc<dyn ProducerFencing>,
    retention: Option<Retention>,
    nodes: Vec<Node>,
    timers_set: u64,
    mail: BTreeMap<(Address, NodeId), VecDeque<BrokerRpc>>,
    /// What has not been taken yet, by client and request.
    answers: BTreeMap<(Address, u64), LogAnswer>,
    /// What the brokers have told the trace.
    pub(super) events: Vec<LogEvent>,
    /// What the world has seen of a partition: from which offset on it has not, and the rows.
    pub(super) revealed: BTreeMap<u16, (u64, Vec<String>)>,
    /// How many transactions were open each time that a broker was told to expire them.
    pub(super) expired: Vec<usize>,
    /// Messages that are not delivered.
    pub(super) drops: fn(&BrokerRpc) -> bool,
    luck: u64,
}

impl World {
    pub(super) fn new(luck: u64) -> Self {
        Self::with(luck, Arc::new(FenceOlderEpochs), None)
    }

    pub(super) fn with_fencing(luck: u64, fencing: Arc<dyn ProducerFencing>) -> Self {
        Self::with(luck, fencing, None)
    }

    /// One whose records become too old.
    pub(super) fn keeping(luck: u64, retention: Retention) -> Self {
        Self::with(luck, Arc::new(FenceOlderEpochs), Some(retention))
    }

    fn with(luck: u64, fencing: Arc<dyn ProducerFencing>, retention: Option<Retention>) -> Self {
        let mut world = Self {
            now: SimTime::ZERO,
            fencing,
            retention,
            nodes: Vec::new(),
            timers_set: 0,
            mail: BTreeMap::new(),
            answers: BTreeMap::new(),
            events: Vec::new(),
            revealed: BTreeMap::new(),
            expired: Vec::new(),
            drops: |_| false,
            luck,
        };
        for own in 0..BROKERS {
            let node = world.life(own, TestDisk::default());
            world.nodes.push(node);
            world.start(own);
        }
        world
    }

    fn life(&self, own: u16, disk: TestDisk) -> Node {
        let options = BrokerOptions {
            brokers: (0..BROKERS).map(NodeId).collect(),
            own,
            topics: vec![TopicOptions { name: TOPIC.into(), partitions: BROKERS }],
            retention: self.retention,
            fencing: Arc::clone(&self.fencing),
        };
        let broker = Broker::new(options);
        Node { broker, disk, timers: BTreeMap::new(), reports: VecDeque::new() }
    }

    fn start(&mut self, own: u16) {
        self.handle(own, Component::on_start);
    }

    /// A broker crashes and comes back at once.
    pub(super) fn crash(&mut self, own: u16, cut: usize) {
        self.mail.retain(|(_, to), _| to.0 != own);
        let place = usize::from(own);
        let disk = std::mem::take(&mut self.nodes[place].disk);
        disk.set_now(self.now);
        disk.crash(cut);
        self.nodes[place] = self.life(own, disk);
        self.start(own);
    }

    pub(super) fn refuse_writes(&mut self, own: u16, calls: u32) {
        self.nodes[usize::from(own)].disk.refuse(calls);
    }

    /// The time of all transactions that are open at a broker is taken for passed.
    pub(super) fn expire_all(&mut self, own: u16) {
        self.nodes[usize::from(own)].reports.push_back(BrokerReport::ExpireAll);
    }

    pub(super) fn state(&self, own: u16) -> &BrokerState {
        self.nodes[usize::from(own)].broker.state()
    }

    /// How many entries there are in the write-ahead log of a broker, which has no torn end.
    pub(super) fn entries(&self, own: u16) -> Vec<weir::broker::WalEntry> {
        let disk = &self.nodes[usize::from(own)].disk;
        let contents = disk.read("wal").map(|(contents, _)| contents).unwrap_or_default();
        let read = read_frames(&contents);
        assert_eq!(read.torn_bytes, 0);
        read.entries
    }

    fn handle(
        &mut self,
        own: u16,
        handler: impl FnOnce(&mut Broker, SimTime, &mut Outbox<Broker>),
    ) {
        let mut out = Outbox::default();
        let node = &mut self.nodes[usize::from(own)];
        node.disk.set_now(self.now);
        handler(&mut node.broker, self.now, &mut out);
        let from = Address { node: NodeId(own), port: ports::BROKER };
        for effect in out.drain() {
            let node = &mut self.nodes[usize::from(own)];
            match effect {
                Effect::Send { to, rpc: Rpc::Broker(rpc) } => self.post(from, to.node, rpc),
                Effect::Send { to, rpc: Rpc::LogClient(LogClientRpc { request, answer }) } => {
                    self.answers.insert((to, request), answer);
                }
                Effect::Send { .. } | Effect::Stop => panic!("brokers do nothing of the kind"),
                Effect::Timer { at, timer } => {
                    self.timers_set += 1;
                    node.timers.insert((at, self.timers_set), timer);
                }
                Effect::Trace(Event::Log(event)) => self.events.push(event),
                Effect::Trace(other) => panic!("brokers do not tell {other:?}"),
                Effect::Act(BrokerAction::Journal(work)) => {
                    let result = work.perform(&node.disk, self.now);
                    node.reports.push_back(BrokerReport::Journal(result));
                }
                Effect::Act(BrokerAction::Reveal { topic, partition, rows }) => {
                    assert_eq!(&*topic, TOPIC);
                    self.reveal(partition, rows);
                }
                Effect::Act(BrokerAction::Expired { transactions }) => {
                    self.expired.push(transactions);
                }
            }
        }
    }

    fn reveal(&mut self, partition: u16, rows: Vec<(u64, Row)>) {
        let (next, seen) = self.revealed.entry(partition).or_default();
        assert!(rows.is_sorted_by_key(|(offset, _)| *offset), "in order of offsets");
        for (offset, row) in rows {
            if offset >= *next {
                seen.push(row.fields[0].clone());
                *next = offset + 1;
            }
        }
    }

    /// Sends something to a broker.
    pub(super) fn post(&mut self, from: Address, to: NodeId, rpc: BrokerRpc) {
        if !(self.drops)(&rpc) {
            self.mail.entry((from, to)).or_default().push_back(rpc);
        }
    }

    fn draw(&mut self, below: usize) -> usize {
        self.luck = self.luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.luck >> 33) as usize % below
    }

    /// Lets one thing happen, if anything can before `until`.
    pub(super) fn step(&mut self, until: SimTime) -> bool {
        self.mail.retain(|_, queue| !queue.is_empty());
        let pending = self.nodes.iter().position(|node| !node.reports.is_empty());
        if let Some(place) = pending {
            let report = self.nodes[place].reports.pop_front().expect("it is not empty");
            self.handle(place as u16, |broker, now, out| broker.on_report(now, report, out));
            return true;
        }
        let first = |node: &Node| node.timers.keys().next().copied();
        let next = (0..BROKERS)
            .filter_map(|own| first(&self.nodes[usize::from(own)]).map(|at| (at, own)))
            .min();
        // What has been sent arrives before, or after, a disk is done.
        let overtaken = self.mail.is_empty() || self.draw(4) == 0;
        if let Some(((at, number), own)) = next
            && at <= until
            && overtaken
            && (self.mail.is_empty() || at <= self.now + millis(5))
        {
            self.now = self.now.max(at);
            let timers = &mut self.nodes[usize::from(own)].timers;
            let timer = timers.remove(&(at, number)).expect("it is there");
            self.handle(own, |broker, now, out| broker.on_timer(now, timer, out));
            return true;
        }
        if self.mail.is_empty() {
            self.now = self.now.max(until);
            return false;
        }
        let place = self.draw(self.mail.len());
        let ((from, to), queue) = self.mail.iter_mut().nth(place).expect("it is one of them");
        let (from, to) = (*from, *to);
        let rpc = queue.pop_front().expect("empty ones are gone");
        self.handle(to.0, |broker, now, out| broker.on_message(now, from, rpc, out));
        true
    }

    /// Lets so much time pass.
    pub(super) fn pass(&mut self, span: SimDuration) {
        let until = self.now + span;
        while self.step(until) {}
    }

    /// The answer to a request, if there is one by now.
    pub(super) fn answer(&mut self, client: Address, request: u64) -> Option<LogAnswer> {
        self.answers.remove(&(client, request))
    }

    /// Up to where a partition is, and what is in it, for a reader.
    pub(super) fn read(&self, of: u16, isolation: IsolationLevel) -> Vec<(u64, String)> {
        let leader = weir::broker::placement::leader(&[NodeId(0), NodeId(1)], of);
        let log = &self.state(leader.0).partitions[&partition(of)];
        let Fetched { records, .. } = log.fetch(0, isolation, u32::MAX).expect("it begins at 0");
        records.iter().map(|(offset, record)| (*offset, text(record))).collect()
    }

    /// The names of the events so far, and forgets them.
    pub(super) fn told(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.events).iter().map(Into::into).collect()
    }
}

/// An answer in a few words.
pub(super) fn words(answer: Option<&LogAnswer>) -> String {
    match answer {
        None => "no answer".to_string(),
        Some(LogAnswer::Done) => "done".to_string(),
        Some(LogAnswer::Partitions(count)) => format!("{count} partitions"),
        Some(LogAnswer::PartitionsCreated) => "created".to_string(),
        Some(LogAnswer::Offsets(ends)) => format!("{}..{}", ends.earliest, ends.latest),
        Some(LogAnswer::Producer(producer)) => format!("producer {producer}"),
        Some(LogAnswer::Appended(offset)) => format!("appended at {offset}"),
        Some(LogAnswer::Transactions(open)) => format!("open: {}", open.join(", ")),
        Some(LogAnswer::Fetched(fetched)) => {
            let records = fetched.records.iter();
            let texts: Vec<_> =
                records.map(|(offset, record)| format!("{offset}:{}", text(record))).collect();
            format!("[{}] next {}", texts.join(" "), fetched.next)
        }
        Some(LogAnswer::Failed(error)) => {
            let error = error.to_string();
            error.split(':').next().unwrap_or_default().to_string()
        }
    }
}

/// Where a broker is that coordinates a transactional id.
pub(super) fn coordinator(transactional_id: &str) -> NodeId {
    weir::broker::placement::coordinator(&[NodeId(0), NodeId(1)], transactional_id)
}

/// The leader of a partition.
pub(super) fn leader(of: &TopicPartition) -> NodeId {
    weir::broker::placement::leader(&[NodeId(0), NodeId(1)], of.partition)
}
