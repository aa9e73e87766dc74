//! A scenario that is swept, and the faults that are added to it.

use super::{Endurance, Reference, Token, plan};
use crate::base::Seed;
use crate::checkpoint::CheckpointConfig;
use crate::cluster::ClusterError;
use crate::gallery::Registry;
use crate::mutant::Mutant;
use crate::scenario::{
    Overrides, RunError, Scenario, ScenarioError, load_with, lower, parse_faults,
};
use crate::sim::FaultOptions;

/// Why a sweep came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// A scenario, or a file of faults, is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A cluster could not run.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// It was interrupted from outside.
    #[error("interrupted")]
    Interrupted,
}

impl From<RunError> for SweepError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Scenario(error) => error.into(),
            RunError::Cluster(error) => error.into(),
        }
    }
}

/// Which faults are added to a scenario's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Faults {
    /// None.
    None,
    /// Some that are made up for each seed.
    Random,
    /// Those of a file.
    Given {
        /// What errors call the file.
        path: String,
        /// What it says.
        text: String,
    },
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Subject {
    scenario: Scenario,
    added: Added,
}

#[derive(Clone, Debug)]
enum Added {
    None,
    Random,
    Given(Vec<FaultOptions>),
}

impl Subject {
    /// Loads a scenario and the faults that are to be added. Whatever is wrong with either is said
    /// here, and not by one of many runs.
    pub fn load(
        name: &str,
        sets: &[String],
        faults: &Faults,
        registry: &Registry,
    ) -> Result<Self, ScenarioError> {
        let scenario = load_with(name, sets)?;
        lower(&scenario, registry, &Overrides::default())?;
        let added = match faults {
            Faults::None => Added::None,
            Faults::Random => Added::Random,
            Faults::Given { path, text } => Added::Given(parse_faults(text, path, &scenario)?),
        };
        Ok(Self { scenario, added })
    }

    /// The scenario.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// How its jobs are checkpointed.
    pub(super) fn checkpointing(&self) -> Option<&CheckpointConfig> {
        self.scenario.checkpointing.as_ref()
    }

    /// Whether a run is to be held against the one without faults: not if it is that one.
    pub(super) fn is_compared(&self, mutant: Option<Mutant>) -> bool {
        let plain = matches!(self.added, Added::None) && self.scenario.faults.is_empty();
        mutant.is_some() || !plain
    }

    /// The run with this seed. `reference` is its run without faults, which must be there if the
    /// two are compared.
    pub(super) fn token(
        &self,
        seed: Seed,
        mutant: Option<Mutant>,
        reference: Option<&Reference>,
    ) -> Token {
        let mut token = Token::new(&self.scenario, seed);
        token.mutant = mutant;
        token.compared = reference.is_some();
        if let Some(reference) = reference {
            let endurance = Some(Endurance::beyond(reference.stage.span));
            match &self.added {
                Added::None => {}
                Added::Random => {
                    token.faults = plan(seed, &reference.stage);
                    token.endurance = endurance;
                }
                Added::Given(faults) => {
                    token.faults.clone_from(faults);
                    token.endurance = endurance;
                }
            }
        }
        token
    }
}
