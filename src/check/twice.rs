//! What a checkpoint without alignment counts twice: records that a snapshot has consumed though
//! their sender's has not given them, and that come again after a restart.

use std::collections::BTreeMap;

use crate::base::{CheckpointId, JobId, Name, Step};
use crate::record::CheckpointKind;
use crate::trace::{ChannelCut, CheckpointEvent, Event};

/// Where the snapshots of a checkpoint cut the channels: into and out of each subtask.
type Cuts = BTreeMap<Name, (Vec<ChannelCut>, Vec<ChannelCut>)>;

/// See the module.
#[derive(Default)]
pub(super) struct CountedTwice {
    cuts: BTreeMap<(JobId, CheckpointId), Cuts>,
    /// By checkpoint that is complete: how many records.
    records: BTreeMap<(JobId, CheckpointId), u64>,
    /// By job: the first time that it went back to one, and what that did.
    found: BTreeMap<JobId, (Step, String)>,
}

impl CountedTwice {
    pub fn apply(&mut self, event: &Event) {
        let Event::Checkpoint(event) = event else { return };
        match event {
            CheckpointEvent::SnapshotTaken {
                job,
                subtask,
                checkpoint,
                barriers,
                inputs,
                outputs,
                ..
            } if **barriers == *CheckpointKind::AtLeastOnce.word() => {
                let cuts = self.cuts.entry((*job, *checkpoint)).or_default();
                cuts.insert(subtask.clone(), (inputs.clone(), outputs.clone()));
            }
            CheckpointEvent::CheckpointCompleted { job, checkpoint, .. } => {
                if let Some(cuts) = self.cuts.remove(&(*job, *checkpoint)) {
                    self.records.insert((*job, *checkpoint), records(&cuts));
                }
                self.cuts.retain(|(of, id), _| of != job || id > checkpoint);
            }
            CheckpointEvent::CheckpointAborted { job, checkpoint, .. } => {
                self.cuts.remove(&(*job, *checkpoint));
            }
            _ => {}
        }
    }

    /// A job goes back to a checkpoint.
    pub fn go_back(&mut self, job: JobId, checkpoint: Option<CheckpointId>, at: Step) {
        let Some(checkpoint) = checkpoint else { return };
        let records = self.records.get(&(job, checkpoint)).copied().unwrap_or_default();
        if records > 0 {
            let text = format!(
                "The job goes back to checkpoint {checkpoint} at step {at}, in which {records} \
                 records have counted that come again."
            );
            self.found.entry(job).or_insert((at, text));
        }
    }

    /// What was counted twice, if anything was.
    pub fn of(&self, job: JobId) -> Option<&(Step, String)> {
        self.found.get(&job)
    }
}

/// How many records were consumed and not given.
fn records(cuts: &Cuts) -> u64 {
    let mut records = 0;
    for (receiver, (inputs, _)) in cuts {
        for cut in inputs {
            let Some((_, outputs)) = cuts.get(&cut.peer) else { continue };
            let given = outputs.iter().find(|it| it.edge == cut.edge && it.peer == *receiver);
            let twice = given.map_or(0, |given| cut.records.saturating_sub(given.records));
            records = twice.saturating_add(records);
        }
    }
    records
}
