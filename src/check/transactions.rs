//! Two-phase commit: a transaction is committed if, and only if, a checkpoint that holds it is
//! complete.
//!
//! What is committed is told by the log, the database and storage, which know nothing of checkpoints; what a checkpoint
//! holds, by the sinks, and whether it is complete, by its coordinator.

use std::collections::{BTreeMap, BTreeSet};

use super::Fold;
use super::verdict::{Findings, Invariant};
use crate::base::{CheckpointId, JobId, Name, SimTime, Step};
use crate::trace::{
    CheckpointEvent, DatabaseEvent, Event, JobEvent, JobStatus, LogEvent, Recorded, RecoveryEvent,
    SinkEvent, StorageEvent, TransactionEvent, TransactionResult,
};

/// A transaction that is prepared.
struct Prepared {
    job: JobId,
    subtask: Name,
    attempt: u32,
    checkpoint: CheckpointId,
    step: Step,
    /// Whether the coordinator has taken it: what a replaced attempt prepares is in no checkpoint.
    acknowledged: bool,
    /// When the checkpoint was complete that makes it due.
    due: Option<Step>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Transactions {
    prepared: BTreeMap<Name, Prepared>,
    complete: BTreeMap<JobId, CheckpointId>,
    /// Jobs with checkpoints: without them, a sink commits when its input has ended.
    checkpointed: BTreeMap<JobId, bool>,
    finished: BTreeMap<JobId, Step>,
    /// Transactions that were open for too long.
    expired: BTreeSet<Name>,
    /// When it was noted that all of a transaction was written, outside prepared transactions.
    marked: BTreeMap<Name, Step>,
}

impl Transactions {
    fn on_decided(
        &mut self,
        id: &Name,
        result: TransactionResult,
        step: Step,
        findings: &mut Findings,
    ) {
        let Some(prepared) = self.prepared.get(id) else { return };
        let Prepared { job, checkpoint, step: at, due, .. } = prepared;
        match (result, due) {
            (TransactionResult::Commit, None) => {
                let checkpointed = self.checkpointed.contains_key(job);
                let complete = self.complete.get(job).copied().unwrap_or(CheckpointId(0));
                if checkpointed && complete < *checkpoint {
                    findings.violate(Invariant::AtomicCommit, &[*at, step], || {
                        format!(
                            "transaction {id} is committed (step {step}), which was prepared for \
                             checkpoint {checkpoint} (step {at}), and that is not complete: what \
                             it holds will be written again if the job is restored"
                        )
                    });
                }
                self.prepared.remove(id);
            }
            (TransactionResult::Abort, Some(due)) => {
                findings.violate(Invariant::AtomicCommit, &[*at, *due, step], || {
                    format!(
                        "transaction {id} is aborted (step {step}), which was prepared for \
                         checkpoint {checkpoint} (step {at}), and that is complete (step {due}): \
                         what it holds is lost"
                    )
                });
                self.prepared.remove(id);
            }
            (TransactionResult::Commit, Some(_)) | (TransactionResult::Abort, None) => {
                self.prepared.remove(id);
            }
        }
    }
}

impl Fold for Transactions {
    fn apply(&mut self, recorded: &Recorded, findings: &mut Findings) {
        let step = recorded.step;
        match &recorded.event {
            Event::Transaction(TransactionEvent::TransactionPreCommitted {
                job,
                subtask,
                attempt,
                transaction,
                checkpoint,
            }) if !self.expired.contains(transaction) => {
                let prepared = Prepared {
                    job: *job,
                    subtask: subtask.clone(),
                    attempt: *attempt,
                    checkpoint: *checkpoint,
                    step,
                    acknowledged: false,
                    due: None,
                };
                self.prepared.insert(transaction.clone(), prepared);
            }
            Event::Checkpoint(CheckpointEvent::CheckpointAcknowledged {
                job,
                subtask,
                attempt,
                checkpoint,
                ..
            }) => {
                let held = |it: &&mut Prepared| {
                    it.job == *job
                        && it.subtask == *subtask
                        && it.attempt == *attempt
                        && it.checkpoint <= *checkpoint
                };
                self.prepared.values_mut().filter(held).for_each(|it| it.acknowledged = true);
            }
            Event::Checkpoint(CheckpointEvent::CheckpointTriggered { job, .. }) => {
                self.checkpointed.insert(*job, true);
            }
            Event::Checkpoint(CheckpointEvent::CheckpointCompleted { job, checkpoint, .. }) => {
                self.complete.insert(*job, *checkpoint);
                let held = |it: &&mut Prepared| {
                    it.job == *job && it.acknowledged && it.checkpoint <= *checkpoint
                };
                for prepared in self.prepared.values_mut().filter(held) {
                    prepared.due.get_or_insert(step);
                }
            }
            // What is in no complete checkpoint is written again.
            Event::Recovery(RecoveryEvent::JobRestored { job, .. }) => {
                self.prepared.retain(|_, it| it.job != *job || it.due.is_some());
            }
            Event::Job(JobEvent::JobStatusChanged { job, to: JobStatus::Finished, .. }) => {
                self.finished.insert(*job, step);
            }
            Event::Log(LogEvent::TransactionDecided { transactional_id, result, .. }) => {
                self.on_decided(transactional_id, *result, step, findings);
            }
            // What was durable when the database died, and was not told.
            Event::Database(DatabaseEvent::DatabaseRecovered { committed, .. }) => {
                for transaction in committed {
                    self.on_decided(transaction, TransactionResult::Commit, step, findings);
                }
            }
            Event::Database(DatabaseEvent::PreparedCommitted { transaction }) => {
                self.on_decided(transaction, TransactionResult::Commit, step, findings);
            }
            Event::Database(DatabaseEvent::PreparedRolledBack { transaction }) => {
                self.on_decided(transaction, TransactionResult::Abort, step, findings);
            }
            Event::Storage(StorageEvent::FileRenamed { to, .. }) => {
                // A part of it; the first decides.
                let name = to.rsplit('/').next().and_then(|part| part.rsplit_once('.'));
                if let Some((name, _)) = name {
                    self.on_decided(&name.into(), TransactionResult::Commit, step, findings);
                }
            }
            // A place of a user's own, whose parts are transactions. That a sink says it has committed
            // counts for nothing.
            Event::Sink(SinkEvent::RowsVisible { subtask: part, .. }) => {
                self.on_decided(part, TransactionResult::Commit, step, findings);
            }
            Event::Database(DatabaseEvent::CommitMarked { transaction }) => {
                self.marked.entry(transaction.clone()).or_insert(step);
                self.on_decided(transaction, TransactionResult::Commit, step, findings);
            }
            Event::Database(DatabaseEvent::TableChanged { part_of, .. }) => {
                if let Some(marked) = self.marked.get(part_of) {
                    findings.violate(Invariant::AtomicCommit, &[*marked, step], || {
                        format!(
                            "rows of transaction {part_of} are written (step {step}), of which it \
                             was noted that all were written (step {marked}): they are there twice"
                        )
                    });
                }
            }
            // The log was told to wait no longer: that is the setting, and not the protocol.
            Event::Log(LogEvent::TransactionExpired { transactional_id, .. }) => {
                self.prepared.remove(transactional_id);
                self.expired.insert(transactional_id.clone());
            }
            _ => {}
        }
    }

    fn finish(&mut self, _at: SimTime, _completed: bool, findings: &mut Findings) {
        for (id, Prepared { job, checkpoint, step, due, .. }) in &self.prepared {
            let (Some(due), Some(end)) = (due, self.finished.get(job)) else { continue };
            findings.violate(Invariant::AtomicCommit, &[*step, *due, *end], || {
                format!(
                    "transaction {id} was prepared for checkpoint {checkpoint} (step {step}), \
                     which is complete (step {due}), and was never committed, though job {job} \
                     has finished (step {end})"
                )
            });
        }
    }
}
