//! What has gone wrong before something was seen: the last complete checkpoint, the fault after it,
//! and the checkpoint to which the job went back.

use std::collections::BTreeMap;

use super::Witness;
use super::table::Difference;
use crate::base::{CheckpointId, Name, Step};
use crate::trace::{CheckpointEvent, Event, FaultEvent, Recorded, RecoveryEvent};

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

/// See the module.
#[derive(Default)]
pub(super) struct Story {
    /// Since the last restart.
    now: Chapter,
    /// Up to the last restart.
    before: Option<Chapter>,
}

impl Story {
    pub fn apply(&mut self, recorded: &Recorded) {
        let at = recorded.step;
        match &recorded.event {
            Event::Checkpoint(CheckpointEvent::CheckpointCompleted { checkpoint, .. }) => {
                self.now.completed = Some((at, *checkpoint));
            }
            Event::Fault(FaultEvent::FaultInjected { fault, what }) => {
                self.now.struck = Some(Struck { at, fault: *fault, what: what.as_str().into() });
            }
            Event::Recovery(RecoveryEvent::JobRestored { checkpoint, .. }) => {
                self.now.restored = Some((at, *checkpoint));
                self.before = Some(self.now.clone());
                // A checkpoint stays complete over a restart; a fault has had its effect.
                self.now.struck = None;
                self.now.restored = None;
            }
            _ => {}
        }
    }

    /// The story so far, in sentences that each end with a space, and the steps it tells of.
    pub fn told(&self) -> (String, Vec<Step>) {
        let Chapter { completed, struck, restored } = self.before.as_ref().unwrap_or(&self.now);
        let (mut text, mut steps) = (String::new(), Vec::new());
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
pub(super) struct Telling(BTreeMap<Difference, Found>);

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
        text: String,
        story: &Story,
    ) {
        if let Some(found) = self.0.get_mut(&difference) {
            found.rows += rows;
            return;
        }
        let (before, mut steps) = story.told();
        steps.extend(at);
        steps.sort_unstable();
        steps.dedup();
        self.0.insert(difference, Found { rows, text: before + &text, steps });
    }

    /// How many rows differ so.
    pub fn rows(&self, difference: Difference) -> u64 {
        self.0.get(&difference).map_or(0, |found| found.rows)
    }

    /// What shows the first of each kind.
    pub fn into_witnesses(self, reproduce: &str) -> Vec<Witness> {
        let witness =
            |Found { text, steps, .. }| Witness { text, steps, reproduce: reproduce.to_owned() };
        self.0.into_values().map(witness).collect()
    }
}
