//! The shells, on hosts that are just one queue: whole nodes find each other and do their work.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use super::setting::{CLIENT, JOBMANAGER, job, options};
use weir::base::{EventTime, Name, NodeId, Seed, SimDuration, SimTime, StreamRng};
use weir::host::{
    Address, Clock, Delivery, Disk, DiskError, Host, Inbox, InjectedFailure, Lane, Message,
    Outside, Payload, Port, Random, ReadRecords, Scratch, Signal, Sleep, Spawn, Task, Trace, Wire,
    Writer,
};
use weir::record::Row;
use weir::runtime::{self, JobResult, StreamTaskRunner, Submission};
use weir::trace::{Event, JobStatus, Level, RpcEvent};

type Mail = Rc<RefCell<VecDeque<Delivery>>>;

/// Everything there is: tasks, ports, and what happens when.
#[derive(Default)]
struct World {
    now: Cell<SimTime>,
    queue: RefCell<BTreeMap<(SimTime, u64), Happening>>,
    queued: Cell<u64>,
    ports: RefCell<BTreeMap<Address, (Mail, Signal)>>,
    spawned: RefCell<Vec<Task>>,
    woken: Arc<Mutex<BTreeSet<usize>>>,
    events: RefCell<Vec<Event>>,
    sleeps_polled: Cell<usize>,
}

enum Happening {
    Wake(Waker),
    Arrive { to: Address, delivery: Delivery },
}

struct TaskWaker(usize, Arc<Mutex<BTreeSet<usize>>>);

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.1.lock().unwrap().insert(self.0);
    }
}

impl World {
    fn push(&self, at: SimTime, happening: Happening) {
        let number = self.queued.replace(self.queued.get() + 1);
        self.queue.borrow_mut().insert((at, number), happening);
    }

    fn run_until(&self, end: SimTime) {
        let mut tasks: Vec<Option<Task>> = Vec::new();
        loop {
            for task in self.spawned.borrow_mut().drain(..) {
                self.woken.lock().unwrap().insert(tasks.len());
                tasks.push(Some(task));
            }
            let woken = self.woken.lock().unwrap().pop_first();
            if let Some(index) = woken {
                let waker = Waker::from(Arc::new(TaskWaker(index, Arc::clone(&self.woken))));
                let task = &mut tasks[index];
                let done = task.as_mut().is_some_and(|task| {
                    task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
                });
                if done {
                    *task = None;
                }
                continue;
            }
            let next = self.queue.borrow_mut().pop_first();
            match next {
                Some(((at, _), happening)) if at <= end => {
                    self.now.set(at);
                    match happening {
                        Happening::Wake(waker) => waker.wake(),
                        Happening::Arrive { to, delivery } => self.arrive(to, delivery),
                    }
                }
                _ => return,
            }
        }
    }

    fn arrive(&self, to: Address, delivery: Delivery) {
        let ports = self.ports.borrow();
        let port = ports.get(&to).filter(|(mail, _)| Rc::strong_count(mail) > 1);
        match (port, &delivery.payload) {
            (Some((mail, signal)), _) => {
                mail.borrow_mut().push_back(delivery);
                signal.notify();
            }
            (None, Payload::Message(_)) => {
                let reset = Delivery { from: to, payload: Payload::Reset };
                let at = self.now.get() + SimDuration::from_millis(1);
                self.push(at, Happening::Arrive { to: delivery.from, delivery: reset });
            }
            (None, Payload::Reset) => {}
        }
    }

    fn host(self: &Rc<Self>, node: NodeId, name: Name) -> Host {
        let port = Rc::new(NodePort { world: Rc::clone(self), node });
        Host {
            node,
            name,
            clock: port.clone(),
            wire: port.clone(),
            disk: port.clone(),
            random: port.clone(),
            spawn: port.clone(),
            trace: port.clone(),
            scratch: port.clone(),
            outside: port,
        }
    }
}

struct NodePort {
    world: Rc<World>,
    node: NodeId,
}

struct Sleeping(Rc<World>, SimTime);

impl Future for Sleeping {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self(world, deadline) = &*self;
        world.sleeps_polled.set(world.sleeps_polled.get() + 1);
        if world.now.get() >= *deadline {
            return Poll::Ready(());
        }
        world.push(*deadline, Happening::Wake(context.waker().clone()));
        Poll::Pending
    }
}

impl Clock for NodePort {
    fn now(&self) -> SimTime {
        self.world.now.get()
    }

    fn processing_time(&self) -> EventTime {
        EventTime(0)
    }

    fn sleep_until(&self, deadline: SimTime) -> Sleep {
        Box::pin(Sleeping(Rc::clone(&self.world), deadline))
    }
}

struct PortInbox(Mail);

impl Inbox for PortInbox {
    fn try_recv(&self) -> Option<Delivery> {
        self.0.borrow_mut().pop_front()
    }
}

impl Wire for NodePort {
    fn open(&self, port: Port, signal: Signal) -> Rc<dyn Inbox> {
        let mail = Mail::default();
        let address = Address { node: self.node, port };
        self.world.ports.borrow_mut().insert(address, (Rc::clone(&mail), signal));
        Rc::new(PortInbox(mail))
    }

