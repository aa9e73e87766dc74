//! What the control plane is told about its cluster.

use std::sync::Arc;

use super::ports;
use crate::base::{Name, NodeId, SimDuration, SlotId};
use crate::checkpoint::{CheckpointConfig, CompletionParts, SnapshotParts};
use crate::failover::RestartStrategy;
use crate::host::Address;
use crate::operator::EventTimeParts;
use crate::task::TaskOptions;

/// Settings of all components of a cluster.
#[derive(Clone, Debug)]
pub struct RuntimeOptions {
    /// The names of all nodes, by id.
    pub nodes: Arc<[Name]>,
    /// The node of Dispatcher, ResourceManager and JobMasters.
    pub jobmanager: NodeId,
    /// How many slots each TaskManager has (`taskmanager.numberOfTaskSlots`).
    pub slots: u16,
    /// How often heartbeats are sent (`heartbeat.interval`).
    pub heartbeat_interval: SimDuration,
    /// After how much silence a peer is given up (`heartbeat.timeout`).
    pub heartbeat_timeout: SimDuration,
    /// How long a job waits for slots (`slot.request.timeout`).
    pub slot_request_timeout: SimDuration,
    /// Settings of the data plane.
    pub task: Arc<TaskOptions>,
    /// What fills the seams of event time.
    pub event_time: Arc<EventTimeParts>,
    /// What fills the seams of tasks that are checkpointed.
    pub snapshot: Arc<SnapshotParts>,
    /// What fills the seams of the coordinator of checkpoints.
    pub completion: Arc<CompletionParts>,
    /// The node of durable storage, if there is one.
    pub storage: Option<NodeId>,
    /// The brokers of the log, in order.
    pub brokers: Vec<NodeId>,
    /// The node of the database, if there is one.
    pub database: Option<NodeId>,
    /// How jobs are checkpointed, if they are.
    pub checkpointing: Option<Arc<CheckpointConfig>>,
    /// Whether jobs are started again after a failure.
    pub restart: RestartStrategy,
}

impl RuntimeOptions {
    /// What a node is called.
    pub(super) fn node(&self, node: NodeId) -> Name {
        self.nodes[usize::from(node.0)].clone()
    }

    /// What a slot is called, such as `taskmanager-1/0`.
    pub(super) fn slot(&self, slot: SlotId) -> Name {
        format!("{}/{}", self.nodes[usize::from(slot.node.0)], slot.index).into()
    }

    /// Where the Dispatcher is.
    pub(super) fn dispatcher(&self) -> Address {
        Address { node: self.jobmanager, port: ports::DISPATCHER }
    }

    /// Where the ResourceManager is.
    pub(super) fn resource_manager(&self) -> Address {
        Address { node: self.jobmanager, port: ports::RESOURCE_MANAGER }
    }
}

/// Where a node's TaskExecutor is.
pub(super) fn task_executor(node: NodeId) -> Address {
    Address { node, port: ports::TASK_EXECUTOR }
}
