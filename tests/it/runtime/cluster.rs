//! A control plane without a simulation: components, and a queue of what happens next.
//!
//! Messages of a pair arrive in order, each after a latency drawn from a seed; timers, tasks,
//! kills and partitions stand in the same queue. The trace and every message are kept.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use weir::base::{
    AttemptId, Incarnation, JobId, NodeId, Seed, SimDuration, SimTime, StreamRng, VertexId,
};
use weir::host::Address;
use weir::operator::{AccumulatorValue, OperatorEvent};
use weir::runtime::rpc::Rpc;
use weir::runtime::{
    Client, ClientTimer, Component, Dispatcher, Effect, JobMaster, JobMasterTimer, JobResult,
    Outbox, ResourceManager, ResourceManagerTimer, RuntimeOptions, StartJobMaster, Submission,
    TaskAction, TaskExecutor, TaskExecutorTimer, TaskReport, ports,
};
use weir::task::TaskUpdate;
use weir::trace::{Event, NodeEvent};

use super::setting::{CLIENT, JOBMANAGER, Script, alignment, job, options, watermark};

#[derive(Clone, Copy)]
enum Timer {
    Client(ClientTimer),
    ResourceManager(ResourceManagerTimer),
    JobMaster(JobId, JobMasterTimer),
    TaskExecutor(TaskExecutorTimer),
}

enum Happening {
    Deliver { from: Address, to: Address, lives: (u32, u32), rpc: Rpc },
    Reset { peer: Address, to: Address, life: u32 },
    Timer { node: NodeId, life: u32, timer: Timer },
    Task { node: NodeId, life: u32, version: u32, report: TaskReport },
    Kill(NodeId),
    Start(NodeId),
    Cut(NodeId),
    Heal(NodeId),
}

struct JobManager {
    dispatcher: Dispatcher,
    resource_manager: ResourceManager,
    job_masters: BTreeMap<JobId, JobMaster>,
}

/// A cluster, and all that ever happened to it.
pub struct Cluster {
    script: Script,
    options: RuntimeOptions,
    random: StreamRng,
    now: SimTime,
    queue: BTreeMap<(SimTime, u64), Happening>,
    queued: u64,
    arrivals: BTreeMap<(Address, Address), SimTime>,
    lives: BTreeMap<NodeId, u32>,
    cut: BTreeSet<NodeId>,
    client: Option<Client>,
    jobmanager: Option<JobManager>,
    executors: BTreeMap<NodeId, TaskExecutor>,
    /// The tasks that run, and how often their future was changed.
    tasks: BTreeMap<(NodeId, AttemptId), u32>,
    /// What was recorded: when, where, what.
    pub trace: Vec<(SimTime, NodeId, Event)>,
    /// Every message: when, from, to, name, what about.
    pub messages: Vec<(SimTime, Address, Address, &'static str, String)>,
    /// What the client was told.
    pub results: Vec<JobResult>,
}

impl Cluster {
    /// A cluster as the script wants it, not yet started.
    pub fn new(script: Script) -> Self {
        let options = options(script.taskmanagers, script.slots);
        let random = Seed(script.seed).stream("cluster");
        let mut cluster = Self {
            options,
            random,
            now: SimTime::ZERO,
            queue: BTreeMap::new(),
            queued: 0,
            arrivals: BTreeMap::new(),
            lives: BTreeMap::new(),
            cut: BTreeSet::new(),
            client: None,
            jobmanager: None,
            executors: BTreeMap::new(),
            tasks: BTreeMap::new(),
            trace: Vec::new(),
            messages: Vec::new(),
            results: Vec::new(),
            script,
        };
        cluster.plan_ahead();
        cluster
    }

    fn plan_ahead(&mut self) {
        let at = |ms| SimTime::ZERO + SimDuration::from_millis(ms);
        for node in 0..self.script.taskmanagers + 2 {
            self.push(SimTime::ZERO, Happening::Start(NodeId(node)));
        }
        let script = self.script.clone();
        for (manager, ms, restart) in script.kills {
            let node = NodeId(manager + 1);
            self.push(at(ms), Happening::Kill(node));
            if let Some(after) = restart {
                self.push(at(ms + after), Happening::Start(node));
            }
        }
        for (manager, ms, length) in script.cuts {
            let node = NodeId(manager + 1);
            self.push(at(ms), Happening::Cut(node));
            self.push(at(ms + length), Happening::Heal(node));
        }
        if let Some((ms, after)) = script.jobmanager_kill {
            self.push(at(ms), Happening::Kill(JOBMANAGER));
            self.push(at(ms + after), Happening::Start(JOBMANAGER));
        }
    }

    /// Lets time pass up to a moment.
    pub fn run_until(&mut self, end: SimTime) {
        while let Some(entry) = self.queue.first_entry() {
            let (at, _) = *entry.key();
            if at > end {
                break;
            }
            let happening = entry.remove();
            self.now = at;
            self.happen(happening);
        }
        self.now = end;
    }

