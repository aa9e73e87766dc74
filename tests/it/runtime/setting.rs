//! The cluster's settings and the job that the control plane is tried with.

use std::sync::Arc;

use weir::base::{Name, SimDuration, VertexId};
use weir::graph::{
    DistributionPattern, ExecutionEdge, ExecutionGraph, JobEdge, JobGraph, JobVertex, PhysicalPlan,
    SharedSlot, VertexSubtask,
};
use weir::record::Partitioning;
use weir::runtime::{JobPayload, RuntimeOptions};
use weir::task::TaskOptions;

use super::cluster::JOBMANAGER;

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
        }),
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
