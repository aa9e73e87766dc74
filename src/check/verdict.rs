//! What the invariants come to, and what shows that one does not hold.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};

use super::{Delivery, JobCounts, SinkVerdict, StatesLeft};
use crate::base::{JobId, Name, Step};
use crate::trace::Header;

/// What holds in every run of a correct engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Invariant {
    /// See [`Self::sentence`].
    ConsistentCut,
    /// See [`Self::sentence`].
    RestoredState,
    /// See [`Self::sentence`].
    DurableAcknowledgement,
    /// See [`Self::sentence`].
    CompleteAcknowledgement,
    /// See [`Self::sentence`].
    RetainedFiles,
    /// See [`Self::sentence`].
    MonotonicWatermarks,
    /// See [`Self::sentence`].
    OneOwnerPerKeyGroup,
    /// See [`Self::sentence`].
    OneGrantPerSlot,
    /// See [`Self::sentence`].
    Fencing,
    /// See [`Self::sentence`].
    AtomicCommit,
    /// See [`Self::sentence`].
    SteadyAnswers,
    /// See [`Self::sentence`].
    Progress,
}

impl Invariant {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What it says.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::ConsistentCut => "every completed checkpoint is a consistent cut",
            Self::RestoredState => "state after a restore equals the state that was snapshotted",
            Self::DurableAcknowledgement => "acknowledged state was durable",
            Self::CompleteAcknowledgement => {
                "a checkpoint is complete when all tasks have acknowledged it and its metadata is \
                 durable, and not before"
            }
            Self::RetainedFiles => "no file of a retained checkpoint is deleted",
            Self::MonotonicWatermarks => "watermarks never go back within an attempt",
            Self::OneOwnerPerKeyGroup => "each key group has one owner",
            Self::OneGrantPerSlot => "no slot is used twice",
            Self::Fencing => "nothing that was replaced or is dead changes anything",
            Self::AtomicCommit => {
                "a transaction is committed if, and only if, a checkpoint that holds it is complete"
            }
            Self::SteadyAnswers => {
                "a query whose answer never changes has that answer whenever it is asked"
            }
            Self::Progress => "every job ends, or makes progress after the last fault has healed",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Invariant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::all().find(|invariant| invariant.name() == text);
        known.ok_or_else(|| {
            let names: Vec<_> = Self::all().map(Self::name).collect();
            format!("there is no such invariant; there are {}", names.join(", "))
        })
    }
}

/// What shows that an invariant does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Witness {
    /// What happened, in words, with the steps at which it did.
    pub text: String,
    /// The steps of the events involved, in order.
    pub steps: Vec<Step>,
    /// The command that does the same again.
    pub reproduce: String,
}

/// An invariant and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Which.
    pub invariant: Invariant,
    /// What shows that it does not hold: the first time.
    pub witness: Option<Witness>,
    /// How often it did not.
    pub violations: u64,
}

impl Judged {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.violations == 0
    }
}

/// What a trace proves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// All invariants.
    pub invariants: Vec<Judged>,
    /// What became of checkpoints and restarts, by job.
    pub jobs: BTreeMap<JobId, JobCounts>,
    /// What the states of jobs hold in the end.
    pub states_left: StatesLeft,
    /// What the outside was given: the weakest over all sinks that can be judged.
    pub delivery: Delivery,
    /// What became of each sink that can be judged.
    pub sinks: BTreeMap<Name, SinkVerdict>,
}

impl Verdict {
    /// The invariants that do not hold.
    pub fn violated(&self) -> impl Iterator<Item = &Judged> {
        self.invariants.iter().filter(|judged| !judged.holds())
    }

    /// Whether all of them hold.
    pub fn holds(&self) -> bool {
        self.violated().next().is_none()
    }

    /// The invariants as `weir run --json` and `weir check --json` show them.
    pub fn to_json(&self) -> serde_json::Value {
        let judged = |judged: &Judged| {
            serde_json::json!({
                "name": judged.invariant.name(),
                "holds": judged.holds(),
                "witness": judged.witness,
            })
        };
        self.invariants.iter().map(judged).collect()
    }

    /// The sinks as `weir check --json` shows them.
    pub fn sinks_json(&self) -> serde_json::Value {
        let sinks = self.sinks.iter().map(|(name, sink)| (name.to_string(), sink.to_json()));
        serde_json::Value::Object(sinks.collect())
    }
}

/// What the folds find.
pub(super) struct Findings {
    reproduce: String,
    found: BTreeMap<Invariant, (Witness, u64)>,
}

impl Findings {
    pub fn new(header: &Header) -> Self {
        Self { reproduce: header.again.clone(), found: BTreeMap::new() }
    }

    /// An invariant does not hold; `at` are the events involved.
    pub fn violate(&mut self, invariant: Invariant, at: &[Step], text: impl FnOnce() -> String) {
        if let Some((_, violations)) = self.found.get_mut(&invariant) {
            *violations += 1;
            return;
        }
        let mut steps = at.to_vec();
        steps.sort_unstable();
        steps.dedup();
        let witness = Witness { text: text(), steps, reproduce: self.reproduce.clone() };
        self.found.insert(invariant, (witness, 1));
    }

    pub fn judged(&self) -> Vec<Judged> {
        let judged = |invariant| match self.found.get(&invariant).cloned() {
            None => Judged { invariant, witness: None, violations: 0 },
            Some((witness, violations)) => Judged { invariant, witness: Some(witness), violations },
        };
        Invariant::all().map(judged).collect()
    }
}