    /// A node's name.
    pub fn node(&self, node: NodeId) -> &str {
        &self.options.nodes[usize::from(node.0)]
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Deliver { from, to, lives: (sender, receiver), rpc } => {
                let open = self.life(to.node) == receiver && self.is_open(to);
                if open {
                    self.deliver(from, to, rpc);
                } else if self.life(from.node) == sender {
                    let at = self.arrival(to, from);
                    self.push(at, Happening::Reset { peer: to, to: from, life: sender });
                }
            }
            Happening::Reset { peer, to, life } => {
                if self.life(to.node) == life {
                    self.reset(peer, to);
                }
            }
            Happening::Timer { node, life, timer } => {
                if self.life(node) == life {
                    self.timer(node, timer);
                }
            }
            Happening::Task { node, life, version, report } => {
                let current = self.tasks.get(&(node, report.attempt)) == Some(&version);
                if self.life(node) == life && current {
                    match report.update {
                        TaskUpdate::Running
                        | TaskUpdate::Acknowledged(_)
                        | TaskUpdate::Declined { .. }
                        | TaskUpdate::OperatorEvent(_)
                        | TaskUpdate::Accumulated(_) => {}
                        TaskUpdate::Finished | TaskUpdate::Canceled | TaskUpdate::Failed { .. } => {
                            self.tasks.remove(&(node, report.attempt));
                            let one = [("tasks".into(), AccumulatorValue::LongCounter(1))];
                            let update = TaskUpdate::Accumulated(one.into());
                            let added = TaskReport { attempt: report.attempt, update };
                            self.with_executor(node, |it, now, out| it.on_report(now, added, out));
                        }
                    }
                    self.with_executor(node, |it, now, out| it.on_report(now, report, out));
                }
            }
            Happening::Kill(node) => self.kill(node),
            Happening::Start(node) => self.start(node),
            Happening::Cut(node) => {
                self.cut.insert(node);
            }
            Happening::Heal(node) => {
                self.cut.remove(&node);
            }
        }
    }

    fn kill(&mut self, node: NodeId) {
        let incarnation = Incarnation(self.life(node));
        self.trace.push((self.now, node, Event::Node(NodeEvent::NodeKilled { incarnation })));
        *self.lives.entry(node).or_default() += 1;
        self.tasks.retain(|(on, _), _| *on != node);
        self.executors.remove(&node);
        if node == JOBMANAGER {
            self.jobmanager = None;
        }
    }

    fn start(&mut self, node: NodeId) {
        let (options, now) = (self.options.clone(), self.now);
        if node == CLIENT {
            let submission = |(index, &parallelism): (usize, &u32)| Submission {
                at: SimTime::ZERO + SimDuration::from_millis(100 * index as u64 + 10),
                cancel_at: self
                    .script
                    .cancel_at
                    .filter(|_| index == 0)
                    .map(|ms| SimTime::ZERO + SimDuration::from_millis(ms)),
                payload: job(parallelism),
            };
            let submissions = self.script.jobs.iter().enumerate().map(submission).collect();
            self.client = Some(Client::new(options, submissions));
            self.with_client(Client::on_start);
        } else if node == JOBMANAGER {
            self.jobmanager = Some(JobManager {
                dispatcher: Dispatcher::new(options.clone()),
                resource_manager: ResourceManager::new(options, now),
                job_masters: BTreeMap::new(),
            });
        } else {
            self.executors.insert(node, TaskExecutor::new(options, node, now));
            self.with_executor(node, TaskExecutor::on_start);
        }
    }

    fn is_open(&self, to: Address) -> bool {
        match to.node {
            CLIENT => true,
            JOBMANAGER => self.jobmanager.as_ref().is_some_and(|manager| {
                to.port == ports::DISPATCHER
                    || to.port == ports::RESOURCE_MANAGER
                    || manager.job_masters.keys().any(|&job| ports::job_master(job) == to.port)
            }),
            node => self.executors.contains_key(&node),
        }
    }

    fn deliver(&mut self, from: Address, to: Address, rpc: Rpc) {
        let wrong = "messages go to components of their kind";
        match rpc {
            Rpc::Client(message) => {
                self.with_client(|it, now, out| it.on_message(now, from, message, out));
            }
            Rpc::Dispatcher(message) => {
                assert_eq!(to.port, ports::DISPATCHER, "{wrong}");
                self.with_dispatcher(|it, now, out| it.on_message(now, from, message, out));
            }
            Rpc::ResourceManager(message) => {
                assert_eq!(to.port, ports::RESOURCE_MANAGER, "{wrong}");
                self.with_resource_manager(|it, now, out| it.on_message(now, from, message, out));
            }
            Rpc::JobMaster(message) => {
                let job = self.job_at(to);
                self.with_job_master(job, |it, now, out| it.on_message(now, from, message, out));
            }
            Rpc::TaskExecutor(message) => {
                self.with_executor(to.node, |it, now, out| it.on_message(now, from, message, out));
            }
            _ => unreachable!("there is nothing outside"),
        }
    }

