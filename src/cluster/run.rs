//! Boots a cluster in a simulation, has its client submit jobs, and reports.
//!
//! Invariant: this is the only place that knows both the engine ([`crate::runtime`]) and the
//! world ([`crate::sim`]).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use super::metrics::Metrics;
use super::onlooker::{Onlooker, seen_by};
use super::{ClusterError, ClusterOptions, EndReason, JobReport, JobSubmission, RunReport, report};
use crate::base::{JobId, Name, NodeId, SimDuration};
use crate::check::{Checker, Verdict};
use crate::connector::{DatabaseQuery, LogFeed, ask_regularly, feed};
use crate::database::{DatabaseState, Table};
use crate::failover::RestartStrategy;
use crate::graph::{FlinkChaining, PhysicalPlan};
use crate::host::{Host, LogAccess, Signal, Task};
use crate::runtime::{
    BrokerOptions, DatabaseOptions, JobPayload, JobResult, RuntimeOptions, StreamTaskRunner,
    Submission, TopicOptions, broker, client, database, database_client, jobmanager, log_client,
    storage, taskmanager,
};
use crate::sim::{self, Boot, End, Stop};
use crate::task::TaskOptions;
use crate::trace::{Event, FORMAT_VERSION, Header, JobStatus, Observer, Recorder, SinkEvent};

/// The node that submits.
const CLIENT: NodeId = NodeId(0);
/// The node of Dispatcher, ResourceManager and JobMasters.
const JOBMANAGER: NodeId = NodeId(1);
/// How long a cluster goes on after its last job, so that the trace shows what is returned.
const LINGER: SimDuration = SimDuration::from_millis(100);

/// How long it goes on at most before it looks again whether the log has settled.
const LONGEST_PAUSE: SimDuration = SimDuration::from_secs(10);

/// What a run is called in its trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunLabel {
    /// The scenario's name.
    pub scenario: String,
    /// The hash of the scenario's content.
    pub scenario_hash: String,
    /// The mutant in it, if there is one.
    pub mutant: Option<String>,
    /// The command that runs it again.
    pub again: String,
}