    fn send(&self, port: Port, to: Address, _lane: Lane, message: Box<dyn Message>) {
        let from = Address { node: self.node, port };
        let delivery = Delivery { from, payload: Payload::Message(message) };
        let at = self.world.now.get() + SimDuration::from_millis(1);
        self.world.push(at, Happening::Arrive { to, delivery });
    }
}

impl Scratch for NodePort {
    fn directory(&self) -> std::io::Result<std::path::PathBuf> {
        unreachable!("the control plane has no scratch files")
    }
}

impl Disk for NodePort {
    fn append(&self, _path: &str, _bytes: &[u8]) -> Result<SimTime, DiskError> {
        Err(DiskError::Dead)
    }
    fn write(&self, _path: &str, _bytes: &[u8]) -> Result<SimTime, DiskError> {
        Err(DiskError::Dead)
    }
    fn transfer(&self, _bytes: u64) -> Result<SimTime, DiskError> {
        Err(DiskError::Dead)
    }
    fn sync(&self, _path: &str) -> Result<SimTime, DiskError> {
        Err(DiskError::Dead)
    }
    fn read(&self, _path: &str) -> Result<(Vec<u8>, SimTime), DiskError> {
        Err(DiskError::Dead)
    }
    fn remove(&self, _path: &str) -> Result<(), DiskError> {
        Err(DiskError::Dead)
    }
    fn rename(&self, _from: &str, _to: &str) -> Result<(), DiskError> {
        Err(DiskError::Dead)
    }
    fn list(&self, _prefix: &str) -> Result<Vec<String>, DiskError> {
        Err(DiskError::Dead)
    }
}

impl Random for NodePort {
    fn stream(&self, name: &str) -> StreamRng {
        Seed(1).stream(name)
    }
}

impl Spawn for NodePort {
    fn spawn(&self, task: Task) {
        self.world.spawned.borrow_mut().push(task);
    }
}

impl Trace for NodePort {
    fn record(&self, event: Event) {
        self.world.events.borrow_mut().push(event);
    }

    fn level(&self) -> Level {
        Level::Records
    }
}

impl Outside for NodePort {
    fn open(&self, _writer: Writer<'_>) {}

    fn publish(&self, _writer: Writer<'_>, _rows: Vec<Row>) {}

    fn reveal(&self, _sink: &str, _part: &str, _rows: Vec<(u64, Row)>) {}

    fn expect_failure(&self, _subtask: &str, _signal: Signal) -> Rc<Cell<Option<InjectedFailure>>> {
        Rc::default()
    }

    fn slowness(&self, _subtask: &str) -> f64 {
        1.0
    }

    fn poisoned(&self, _read: ReadRecords<'_>) -> Option<u64> {
        None
    }

    fn expect_expiry(&self, _expire: &Rc<dyn Fn()>) {}

    fn on_expired(&self, _transactions: usize) {}

    fn is_refusing(&self) -> bool {
        false
    }

    fn measure(&self, _sink: &str, _latency: weir::base::SimDuration) {}
}

/// Starts a client with one empty job and one TaskManager, and a JobManager later if at all.
fn world(jobmanager: bool, seconds: u64) -> (Rc<World>, Vec<JobResult>) {
    let world = Rc::new(World::default());
    let options = options(1, 1);
    let host = |node: NodeId| world.host(node, options.nodes[usize::from(node.0)].clone());
    let results = Rc::new(RefCell::new(Vec::new()));
    let on_end = {
        let results = Rc::clone(&results);
        Rc::new(move |result| results.borrow_mut().push(result))
    };
    let at = SimTime::ZERO + SimDuration::from_millis(10);
    let submissions = vec![Submission { at, cancel_at: None, payload: job(0) }];
    let mut spawned = vec![
        runtime::client(host(CLIENT), options.clone(), submissions, on_end),
        runtime::taskmanager(host(NodeId(2)), options.clone(), Rc::new(StreamTaskRunner)),
    ];
    if jobmanager {
        spawned.push(runtime::jobmanager(host(JOBMANAGER), options.clone()));
    }
    world.spawned.borrow_mut().append(&mut spawned);
    world.run_until(SimTime::ZERO + SimDuration::from_secs(seconds));
    let results = results.borrow().clone();
    (world, results)
}

#[test]
fn whole_nodes_run_a_job_and_then_only_heartbeats() {
    let (world, results) = world(true, 1000);
    assert_eq!(
        results.iter().map(|result| result.status).collect::<Vec<_>>(),
        [JobStatus::Finished]
    );
    let beats = |event: &&Event| matches!(event, Event::Rpc(RpcEvent::HeartbeatSent { .. }));
    let beats = world.events.borrow().iter().filter(beats).count();
    assert_eq!(beats, 2 * 99, "a request and an answer every ten seconds");
    // Arming and firing, each about once per interval and timeout.
    assert!(world.sleeps_polled.get() < 2 * (100 + 20 + 20) + 50, "{:?}", world.sleeps_polled);
}

#[test]
fn without_a_jobmanager_the_client_is_reset_and_gives_up() {
    let (world, results) = world(false, 1000);
    assert_eq!(results.len(), 1);
    let cause = results[0].cause.as_deref();
    assert_eq!(cause, Some("the JobManager did not answer 20 requests"));
    let reset =
        Event::Rpc(RpcEvent::ConnectionReset { by: "client".into(), peer: "jobmanager-1".into() });
    assert_eq!(world.events.borrow().iter().filter(|event| **event == reset).count(), 20);
}
