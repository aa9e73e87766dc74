//! Runs a scenario and judges what came of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use super::error::ScenarioError;
use super::judge::judge;
use super::lower::{Lowered, Overrides, lower};
use super::outcome::Outcome;
use super::parse::Scenario;
use crate::cluster::{ClusterOptions, JobSubmission, RunReport};
use crate::gallery::Registry;

/// How the outside watches and stops a run.
#[derive(Clone, Debug, Default)]
pub struct Control {
    /// Set it to end the run as interrupted.
    pub stop: Arc<AtomicBool>,
    /// How far the run is.
    pub progress: Arc<Progress>,
}

/// How far a run is, for another thread to show.
#[derive(Debug, Default)]
pub struct Progress {
    /// Control events so far.
    pub events: AtomicU64,
    /// Simulated time so far, in microseconds.
    pub virtual_us: AtomicU64,
}

/// What runs jobs on a cluster. There is one; tests put another in its place.
pub trait Engine {
    /// Runs the jobs to their end.
    fn run(
        &self,
        options: ClusterOptions,
        submissions: Vec<JobSubmission>,
        control: &Control,
    ) -> Result<RunReport, EngineError>;
}

/// Why a cluster could not run its jobs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The jobs or the options are refused.
    #[error("{0}")]
    Refused(String),
    /// Something in Weir is wrong.
    #[error("{0}")]
    Bug(String),
}

/// Why a scenario could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The cluster could not run it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Runs a scenario.
pub fn run(
    scenario: &Scenario,
    registry: &Registry,
    overrides: &Overrides,
    engine: &dyn Engine,
    control: &Control,
) -> Result<Outcome, RunError> {
    let lowered = lower(scenario, registry, overrides)?;
    Ok(run_lowered(scenario, lowered, engine, control)?)
}

/// Runs a scenario that has been lowered.
pub fn run_lowered(
    scenario: &Scenario,
    lowered: Lowered,
    engine: &dyn Engine,
    control: &Control,
) -> Result<Outcome, EngineError> {
    let seed = lowered.options.sim.seed;
    let sinks = lowered.submissions.iter().flat_map(|job| job.program.sinks.clone()).collect();
    let report = engine.run(lowered.options, lowered.submissions, control)?;
    let judgement = judge(&lowered.expectations, &report);
    Ok(Outcome { scenario: scenario.name.clone(), seed, sinks, report, judgement })
}
