//! What makes a scenario outlive faults that pass.

use serde::{Deserialize, Serialize};

use super::reference::is_comparable;
use crate::base::SimDuration;
use crate::check::Delivery;
use crate::failover::RestartStrategy;
use crate::scenario::{Expectation, Lowered};
use crate::trace::JobStatus;

/// How long after a failure a job is started again.
const DELAY_MS: u64 = 200;

/// How much longer than without faults a run may take.
const PATIENCE: SimDuration = SimDuration::from_secs(300);

/// Settings that take the place of the scenario's own when faults are added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endurance {
    /// How long after a failure a job is started again, in milliseconds; as often as needed.
    pub restart_delay_ms: u64,
    /// How long the run may take, in milliseconds.
    pub virtual_ms: u64,
}

impl Endurance {
    /// For a run that takes `span` without faults.
    pub fn beyond(span: SimDuration) -> Self {
        let whole = u64::try_from((span + PATIENCE).as_millis()).unwrap_or(u64::MAX);
        Self { restart_delay_ms: DELAY_MS, virtual_ms: whole }
    }

    /// Lets a run outlive faults. What the scenario says of its own course no longer has to come
    /// true: its faults may be overtaken by others, its notes are left out, and restarts and
    /// checkpoints are not counted. A job that is meant to fail is not started again for ever; how
    /// and whether it fails is for the faults to say.
    pub(super) fn apply(&self, lowered: &mut Lowered) {
        let comparable = is_comparable(lowered);
        let options = &mut lowered.options;
        let is_failure = |expectation: &Expectation| match expectation {
            Expectation::Job { status, .. } => *status == JobStatus::Failed,
            Expectation::RootCause(_) => true,
            _ => false,
        };
        let fails = lowered.expectations.all.iter().any(is_failure);
        if !fails {
            let delay_ms = i64::try_from(self.restart_delay_ms).unwrap_or(i64::MAX);
            options.restart = Some(RestartStrategy::FixedDelay { attempts: u32::MAX, delay_ms });
            if let Some(checkpointing) = &mut options.checkpointing {
                checkpointing.tolerable_failures = None;
            }
        }
        options.sim.limits.virtual_time = SimDuration::from_millis(self.virtual_ms);
        options.sim.notes.clear();
        for fault in &mut options.sim.faults {
            fault.optional = true;
        }
        let exactly_once = Expectation::DeliveryAtLeast(Delivery::ExactlyOnce);
        let is_exact = comparable || lowered.expectations.all.contains(&exactly_once);
        lowered.expectations.all.retain(|expectation| match expectation {
            Expectation::CheckpointsAtLeast(_)
            | Expectation::Restarts(_)
            // What exactly is lost or counted twice depends on what goes wrong.
            | Expectation::DeliveryIs(_) => false,
            Expectation::Job { .. }
            | Expectation::RootCause(_)
            | Expectation::DeliveryAtLeast(_) => !fails,
            // Where records may count twice, how many do depends on it too.
            Expectation::Rows { .. } | Expectation::Total { .. } => !fails && is_exact,
            Expectation::End(_) | Expectation::Invariants { .. } => true,
        });
    }
}
