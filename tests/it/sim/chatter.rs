//! Nodes that talk to each other at random, write and publish; and what must hold of every run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::Rng;
use weir::base::{Incarnation, NodeId, SimDuration, SimTime};
use weir::host::{Address, DiskError, Host, Lane, Message, Payload, Port, Signal, Writer};
use weir::record::{Row, RowKind};
use weir::sim::{FaultAction, SimOptions, SimOutcome, Watch, run};
use weir::trace::{Event, NodeEvent, RpcEvent, SinkEvent};

use super::harness::{Log, boot, say};

/// One message and the stream it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    pub from: NodeId,
    pub from_life: u64,
    pub lane: Lane,
    pub seq: u64,
    pub sent: SimTime,
    pub size: u64,
    /// Whether its sender had died, and ran on to its next await.
    pub posthumous: bool,
}

impl Message for Letter {
    fn wire_size(&self) -> u64 {
        self.size
    }
}

/// A letter that arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    pub letter: Letter,
    pub to: NodeId,
    /// How often the receiver had started.
    pub to_life: u64,
    pub at: SimTime,
}

/// What the nodes of one run did, as they saw it.
#[derive(Default)]
pub struct Diary {
    pub sent: usize,
    pub arrivals: Vec<Arrival>,
    starts: BTreeMap<NodeId, u64>,
}

pub struct Chat {
    pub outcome: SimOutcome<Log>,
    pub diary: Diary,
}

/// Lets all nodes chat, each sending `letters` letters, and checks what must hold of any run.
pub fn chat(options: &SimOptions, letters: u64) -> Chat {
    chat_watched(options, letters, Log::default(), |log| log)
}

/// The same under a recorder of one's own.
pub fn chat_watched<R: weir::sim::Recording + Send + 'static>(
    options: &SimOptions,
    letters: u64,
    recorder: R,
    log: impl FnOnce(R) -> Log,
) -> Chat {
    let diary = Arc::new(Mutex::new(Diary::default()));
    let (nodes, theirs) = (options.nodes.len() as u16, diary.clone());
    let outcome = run(options.clone(), recorder, Watch::default(), move |stop| {
        boot(stop, move |host, _| chatter(host, nodes, letters, theirs.clone()))
    });
    let outcome = outcome.expect("the world is possible and nothing panics");
    let SimOutcome { recorder, virtual_time, events, end, vacuous, sinks, latencies } = outcome;
    let recorder = log(recorder);
    let outcome = SimOutcome { recorder, virtual_time, events, end, vacuous, sinks, latencies };
    let diary = Arc::into_inner(diary).expect("the run has freed its share");
    let chat = Chat { outcome, diary: diary.into_inner().unwrap() };
    check(options, &chat);
    chat
}

async fn chatter(host: Host, nodes: u16, letters: u64, diary: Arc<Mutex<Diary>>) {
    let life = {
        let mut diary = diary.lock().unwrap();
        let life = diary.starts.entry(host.node).or_default();
        *life += 1;
        *life
    };
    let signal = Signal::default();
    let inbox = host.wire.open(Port(1), signal.clone());
    host.spawn.spawn(Box::pin(send(host.clone(), nodes, letters, life, diary.clone())));
    loop {
        signal.wait().await;
        while let Some(delivery) = inbox.try_recv() {
            let peer = delivery.from.node;
            match delivery.payload {
                Payload::Message(message) => {
                    let message: Box<dyn std::any::Any> = message;
                    let letter = *message.downcast::<Letter>().unwrap();
                    assert_eq!(letter.from, peer);
                    say(&host, format!("got {:?} {} of {peer}", letter.lane, letter.seq));
                    let (to, at) = (host.node, host.clock.now());
                    diary.lock().unwrap().arrivals.push(Arrival { letter, to, to_life: life, at });
                }
                Payload::Reset => host.trace.record(Event::Rpc(RpcEvent::ConnectionReset {
                    by: host.name.clone(),
                    peer: peer.to_string().into(),
                })),
            }
        }
    }
}

