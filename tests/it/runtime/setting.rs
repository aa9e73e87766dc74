//! The cluster's settings and the job that the control plane is tried with.

use std::sync::Arc;

use weir::base::{EventTime, Name, NodeId, SimDuration, VertexId};
use weir::graph::{
    DistributionPattern, ExecutionEdge, ExecutionGraph, JobEdge, JobGraph, JobVertex, PhysicalPlan,
    SharedSlot, VertexSubtask,
};
use weir::record::Partitioning;
use weir::runtime::{JobPayload, RuntimeOptions};
use weir::task::TaskOptions;
use weir::time::WatermarkAlignmentParams;

pub const CLIENT: NodeId = NodeId(0);
pub const JOBMANAGER: NodeId = NodeId(1);

/// What is tried on a cluster.
#[derive(Clone, Debug)]
pub struct Script {
    pub seed: u64,
    pub taskmanagers: u16,
    pub slots: u16,
    /// The parallelism of each job.
    pub jobs: Vec<u32>,
    /// When to cancel the first job.
    pub cancel_at: Option<u64>,
    /// Latency, in microseconds, from and to.
    pub latency_us: (u64, u64),
    /// How long a task runs, in milliseconds, from and to.
    pub run_ms: (u64, u64),
    /// How likely a task fails, in percent.
    pub fail_percent: u32,
    /// A TaskManager (from 1), when it dies, and after how long it starts again, in milliseconds.
    pub kills: Vec<(u16, u64, Option<u64>)>,
    /// A TaskManager (from 1) that nothing reaches or leaves, from when, for how long.
    pub cuts: Vec<(u16, u64, u64)>,
    /// When the JobManager dies, and after how long it starts again.
    pub jobmanager_kill: Option<(u64, u64)>,
    /// Whether the sources wait for each other: while it runs, `read#n` reports a watermark of
    /// [`watermark`] every half second.
    pub aligned: bool,
}

/// What `read#n` reports, n from 1.
pub fn watermark(n: u32) -> EventTime {
    EventTime(1000 * i64::from(n))
}

/// How the sources wait for each other.
pub fn alignment() -> WatermarkAlignmentParams {
    WatermarkAlignmentParams {
        watermark_group: "group".into(),
        max_allowed_watermark_drift: SimDuration::from_millis(DRIFT_MS),
        update_interval: SimDuration::from_secs(1),
    }
}

pub const DRIFT_MS: u64 = 10;

impl Default for Script {
    fn default() -> Self {
        Self {
            seed: 1,
            taskmanagers: 2,
            slots: 2,
            jobs: vec![2],
            cancel_at: None,
            latency_us: (1000, 1001),
            run_ms: (1000, 1001),
            fail_percent: 0,
            kills: Vec::new(),
            cuts: Vec::new(),
            jobmanager_kill: None,
            aligned: false,
        }
    }
}

/// The settings of a cluster.
pub fn options(taskmanagers: u16, slots: u16) -> RuntimeOptions {
    let mut nodes: Vec<Name> = vec!["client".into(), "jobmanager-1".into()];
    nodes.extend((1..=taskmanagers).map(|n| format!("taskmanager-{n}").into()));
    RuntimeOptions {
        nodes: nodes.into(),
        jobmanager: JOBMANAGER,
        slots,
        heartbeat_interval: SimDuration::from_secs(10),
        heartbeat_timeout: SimDuration::from_secs(50),
        slot_request_timeout: SimDuration::from_secs(60),
        task: Arc::new(TaskOptions {
            buffer_timeout: SimDuration::from_millis(100),
            buffer_records: 1024,
            credits: 2,
            output_buffers: 2,
            record_cost: SimDuration::from_micros(1),
            state_backend: weir::state::StateBackendKind::Hashmap,
        }),
        event_time: Arc::default(),
        snapshot: Arc::default(),
        completion: Arc::default(),
        storage: None,
        checkpointing: None,
        brokers: Vec::new(),
        database: None,
        restart: weir::failover::RestartStrategy::None,
    }
}

/// A source and a sink, each `parallelism` wide, that share slots.
pub fn job(parallelism: u32) -> JobPayload {
    let vertex = |id: u16, uid: &str| JobVertex {
        id: VertexId(id),
        name: uid.to_owned(),
        uid: uid.to_owned(),
        chain: Vec::new(),
        parallelism,
        max_parallelism: 128,
        max_parallelism_set: false,
        slot_sharing_group: "default".to_owned(),
    };
    let edge = JobEdge {
        source: VertexId(0),
        target: VertexId(1),
        input: 0,
        stream_edge: 0,
        partitioning: Partitioning::Rebalance,
        pattern: DistributionPattern::AllToAll,
    };
    let indices = || 0..parallelism;
    let channels = indices().flat_map(|consumer| {
        indices().map(move |producer| ExecutionEdge {
            edge: 0,
            producer,
            subpartition: consumer,
            consumer,
            channel: producer,
        })
    });
    let slot = |index| SharedSlot {
        group: "default".to_owned(),
        subtasks: [0, 1].map(|vertex| VertexSubtask { vertex: VertexId(vertex), index }).into(),
    };
    let plan = PhysicalPlan {
        execution: ExecutionGraph {
            job: JobGraph {
                name: "job".to_owned(),
                vertices: vec![vertex(0, "read"), vertex(1, "write")],
                edges: vec![edge],
            },
            channels: channels.collect(),
        },
        slots: indices().map(slot).collect(),
    };
    JobPayload { name: "job".into(), plan: Arc::new(plan), code: Arc::default() }
}
