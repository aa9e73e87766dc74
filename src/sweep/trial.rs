//! Runs what a token says, and looks at what came of it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use super::coverage::CoverageFold;
use super::{Coverage, Reference, SweepError, Token, Violation, violations};
use crate::cluster::{ClusterError, EndReason, Onlooker};
use crate::gallery::Registry;
use crate::scenario::{Scenario, run_lowered};
use crate::sim::{SimError, Watch};
use crate::trace::Level;

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    /// What is wrong with it.
    pub violations: Vec<Violation>,
    /// Which faults struck, and when.
    pub coverage: Coverage,
    /// Whether the code of a node panicked.
    pub panicked: bool,
}

impl Trial {
    fn panicked(message: &str) -> Self {
        let violations = vec![Violation::new("no-panic", message)];
        Self { violations, panicked: true, ..Self::default() }
    }
}

/// What runs tokens.
#[derive(Clone, Copy)]
pub(super) struct Runner<'a> {
    /// The jobs that scenarios may name.
    pub registry: &'a Registry,
    /// Set to end the run that is underway.
    pub stop: &'a Arc<AtomicBool>,
}

impl Runner<'_> {
    /// The run without faults and mutants; or what is to be told of it, if it panics.
    pub fn reference(
        &self,
        token: &Token,
        scenario: &Scenario,
    ) -> Result<Result<Reference, Trial>, SweepError> {
        let onlooker = Onlooker { watch: self.watch(), ..Onlooker::default() };
        match Reference::run(token, scenario, self.registry, onlooker).map_err(SweepError::from) {
            Ok(reference) if reference.end == EndReason::Interrupted => {
                Err(SweepError::Interrupted)
            }
            Ok(reference) => Ok(Ok(reference)),
            Err(error) => panic_of(error).map(Err),
        }
    }

    /// Runs a token. Its rows are held against those of `reference`, if there is one.
    pub fn attempt(
        &self,
        token: &Token,
        scenario: &Scenario,
        reference: Option<&Reference>,
    ) -> Result<Trial, SweepError> {
        // The observer sees what is kept; of that nothing more is needed.
        let lowered = token.lower(scenario, self.registry, Level::Control)?;
        let expectations = lowered.expectations.clone();
        let fold = Arc::new(Mutex::new(CoverageFold::new(&lowered.options.sim.faults)));
        let seen = fold.clone();
        let observer = Box::new(move |recorded: &_| {
            seen.lock().unwrap_or_else(PoisonError::into_inner).apply(recorded);
        });
        let onlooker =
            Onlooker { watch: self.watch(), observer: Some(observer), ..Onlooker::default() };
        let outcome = match run_lowered(lowered, onlooker) {
            Ok(outcome) => outcome,
            Err(error) => return panic_of(error.into()),
        };
        if outcome.report.end == EndReason::Interrupted {
            return Err(SweepError::Interrupted);
        }
        let fold = std::mem::take(&mut *fold.lock().unwrap_or_else(PoisonError::into_inner));
        let coverage = fold.into_coverage();
        let violations = violations(&outcome, &expectations, reference);
        Ok(Trial { violations, coverage, panicked: false })
    }

    fn watch(&self) -> Watch {
        Watch { stop: self.stop.clone(), ..Watch::default() }
    }
}

/// A panic is a result: the run that shows it is worth telling of.
fn panic_of(error: SweepError) -> Result<Trial, SweepError> {
    match error {
        SweepError::Cluster(ClusterError::Sim(panic @ SimError::Panicked { .. })) => {
            Ok(Trial::panicked(&panic.to_string()))
        }
        error @ (SweepError::Scenario(_) | SweepError::Cluster(_) | SweepError::Interrupted) => {
            Err(error)
        }
    }
}