async fn send(host: Host, nodes: u16, letters: u64, life: u64, diary: Arc<Mutex<Diary>>) {
    let mut rng = host.random.stream("chatter");
    let mut seqs: BTreeMap<(u16, Lane), u64> = BTreeMap::new();
    // By then everybody has opened its port.
    host.clock.sleep_until(host.clock.now() + Duration::from_millis(1)).await;
    for count in 0..letters {
        // On a grid, so that many act at one moment and their order is open.
        let next = host.clock.now().as_millis() + 1 + rng.next_u64() % 3;
        host.clock.sleep_until(SimTime::ZERO + Duration::from_millis(next)).await;
        let to = (host.node.0 + 1 + (rng.next_u64() % u64::from(nodes - 1)) as u16) % nodes;
        let lane = if rng.next_u64().is_multiple_of(2) { Lane::Rpc } else { Lane::Data };
        // A fault may strike at these words: all that follows is then posthumous.
        say(&host, format!("at {count}"));
        if count % 4 == 0 {
            let fields = vec![host.node.to_string(), life.to_string(), count.to_string()];
            let row = Row { kind: RowKind::Insert, fields, id: None, number: None };
            let writer = Writer { sink: "rows", subtask: "chatter#1", attempt: 0 };
            host.outside.publish(writer, vec![row]);
        }
        let posthumous = host.disk.append("log", &count.to_le_bytes()) == Err(DiskError::Dead);
        let seq = seqs.entry((to, lane)).or_default();
        *seq += 1;
        let (from, sent, size) = (host.node, host.clock.now(), rng.next_u64() % 2_000);
        let letter = Letter { from, from_life: life, lane, seq: *seq, sent, size, posthumous };
        let to = Address { node: NodeId(to), port: Port(1) };
        host.wire.send(Port(1), to, lane, Box::new(letter));
        diary.lock().unwrap().sent += 1;
    }
}

/// What must hold of every run, whatever happens in it.
fn check(options: &SimOptions, chat: &Chat) {
    let Chat { outcome, diary } = chat;
    let mut last: BTreeMap<_, u64> = BTreeMap::new();
    for Arrival { letter, to, to_life, at } in &diary.arrivals {
        let stream = (letter.from, letter.from_life, *to, *to_life, letter.lane);
        let before = last.insert(stream, letter.seq).unwrap_or(0);
        assert!(letter.seq > before, "{stream:?}: {} came after {before}", letter.seq);
        assert!(!letter.posthumous, "the dead sent {letter:?}");
        let least = least_latency(options);
        assert!(at.since(letter.sent) >= least, "{letter:?} took less than {least:?}, at {at}");
    }
    let mut dead: BTreeMap<NodeId, Incarnation> = BTreeMap::new();
    let mut visible = 0;
    for entry in &outcome.recorder.entries {
        match &entry.event {
            Event::Node(NodeEvent::NodeKilled { incarnation }) => {
                dead.insert(entry.node, *incarnation);
            }
            // What is done to machines is told of dead ones too.
            Event::Node(NodeEvent::BytesLost { .. } | NodeEvent::ClockChanged { .. })
            | Event::Node(NodeEvent::LinkCut { .. } | NodeEvent::LinkHealed { .. })
            | Event::Fault(_) => {}
            event => {
                let past = dead.get(&entry.node).copied().unwrap_or_default();
                assert!(entry.life > past, "a dead life did {event:?}");
            }
        }
        if let Event::Sink(SinkEvent::RowsVisible { rows, .. }) = &entry.event {
            visible += *rows as usize;
        }
        if let Event::Rpc(RpcEvent::ConnectionReset { .. }) = &entry.event {
            assert!(!dead.is_empty(), "a reset although nobody had died");
        }
    }
    assert_eq!(outcome.sinks.values().map(Vec::len).sum::<usize>(), visible);
}

fn least_latency(options: &SimOptions) -> SimDuration {
    let mut least = *options.network.default.latency.start();
    for fault in &options.faults {
        if let FaultAction::Degrade { link, .. } = &fault.action {
            least = least.min(*link.latency.start());
        }
    }
    least
}
