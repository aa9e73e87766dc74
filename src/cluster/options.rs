//! What a cluster is given.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Protocol;
use crate::api::Program;
use crate::base::{Seed, SimDuration, SimTime};
use crate::broker::Retention;
use crate::checkpoint::CheckpointConfig;
use crate::failover::RestartStrategy;
use crate::host::FenceReplaced;
use crate::sim::{DiskOptions, Limits, NetworkOptions, NodeOptions, SimOptions};
use crate::task::TaskOptions;
use crate::trace::Level;

/// The node of durable storage.
pub const STORAGE: &str = "storage";
/// How the names of brokers begin.
pub const BROKER: &str = "broker-";
/// The node of the database.
pub const DATABASE: &str = "database";

/// A whole cluster.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// The world it lives in. Its nodes must be `client`, `jobmanager-1`, then
    /// `taskmanager-1` and so on, and `storage` if there are checkpoints.
    pub sim: SimOptions,
    /// How many TaskManagers there are.
    pub taskmanagers: u16,
    /// How many slots each has (`taskmanager.numberOfTaskSlots`).
    pub slots: u16,
    /// How often heartbeats are sent (`heartbeat.interval`).
    pub heartbeat_interval: SimDuration,
    /// After how much silence a peer is given up (`heartbeat.timeout`).
    pub heartbeat_timeout: SimDuration,
    /// How long a job waits for slots (`slot.request.timeout`).
    pub slot_request_timeout: SimDuration,
    /// The parallelism of operators that say none, in programs submitted without one
    /// (`parallelism.default`).
    pub default_parallelism: u32,
    /// Settings of the data plane.
    pub task: TaskOptions,
    /// How jobs are checkpointed, if they are. There is a node `storage` then, behind the
    /// TaskManagers.
    pub checkpointing: Option<CheckpointConfig>,
    /// Whether jobs are started again after a failure; Flink's default if unset: with exponential
    /// delay if they are checkpointed, never if not.
    pub restart: Option<RestartStrategy>,
    /// How many brokers of the log there are: nodes `broker-1` and so on, behind all others.
    pub brokers: u16,
    /// How long the log keeps records; for ever if unset.
    pub retention: Option<Retention>,
    /// Whether there is a database: a node `database`, behind the brokers.
    pub database: bool,
    /// The parts that give the guarantees.
    pub protocol: Protocol,
}

/// A job to run.
#[derive(Clone)]
pub struct JobSubmission {
    /// When the client submits it.
    pub at: SimTime,
    /// When the client asks for it to be cancelled, if ever.
    pub cancel_at: Option<SimTime>,
    /// The program.
    pub program: Program,
}

impl JobSubmission {
    /// A job that is submitted at this moment and runs to its end.
    pub fn new(at: SimTime, program: Program) -> Self {
        Self { at, cancel_at: None, program }
    }

    /// The same job, which its client asks to be cancelled at this moment. One that has ended by
    /// then stays as it is.
    ///
    /// ```
    /// use weir::api::{SourceOptions, StreamExecutionEnvironment};
    /// use weir::base::{SimDuration, SimTime};
    /// use weir::cluster::{self, ClusterOptions, JobSubmission, Onlooker, RunLabel};
    /// use weir::trace::JobStatus;
    ///
    /// let env = StreamExecutionEnvironment::new("ten a second");
    /// env.from_generator("numbers", 1_000, SourceOptions::at_rate(10.0), |number| number).discard();
    /// let job = JobSubmission::new(SimTime::ZERO, env.build()?)
    ///     .cancelled_at(SimTime::ZERO + SimDuration::from_secs(2));
    /// let (options, label) = (ClusterOptions::new(1, 1), RunLabel::default());
    /// let report = cluster::run(options, &[job], label, Onlooker::default())?;
    /// assert_eq!(report.jobs[0].status, JobStatus::Canceled);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn cancelled_at(mut self, at: SimTime) -> Self {
        self.cancel_at = Some(at);
        self
    }
}

impl ClusterOptions {
    /// A healthy cluster with Flink's defaults, seed 0, and nothing kept of its trace.
    pub fn new(taskmanagers: u16, slots: u16) -> Self {
        let node = |name: String| NodeOptions { name, clock_offset_us: 0, clock_drift_ppm: 0 };
        let fixed = ["client", "jobmanager-1"].map(str::to_string);
        let numbered = (1..=taskmanagers).map(|number| format!("taskmanager-{number}"));
        let network = NetworkOptions::default();
        Self {
            task: TaskOptions::for_latency(*network.default.latency.end()),
            sim: SimOptions {
                seed: Seed(0),
                nodes: fixed.into_iter().chain(numbered).map(node).collect(),
                network,
                disk: DiskOptions::default(),
                faults: Vec::new(),
                notes: Vec::new(),
                limits: Limits::default(),
                fencing: Arc::new(FenceReplaced),
                judged: BTreeSet::new(),
                level: Level::Off,
            },
            taskmanagers,
            slots,
            heartbeat_interval: SimDuration::from_secs(10),
            heartbeat_timeout: SimDuration::from_secs(50),
            slot_request_timeout: SimDuration::from_secs(300),
            default_parallelism: 1,
            checkpointing: None,
            restart: None,
            brokers: 0,
            retention: None,
            database: false,
            protocol: Protocol::default(),
        }
    }

    /// The same cluster with brokers of the log. Checkpoints are to be asked for before.
    pub fn with_log(mut self, brokers: u16) -> Self {
        let numbers = self.brokers + 1..=self.brokers + brokers;
        self.sim.nodes.extend(numbers.map(|number| {
            let name = format!("{BROKER}{number}");
            NodeOptions { name, clock_offset_us: 0, clock_drift_ppm: 0 }
        }));
        self.brokers += brokers;
        self
    }

    /// The same cluster with a database. Brokers are to be asked for before.
    pub fn with_database(mut self) -> Self {
        if !std::mem::replace(&mut self.database, true) {
            let name = DATABASE.to_string();
            self.sim.nodes.push(NodeOptions { name, clock_offset_us: 0, clock_drift_ppm: 0 });
        }
        self
    }

    /// The same cluster with checkpoints, and with the node that stores them.
    pub fn with_checkpoints(mut self, checkpointing: CheckpointConfig) -> Self {
        if self.checkpointing.replace(checkpointing).is_none() {
            let name = STORAGE.to_string();
            self.sim.nodes.push(NodeOptions { name, clock_offset_us: 0, clock_drift_ppm: 0 });
        }
        self
    }
}
