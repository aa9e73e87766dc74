//! What has gone wrong before something was seen: the last complete checkpoint, the fault after it,
//! and the checkpoint to which the job went back.

use std::collections::BTreeMap;

use super::Witness;
use super::delivery::SinkSoFar;
use super::table::Difference;
use crate::base::{CheckpointId, JobId, Name, Step};
use crate::trace::{CheckpointEvent, Event, FaultEvent, JobEvent, Recorded, RecoveryEvent};

/// A fault that struck.
#[derive(Clone)]
struct Struck {
    at: Step,
    fault: u32,
    what: Name,
}

/// What led to the last restart, or would to the next.
#[derive(Clone, Default)]
struct Chapter {
    completed: Option<(Step, CheckpointId)>,
    struck: Option<Struck>,
    restored: Option<(Step, Option<CheckpointId>)>,
}

/// Of one job.
#[derive(Clone, Default)]
struct Chapters {
    /// Since the last restart.
    now: Chapter,
    /// Up to the last restart.
    before: Option<Chapter>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Story {
    jobs: BTreeMap<JobId, Chapters>,
}

impl Story {
    pub fn apply(&mut self, recorded: &Recorded) {
        let at = recorded.step;
        match &recorded.event {
            Event::Job(JobEvent::JobSubmitted { job, .. }) => {
                self.jobs.entry(*job).or_default();
            }
            Event::Checkpoint(CheckpointEvent::CheckpointCompleted { job, checkpoint, .. }) => {
                self.jobs.entry(*job).or_default().now.completed = Some((at, *checkpoint));
            }
            Event::Fault(FaultEvent::FaultInjected { fault, what }) => {
                let struck = Struck { at, fault: *fault, what: what.as_str().into() };
                for job in self.jobs.values_mut() {
                    job.now.struck = Some(struck.clone());
                }
            }
            Event::Recovery(RecoveryEvent::JobRestored { job, checkpoint, .. }) => {
                let Chapters { now, before } = self.jobs.entry(*job).or_default();
                now.restored = Some((at, *checkpoint));
                *before = Some(now.clone());
                // A checkpoint stays complete over a restart; a fault has had its effect.
                now.struck = None;
                now.restored = None;
            }
            _ => {}
        }
    }

    /// The story of a job so far, in sentences that each end with a space, and the steps it tells of.
    fn told(&self, job: Option<JobId>) -> (String, Vec<Step>) {
        let (mut text, mut steps) = (String::new(), Vec::new());
        // Whose sink it is may not be known, but need not be if there is one job.
        let job = job.or_else(|| self.jobs.keys().next().copied().filter(|_| self.jobs.len() == 1));
        let Some(Chapters { now, before }) = job.and_then(|job| self.jobs.get(&job)) else {
            return (text, steps);
        };
        let Chapter { completed, struck, restored } = before.as_ref().unwrap_or(now);
        // Without anything that went wrong, checkpoints explain nothing.
        if struck.is_none() && restored.is_none() {
            return (text, steps);
        }
        let mut tell = |at: Step, sentence: String| {
            text.push_str(&sentence);
            steps.push(at);
        };
        if let Some((at, checkpoint)) = completed {
            tell(*at, format!("Checkpoint {checkpoint} was complete at step {at}. "));
        }
        if let Some(Struck { at, fault, what }) = struck {
            tell(*at, format!("Fault {fault} ({what}) struck at step {at}. "));
        }
        match restored {
            Some((at, Some(checkpoint))) => {
                tell(*at, format!("The job went back to checkpoint {checkpoint} at step {at}. "));
            }
            Some((at, None)) => tell(*at, format!("The job began anew at step {at}. ")),
            None => {}
        }
        (text, steps)
    }
}

/// Differences that are found in a sink; the first of each kind is told.
#[derive(Default)]
pub(super) struct Telling {
    /// The job whose sink it is, once that is known.
    pub job: Option<JobId>,
    found: BTreeMap<Difference, Found>,
}

struct Found {
    rows: u64,
    text: String,
    steps: Vec<Step>,
}

impl Telling {
    /// A difference in some rows, with the steps at which it shows.
    pub fn tell(
        &mut self,
        difference: Difference,
        rows: u64,
        at: &[Step],
        text: &str,
        story: &Story,
    ) {
        if let Some(found) = self.found.get_mut(&difference) {
            found.rows = found.rows.saturating_add(rows);
            return;
        }
        let (before, mut steps) = story.told(self.job);
        steps.extend(at);
        steps.sort_unstable();
        steps.dedup();
        self.found.insert(difference, Found { rows, text: before + text, steps });
    }

    /// How many rows differ so.
    pub fn rows(&self, difference: Difference) -> u64 {
        self.found.get(&difference).map_or(0, |found| found.rows)
    }

    /// The differences that show before the end.
    pub fn so_far(&self, shows_duplicates: bool) -> SinkSoFar {
        let duplicates = self.rows(Difference::Duplicate);
        SinkSoFar {
            duplicates: (shows_duplicates || duplicates > 0).then_some(duplicates),
            unexpected: self.rows(Difference::Unexpected),
        }
    }

    /// What shows the first of each kind.
    pub fn into_witnesses(self, reproduce: &str) -> Vec<Witness> {
        let witness =
            |Found { text, steps, .. }| Witness { text, steps, reproduce: reproduce.to_owned() };
        self.found.into_values().map(witness).collect()
    }
}
