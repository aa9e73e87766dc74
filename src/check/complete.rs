//! A checkpoint is complete when every task that it is about has acknowledged it and its metadata is
//! durable; only then tasks are told, and it is not aborted any more.

use std::collections::{BTreeMap, BTreeSet};

use super::Fold;
use super::verdict::{Findings, Invariant};
use crate::base::{CheckpointId, JobId, Name, Step};
use crate::trace::{CheckpointEvent, Event, Recorded, StorageEvent};

#[derive(Default)]
struct Pending {
    triggered: Step,
    missing: BTreeSet<Name>,
    metadata: Option<Option<Name>>,
    completed: Option<Step>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Completeness {
    checkpoints: BTreeMap<(JobId, CheckpointId), Pending>,
    stored: BTreeSet<Name>,
}

const INVARIANT: Invariant = Invariant::CompleteAcknowledgement;

impl Completeness {
    fn on_completed(
        &mut self,
        at: Step,
        (job, checkpoint): (JobId, CheckpointId),
        findings: &mut Findings,
    ) {
        let Some(pending) = self.checkpoints.get_mut(&(job, checkpoint)) else { return };
        pending.completed = Some(at);
        let triggered = pending.triggered;
        if let Some(missing) = pending.missing.first() {
            findings.violate(INVARIANT, &[triggered, at], || {
                format!(
                    "checkpoint {checkpoint} is complete (step {at}), but {missing}, which is among \
                     the tasks that it was triggered for (step {triggered}), has not acknowledged it"
                )
            });
        }
        let durable = match &pending.metadata {
            None => false,
            Some(None) => true,
            Some(Some(path)) => self.stored.contains(path),
        };
        if !durable {
            findings.violate(INVARIANT, &[triggered, at], || {
                format!("checkpoint {checkpoint} is complete (step {at}) without durable metadata")
            });
        }
        // Nobody asks after those that are long over.
        self.checkpoints.retain(|(of, id), _| *of != job || id.0 + 64 > checkpoint.0);
    }
}

impl Fold for Completeness {
    fn apply(&mut self, recorded: &Recorded, findings: &mut Findings) {
        let at = recorded.step;
        match &recorded.event {
            Event::Storage(StorageEvent::FileStored { path, .. }) => {
                self.stored.insert(path.clone());
            }
            Event::Storage(StorageEvent::FileDeleted { path }) => {
                self.stored.remove(path);
            }
            Event::Checkpoint(CheckpointEvent::CheckpointTriggered {
                job,
                checkpoint,
                tasks,
                ..
            }) => {
                let missing = tasks.iter().cloned().collect();
                let pending = Pending { triggered: at, missing, ..Pending::default() };
                self.checkpoints.insert((*job, *checkpoint), pending);
            }
            Event::Checkpoint(CheckpointEvent::CheckpointAcknowledged {
                job,
                subtask,
                checkpoint,
                ..
            }) => {
                if let Some(pending) = self.checkpoints.get_mut(&(*job, *checkpoint)) {
                    pending.missing.remove(subtask);
                }
            }
            Event::Checkpoint(CheckpointEvent::MetadataStored { job, checkpoint, path }) => {
                if let Some(pending) = self.checkpoints.get_mut(&(*job, *checkpoint)) {
                    pending.metadata = Some(path.clone());
                }
            }
            Event::Checkpoint(CheckpointEvent::CheckpointCompleted { job, checkpoint, .. }) => {
                self.on_completed(at, (*job, *checkpoint), findings);
            }
            Event::Checkpoint(CheckpointEvent::CheckpointAborted { job, checkpoint, .. }) => {
                let pending = self.checkpoints.get(&(*job, *checkpoint));
                if let Some(completed) = pending.and_then(|it| it.completed) {
                    findings.violate(INVARIANT, &[completed, at], || {
                        format!(
                            "checkpoint {checkpoint} is aborted (step {at}) though it is complete \
                             (step {completed})"
                        )
                    });
                }
            }
            Event::Checkpoint(CheckpointEvent::CompletionNotified {
                job,
                subtask,
                checkpoint,
                ..
            }) => {
                let pending = self.checkpoints.get(&(*job, *checkpoint));
                if pending.is_some_and(|it| it.completed.is_none()) {
                    findings.violate(INVARIANT, &[at], || {
                        format!(
                            "{subtask} learns that checkpoint {checkpoint} is complete (step {at}) \
                             before it is"
                        )
                    });
                }
            }
            _ => {}
        }
    }
}
