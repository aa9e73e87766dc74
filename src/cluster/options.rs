//! What a cluster is given.

use crate::api::Program;
use crate::base::{SimDuration, SimTime};
use crate::sim::SimOptions;
use crate::task::TaskOptions;

/// A whole cluster.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// The world it lives in. Its nodes must be `client`, `jobmanager-1`, then
    /// `taskmanager-1` and so on.
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
    /// Settings of the data plane.
    pub task: TaskOptions,
}

/// A job to run.
#[derive(Clone)]
pub struct JobSubmission {
    /// When the client submits it.
    pub at: SimTime,
    /// The program.
    pub program: Program,
}
