//! Consistent cuts in the sense of Chandy and Lamport: of every channel, what the sender's snapshot
//! has given and what the receiver's has consumed are the same records, but for those that are
//! stored as in flight between them.

use std::collections::BTreeMap;

use super::Fold;
use super::verdict::{Findings, Invariant};
use crate::base::{CheckpointId, JobId, Name, Step};
use crate::record::CheckpointKind;
use crate::trace::{ChannelCut, ChannelRange, CheckpointEvent, Event, Recorded};

/// Of one subtask.
#[derive(Default)]
struct Snapshot {
    attempt: u32,
    step: Step,
    barriers: Name,
    inputs: Vec<ChannelCut>,
    outputs: Vec<ChannelCut>,
    kept_inputs: Vec<ChannelRange>,
    kept_outputs: Vec<ChannelRange>,
}

type Snapshots = BTreeMap<Name, Snapshot>;

/// See the module.
#[derive(Default)]
pub(super) struct ConsistentCut {
    snapshots: BTreeMap<(JobId, CheckpointId), Snapshots>,
}

impl Fold for ConsistentCut {
    fn apply(&mut self, recorded: &Recorded, findings: &mut Findings) {
        let Event::Checkpoint(event) = &recorded.event else { return };
        match event {
            CheckpointEvent::SnapshotTaken {
                job,
                subtask,
                attempt,
                checkpoint,
                barriers,
                inputs,
                outputs,
                ..
            } => {
                let snapshots = self.snapshots.entry((*job, *checkpoint)).or_default();
                let snapshot = Snapshot {
                    attempt: *attempt,
                    step: recorded.step,
                    barriers: barriers.clone(),
                    inputs: inputs.clone(),
                    outputs: outputs.clone(),
                    ..Snapshot::default()
                };
                // That of a later attempt is the one that counts.
                if snapshots.get(subtask).is_none_or(|known| known.attempt <= *attempt) {
                    snapshots.insert(subtask.clone(), snapshot);
                }
            }
            CheckpointEvent::ChannelStateCollected {
                job,
                subtask,
                attempt,
                checkpoint,
                inputs,
                outputs,
                ..
            } => {
                let snapshots = self.snapshots.get_mut(&(*job, *checkpoint));
                if let Some(snapshot) = snapshots.and_then(|it| it.get_mut(subtask))
                    && snapshot.attempt == *attempt
                {
                    snapshot.kept_inputs.clone_from(inputs);
                    snapshot.kept_outputs.clone_from(outputs);
                }
            }
            CheckpointEvent::CheckpointCompleted { job, checkpoint, .. } => {
                if let Some(snapshots) = self.snapshots.remove(&(*job, *checkpoint)) {
                    judge(recorded.step, *checkpoint, &snapshots, findings);
                }
                self.snapshots.retain(|(of, id), _| of != job || id > checkpoint);
            }
            CheckpointEvent::CheckpointAborted { job, checkpoint, .. } => {
                self.snapshots.remove(&(*job, *checkpoint));
            }
            _ => {}
        }
    }
}

fn judge(
    completed: Step,
    checkpoint: CheckpointId,
    snapshots: &Snapshots,
    findings: &mut Findings,
) {
    for (receiver, into) in snapshots {
        for cut in &into.inputs {
            let Some(from) = snapshots.get(&cut.peer) else { continue };
            let given = from.outputs.iter().find(|it| it.edge == cut.edge && it.peer == *receiver);
            let Some(given) = given else { continue };
            let Some(wrong) = difference(cut, given.records, into, from, receiver) else {
                continue;
            };
            let steps = [from.step, into.step, completed];
            findings.violate(Invariant::ConsistentCut, &steps, || {
                format!(
                    "checkpoint {checkpoint} is complete (step {completed}), but of the channel \
                     {} -> {receiver}/e{} the snapshot of {receiver} (step {}) has consumed {} \
                     records and that of {} (step {}) has given {}: {wrong}",
                    cut.peer, cut.edge, into.step, cut.records, cut.peer, from.step, given.records
                )
            });
        }
    }
}

/// What is wrong with the cut of a channel.
fn difference(
    cut: &ChannelCut,
    given: u64,
    into: &Snapshot,
    from: &Snapshot,
    receiver: &Name,
) -> Option<String> {
    let consumed = cut.records;
    if *into.barriers == *CheckpointKind::AtLeastOnce.word() {
        return (consumed < given).then(|| format!("{} records would be lost", given - consumed));
    }
    let range = |ranges: &[ChannelRange], peer: &Name| {
        ranges.iter().find(|it| it.edge == cut.edge && it.peer == *peer).cloned()
    };
    let mut reached = consumed;
    for kept in [range(&into.kept_inputs, &cut.peer), range(&from.kept_outputs, receiver)] {
        let Some(kept) = kept else { continue };
        if kept.from != reached {
            return Some(format!(
                "records {} to {} are stored as in flight, but not those from {reached} on",
                kept.from, kept.to
            ));
        }
        reached = kept.to;
    }
    match reached.cmp(&given) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => {
            Some(format!("{} records would be counted twice", reached - given))
        }
        std::cmp::Ordering::Less => Some(format!("{} records would be lost", given - reached)),
    }
}