    fn reset(&mut self, peer: Address, to: Address) {
        if !self.is_open(to) {
            return;
        }
        if to.node == CLIENT {
            self.with_client(|it, now, out| it.on_reset(now, peer, out));
        } else if to.node != JOBMANAGER {
            self.with_executor(to.node, |it, now, out| it.on_reset(now, peer, out));
        } else if to.port == ports::DISPATCHER {
            self.with_dispatcher(|it, now, out| it.on_reset(now, peer, out));
        } else if to.port == ports::RESOURCE_MANAGER {
            self.with_resource_manager(|it, now, out| it.on_reset(now, peer, out));
        } else {
            let job = self.job_at(to);
            self.with_job_master(job, |it, now, out| it.on_reset(now, peer, out));
        }
    }

    fn timer(&mut self, node: NodeId, timer: Timer) {
        match timer {
            Timer::Client(timer) => self.with_client(|it, now, out| it.on_timer(now, timer, out)),
            Timer::ResourceManager(timer) => {
                self.with_resource_manager(|it, now, out| it.on_timer(now, timer, out));
            }
            Timer::JobMaster(job, timer) => {
                let manager = self.jobmanager.as_ref().expect("its timers end with it");
                if manager.job_masters.contains_key(&job) {
                    self.with_job_master(job, |it, now, out| it.on_timer(now, timer, out));
                }
            }
            Timer::TaskExecutor(timer) => {
                self.with_executor(node, |it, now, out| it.on_timer(now, timer, out));
            }
        }
    }

    fn with_client(&mut self, call: impl FnOnce(&mut Client, SimTime, &mut Outbox<Client>)) {
        let mut out = Outbox::default();
        call(self.client.as_mut().expect("it never dies"), self.now, &mut out);
        let from = Address { node: CLIENT, port: ports::CLIENT };
        self.perform(from, out, Timer::Client, |cluster, result| cluster.results.push(result));
    }

    fn with_dispatcher(
        &mut self,
        call: impl FnOnce(&mut Dispatcher, SimTime, &mut Outbox<Dispatcher>),
    ) {
        let mut out = Outbox::default();
        let manager = self.jobmanager.as_mut().expect("its port is open");
        call(&mut manager.dispatcher, self.now, &mut out);
        let from = Address { node: JOBMANAGER, port: ports::DISPATCHER };
        let start = |cluster: &mut Self, StartJobMaster { job, id, payload }| {
            let job_master = JobMaster::new(cluster.options.clone(), job, id, payload);
            let manager = cluster.jobmanager.as_mut().expect("its Dispatcher just ran");
            manager.job_masters.insert(job, job_master);
            cluster.with_job_master(job, JobMaster::on_start);
        };
        self.perform(from, out, |timer| match timer {}, start);
    }

    fn with_resource_manager(
        &mut self,
        call: impl FnOnce(&mut ResourceManager, SimTime, &mut Outbox<ResourceManager>),
    ) {
        let mut out = Outbox::default();
        let manager = self.jobmanager.as_mut().expect("its port is open");
        call(&mut manager.resource_manager, self.now, &mut out);
        let from = Address { node: JOBMANAGER, port: ports::RESOURCE_MANAGER };
        self.perform(from, out, Timer::ResourceManager, |_, action| match action {});
    }

    fn with_job_master(
        &mut self,
        job: JobId,
        call: impl FnOnce(&mut JobMaster, SimTime, &mut Outbox<JobMaster>),
    ) {
        let mut out = Outbox::default();
        let manager = self.jobmanager.as_mut().expect("its port is open");
        call(manager.job_masters.get_mut(&job).expect("its port is open"), self.now, &mut out);
        let from = Address { node: JOBMANAGER, port: ports::job_master(job) };
        let timer = move |timer| Timer::JobMaster(job, timer);
        let act = |_: &mut Self, _| unreachable!("no job is checkpointed here");
        if self.perform(from, out, timer, act) {
            self.jobmanager.as_mut().expect("it just ran").job_masters.remove(&job);
        }
    }

    fn with_executor(
        &mut self,
        node: NodeId,
        call: impl FnOnce(&mut TaskExecutor, SimTime, &mut Outbox<TaskExecutor>),
    ) {
        let mut out = Outbox::default();
        call(self.executors.get_mut(&node).expect("its port is open"), self.now, &mut out);
        let from = Address { node, port: ports::TASK_EXECUTOR };
        let act = |cluster: &mut Self, action| cluster.act(node, action);
        self.perform(from, out, Timer::TaskExecutor, act);
    }

