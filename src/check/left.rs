//! What the states of jobs hold in the end: not an invariant, but what runs of the same job can be
//! held against each other by.

use std::collections::BTreeMap;

use crate::base::{JobId, Name};
use crate::trace::{Event, StateDigest, TaskEvent};

/// By job, operator and state: how many entries it has, over all subtasks, and the sum of their
/// hashes.
pub type StatesLeft = BTreeMap<(JobId, Name, Name), (u64, u128)>;

/// See the module.
#[derive(Default)]
pub(super) struct Left(BTreeMap<(JobId, Name), Vec<StateDigest>>);

impl Left {
    pub fn apply(&mut self, event: &Event) {
        if let Event::Task(TaskEvent::StateLeft { job, subtask, state, .. }) = event {
            // What a later attempt has takes the place of it.
            self.0.insert((*job, subtask.clone()), state.clone());
        }
    }

    pub fn into_states(self) -> StatesLeft {
        let mut states = StatesLeft::new();
        for ((job, _), digests) in self.0 {
            for StateDigest { operator, state, entries, digest } in digests {
                let (count, sum) = states.entry((job, operator, state)).or_default();
                *count = count.saturating_add(entries);
                *sum = sum.wrapping_add(u128::from_str_radix(&digest, 16).unwrap_or_default());
            }
        }
        states.retain(|_, (entries, _)| *entries > 0);
        states
    }
}
