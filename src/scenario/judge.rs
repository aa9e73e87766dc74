//! Holds what was expected of a run against what came of it. A pure function.

use std::fmt;

use serde::Serialize;

use super::section::expect::ExpectedEnd;
use super::shown::quoted;
use crate::check::{Delivery, Invariant};
use crate::cluster::{EndReason, RunReport};
use crate::trace::JobStatus;

/// All that is expected of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// Each expectation, in the order in which they are shown.
    pub all: Vec<Expectation>,
}

/// Something that is expected of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// How the run ends.
    End(ExpectedEnd),
    /// What becomes of a job.
    Job {
        /// Its name.
        job: String,
        /// Its last status.
        status: JobStatus,
    },
    /// What the root cause of every failed job contains.
    RootCause(String),
    /// How many rows a sink shows at the end.
    Rows {
        /// The sink.
        sink: String,
        /// How many.
        rows: u64,
    },
    /// Every invariant holds, but for those that are meant to be violated.
    Invariants {
        /// Those.
        violated: Vec<Invariant>,
    },
    /// What the outside is given, at least.
    DeliveryAtLeast(Delivery),
    /// What the outside is given, exactly.
    DeliveryIs(Delivery),
    /// How many checkpoints of all jobs become complete, at least.
    CheckpointsAtLeast(u64),
    /// How often jobs are started again, all in all.
    Restarts(u64),
    /// What a column of the rows that a sink shows at the end sums up to.
    Total {
        /// The sink.
        sink: String,
        /// The column.
        column: String,
        /// The sum.
        total: i64,
    },
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End(ExpectedEnd::Completed) => f.write_str("the run completes"),
            Self::End(ExpectedEnd::Limit) => f.write_str("the run reaches a limit"),
            Self::Job { job, status } => write!(f, "job {job} is {}", status_name(*status)),
            Self::RootCause(cause) => write!(f, "the root cause contains {cause:?}"),
            Self::Rows { sink, rows } => write!(f, "sink {sink} shows {rows} rows"),
            Self::Invariants { violated } if violated.is_empty() => {
                f.write_str("every invariant holds")
            }
            Self::Invariants { violated } => {
                let names: Vec<_> = violated.iter().map(|it| it.name()).collect();
                write!(f, "{} is violated, and no other invariant", names.join(" and "))
            }
            Self::DeliveryAtLeast(delivery) => write!(f, "delivery is {delivery} at least"),
            Self::DeliveryIs(delivery) => write!(f, "delivery is {delivery}"),
            Self::CheckpointsAtLeast(count) => write!(f, "at least {count} checkpoints complete"),
            Self::Restarts(count) => write!(f, "jobs are started again {count} times"),
            Self::Total { sink, column, total } => {
                write!(f, "column {column} of sink {sink} sums up to {total}")
            }
        }
    }
}

/// An expectation and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The expectation, in words.
    pub text: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was found instead, in words, if it does not.
    #[serde(skip)]
    pub found: Option<String>,
}

/// What the expectations come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Each expectation.
    pub expectations: Vec<Judged>,
    /// What was said in the scenario and never happened, in words.
    pub vacuous: Vec<String>,
    /// Whether all expectations hold and nothing is vacuous.
    pub holds: bool,
    /// Whether the run is meant to reach a limit.
    pub limit_expected: bool,
}

impl Judgement {
    /// Adds what else is expected; `found` is what was found instead, in words, if it does not
    /// hold.
    pub fn add(&mut self, text: &str, found: Option<String>) {
        let holds = found.is_none();
        self.holds &= holds;
        self.expectations.push(Judged { text: text.to_owned(), holds, found });
    }
}

/// Holds `expectations` against `report`.
pub fn judge(expectations: &Expectations, report: &RunReport) -> Judgement {
    let judged: Vec<Judged> = expectations
        .all
        .iter()
        .map(|expectation| {
            let found = differs(expectation, report);
            Judged { text: expectation.to_string(), holds: found.is_none(), found }
        })
        .collect();
    let vacuous = report.vacuous.clone();
    let holds = vacuous.is_empty() && judged.iter().all(|judged| judged.holds);
    let limit_expected = expectations.all.contains(&Expectation::End(ExpectedEnd::Limit));
    Judgement { expectations: judged, vacuous, holds, limit_expected }
}