    /// Tasks run for a while, and then finish or fail.
    fn act(&mut self, node: NodeId, action: TaskAction) {
        match action {
            TaskAction::Start(descriptor) => {
                let attempt = descriptor.attempt;
                let known = self.tasks.insert((node, attempt), 0);
                assert_eq!(known, None, "an attempt is started once");
                let (min, max) = self.script.run_ms;
                let end = SimDuration::from_millis(self.random.random_range(min..max));
                let fails = self.random.random_range(0..100) < self.script.fail_percent;
                let last = if fails {
                    let cause = format!("{} divided by zero", descriptor.name);
                    TaskUpdate::Failed { cause, unusable: None }
                } else {
                    TaskUpdate::Finished
                };
                self.task(node, attempt, 0, end / 10, TaskUpdate::Running);
                if self.script.aligned && attempt.subtask.vertex == VertexId(0) {
                    self.report_watermarks(node, attempt, end);
                }
                self.task(node, attempt, 0, end, last);
            }
            TaskAction::Checkpoint(..) => {}
            TaskAction::Cancel(attempt) => {
                if let Some(version) = self.tasks.get_mut(&(node, attempt)) {
                    *version += 1;
                    let version = *version;
                    let soon = SimDuration::from_millis(self.random.random_range(1..20));
                    self.task(node, attempt, version, soon, TaskUpdate::Canceled);
                }
            }
            TaskAction::SendOperatorEvent(attempt, _) => {
                assert!(self.tasks.contains_key(&(node, attempt)), "only what is running");
            }
            TaskAction::Remove(attempt) => {
                assert!(!self.tasks.contains_key(&(node, attempt)), "only what is over");
            }
        }
    }

    /// Has a source report its watermark while it runs.
    fn report_watermarks(&mut self, node: NodeId, attempt: AttemptId, end: SimDuration) {
        let mut at = end / 10;
        while at < end {
            let event = OperatorEvent::ReportedWatermark {
                operator: "read".into(),
                alignment: alignment(),
                watermark: watermark(u32::from(attempt.subtask.index) + 1),
            };
            self.task(node, attempt, 0, at, TaskUpdate::OperatorEvent(event));
            at += SimDuration::from_millis(500);
        }
    }

    fn task(
        &mut self,
        node: NodeId,
        attempt: AttemptId,
        version: u32,
        after: SimDuration,
        update: TaskUpdate,
    ) {
        let report = TaskReport { attempt, update };
        let life = self.life(node);
        self.push(self.now + after, Happening::Task { node, life, version, report });
    }

    /// Performs effects; whether the component stopped.
    fn perform<C: Component>(
        &mut self,
        from: Address,
        mut out: Outbox<C>,
        timer: impl Fn(C::Timer) -> Timer,
        act: impl Fn(&mut Self, C::Action),
    ) -> bool {
        let mut stopped = false;
        let life = self.life(from.node);
        for effect in out.drain() {
            match effect {
                Effect::Send { to, rpc } => {
                    self.messages.push((self.now, from, to, rpc.name(), rpc.about()));
                    if from.node != to.node
                        && (self.cut.contains(&from.node) || self.cut.contains(&to.node))
                    {
                        continue;
                    }
                    let lives = (life, self.life(to.node));
                    let at = self.arrival(from, to);
                    self.push(at, Happening::Deliver { from, to, lives, rpc });
                }
                Effect::Timer { at, timer: it } => {
                    let it = timer(it);
                    self.push(at, Happening::Timer { node: from.node, life, timer: it });
                }
                Effect::Trace(event) => self.trace.push((self.now, from.node, event)),
                Effect::Act(action) => act(self, action),
                Effect::Stop => stopped = true,
            }
        }
        stopped
    }

    /// When something sent now arrives: in order within its pair.
    fn arrival(&mut self, from: Address, to: Address) -> SimTime {
        let (min, max) = self.script.latency_us;
        let latency = if from.node == to.node {
            SimDuration::from_micros(20)
        } else {
            SimDuration::from_micros(self.random.random_range(min..max))
        };
        let last = self.arrivals.entry((from, to)).or_default();
        *last = (self.now + latency).max(*last);
        *last
    }

    fn push(&mut self, at: SimTime, happening: Happening) {
        self.queue.insert((at, self.queued), happening);
        self.queued += 1;
    }

    fn life(&self, node: NodeId) -> u32 {
        self.lives.get(&node).copied().unwrap_or_default()
    }

    fn job_at(&self, address: Address) -> JobId {
        let manager = self.jobmanager.as_ref().expect("its port is open");
        let mut jobs = manager.job_masters.keys().copied();
        jobs.find(|&job| ports::job_master(job) == address.port).expect("its port is open")
    }
}
