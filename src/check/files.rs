//! Files of durable storage: those that an acknowledgement names are there, and those of a
//! checkpoint that is retained stay there.

use std::collections::BTreeMap;

use super::Fold;
use super::verdict::{Findings, Invariant};
use crate::base::{CheckpointId, JobId, Name, Step};
use crate::trace::{CheckpointEvent, Event, Recorded, RecoveryEvent, StorageEvent, StoredFile};

/// What is known of a checkpoint that is not over.
#[derive(Default)]
struct Known {
    files: BTreeMap<Name, Step>,
    completed: Option<Step>,
}

/// Job, checkpoint, subtask and attempt.
type Acknowledger = (JobId, CheckpointId, Name, u32);

/// A file that was not durable, in which way, and when that mattered.
struct Hasty {
    at: Step,
    path: Name,
    wrong: &'static str,
}

/// See the module.
#[derive(Default)]
pub(super) struct Files {
    stored: BTreeMap<Name, (Step, u64, Name)>,
    /// What was not durable when a subtask acknowledged with it. Whether that matters shows when the
    /// coordinator takes it in: what it ignores acknowledges nothing.
    hasty: BTreeMap<Acknowledger, Hasty>,
    checkpoints: BTreeMap<(JobId, CheckpointId), Known>,
}

impl Files {
    fn on_stored(&mut self, at: Step, by: Acknowledger, files: &[StoredFile]) {
        for file in files {
            let wrong = match self.stored.get(&file.path) {
                None => "is not durable",
                Some((_, bytes, checksum))
                    if (bytes, checksum) != (&file.bytes, &file.checksum) =>
                {
                    "is durable with other contents"
                }
                Some(_) => continue,
            };
            self.hasty.insert(by, Hasty { at, path: file.path.clone(), wrong });
            return;
        }
    }

    fn on_acknowledged(&mut self, taken: Step, by: &Acknowledger, findings: &mut Findings) {
        let Some(Hasty { at, path, wrong }) = self.hasty.remove(by) else { return };
        let (_, checkpoint, subtask, _) = by;
        findings.violate(Invariant::DurableAcknowledgement, &[at, taken], || {
            format!(
                "{subtask} acknowledges checkpoint {checkpoint} (step {at}) with the file {path}, \
                 which {wrong} at that moment"
            )
        });
    }

    fn on_deleted(&self, at: Step, path: &Name, by: Option<CheckpointId>, findings: &mut Findings) {
        let users = self.checkpoints.iter().filter(|((_, id), _)| Some(*id) != by);
        for ((_, checkpoint), known) in users {
            let (Some(completed), Some(named)) = (known.completed, known.files.get(path)) else {
                continue;
            };
            findings.violate(Invariant::RetainedFiles, &[*named, completed, at], || {
                format!(
                    "{path} is deleted (step {at}), but checkpoint {checkpoint}, which is complete \
                     (step {completed}) and retained, consists of it (step {named})"
                )
            });
        }
    }
}

impl Fold for Files {
    fn apply(&mut self, recorded: &Recorded, findings: &mut Findings) {
        let at = recorded.step;
        match &recorded.event {
            Event::Storage(StorageEvent::FileStored { path, bytes, checksum }) => {
                self.stored.insert(path.clone(), (at, *bytes, checksum.clone()));
            }
            Event::Storage(StorageEvent::FileDeleted { path }) => {
                self.stored.remove(path);
                self.on_deleted(at, path, None, findings);
            }
            Event::Checkpoint(CheckpointEvent::SnapshotStored {
                job,
                subtask,
                attempt,
                checkpoint,
                files,
                ..
            }) => self.on_stored(at, (*job, *checkpoint, subtask.clone(), *attempt), files),
            Event::Checkpoint(CheckpointEvent::CheckpointAcknowledged {
                job,
                subtask,
                attempt,
                checkpoint,
                files,
                ..
            }) => {
                let by = (*job, *checkpoint, subtask.clone(), *attempt);
                self.on_acknowledged(at, &by, findings);
                let known = self.checkpoints.entry((*job, *checkpoint)).or_default();
                known.files.extend(files.iter().map(|file| (file.path.clone(), at)));
            }
            Event::Checkpoint(CheckpointEvent::MetadataStored {
                job,
                checkpoint,
                path: Some(path),
            }) => {
                let known = self.checkpoints.entry((*job, *checkpoint)).or_default();
                known.files.insert(path.clone(), at);
            }
            Event::Checkpoint(CheckpointEvent::CheckpointCompleted { job, checkpoint, .. }) => {
                let known = self.checkpoints.entry((*job, *checkpoint)).or_default();
                known.completed = Some(at);
            }
            Event::Checkpoint(CheckpointEvent::CheckpointDiscarded { job, checkpoint, files }) => {
                self.checkpoints.remove(&(*job, *checkpoint));
                for path in files {
                    self.on_deleted(at, path, Some(*checkpoint), findings);
                }
            }
            Event::Checkpoint(CheckpointEvent::CheckpointAborted { job, checkpoint, .. })
            | Event::Recovery(RecoveryEvent::CheckpointUnusable { job, checkpoint, .. }) => {
                self.checkpoints.remove(&(*job, *checkpoint));
            }
            _ => {}
        }
    }
}
