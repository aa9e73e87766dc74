//! What a sweep came to, and how that is told to a machine.

use serde_json::{Value, json};

use super::{Coverage, Seeds, Shard, Token, Trial, Unreachable, Violation};
use crate::base::Seed;
use crate::mutant::Mutant;

/// What a sweep came to.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepReport {
    /// The scenarios that were swept.
    pub scenarios: Vec<String>,
    /// The seeds.
    pub seeds: Seeds,
    /// Which part of it this is.
    pub shard: Shard,
    /// How many runs were judged; those without faults that they were held against do not count.
    pub runs: u64,
    /// The runs with which something is wrong, in order of scenarios and seeds; if mutants were
    /// hunted, the first of each that was found.
    pub failures: Vec<Failure>,
    /// Which kinds of faults struck in which phases.
    pub coverage: Coverage,
    /// The cells of that which no run can reach.
    pub unreachable: Vec<Unreachable>,
    /// What became of each mutant, if they were hunted.
    pub hunted: Vec<Hunted>,
}

/// A run with which something is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The scenario.
    pub scenario: String,
    /// The seed.
    pub seed: Seed,
    /// The wrong part that was in the engine.
    pub mutant: Option<Mutant>,
    /// What is wrong; never empty.
    pub violations: Vec<Violation>,
    /// How many faults were added.
    pub faults: usize,
    /// Whether the code of a node panicked.
    pub panicked: bool,
    /// What has it run again.
    pub token: String,
}

/// A mutant and the first run that noticed it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hunted {
    /// The mutant.
    pub mutant: Mutant,
    /// How many runs it took, or were tried in vain.
    pub runs: u64,
    /// That run.
    pub found: Option<Failure>,
}

impl Failure {
    pub(super) fn new(mut token: Token, trial: Trial) -> Self {
        token.step = trial.violations.iter().find_map(|violation| violation.step);
        Self {
            scenario: token.scenario.clone(),
            seed: token.seed,
            mutant: token.mutant,
            violations: trial.violations,
            faults: token.faults.len(),
            panicked: trial.panicked,
            token: token.to_string(),
        }
    }

    /// The name of what is wrong first.
    pub fn invariant(&self) -> &str {
        self.violations.first().map_or("", |violation| &violation.name)
    }

    fn to_json(&self) -> Value {
        json!({
            "scenario": self.scenario,
            "seed": self.seed,
            "mutant": self.mutant.map(Mutant::name),
            "invariant": self.invariant(),
            "violations": self.violations,
            "faults": self.faults,
            "token": self.token,
        })
    }
}

impl SweepReport {
    /// Whether all is as it should be: nothing is wrong with any run, or each mutant was found.
    pub fn holds(&self) -> bool {
        match self.hunted.as_slice() {
            [] => self.failures.is_empty(),
            hunted => hunted.iter().all(|hunted| hunted.found.is_some()),
        }
    }

    /// Whether a node's code panicked though there was no mutant in it.
    pub fn panicked(&self) -> bool {
        self.failures.iter().any(|failure| failure.panicked && failure.mutant.is_none())
    }

    /// The object that `weir sweep --json` prints. `seconds` is how long it took outside.
    pub fn to_json(&self, seconds: f64) -> Value {
        let scenario = match self.scenarios.as_slice() {
            [one] => Some(one),
            _ => None,
        };
        let unreachable = self.unreachable.iter().map(|cell| {
            json!({ "fault": cell.kind.name(), "phase": cell.phase.name(), "why": cell.why })
        });
        let hunted = self.hunted.iter().map(|hunted| {
            let found = hunted.found.as_ref();
            json!({
                "mutant": hunted.mutant.name(),
                "found": found.is_some(),
                "runs": hunted.runs,
                "scenario": found.map(|failure| &failure.scenario),
                "seed": found.map(|failure| failure.seed),
                "invariant": found.map(Failure::invariant),
                "token": found.map(|failure| &failure.token),
            })
        });
        json!({
            "scenario": scenario,
            "scenarios": self.scenarios,
            "seeds": self.seeds.to_string(),
            "shard": self.shard.to_string(),
            "runs": self.runs,
            "failures": self.failures.iter().map(Failure::to_json).collect::<Vec<_>>(),
            "mutants": hunted.collect::<Vec<_>>(),
            "coverage": self.coverage.to_json(),
            "unreachable": unreachable.collect::<Vec<_>>(),
            "holds": self.holds(),
            "seconds": seconds,
            "seeds_per_minute": self.runs as f64 * 60.0 / seconds.max(1e-9),
        })
    }
}