/// Runs jobs on a cluster to their end.
pub fn run(
    options: ClusterOptions,
    jobs: &[JobSubmission],
    label: RunLabel,
    onlooker: Onlooker,
) -> Result<RunReport, ClusterError> {
    let TaskOptions { buffer_records, credits, output_buffers, .. } = options.task;
    let counts = [
        ("the records that fill a buffer", buffer_records),
        ("the credit of a channel", credits as usize),
        ("the buffers that a channel's producer may hold", output_buffers),
        ("the slots of a TaskManager", usize::from(options.slots)),
    ];
    if let Some((what, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
        return Err(ClusterError::Zero(what));
    }
    let feeds = jobs.iter().flat_map(|job| job.program.feeds.clone()).collect();
    let submissions = jobs.iter().map(|job| submission(job, options.default_parallelism));
    let submissions = submissions.collect::<Result<Vec<_>, _>>()?;
    let plans: Vec<_> = submissions.iter().map(|it| it.payload.plan.clone()).collect();
    let nodes: Vec<Name> = options.sim.nodes.iter().map(|node| node.name.as_str().into()).collect();
    let storage = options.checkpointing.is_some();
    let first_broker = options.taskmanagers + 2 + u16::from(storage);
    let database = first_broker + options.brokers;
    if nodes.len() != usize::from(database + u16::from(options.database)) {
        let (taskmanagers, nodes) = (options.taskmanagers, nodes.len());
        return Err(ClusterError::Nodes { taskmanagers, nodes });
    }
    let level = options.sim.level;
    let header = header(&options, label);
    let folds = Folds { checker: Checker::new(&header), metrics: Metrics::default() };
    let folds = Arc::new(Mutex::new(Some(folds)));
    let mut recorder = Recorder::new(header, level);
    recorder.judge_by(judge(&folds));
    if let Some(observer) = onlooker.observer {
        recorder.observe(observer);
    }
    let runtime = RuntimeOptions {
        nodes: nodes.into(),
        jobmanager: JOBMANAGER,
        slots: options.slots,
        heartbeat_interval: options.heartbeat_interval,
        heartbeat_timeout: options.heartbeat_timeout,
        slot_request_timeout: options.slot_request_timeout,
        task: Arc::new(options.task),
        event_time: Arc::new(options.protocol.event_time),
        snapshot: Arc::new(options.protocol.snapshot),
        completion: Arc::new(options.protocol.completion),
        storage: storage.then(|| NodeId(options.taskmanagers + 2)),
        brokers: (first_broker..database).map(NodeId).collect(),
        database: options.database.then_some(NodeId(database)),
        restart: options.restart.unwrap_or_else(|| default_restart(storage)),
        checkpointing: options.checkpointing.map(Arc::new),
    };
    let tables =
        DatabaseOptions { tables: tables(jobs)?, fencing: options.protocol.fencing.clone() };
    let queries = jobs.iter().flat_map(|job| job.program.queries.clone()).collect();
    let log = BrokerOptions {
        brokers: runtime.brokers.clone(),
        own: 0,
        topics: topics(jobs),
        retention: options.retention,
        fencing: options.protocol.producer_fencing,
    };
    let mut sim_options = options.sim;
    sim_options.fencing = options.protocol.fencing;
    let declared = report::declared(jobs);
    sim_options.judged = report::judged(jobs);
    let results = Arc::new(Mutex::new(BTreeMap::new()));
    let ended = results.clone();
    let seen = runtime.storage.zip(onlooker.files);
    let outcome = sim::run(sim_options, recorder, onlooker.watch, move |stop| {
        let outsiders = Outsiders { log, feeds, tables, queries, declared };
        let boot = boot(runtime, submissions, outsiders, ended, stop);
        match seen {
            Some((storage, files)) => seen_by(files, storage, boot),
            None => boot,
        }
    })?;
    let end = match outcome.end {
        End::Stopped => EndReason::Completed,
        End::Limit(which) => EndReason::Limit(which),
        End::Interrupted => EndReason::Interrupted,
        End::Panicked { node, message } => {
            return Err(sim::SimError::Panicked { node: node.to_string(), message }.into());
        }
    };
    let folds = folds.lock().expect("the simulation has ended well").take();
    let Folds { checker, metrics } = folds.expect("nobody else takes them");
    let verdict = checker.finish(&end.to_string());
    let finished = outcome.recorder.finish(&end.to_string());
    let results = results.lock().expect("the simulation has ended well");
    Ok(RunReport {
        digest: finished.digest,
        level,
        events: finished.events,
        virtual_time: outcome.virtual_time,
        jobs: jobs
            .iter()
            .enumerate()
            .map(|(place, job)| job_report(place, job, &results, &verdict))
            .collect(),
        sinks: report::sinks(jobs, outcome.sinks, &outcome.latencies),
        metrics: metrics.of(plans.iter().map(|plan| &**plan)),
        latency: report::latency(outcome.latencies.into_values().flatten().collect()),
        end,
        vacuous: outcome.vacuous,
        verdict,
        trace: finished.bytes,
    })
}

/// How the trace of a run begins.
pub fn header(options: &ClusterOptions, label: RunLabel) -> Header {
    Header {
        format_version: FORMAT_VERSION,
        weir_version: env!("CARGO_PKG_VERSION").to_string(),
        scenario: label.scenario,
        scenario_hash: label.scenario_hash,
        mutant: label.mutant,
        again: label.again,
        seed: options.sim.seed,
        level: options.sim.level,
        nodes: options.sim.nodes.iter().map(|node| node.name.as_str().into()).collect(),
    }
}

/// What is made of the control events as they happen.
struct Folds {
    checker: Checker,
    metrics: Metrics,
}

/// Shows them what happens.
fn judge(folds: &Arc<Mutex<Option<Folds>>>) -> Observer {
    let folds = folds.clone();
    Box::new(move |recorded| {
        let mut folds = folds.lock().expect("nothing panics while it holds this");
        if let Some(folds) = folds.as_mut() {
            folds.checker.apply(recorded);
            folds.metrics.apply(&recorded.event);
        }
    })
}

/// Flink's `restart-strategy.type` where nothing is said.
fn default_restart(checkpointed: bool) -> RestartStrategy {
    if !checkpointed {
        return RestartStrategy::None;
    }
    RestartStrategy::ExponentialDelay {
        initial_backoff_ms: 1_000,
        max_backoff_ms: 60_000,
        backoff_multiplier: 1.5,
        reset_backoff_threshold_ms: 3_600_000,
        attempts_before_reset: u32::MAX,
    }
}

/// Translates a job as Flink's client does before it submits, for a cluster whose default
/// parallelism is 1.
pub fn plan(job: &JobSubmission) -> Result<PhysicalPlan, ClusterError> {
    plan_with_default(job, 1)
}

fn plan_with_default(job: &JobSubmission, parallelism: u32) -> Result<PhysicalPlan, ClusterError> {
    let refused =
        |error| ClusterError::Graph { job: job.program.graph.name.clone(), error: Box::new(error) };
    let graph = job.program.graph_with_parallelism(parallelism);
    PhysicalPlan::from_stream_graph(&graph, &FlinkChaining).map_err(refused)
}

fn submission(job: &JobSubmission, parallelism: u32) -> Result<Submission, ClusterError> {
    let plan = plan_with_default(job, parallelism)?;
    let payload = JobPayload {
        name: job.program.graph.name.as_str().into(),
        plan: Arc::new(plan),
        code: job.program.code.clone(),
    };
    Ok(Submission { at: job.at, cancel_at: job.cancel_at, payload })
}

/// What is outside the cluster and belongs to its jobs.
struct Outsiders {
    /// The log.
    log: BrokerOptions,
    /// Who appends to it.
    feeds: Vec<LogFeed>,
    /// The database.
    tables: DatabaseOptions,
    /// What is asked there.
    queries: Vec<DatabaseQuery>,
    /// What is said of sinks.
    declared: Vec<SinkEvent>,
}

type Results = Arc<Mutex<BTreeMap<u32, JobResult>>>;

/// What each node runs, whenever it starts.
fn boot(
    options: RuntimeOptions,
    submissions: Vec<Submission>,
    Outsiders { log, feeds, tables, queries, declared }: Outsiders,
    results: Results,
    stop: Stop,
) -> Boot {
    let count = submissions.len();
    if count == 0 {
        stop.stop();
    }
    let declared = RefCell::new(declared);
    Box::new(move |host: Host| -> Task {
        match host.node {
            CLIENT => {
                // Told once, in the client's first life.
                for event in declared.take() {
                    host.trace.record(Event::Sink(event));
                }
                let (results, stop, submitter) = (results.clone(), stop.clone(), host.clone());
                let log = log_client(&host, &options);
                feed_all(&host, log.as_ref(), &feeds);
                if let Some(access) = database_client(&host, &options) {
                    for query in &queries {
                        let asks = ask_regularly(host.clone(), access.clone(), query.clone());
                        host.spawn.spawn(Box::pin(asks));
                    }
                }
                let on_end = move |result: JobResult| {
                    let mut results = results.lock().expect("nothing panics while it holds this");
                    results.insert(result.job.0, result);
                    if results.len() == count {
                        let log = log.clone();
                        let end = stop_when_settled(submitter.clone(), log, stop.clone());
                        submitter.spawn.spawn(end);
                    }
                };
                client(host, options.clone(), submissions.clone(), Rc::new(on_end))
            }
            JOBMANAGER => jobmanager(host, options.clone()),
            node if options.storage == Some(node) => storage(host, options.clone()),
            node if options.brokers.contains(&node) => {
                let own = options.brokers.iter().position(|broker| *broker == node);
                let own = own.unwrap_or_default() as u16;
                broker(host, options.clone(), BrokerOptions { own, ..log.clone() })
            }
            node if options.database == Some(node) => {
                database(host, &options, tables.clone()).expect("its tables were made before")
            }
            _ => taskmanager(host, options.clone(), Rc::new(StreamTaskRunner)),
        }
    })
}

/// The topics that jobs use.
fn topics(jobs: &[JobSubmission]) -> Vec<TopicOptions> {
    let mut topics = BTreeMap::new();
    for topic in jobs.iter().flat_map(|job| &job.program.topics) {
        let partitions: &mut u16 = topics.entry(topic.name.as_str()).or_default();
        *partitions = topic.partitions.max(*partitions);
    }
    let options = |(name, partitions): (&str, u16)| TopicOptions { name: name.into(), partitions };
    topics.into_iter().map(options).collect()
}

/// The tables that jobs use.
fn tables(jobs: &[JobSubmission]) -> Result<Vec<Table>, ClusterError> {
    let mut tables: Vec<Table> = Vec::new();
    for table in jobs.iter().flat_map(|job| &job.program.tables) {
        match tables.iter().find(|known| known.name == table.name) {
            None => tables.push(table.clone()),
            Some(known) if known == table => {}
            Some(_) => return Err(ClusterError::TwoTables(table.name.to_string())),
        }
    }
    DatabaseState::new(&tables)?;
    Ok(tables)
}

/// Has the topics fed that jobs read from.
fn feed_all(host: &Host, log: Option<&Rc<dyn LogAccess>>, feeds: &[LogFeed]) {
    let Some(log) = log else { return };
    for it in feeds {
        host.spawn.spawn(Box::pin(feed(host.clone(), log.clone(), it.clone())));
    }
}

/// Ends the run a moment after its last job: when the log has no open transaction any more, so
/// that all that is committed can be seen. One that nobody ends is aborted after its timeout.
fn stop_when_settled(host: Host, log: Option<Rc<dyn LogAccess>>, stop: Stop) -> Task {
    Box::pin(async move {
        let mut pause = LINGER;
        loop {
            host.clock.sleep_until(host.clock.now() + pause).await;
            let Some(log) = &log else { break };
            let (signal, answer) = (Signal::default(), Rc::new(RefCell::new(None)));
            let (told, slot) = (signal.clone(), answer.clone());
            let done = move |open| {
                *slot.borrow_mut() = Some(open);
                told.notify();
            };
            log.open_transactions(Box::new(done));
            signal.wait().await;
            if answer.take().is_some_and(|open| open.is_ok_and(|open| open.is_empty())) {
                break;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        stop.stop();
    })
}

fn job_report(
    place: usize,
    job: &JobSubmission,
    results: &BTreeMap<u32, JobResult>,
    verdict: &Verdict,
) -> JobReport {
    // The client numbers jobs from 1.
    let number = place as u32 + 1;
    let result = results.get(&number);
    JobReport {
        name: job.program.graph.name.clone(),
        status: result.map_or(JobStatus::Running, |result| result.status),
        counts: verdict.jobs.get(&JobId(number)).copied().unwrap_or_default(),
        cause: result.and_then(|result| result.cause.clone()),
        accumulators: result.map_or_else(BTreeMap::new, |result| {
            let results = result.accumulators.iter();
            results.map(|(name, result)| (name.to_string(), result.clone())).collect()
        }),
    }
}
