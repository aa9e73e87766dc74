//! The scenarios that are swept where none is named.

use super::{Faults, Subject};
use crate::gallery::Registry;
use crate::scenario::ScenarioError;

/// An embedded scenario, and what is different in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandardScenario {
    /// Its name.
    pub name: &'static str,
    /// `--set` flags.
    pub sets: &'static [&'static str],
    /// Whether faults are added to it: not if what it shows depends on what fails in between.
    pub strikes: bool,
}

impl StandardScenario {
    /// What is swept, with these faults and with `sets` laid over it.
    pub fn subject(
        &self,
        faults: &Faults,
        sets: &[String],
        registry: &Registry,
    ) -> Result<Subject, ScenarioError> {
        let own = self.sets.iter().map(|&set| set.to_owned());
        let sets: Vec<String> = own.chain(sets.iter().cloned()).collect();
        Subject::load(self.name, &sets, if self.strikes { faults } else { &Faults::None }, registry)
    }
}

const fn struck(name: &'static str, sets: &'static [&'static str]) -> StandardScenario {
    StandardScenario { name, sets, strikes: true }
}

const fn healthy(name: &'static str) -> StandardScenario {
    StandardScenario { name, sets: &[], strikes: false }
}

/// All of them. Those that are struck are checkpointed and leave rows that do not depend on what
/// fails in between; the others are for the mutants that these cannot notice.
pub const STANDARD: &[StandardScenario] = &[
    struck("checkpoints/alignment", &[]),
    struck("checkpoints/windows-and-timers", &[]),
    struck("checkpoints/unaligned", &[]),
    struck("checkpoints/aligned-with-timeout", &["checkpointing.interval=\"50ms\""]),
    struck("checkpoints/incremental", &[]),
    struck("checkpoints/zombie", &[]),
    struck("transactions/two-phase-commit", &[]),
    // Records wait in the source, so that it has fetched more than it has sent on.
    struck("transactions/two-phase-commit", &["job.record-cost=\"4ms\"", "job.buffer-records=4"]),
    struck("transactions/crash-before-pre-commit", &[]),
    struck("transactions/zombie-writer", &[]),
    struck("transactions/two-jobs", &[]),
    struck("transactions/bank-transfers", &[]),
    struck("transactions/duplicates-in-a-table", &[]),
    struck("transactions/files", &[]),
    struck("transactions/write-ahead", &[]),
    healthy("windows/three-stages"),
    healthy("windows/click-sessions"),
];
