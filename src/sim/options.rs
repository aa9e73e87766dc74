//! What a simulation is given: nodes, network, disks, clocks, faults, notes, limits.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::{Seed, SimDuration, SimTime, Step};
use crate::host::WriterFencing;
use crate::trace::{Level, Pattern};

/// A whole world.
#[derive(Clone, Debug)]
pub struct SimOptions {
    /// The seed of everything random.
    pub seed: Seed,
    /// The nodes; [`crate::base::NodeId`] `i` is the `i`-th.
    pub nodes: Vec<NodeOptions>,
    /// The network.
    pub network: NetworkOptions,
    /// All disks.
    pub disk: DiskOptions,
    /// What goes wrong.
    pub faults: Vec<FaultOptions>,
    /// What is said, and when.
    pub notes: Vec<NoteOptions>,
    /// When to give up.
    pub limits: Limits,
    /// Who may write to the outside.
    pub fencing: Arc<dyn WriterFencing>,
    /// The sinks whose rows themselves are part of the trace when they become visible.
    pub judged: BTreeSet<String>,
    /// How much of the run is kept.
    pub level: Level,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeOptions {
    /// Its name.
    pub name: String,
    /// How far ahead of the simulation its clock starts, in microseconds.
    pub clock_offset_us: i64,
    /// How much too fast its clock runs, in parts per million.
    pub clock_drift_ppm: i64,
}

/// All links.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkOptions {
    /// A link that is not listed.
    pub default: LinkOptions,
    /// Links that differ, by names of source and destination.
    pub links: Vec<(String, String, LinkOptions)>,
    /// How long a message to the own node takes.
    pub loopback: SimDuration,
}

/// One direction between two nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkOptions {
    /// The time on the way, drawn evenly.
    pub latency: RangeInclusive<SimDuration>,
    /// The share of transmissions that are lost, each of which costs a retransmission timeout;
    /// below 1.
    pub loss: f64,
    /// Bytes per second, if limited.
    pub bandwidth: Option<u64>,
}

/// All disks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskOptions {
    /// Bytes per second.
    pub bandwidth: u64,
    /// How long a sync takes.
    pub sync: SimDuration,
    /// How much fits.
    pub capacity: u64,
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultOptions {
    /// When.
    pub when: When,
    /// What.
    pub action: FaultAction,
    /// Whether its moment need not come, nor find anything to act on: a run is vacuous only
    /// without the others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// A text to show.
#[derive(Clone, Debug, PartialEq)]
pub struct NoteOptions {
    /// When.
    pub when: When,
    /// The text.
    pub text: String,
}

/// A moment of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum When {
    /// A time.
    At(SimTime),
    /// Just after a control event.
    Step(Step),
    /// Just after the `nth` event (from 1) that fits a pattern.
    Event {
        /// The pattern.
        pattern: Pattern,
        /// Which of those that fit.
        nth: u32,
    },
}

/// What can go wrong. Nodes are given by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum FaultAction {
    /// The node's process dies, and starts again if `restart_after` says when.
    Kill {
        /// The node.
        node: String,
        /// When to start it again.
        restart_after: Option<SimDuration>,
    },
    /// The node's process stands still for a while.
    Pause {
        /// The node.
        node: String,
        /// For how long; for ever if unset.
        duration: Option<SimDuration>,
    },
    /// Nothing gets from one group of nodes to another.
    Partition {
        /// The one group.
        from: Vec<String>,
        /// The other; all the rest if empty.
        to: Vec<String>,
        /// Whether the other direction still works.
        one_way: bool,
        /// For how long; for ever if unset.
        duration: Option<SimDuration>,
    },
    /// A link behaves differently for a while.
    Degrade {
        /// The sender.
        from: String,
        /// The receiver.
        to: String,
        /// How it behaves.
        link: LinkOptions,
        /// For how long; for ever if unset.
        duration: Option<SimDuration>,
    },
    /// A node's clock jumps, and then perhaps drifts.
    Clock {
        /// The node.
        node: String,
        /// By how much it jumps, in microseconds.
        jump_us: i64,
        /// How much too fast it runs from then on, in parts per million.
        drift_ppm: i64,
    },
    /// A node's disk refuses or is slow for a while.
    Disk {
        /// The node.
        node: String,
        /// What is wrong with it.
        trouble: DiskTrouble,
        /// For how long; for ever if unset.
        duration: Option<SimDuration>,
    },
    /// Somebody outside has a lock, so that the service of a node refuses to change anything.
    Lock {
        /// The node.
        node: String,
        /// For how long; for ever if unset.
        duration: Option<SimDuration>,
    },
    /// A task fails as if its function had thrown.
    Fail {
        /// The subtask, such as `sum#1`; of whatever job, and wherever it runs.
        subtask: String,
    },
    /// The function of a task panics.
    Panic {
        /// The subtask.
        subtask: String,
    },
    /// The function of a task takes longer than it should.
    Slow {
        /// The subtask.
        subtask: String,
        /// How many times as long.
        factor: f64,
        /// For how long; for ever if unset.
        duration: Option<SimDuration>,
    },
    /// Nobody can process the next record that a source subtask reads, however often and wherever it
    /// is read.
    Poison {
        /// The subtask.
        subtask: String,
        /// After how long the record is repaired; never if unset.
        duration: Option<SimDuration>,
    },
    /// The transactions that are open at a broker that coordinates them are aborted as if their
    /// time had passed.
    Expire {
        /// The node.
        node: String,
    },
}

/// What can be wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskTrouble {
    /// Every access fails.
    Errors,
    /// Everything takes this many times as long.
    Slow(f64),
    /// Nothing more can be written.
    Full,
    /// What is read has a flipped bit.
    Corrupts,
    /// A crash tears the first write of each file that is not synced, and loses those behind it.
    Tears,
}

/// Stated limits of a run. Reaching one ends it (exit code 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Control events.
    pub events: u64,
    /// Simulated time.
    pub virtual_time: SimDuration,
    /// Bytes in flight, on disks and in channels, as accounted.
    pub memory: u64,
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self {
            latency: SimDuration::from_micros(500)..=SimDuration::from_millis(2),
            loss: 0.0,
            bandwidth: None,
        }
    }
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self {
            default: LinkOptions::default(),
            links: Vec::new(),
            loopback: SimDuration::from_micros(20),
        }
    }
}

impl Default for DiskOptions {
    fn default() -> Self {
        Self { bandwidth: 200_000_000, sync: SimDuration::from_millis(2), capacity: 1 << 40 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            events: 50_000_000,
            virtual_time: SimDuration::from_secs(7 * 24 * 3600),
            memory: 16 << 30,
        }
    }
}
