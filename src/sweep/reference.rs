//! The run without faults and mutants: how long it takes, and the rows that must be left.
//!
//! There is one for all seeds, with the seed of the scenario: what is compared does not depend on how
//! records interleave, and so not on the seed. Where a job makes its data up from the seed, nothing is
//! compared.

use std::collections::{BTreeMap, BTreeSet};

use super::Token;
use super::plan::Stage;
use crate::api::Program;
use crate::base::{JobId, Name, SimDuration};
use crate::check::StatesLeft;
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
    /// What states hold in the end; none if faults may change that.
    states: Option<StatesLeft>,
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
        let same_for_all = !lowered.depends_on_seed;
        let comparable = same_for_all && is_comparable(&lowered);
        let is_determined = same_for_all && is_determined(&lowered);
        let mut subtasks = Vec::new();
        for job in &lowered.submissions {
            let graph = cluster::plan(job)?.execution.job;
            subtasks.extend(graph.subtasks().map(|subtask| graph.subtask_name(subtask)));
        }
        let report = run_lowered(lowered, onlooker)?.report;
        let checkpoints = report.verdict.jobs.values().map(|job| job.completed).max().unwrap_or(0);
        let span = SimDuration::from_nanos(report.virtual_time.as_nanos());
        let completed = report.end == EndReason::Completed;
        let comparable = comparable && completed;
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
            states: (is_determined && completed).then(|| report.verdict.states_left.clone()),
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
        if self.states.is_some() {
            let differences = self.state_differences(&outcome.report);
            let found = (!differences.is_empty()).then(|| differences.join("; "));
            outcome
                .judgement
                .add("the state that is left is that of the run without faults", found);
        }
    }

    /// In what the final states of a run differ from those of this one, state by state.
    pub(super) fn state_differences(&self, report: &RunReport) -> Vec<String> {
        let Some(expected) = &self.states else { return Vec::new() };
        let found = &report.verdict.states_left;
        let entries = |states: &StatesLeft, key: &_| states.get(key).map_or(0, |(count, _)| *count);
        let keys: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
        let differ = keys.into_iter().filter(|key| expected.get(*key) != found.get(*key));
        let text = |key: &(JobId, Name, Name)| {
            let (was, is) = (entries(expected, key), entries(found, key));
            let (_, operator, state) = key;
            match was == is {
                true => format!("`{state}` of {operator} has other entries"),
                false => format!("`{state}` of {operator} has {is} entries, not {was}"),
            }
        };
        differ.map(text).collect()
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
/// key, and what they are given does not depend on it.
pub(super) fn is_comparable(lowered: &Lowered) -> bool {
    let mut sinks = lowered.submissions.iter().flat_map(|job| &job.program.sinks);
    sinks.all(|sink| sink.key_columns.is_some()) && masks_faults(lowered)
}

/// Whether the final state does not depend on what fails in between: of jobs of which it is known
/// what their sinks must show, it does not even depend on what comes first.
fn is_determined(lowered: &Lowered) -> bool {
    let is_known = |program: &Program| {
        program.sinks.iter().all(|sink| program.expected.contains_key(&sink.name))
    };
    lowered.submissions.iter().all(|job| is_known(&job.program)) && masks_faults(lowered)
}

/// Whether all sources can be read again, no record may count twice, and all jobs are meant to
/// finish.
fn masks_faults(lowered: &Lowered) -> bool {
    let mode = lowered.options.checkpointing.as_ref().map(|config| config.mode);
    let mut programs = lowered.submissions.iter().map(|job| &job.program);
    let replayable = programs.all(|program| program.code.is_replayable());
    if mode == Some(CheckpointingMode::AtLeastOnce) || !replayable {
        return false;
    }
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
    lowered.expectations.all.iter().all(finishes)
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
