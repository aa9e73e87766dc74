//! What is wrong with a run.

use std::fmt;

use serde::Serialize;

use super::Reference;
use crate::base::Step;
use crate::scenario::{Expectation, Expectations, Judged, Outcome};

const VACUOUS: &str = "vacuous";

/// Something that is wrong with a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The invariant; or `expectation`, `vacuous`, `fault-free-rows`, `fault-free-state`, `no-panic`.
    pub name: String,
    /// What was found, in words.
    pub text: String,
    /// The moment that shows it, if it is one moment.
    #[serde(skip)]
    pub step: Option<Step>,
}

impl Violation {
    pub(super) fn new(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), text: text.into(), step: None }
    }

    /// Whether it says only that something never happened.
    pub(super) fn is_vacuity(&self) -> bool {
        self.name == VACUOUS
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.text)
    }
}

/// All that is wrong with a run: invariants and expectations that do not hold, what never
/// happened, and rows that are not those of the run without faults.
pub fn violations(
    outcome: &Outcome,
    expectations: &Expectations,
    reference: Option<&Reference>,
) -> Vec<Violation> {
    // Invariants come first: they say more than what came of it.
    let (mut found, mut unmet) = (Vec::new(), Vec::new());
    let judged = &outcome.judgement.expectations;
    for (expectation, judged) in expectations.all.iter().zip(judged).filter(|(_, it)| !it.holds) {
        match expectation {
            Expectation::Invariants { violated } => {
                let before = found.len();
                let unexpected = |it: &&crate::check::Judged| !violated.contains(&it.invariant);
                for invariant in outcome.report.verdict.violated().filter(unexpected) {
                    let witness = invariant.witness.as_ref();
                    found.push(Violation {
                        name: invariant.invariant.name().to_owned(),
                        text: witness.map_or_else(String::new, |it| it.text.clone()),
                        step: witness.and_then(|it| it.steps.last().copied()),
                    });
                }
                // Otherwise one that is meant to be violated holds.
                if found.len() == before {
                    unmet.push(expected(judged));
                }
            }
            Expectation::End(_)
            | Expectation::Job { .. }
            | Expectation::RootCause(_)
            | Expectation::Rows { .. }
            | Expectation::DeliveryAtLeast(_)
            | Expectation::DeliveryIs(_)
            | Expectation::CheckpointsAtLeast(_)
            | Expectation::Restarts(_)
            | Expectation::Total { .. } => unmet.push(expected(judged)),
        }
    }
    found.append(&mut unmet);
    found.extend(outcome.judgement.vacuous.iter().map(|what| Violation::new(VACUOUS, what)));
    if let Some(reference) = reference {
        let differences = reference.differences(&outcome.report).into_iter();
        found.extend(differences.map(|text| Violation::new("fault-free-rows", text)));
        let differences = reference.state_differences(&outcome.report).into_iter();
        found.extend(differences.map(|text| Violation::new("fault-free-state", text)));
    }
    found
}

fn expected(judged: &Judged) -> Violation {
    let found = judged.found.as_deref().unwrap_or("it does not hold");
    Violation::new("expectation", format!("{}, but {found}", judged.text))
}
