//! What a run comes to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{JobSubmission, SubtaskMetrics};
use crate::api::{Program, SinkDeclaration};
use crate::base::{Name, SimDuration, SimTime};
use crate::check::{JobCounts, Verdict};
use crate::operator::AccumulatorResult;
use crate::record::{Row, RowKind};
use crate::trace::{JobStatus, Level, SinkEvent};

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
    /// What each subtask did: job by job, vertex by vertex.
    pub metrics: Vec<SubtaskMetrics>,
    /// From source to sink, if anything was measured.
    pub latency: Option<LatencyReport>,
    /// Why it ended.
    pub end: EndReason,
    /// Faults and notes that never had their moment, in words.
    pub vacuous: Vec<String>,
    /// What its trace proves.
    pub verdict: Verdict,
    /// The encoded trace, unless the level is off.
    pub trace: Option<Vec<u8>>,
}

impl RunReport {
    /// The records that [`DataStream::collect`](crate::api::DataStream::collect) collected under
    /// this name, in the order in which they arrived.
    ///
    /// # Errors
    /// If there is no such sink, or its records are of another type.
    pub fn collected<T: DeserializeOwned>(&self, sink: &str) -> Result<Vec<T>, CollectError> {
        let sink = self.sinks.get(sink).ok_or_else(|| CollectError::NoSink(sink.to_string()))?;
        let fields = sink.rows.iter().map(|row| row.fields.concat());
        fields.map(|text| Ok(serde_json::from_str(&text)?)).collect()
    }
}

/// Why collected records cannot be had back.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// No sink has this name.
    #[error("there is no sink `{0}`")]
    NoSink(String),
    /// The records are of another type.
    #[error("the records are of another type: {0}")]
    OtherType(#[from] serde_json::Error),
}

/// What became of a job (Flink's `JobExecutionResult`).
#[derive(Clone, Debug, PartialEq)]
pub struct JobReport {
    /// Its name.
    pub name: String,
    /// Its last status.
    pub status: JobStatus,
    /// What became of its checkpoints, and how often it was restarted.
    pub counts: JobCounts,
    /// The root cause, if it failed.
    pub cause: Option<String>,
    /// What its accumulators have come to, by name.
    pub accumulators: BTreeMap<String, AccumulatorResult>,
}

/// What the outside world saw of a sink.
#[derive(Clone, Debug, PartialEq)]
pub struct SinkReport {
    /// The names of its columns.
    pub columns: Vec<String>,
    /// How many rows were written to it.
    pub committed: u64,
    /// What is visible: all rows in the order of their commit; for an upsert sink the final row
    /// of each key, in the order in which they were last written.
    pub rows: Vec<Row>,
    /// From source to this sink, if anything was measured there.
    pub latency: Option<LatencyReport>,
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

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed => f.write_str("completed"),
            Self::Limit(which) => write!(f, "limit: {which}"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

/// What became visible in each declared sink, and how long it was on its way.
pub(super) fn sinks(
    jobs: &[JobSubmission],
    mut written: BTreeMap<String, Vec<Row>>,
    latencies: &BTreeMap<String, Vec<SimDuration>>,
) -> BTreeMap<String, SinkReport> {
    let declared = jobs.iter().flat_map(|job| &job.program.sinks);
    let reports = declared.map(|sink| {
        let rows = written.remove(&sink.name).unwrap_or_default();
        let committed = rows.len() as u64;
        let rows = match sink.key_columns {
            Some(columns) => last_by_key(rows, columns),
            None => rows,
        };
        let latency = latencies.get(&sink.name).cloned().and_then(latency);
        let columns = sink.columns.clone();
        (sink.name.clone(), SinkReport { columns, committed, rows, latency })
    });
    reports.collect()
}

/// What is said of sinks before their jobs begin: each of them, and what it must show in the end,
/// where a job says so.
pub(super) fn declared(jobs: &[JobSubmission]) -> Vec<SinkEvent> {
    let mut events = Vec::new();
    for job in jobs {
        for SinkDeclaration { name, key_columns, .. } in &job.program.sinks {
            let key_columns = key_columns.map(|columns| columns as u16);
            let sink: Name = name.as_str().into();
            events.push(SinkEvent::SinkDeclared { sink: sink.clone(), key_columns });
            if let Some(rows) = job.program.expected.get(name) {
                let rows = rows.clone();
                events.push(SinkEvent::RowsExpected { sink, key_columns, rows });
            }
        }
    }
    events
}

/// The sinks whose rows themselves are told: those of which it is known what they must show, and
/// those in which a row replaces another.
pub(super) fn judged(jobs: &[JobSubmission]) -> BTreeSet<String> {
    let programs = jobs.iter().map(|job| &job.program);
    let is_judged = |program: &Program, sink: &SinkDeclaration| {
        sink.key_columns.is_some() || program.expected.contains_key(&sink.name)
    };
    programs
        .flat_map(|program| program.sinks.iter().filter(move |sink| is_judged(program, sink)))
        .map(|sink| sink.name.clone())
        .collect()
}

/// The last row of each key, in the order in which they were written.
fn last_by_key(rows: Vec<Row>, columns: usize) -> Vec<Row> {
    let mut last = IndexMap::<Vec<String>, (usize, Row)>::new();
    for (place, row) in rows.into_iter().enumerate() {
        let key = row.fields[..columns].to_vec();
        match row.kind {
            RowKind::UpdateBefore => {}
            RowKind::Insert | RowKind::UpdateAfter => drop(last.insert(key, (place, row))),
            RowKind::Delete => drop(last.swap_remove(&key)),
        }
    }
    let mut rows: Vec<(usize, Row)> = last.into_values().collect();
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Percentiles by the nearest-rank method.
pub(super) fn latency(mut latencies: Vec<SimDuration>) -> Option<LatencyReport> {
    latencies.sort_unstable();
    let millis =
        |rank: usize| latencies[rank.clamp(1, latencies.len()) - 1].as_nanos() as f64 / 1e6;
    let percentile = |percent: usize| millis((latencies.len() * percent).div_ceil(100));
    let max = latencies.len();
    (max > 0).then(|| LatencyReport { p50: percentile(50), p99: percentile(99), max: millis(max) })
}
