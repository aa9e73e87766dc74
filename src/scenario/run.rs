//! Runs a scenario and judges what came of it.

use super::error::ScenarioError;
use super::lower::{Lowered, Overrides, lower};
use super::outcome::Outcome;
use super::parse::Scenario;
use crate::cluster::{self, ClusterError, Onlooker};
use crate::gallery::Registry;

/// Why a scenario could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The cluster could not run it.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

/// Runs a scenario and judges what came of it.
pub fn run(
    scenario: &Scenario,
    registry: &Registry,
    overrides: &Overrides,
    onlooker: Onlooker,
) -> Result<Outcome, RunError> {
    let lowered = lower(scenario, registry, overrides)?;
    Ok(run_lowered(lowered, onlooker)?)
}

/// Runs a scenario that has been lowered, and judges what came of it.
pub fn run_lowered(lowered: Lowered, onlooker: Onlooker) -> Result<Outcome, ClusterError> {
    let Lowered { label, options, submissions, expectations, .. } = lowered;
    let seed = options.sim.seed;
    let scenario = label.scenario.clone();
    let report = cluster::run(options, &submissions, label, onlooker)?;
    Ok(Outcome::new(scenario, seed, &expectations, report))
}