/// What was found instead of what was expected.
fn differs(expectation: &Expectation, report: &RunReport) -> Option<String> {
    match expectation {
        Expectation::End(end) => match (end, &report.end) {
            (ExpectedEnd::Completed, EndReason::Completed)
            | (ExpectedEnd::Limit, EndReason::Limit(_)) => None,
            (_, EndReason::Completed) => Some("it completed".to_owned()),
            (_, EndReason::Limit(limit)) => Some(format!("it reached a limit: {limit}")),
            (_, EndReason::Interrupted) => Some("it was interrupted".to_owned()),
        },
        Expectation::Job { job, status } => {
            let Some(found) = report.jobs.iter().find(|report| report.name == *job) else {
                return Some("it was never submitted".to_owned());
            };
            (found.status != *status).then(|| match &found.cause {
                Some(cause) => format!("it is {}: {cause}", status_name(found.status)),
                None => format!("it is {}", status_name(found.status)),
            })
        }
        Expectation::RootCause(text) => {
            let mut failed = report.jobs.iter().filter(|job| job.status == JobStatus::Failed);
            let cause = |cause: &Option<String>| cause.clone().unwrap_or_default();
            match failed.clone().next() {
                None => Some("no job failed".to_owned()),
                Some(_) => failed
                    .find(|job| !cause(&job.cause).contains(text.as_str()))
                    .map(|job| format!("job {} failed with {:?}", job.name, cause(&job.cause))),
            }
        }
        Expectation::Rows { sink, rows } => {
            let found = report.sinks.get(sink).map_or(0, |sink| sink.rows.len() as u64);
            (found != *rows).then(|| format!("it shows {found}"))
        }
        Expectation::Invariants { violated } => invariants(violated, report),
        Expectation::DeliveryAtLeast(delivery) => {
            (!report.verdict.delivery.grants(*delivery)).then(|| delivery_found(report))
        }
        Expectation::DeliveryIs(delivery) => {
            (report.verdict.delivery != *delivery).then(|| delivery_found(report))
        }
        Expectation::CheckpointsAtLeast(count) => {
            let found: u64 = report.verdict.jobs.values().map(|job| job.completed).sum();
            (found < *count).then(|| format!("{found} do"))
        }
        Expectation::Restarts(count) => {
            let found: u64 = report.verdict.jobs.values().map(|job| job.restarts).sum();
            (found != *count).then(|| format!("it was {found} times"))
        }
        Expectation::Total { sink, column, total } => match sum(report, sink, column) {
            Ok(found) => (found != i128::from(*total)).then(|| format!("it is {found}")),
            Err(no_number) => Some(no_number),
        },
    }
}

/// What holds or does not, other than expected.
fn invariants(violated: &[Invariant], report: &RunReport) -> Option<String> {
    let expected = |invariant: &Invariant| violated.contains(invariant);
    for judged in &report.verdict.invariants {
        match (judged.holds(), expected(&judged.invariant)) {
            (true, true) => return Some(format!("{} holds", judged.invariant)),
            (false, false) => {
                let witness = judged.witness.as_ref().map_or("", |it| it.text.as_str());
                return Some(format!("{} does not hold: {witness}", judged.invariant));
            }
            (true, false) | (false, true) => {}
        }
    }
    None
}

/// What the delivery is, and what shows it.
fn delivery_found(report: &RunReport) -> String {
    let verdict = &report.verdict;
    let witness = verdict.sinks.values().find_map(|sink| sink.witnesses.first());
    let shown = witness.map(|witness| format!(": {}", witness.text)).unwrap_or_default();
    format!("it is {}{shown}", verdict.delivery)
}

/// The sum of a column, or which of its values is no whole number.
fn sum(report: &RunReport, sink: &str, column: &str) -> Result<i128, String> {
    let Some(shown) = report.sinks.get(sink) else { return Ok(0) };
    let Some(place) = shown.columns.iter().position(|name| name == column) else {
        return Err("there is no such column".to_owned());
    };
    let field = |(number, row): (usize, &Vec<String>)| {
        let field = row.get(place).map_or("", String::as_str);
        field.parse::<i64>().map(i128::from).map_err(|_| {
            format!("row {} has {}, which is no whole number", number + 1, quoted(field))
        })
    };
    shown.rows.iter().map(|row| &row.fields).enumerate().map(field).sum()
}

/// A job's status as Flink writes it.
pub fn status_name(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Initializing => "INITIALIZING",
        JobStatus::Created => "CREATED",
        JobStatus::Running => "RUNNING",
        JobStatus::Restarting => "RESTARTING",
        JobStatus::Failing => "FAILING",
        JobStatus::Failed => "FAILED",
        JobStatus::Cancelling => "CANCELLING",
        JobStatus::Canceled => "CANCELED",
        JobStatus::Finished => "FINISHED",
    }
}
