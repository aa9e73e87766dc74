//! What happens to machines, messages between components, and slots.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use crate::base::{AllocationId, Incarnation, JobId, Name};
use crate::trace::Level;

/// Machines and processes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum NodeEvent {
    /// A process starts, for the first time or again.
    NodeStarted {
        /// Which life this is.
        incarnation: Incarnation,
    },
    /// A process ends without warning.
    NodeKilled {
        /// Which life this was.
        incarnation: Incarnation,
    },
    /// A process stands still.
    NodePaused,
    /// A process goes on.
    NodeResumed,
    /// A node's clock was changed.
    ClockChanged {
        /// How far ahead of the simulation it now is, in microseconds.
        offset_us: i64,
        /// How much too fast it runs, in parts per million.
        drift_ppm: i64,
    },
    /// The way from this node to another was cut.
    LinkCut {
        /// The other node.
        to: Name,
    },
    /// The way from this node to another is whole again.
    LinkHealed {
        /// The other node.
        to: Name,
    },
    /// Unsynced bytes of this node were lost in its crash.
    BytesLost {
        /// The file.
        file: String,
        /// How many bytes.
        bytes: u64,
    },
}

/// What is done to the cluster on purpose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum FaultEvent {
    /// A fault of the scenario strikes.
    FaultInjected {
        /// Its place in the scenario, from 1.
        fault: u32,
        /// What it does, in words.
        what: String,
    },
    /// A fault that lasts is over.
    FaultHealed {
        /// Its place in the scenario, from 1.
        fault: u32,
        /// What was undone, in words.
        what: String,
    },
    /// A note of the scenario has its moment.
    NoteShown {
        /// Its place in the scenario, from 1.
        note: u32,
        /// Its text.
        text: String,
    },
}

/// Messages between components.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum RpcEvent {
    /// A component sends a message.
    RpcSent {
        /// The sender, such as `jobmaster-1`.
        from: Name,
        /// The receiving node.
        to: Name,
        /// The method, such as `SubmitTask`.
        message: Name,
        /// What it is about, in a few words.
        about: String,
    },
    /// A component takes a message up.
    RpcReceived {
        /// The receiver, such as `taskexecutor`.
        by: Name,
        /// The sending node.
        from: Name,
        /// The method.
        message: Name,
        /// What it is about, in a few words.
        about: String,
    },
    /// A peer's process turned out to be gone.
    ConnectionReset {
        /// Who learned it.
        by: Name,
        /// The node whose process is gone.
        peer: Name,
    },
    /// A heartbeat is sent.
    HeartbeatSent {
        /// The sender.
        from: Name,
        /// The receiving node.
        to: Name,
    },
    /// A heartbeat arrives.
    HeartbeatReceived {
        /// The receiver.
        by: Name,
        /// The sending node.
        from: Name,
    },
    /// Nothing was heard from a peer for too long.
    HeartbeatTimedOut {
        /// Who waited.
        by: Name,
        /// The silent node.
        peer: Name,
    },
}

impl RpcEvent {
    pub(super) fn level(&self) -> Level {
        match self {
            Self::HeartbeatSent { .. } | Self::HeartbeatReceived { .. } => Level::Records,
            Self::RpcSent { .. }
            | Self::RpcReceived { .. }
            | Self::ConnectionReset { .. }
            | Self::HeartbeatTimedOut { .. } => Level::Control,
        }
    }
}

/// TaskExecutors and slots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum ResourceEvent {
    /// The ResourceManager takes a TaskExecutor in.
    TaskExecutorRegistered {
        /// Its node.
        taskmanager: Name,
        /// How many slots it brings.
        slots: u16,
    },
    /// The ResourceManager gives a TaskExecutor up.
    TaskExecutorLost {
        /// Its node.
        taskmanager: Name,
        /// Why.
        cause: String,
    },
    /// A JobMaster declares how many slots its job needs.
    ResourcesDeclared {
        /// The job.
        job: JobId,
        /// How many slots.
        slots: u32,
    },
    /// The ResourceManager has fewer slots than were asked for.
    NotEnoughResources {
        /// The job.
        job: JobId,
        /// How many slots are missing.
        missing: u32,
    },
    /// A slot is granted to a job.
    SlotAllocated {
        /// The slot, such as `taskmanager-1/0`.
        slot: Name,
        /// The grant.
        allocation: AllocationId,
        /// The job.
        job: JobId,
    },
    /// A JobMaster accepts a slot that a TaskExecutor offers.
    SlotAccepted {
        /// The slot.
        slot: Name,
        /// The grant.
        allocation: AllocationId,
        /// The job.
        job: JobId,
    },
    /// A slot is free again.
    SlotFreed {
        /// The slot.
        slot: Name,
        /// The grant that ended.
        allocation: AllocationId,
        /// The job that had it.
        job: JobId,
    },
}
