//! Worlds to test in, and a recorder that keeps everything.

use std::rc::Rc;
use std::time::Duration;

use weir::base::{Incarnation, NodeId, Seed, SimDuration, SimTime, Step};
use weir::host::{Host, Task};
use weir::sim::{
    DiskOptions, End, FaultAction, FaultOptions, Limits, LinkOptions, NetworkOptions, NodeOptions,
    Recording, SimError, SimOptions, SimOutcome, Stop, Watch, When, run,
};
use weir::trace::{Event, FaultEvent, Level, RpcEvent};

/// One event as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub at: SimTime,
    pub node: NodeId,
    pub life: Incarnation,
    pub event: Event,
}

/// All events of a run.
#[derive(Default)]
pub struct Log {
    pub entries: Vec<Entry>,
    steps: u64,
}

impl Recording for Log {
    fn record(&mut self, at: SimTime, node: NodeId, life: Incarnation, event: &Event) -> Step {
        self.steps += u64::from(event.level() == Level::Control);
        self.entries.push(Entry { at, node, life, event: event.clone() });
        Step(self.steps)
    }
}

impl Log {
    /// Where the `fault`-th fault struck.
    pub fn injected(&self, fault: usize) -> Option<usize> {
        self.entries.iter().position(|entry| match &entry.event {
            Event::Fault(FaultEvent::FaultInjected { fault: number, .. }) => {
                *number as usize == fault
            }
            _ => false,
        })
    }
}

pub const fn ms(count: u64) -> SimDuration {
    Duration::from_millis(count)
}

pub fn at(span: SimDuration) -> SimTime {
    SimTime::ZERO + span
}

/// Nodes `a`, `b`, `c` … in a world without chance other than the schedule.
pub fn world(seed: u64, nodes: usize) -> SimOptions {
    let name = |i: usize| char::from(b'a' + i as u8).to_string();
    SimOptions {
        seed: Seed(seed),
        nodes: (0..nodes)
            .map(|i| NodeOptions { name: name(i), clock_offset_us: 0, clock_drift_ppm: 0 })
            .collect(),
        network: NetworkOptions { default: link(1..=1), ..NetworkOptions::default() },
        disk: DiskOptions::default(),
        faults: Vec::new(),
        notes: Vec::new(),
        fencing: std::sync::Arc::new(weir::host::FenceReplaced),
        judged: std::collections::BTreeSet::new(),
        limits: Limits { virtual_time: ms(60_000), ..Limits::default() },
        level: Level::Control,
    }
}

/// A link with this latency in milliseconds.
pub fn link(latency: std::ops::RangeInclusive<u64>) -> LinkOptions {
    LinkOptions { latency: ms(*latency.start())..=ms(*latency.end()), loss: 0.0, bandwidth: None }
}

pub fn fault(when: When, action: FaultAction) -> FaultOptions {
    FaultOptions { when, action, optional: false }
}

pub fn kill(node: &str, restart_after: Option<SimDuration>) -> FaultAction {
    FaultAction::Kill { node: node.to_owned(), restart_after }
}

pub fn cut(from: &str, duration: Option<SimDuration>) -> FaultAction {
    let from = vec![from.to_owned()];
    FaultAction::Partition { from, to: Vec::new(), one_way: false, duration }
}

/// Runs `node` on every node until it says stop, or for ever.
pub fn play<F>(
    options: SimOptions,
    node: impl Fn(Host, Stop) -> F + Send + 'static,
) -> Result<SimOutcome<Log>, SimError>
where
    F: Future<Output = ()> + 'static,
{
    run(options, Log::default(), Watch::default(), move |stop| boot(stop, node))
}

/// What `run` wants, from a plain asynchronous function.
pub fn boot<F>(stop: Stop, node: impl Fn(Host, Stop) -> F + 'static) -> weir::sim::Boot
where
    F: Future<Output = ()> + 'static,
{
    let node = Rc::new(node);
    Box::new(move |host| -> Task { Box::pin(node(host, stop.clone())) })
}

/// Runs to the time limit.
pub fn play_out<F>(
    options: SimOptions,
    node: impl Fn(Host, Stop) -> F + Send + 'static,
) -> SimOutcome<Log>
where
    F: Future<Output = ()> + 'static,
{
    let outcome = play(options, node).expect("the world is possible and nothing panics");
    assert!(matches!(outcome.end, End::Stopped | End::Limit(_)), "{:?}", outcome.end);
    outcome
}

/// Records that something happened, in words.
pub fn say(host: &Host, what: impl Into<String>) {
    host.trace.record(Event::Rpc(RpcEvent::RpcReceived {
        by: host.name.clone(),
        from: host.name.clone(),
        message: "say".into(),
        about: what.into(),
    }));
}

/// What was said, one line each: time in milliseconds, node, words.
pub fn said(log: &Log) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in &log.entries {
        if let Event::Rpc(RpcEvent::RpcReceived { by, about, .. }) = &entry.event {
            lines.push(format!("{} {by} {about}", entry.at.as_millis()));
        }
    }
    lines
}
