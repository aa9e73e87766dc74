//! What a run comes to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::SimTime;
use crate::record::Row;
use crate::trace::{JobStatus, Level};

/// What a run comes to.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The chained digest of its control events, in hexadecimal.
    pub digest: String,
    /// The level at which it was traced.
    pub level: Level,
    /// How many control events it had.
    pub events: u64,
    /// How long it took, in simulated time.
    pub virtual_time: SimTime,
    /// The jobs, in order of submission.
    pub jobs: Vec<JobReport>,
    /// What the outside world saw, by sink.
    pub sinks: BTreeMap<String, SinkReport>,
    /// From source to sink, if anything was measured.
    pub latency: Option<LatencyReport>,
    /// Why it ended.
    pub end: EndReason,
    /// Faults and notes that never had their moment, in words.
    pub vacuous: Vec<String>,
    /// The encoded trace, unless the level is off.
    pub trace: Option<Vec<u8>>,
}

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobReport {
    /// Its name.
    pub name: String,
    /// Its last status.
    pub status: JobStatus,
    /// How often it was restarted.
    pub restarts: u32,
    /// The root cause, if it failed.
    pub cause: Option<String>,
}

/// What the outside world saw of a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkReport {
    /// The names of its columns.
    pub columns: Vec<String>,
    /// How many rows were written to it.
    pub committed: u64,
    /// What is visible: all rows in the order of their commit; for an upsert sink the final row
    /// of each key, in the order in which they were last written.
    pub rows: Vec<Row>,
}

/// From source to sink, in simulated time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatencyReport {
    /// The median, in milliseconds.
    pub p50: f64,
    /// The 99th percentile, in milliseconds.
    pub p99: f64,
    /// The longest, in milliseconds.
    pub max: f64,
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// All jobs reached a terminal status.
    Completed,
    /// A limit was reached: which, in words.
    Limit(String),
    /// It was interrupted from outside.
    Interrupted,
}
