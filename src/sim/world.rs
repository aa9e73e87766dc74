//! The whole state of one simulation, and the few things everything else in it does: tell the
//! time, schedule, record, account, end.
//!
//! There is one world per thread, shared by `Rc`. Its parts are cells that are borrowed only
//! for the length of one operation, never while foreign code runs (a recorder aside): dropping
//! a message or a task, waking, and asking a message for its size all happen outside a borrow.
//!
//! Nodes live on the executor, but die only through [`World::kill`], never through an
//! executor's plugin: plugins are reset in the order of a hash map, with locks held under
//! which nothing may be recorded.
//!
//! Invariant: once the run is over or a life has ended, its pulse is false, and every port
//! refuses it. Events are acted on in the order in which they were recorded, and an action's
//! own events are acted on after the action.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::atomic::Ordering;

use madsim::runtime::Handle;
use madsim::time::TimeHandle;

use super::clock::NodeClock;
use super::disk::DiskState;
use super::driver::Alarm;
use super::expiring::Expiring;
use super::failing::Failing;
use super::link::Links;
use super::node::Node;
use super::poison::Poison;
use super::queue::{Due, Key, Queue};
use super::scratch::ScratchSpace;
use super::triggers::Triggers;
use super::{Boot, Recording, SimOptions, Watch};
use crate::base::{Name, NodeId, SimDuration, SimTime};
use crate::record::Row;
use crate::trace::{Event, Level};

/// Why a run is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// What runs in it said so.
    Stopped,
    /// A limit was reached: which, in words.
    Limit(String),
    /// It was interrupted from outside.
    Interrupted,
    /// A node's code panicked.
    Panicked {
        /// The node.
        node: Name,
        /// The panic's message.
        message: String,
    },
}

/// See the module.
pub(super) struct World {
    pub(super) options: SimOptions,
    pub(super) names: Vec<Name>,
    pub(super) boot: Boot,
    pub(super) handle: Handle,
    pub(super) nodes: RefCell<Vec<Node>>,
    pub(super) links: RefCell<Links>,
    pub(super) disks: RefCell<Vec<DiskState>>,
    pub(super) clocks: RefCell<Vec<NodeClock>>,
    pub(super) triggers: RefCell<Triggers>,
    pub(super) queue: RefCell<Queue>,
    pub(super) alarm: RefCell<Alarm>,
    pub(super) scratch: ScratchSpace,
    pub(super) sinks: RefCell<BTreeMap<String, Vec<Row>>>,
    /// By sink and part: the place from which on its rows are not in `sinks` yet.
    pub(super) revealed: RefCell<BTreeMap<(String, String), u64>>,
    /// By sink and subtask: the latest attempt that has opened it.
    pub(super) writers: RefCell<BTreeMap<String, BTreeMap<String, u32>>>,
    /// By node: the faults that have locked its service.
    pub(super) locks: RefCell<Vec<BTreeSet<usize>>>,
    /// By fault in force: the subtask whose function it slows down, and how much.
    pub(super) slow: RefCell<BTreeMap<usize, (String, f64)>>,
    /// By subtask: the attempts that a fault may make fail.
    pub(super) failing: RefCell<BTreeMap<String, Vec<Failing>>>,
    /// By fault in force: the record that nobody can process.
    pub(super) poisons: RefCell<BTreeMap<usize, Poison>>,
    /// By node: the service whose open transactions a fault may end.
    pub(super) expiring: RefCell<BTreeMap<NodeId, Expiring>>,
    /// By sink: how long latency markers were on their way.
    pub(super) latencies: RefCell<BTreeMap<String, Vec<SimDuration>>>,
    time: TimeHandle,
    recorder: Rc<RefCell<dyn Recording>>,
    watch: Watch,
    events: Cell<u64>,
    memory: Cell<u64>,
    /// Whether something is being acted on, so that what it triggers must wait.
    acting: Cell<bool>,
    end: RefCell<Option<End>>,
}

impl World {
    /// A world in which nothing has started.
    pub(super) fn new(
        options: SimOptions,
        boot: Boot,
        handle: Handle,
        recorder: Rc<RefCell<dyn Recording>>,
        watch: Watch,
    ) -> Self {
        let names: Vec<Name> = options.nodes.iter().map(|node| node.name.as_str().into()).collect();
        let disk = |name: &Name| {
            DiskState::new(options.disk.clone(), options.seed.stream(&format!("disk {name}")))
        };
        Self {
            nodes: RefCell::new(names.iter().map(|_| Node::default()).collect()),
            links: RefCell::new(Links::new(&options.network, &names, options.seed)),
            disks: RefCell::new(names.iter().map(disk).collect()),
            clocks: RefCell::new(
                options
                    .nodes
                    .iter()
                    .map(|node| NodeClock::new(node.clock_offset_us, node.clock_drift_ppm))
                    .collect(),
            ),
            triggers: RefCell::new(Triggers::new(&options)),
            queue: RefCell::default(),
            alarm: RefCell::default(),
            scratch: ScratchSpace::default(),
            sinks: RefCell::default(),
            revealed: RefCell::default(),
            writers: RefCell::default(),
            locks: RefCell::new(vec![BTreeSet::new(); names.len()]),
            slow: RefCell::default(),
            failing: RefCell::default(),
            poisons: RefCell::default(),
            expiring: RefCell::default(),
            latencies: RefCell::default(),
            time: TimeHandle::current(),
            recorder,
            watch,
            events: Cell::new(0),
            memory: Cell::new(0),
            acting: Cell::new(false),
            end: RefCell::new(None),
            options,
            names,
            boot,
            handle,
        }
    }

