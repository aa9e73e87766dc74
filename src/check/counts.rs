//! How often checkpoints and restarts happened.

use std::collections::BTreeMap;

use crate::base::JobId;
use crate::trace::{CheckpointEvent, Event, RecoveryEvent};

/// Of one job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Checkpoints that became complete.
    pub completed: u64,
    /// Checkpoints that came to nothing.
    pub aborted: u64,
    /// Restarts that were decided on.
    pub restarts: u64,
}

#[derive(Default)]
pub(super) struct Counts(BTreeMap<JobId, JobCounts>);

impl Counts {
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Checkpoint(CheckpointEvent::CheckpointCompleted { job, .. }) => {
                self.0.entry(*job).or_default().completed += 1;
            }
            Event::Checkpoint(CheckpointEvent::CheckpointAborted { job, .. }) => {
                self.0.entry(*job).or_default().aborted += 1;
            }
            Event::Recovery(RecoveryEvent::RestartScheduled { job, .. }) => {
                self.0.entry(*job).or_default().restarts += 1;
            }
            _ => {}
        }
    }

    pub fn into_jobs(self) -> BTreeMap<JobId, JobCounts> {
        self.0
    }
}
