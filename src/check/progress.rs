//! Every job ends; if the run ends before it does, the job was still getting on when all faults had
//! healed.

use std::collections::BTreeMap;

use super::Fold;
use super::verdict::{Findings, Invariant};
use crate::base::{JobId, SimDuration, SimTime, Step};
use crate::trace::{
    CheckpointEvent, Event, JobEvent, JobStatus, Recorded, RecoveryEvent, SinkEvent, TimeEvent,
};

/// For how long a job may do nothing that can be seen: longer than any of Flink's own timeouts.
const PATIENCE: SimDuration = SimDuration::from_secs(15 * 60);

struct Job {
    status: JobStatus,
    last: SimTime,
    step: Step,
    /// Whether it has begun a checkpoint.
    is_checkpointed: bool,
    /// Whether it has gone back to a checkpoint, or begun anew, and none was complete since: what it
    /// shows then it may have shown before.
    is_repeating: bool,
}

/// See the module.
#[derive(Default)]
pub(super) struct Progress {
    jobs: BTreeMap<JobId, Job>,
    last_fault: SimTime,
    /// Rows are not told by job: they are progress of all that repeat nothing.
    rows: SimTime,
}

impl Fold for Progress {
    fn apply(&mut self, recorded: &Recorded, _findings: &mut Findings) {
        let job = match &recorded.event {
            Event::Fault(_) => {
                self.last_fault = recorded.at;
                return;
            }
            Event::Sink(SinkEvent::RowsVisible { .. }) => {
                self.rows = recorded.at;
                return;
            }
            Event::Job(JobEvent::JobStatusChanged { job, to, .. }) => {
                if let Some(known) = self.jobs.get_mut(job) {
                    known.status = *to;
                }
                return;
            }
            Event::Recovery(RecoveryEvent::JobRestored { job, .. }) => {
                if let Some(known) = self.jobs.get_mut(job) {
                    known.is_repeating = known.is_checkpointed;
                }
                return;
            }
            Event::Checkpoint(CheckpointEvent::CheckpointTriggered { job, .. }) => {
                if let Some(known) = self.jobs.get_mut(job) {
                    known.is_checkpointed = true;
                }
                return;
            }
            Event::Job(JobEvent::JobSubmitted { job, .. })
            | Event::Time(TimeEvent::WatermarkAdvanced { job, .. })
            | Event::Checkpoint(CheckpointEvent::CheckpointCompleted { job, .. }) => *job,
            _ => return,
        };
        let status = JobStatus::Initializing;
        let new = Job {
            status,
            last: recorded.at,
            step: recorded.step,
            is_checkpointed: false,
            is_repeating: false,
        };
        let known = self.jobs.entry(job).or_insert(new);
        if matches!(recorded.event, Event::Checkpoint(_)) {
            known.is_repeating = false;
        } else if known.is_repeating {
            return;
        }
        (known.last, known.step) = (recorded.at, recorded.step);
    }

    fn finish(&mut self, at: SimTime, completed: bool, findings: &mut Findings) {
        for (id, job) in self.jobs.iter().filter(|(_, job)| !job.status.is_terminal()) {
            let rows = if job.is_repeating { SimTime::ZERO } else { self.rows };
            let last = job.last.max(rows).max(self.last_fault);
            let idle = at.since(last);
            if completed || idle > PATIENCE {
                findings.violate(Invariant::Progress, &[job.step], || {
                    format!(
                        "job {id} is {:?} at the end of the run, and nothing of it was seen for \
                         {idle:?} (last at step {})",
                        job.status, job.step
                    )
                });
            }
        }
    }
}
