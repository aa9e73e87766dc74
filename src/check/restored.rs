//! What a restart takes over is what the checkpoint holds: positions, states, records in flight.

use std::collections::BTreeMap;

use super::Fold;
use super::verdict::{Findings, Invariant};
use crate::base::{CheckpointId, JobId, Name, Step};
use crate::trace::{
    ChannelRange, CheckpointEvent, Event, Recorded, RecoveryEvent, SplitPosition, StateDigest,
};

/// What a subtask has, in a snapshot or after a restore.
#[derive(Clone, Default)]
struct Held {
    attempt: u32,
    step: Step,
    positions: Vec<SplitPosition>,
    state: BTreeMap<(Name, Name), (u64, Name)>,
    inputs: Vec<ChannelRange>,
    outputs: Vec<ChannelRange>,
}

/// See the module.
#[derive(Default)]
pub(super) struct RestoredState {
    snapshots: BTreeMap<(JobId, CheckpointId), BTreeMap<Name, Held>>,
    /// The checkpoints that a restart may go back to, with when they were complete.
    complete: BTreeMap<JobId, BTreeMap<CheckpointId, Step>>,
}

/// States without entries say nothing.
fn states(digests: &[StateDigest]) -> BTreeMap<(Name, Name), (u64, Name)> {
    let digests = digests.iter().filter(|it| it.entries > 0);
    let entry = |it: &StateDigest| {
        ((it.operator.clone(), it.state.clone()), (it.entries, it.digest.clone()))
    };
    digests.map(entry).collect()
}

fn sorted<T: Clone, K: Ord>(items: &[T], key: impl Fn(&T) -> K) -> Vec<T> {
    let mut items = items.to_vec();
    items.sort_by_key(key);
    items
}

impl Fold for RestoredState {
    fn apply(&mut self, recorded: &Recorded, findings: &mut Findings) {
        match &recorded.event {
            Event::Checkpoint(CheckpointEvent::SnapshotTaken {
                job,
                subtask,
                attempt,
                checkpoint,
                positions,
                state,
                ..
            }) => {
                let held = Held {
                    attempt: *attempt,
                    step: recorded.step,
                    positions: positions.clone(),
                    state: states(state),
                    ..Held::default()
                };
                let snapshots = self.snapshots.entry((*job, *checkpoint)).or_default();
                if snapshots.get(subtask).is_none_or(|known| known.attempt <= *attempt) {
                    snapshots.insert(subtask.clone(), held);
                }
            }
            Event::Checkpoint(CheckpointEvent::ChannelStateCollected {
                job,
                subtask,
                attempt,
                checkpoint,
                inputs,
                outputs,
                ..
            }) => {
                let snapshots = self.snapshots.get_mut(&(*job, *checkpoint));
                if let Some(held) = snapshots.and_then(|it| it.get_mut(subtask))
                    && held.attempt == *attempt
                {
                    held.inputs.clone_from(inputs);
                    held.outputs.clone_from(outputs);
                }
            }
            Event::Checkpoint(CheckpointEvent::CheckpointCompleted { job, checkpoint, .. }) => {
                self.complete.entry(*job).or_default().insert(*checkpoint, recorded.step);
            }
            Event::Checkpoint(
                CheckpointEvent::CheckpointAborted { job, checkpoint, .. }
                | CheckpointEvent::CheckpointDiscarded { job, checkpoint, .. },
            ) => {
                self.snapshots.remove(&(*job, *checkpoint));
                self.complete.entry(*job).or_default().remove(checkpoint);
            }
            Event::Recovery(RecoveryEvent::CheckpointUnusable { job, checkpoint, .. }) => {
                self.complete.entry(*job).or_default().remove(checkpoint);
            }
            Event::Recovery(RecoveryEvent::JobRestored { job, checkpoint, .. }) => {
                let latest = self.complete.get(job).and_then(|it| it.last_key_value());
                if latest.map(|(latest, _)| *latest) != *checkpoint {
                    let steps: Vec<Step> = latest.map(|(_, step)| *step).into_iter().collect();
                    let steps = [&steps[..], &[recorded.step]].concat();
                    findings.violate(Invariant::RestoredState, &steps, || {
                        let named = |id: Option<CheckpointId>| match id {
                            Some(id) => format!("checkpoint {id}"),
                            None => "no checkpoint".to_string(),
                        };
                        format!(
                            "job {job} goes back to {} (step {}), and {} is the latest that is \
                             complete and was not given up",
                            named(*checkpoint),
                            recorded.step,
                            named(latest.map(|(latest, _)| *latest))
                        )
                    });
                }
            }
            Event::Recovery(RecoveryEvent::StateRestored {
                job,
                subtask,
                checkpoint,
                positions,
                state,
                inputs,
                outputs,
                ..
            }) => {
                let snapshots = self.snapshots.get(&(*job, *checkpoint));
                let Some(taken) = snapshots.and_then(|it| it.get(subtask)) else { return };
                let found = Held {
                    positions: positions.clone(),
                    state: states(state),
                    inputs: inputs.clone(),
                    outputs: outputs.clone(),
                    ..Held::default()
                };
                if let Some(wrong) = difference(taken, &found) {
                    let steps = [taken.step, recorded.step];
                    findings.violate(Invariant::RestoredState, &steps, || {
                        format!(
                            "{subtask} has taken checkpoint {checkpoint} over (step {}) otherwise \
                             than its snapshot was (step {}): {wrong}",
                            recorded.step, taken.step
                        )
                    });
                }
            }
            _ => {}
        }
    }
}

fn difference(taken: &Held, found: &Held) -> Option<String> {
    let place = |it: &SplitPosition| (it.operator.clone(), it.split);
    let (was, is) = (sorted(&taken.positions, place), sorted(&found.positions, place));
    for (was, is) in was.iter().zip(&is) {
        if was != is {
            return Some(format!(
                "split {} of {} was read up to {} and is read on at {}",
                was.split, was.operator, was.position, is.position
            ));
        }
    }
    if was.len() != is.len() {
        return Some(format!("there were {} splits and are {}", was.len(), is.len()));
    }
    for ((operator, state), was) in &taken.state {
        match found.state.get(&(operator.clone(), state.clone())) {
            None => {
                return Some(format!("`{state}` of {operator} had {} entries and has none", was.0));
            }
            Some(is) if is.0 != was.0 => {
                return Some(format!(
                    "`{state}` of {operator} had {} entries and has {}",
                    was.0, is.0
                ));
            }
            Some(is) if is != was => {
                return Some(format!("`{state}` of {operator} has other entries"));
            }
            Some(_) => {}
        }
    }
    if let Some((operator, state)) = found.state.keys().find(|it| !taken.state.contains_key(*it)) {
        return Some(format!("`{state}` of {operator} had no entries and has some"));
    }
    let channel = |it: &ChannelRange| (it.edge, it.peer.clone());
    let pairs = [(&taken.inputs, &found.inputs), (&taken.outputs, &found.outputs)];
    let differs = pairs.iter().any(|(was, is)| sorted(was, channel) != sorted(is, channel));
    differs.then(|| "other records in flight are processed again than were stored".to_string())
}