    /// The moment.
    pub(super) fn now(&self) -> SimTime {
        SimTime(u64::try_from(self.time.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// The executor's name for a moment.
    pub(super) fn instant(&self, at: SimTime) -> madsim::time::Instant {
        self.time.now_instant() + at.since(self.now())
    }

    /// A node that options name; they have been validated.
    pub(super) fn node_named(&self, name: &str) -> NodeId {
        let place = self.names.iter().position(|known| **known == *name);
        NodeId(place.expect("options name only nodes that are there") as u16)
    }

    /// Puts something into the queue, and sees to it that the driver wakes in time.
    pub(super) fn schedule(&self, at: SimTime, due: Due) -> Key {
        let key = self.queue.borrow_mut().push(at, due);
        let waker = self.alarm.borrow_mut().must_wake(at);
        if let Some(waker) = waker {
            waker.wake();
        }
        key
    }

    /// Records an event of a node, alive or not.
    pub(super) fn record(&self, node: NodeId, event: &Event) {
        if self.is_over() {
            return;
        }
        let now = self.now();
        let life = self.nodes.borrow()[usize::from(node.0)].life;
        let step = self.recorder.borrow_mut().record(now, node, life, event);
        let mut triggers = self.triggers.borrow_mut();
        if !triggers.is_blind() {
            triggers.notice(step, event, &self.names[usize::from(node.0)]);
        }
        drop(triggers);
        if event.level() == Level::Control {
            let events = self.events.get() + 1;
            self.events.set(events);
            self.watch.progress.update(events, now);
            if events >= self.options.limits.events {
                self.finish(End::Limit(format!("{events} control events")));
            }
        }
    }

    /// Acts on all that recorded events have triggered.
    pub(super) fn settle(self: &Rc<Self>) {
        if self.acting.replace(true) {
            return;
        }
        while !self.is_over() {
            let next = self.triggers.borrow_mut().next_pending();
            let Some(trigger) = next else { break };
            self.act(trigger);
        }
        self.acting.set(false);
    }

    /// Does something whose events may trigger more, which comes after it.
    pub(super) fn atomically(self: &Rc<Self>, action: impl FnOnce()) {
        let nested = self.acting.replace(true);
        action();
        self.acting.set(nested);
        self.settle();
    }

    /// Counts memory in or out.
    pub(super) fn account(&self, added: u64, freed: u64) {
        let memory = (self.memory.get() + added).saturating_sub(freed);
        self.memory.set(memory);
        if memory > self.options.limits.memory {
            self.finish(End::Limit(format!("{} bytes of memory", self.options.limits.memory)));
        }
    }

    /// Ends the run, unless it has ended. From now on everything is refused.
    pub(super) fn finish(&self, end: End) {
        if self.is_over() {
            return;
        }
        *self.end.borrow_mut() = Some(end);
        for node in self.nodes.borrow().iter() {
            node.pulse.set(false);
        }
        let waker = self.alarm.borrow_mut().must_wake(SimTime::ZERO);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Ends the run if time is up or somebody outside says so.
    pub(super) fn check_limits(&self, now: SimTime) {
        self.watch.progress.update(self.events.get(), now);
        if self.watch.stop.load(Ordering::Relaxed) {
            self.finish(End::Interrupted);
        }
        if now >= self.time_limit() {
            let limit = self.options.limits.virtual_time;
            self.finish(End::Limit(format!("{limit:?} of simulated time")));
        }
    }

    /// The moment at which the run ends at the latest.
    pub(super) fn time_limit(&self) -> SimTime {
        SimTime::ZERO + self.options.limits.virtual_time
    }

    /// How many control events there were.
    pub(super) fn events(&self) -> u64 {
        self.events.get()
    }

    /// Whether the run has ended.
    pub(super) fn is_over(&self) -> bool {
        self.end.borrow().is_some()
    }

    /// Why it has ended.
    pub(super) fn end(&self) -> Option<End> {
        self.end.borrow().clone()
    }
}
