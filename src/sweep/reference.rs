//! The run without faults and mutants: how long it takes, and the rows that must be left.
//!
//! There is one for all seeds, with the seed of the scenario: what is compared does not depend on how
//! records interleave, and so not on the seed.

use std::collections::BTreeMap;

use super::Token;
use super::plan::Stage;
use crate::base::SimDuration;
use crate::checkpoint::CheckpointingMode;
use crate::cluster::{self, EndReason, Onlooker, RunReport};
use crate::gallery::Registry;
use crate::scenario::{
    Expectation, ExpectedEnd, Lowered, Outcome, RunError, Scenario, ScenarioError, run_lowered,
};
use crate::trace::{JobStatus, Level};

/// See the module.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Why it ended.
    pub end: EndReason,
    /// What there is to strike in it.
    pub stage: Stage,
    /// The rows of each sink, in order; none if faults may change them.
    rows: Option<BTreeMap<String, Vec<Vec<String>>>>,
}

impl Reference {
    /// Runs `scenario` with what `token` lays over it, and nothing else of it.
    pub fn run(
        token: &Token,
        scenario: &Scenario,
        registry: &Registry,
        onlooker: Onlooker,
    ) -> Result<Self, RunError> {
        let lowered = Self::lower(token, scenario, registry)?;
        let (taskmanagers, checkpointed) =
            (lowered.options.taskmanagers, lowered.options.checkpointing.is_some());
        let (brokers, database) = (lowered.options.brokers, lowered.options.database);
        let comparable = is_comparable(&lowered);
        let mut subtasks = Vec::new();
        for job in &lowered.submissions {
            let graph = cluster::plan(job)?.execution.job;
            subtasks.extend(graph.subtasks().map(|subtask| graph.subtask_name(subtask)));
        }
        let report = run_lowered(lowered, onlooker)?.report;
        let checkpoints = report.verdict.jobs.values().map(|job| job.completed).max().unwrap_or(0);
        let span = SimDuration::from_nanos(report.virtual_time.as_nanos());
        let comparable = comparable && report.end == EndReason::Completed;
        Ok(Self {
            stage: Stage {
                taskmanagers,
                subtasks,
                checkpointed,
                brokers,
                database,
                checkpoints,
                span,
            },
            rows: comparable.then(|| rows(&report)),
            end: report.end,
        })
    }

    fn lower(
        token: &Token,
        scenario: &Scenario,
        registry: &Registry,
    ) -> Result<Lowered, ScenarioError> {
        let plain = Token {
            seed: scenario.seed,
            mutant: None,
            endurance: None,
            faults: Vec::new(),
            ..token.clone()
        };
        let mut lowered = plain.lower(scenario, registry, Level::Off)?;
        lowered.options.sim.faults.clear();
        lowered.options.sim.notes.clear();
        Ok(lowered)
    }

    /// Makes these rows something that is expected of a run, if they are.
    pub fn judge(&self, outcome: &mut Outcome) {
        if self.rows.is_some() {
            let differences = self.differences(&outcome.report);
            let found = (!differences.is_empty()).then(|| differences.join("; "));
            outcome
                .judgement
                .add("the rows that are left are those of the run without faults", found);
        }
    }

    /// In what the final rows of a run differ from those of this one, sink by sink.
    pub(super) fn differences(&self, report: &RunReport) -> Vec<String> {
        let Some(expected) = &self.rows else { return Vec::new() };
        let found = rows(report);
        let none = Vec::new();
        let differ = |(sink, expected): (&String, &Vec<Vec<String>>)| {
            difference(sink, expected, found.get(sink).unwrap_or(&none))
        };
        expected.iter().filter_map(differ).collect()
    }
}

/// Whether the final rows do not depend on what fails in between: all sinks keep one row for each
/// key, all sources can be read again, no record may count twice, and all jobs are meant to finish.
pub(super) fn is_comparable(lowered: &Lowered) -> bool {
    let mode = lowered.options.checkpointing.as_ref().map(|config| config.mode);
    let programs = || lowered.submissions.iter().map(|job| &job.program);
    let replayable = programs().all(|program| program.code.is_replayable());
    if mode == Some(CheckpointingMode::AtLeastOnce) || !replayable {
        return false;
    }
    let mut sinks = programs().flat_map(|program| &program.sinks);
    let finishes = |expectation: &Expectation| match expectation {
        Expectation::Job { status, .. } => *status == JobStatus::Finished,
        Expectation::End(end) => *end == ExpectedEnd::Completed,
        Expectation::RootCause(_)
        | Expectation::Rows { .. }
        | Expectation::DeliveryAtLeast(_)
        | Expectation::DeliveryIs(_)
        | Expectation::Invariants { .. }
        | Expectation::CheckpointsAtLeast(_)
        | Expectation::Restarts(_)
        | Expectation::Total { .. } => true,
    };
    sinks.all(|sink| sink.key_columns.is_some()) && lowered.expectations.all.iter().all(finishes)
}

fn rows(report: &RunReport) -> BTreeMap<String, Vec<Vec<String>>> {
    let sink = |(name, sink): (&String, &crate::cluster::SinkReport)| {
        let mut rows: Vec<Vec<String>> = sink.rows.iter().map(|row| row.fields.clone()).collect();
        rows.sort_unstable();
        (name.clone(), rows)
    };
    report.sinks.iter().map(sink).collect()
}

/// What is in one list of sorted rows and not in the other; nothing if they are the same.
fn difference(sink: &str, expected: &[Vec<String>], found: &[Vec<String>]) -> Option<String> {
    let without = |these: &[Vec<String>], those: &[Vec<String>]| {
        let rest = these.iter().filter(|row| those.binary_search(row).is_err());
        rest.map(|row| row.join(",")).collect::<Vec<_>>()
    };
    let (missing, extra) = (without(expected, found), without(found, expected));
    let mut parts = Vec::new();
    for (rows, what) in [(&missing, "missing"), (&extra, "too many")] {
        if let Some(first) = rows.first() {
            parts.push(format!("{} {what}, such as {first}", rows.len()));
        }
    }
    (expected != found).then(|| {
        if parts.is_empty() {
            parts.push("some come more often than once".to_owned());
        }
        format!("of the rows of sink {sink} {}", parts.join("; "))
    })
}
