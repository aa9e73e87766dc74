//! A TaskExecutor's slots and the tasks in them (Flink's `TaskSlotTable`).
//!
//! Invariants: a slot has at most one grant; a task belongs to the grant of exactly one slot; a
//! slot is free only when none of its tasks is alive.

use std::collections::BTreeMap;

use crate::base::{AllocationId, AttemptId, CheckpointId, JobId, Name};
use crate::operator::AccumulatorValues;
use crate::runtime::session::{ExecutionReport, Grant, SlotReport};
use crate::trace::ExecutionState;

/// What a slot is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SlotState {
    /// Nothing.
    Free,
    /// Set aside for a JobMaster that has not accepted it yet.
    Allocated(Grant),
    /// A JobMaster has it.
    Active(Grant),
    /// Its JobMaster no longer has it, but tasks are still stopping.
    Releasing(Grant),
}

impl SlotState {
    pub(super) fn grant(self) -> Option<Grant> {
        match self {
            Self::Free => None,
            Self::Allocated(grant) | Self::Active(grant) | Self::Releasing(grant) => Some(grant),
        }
    }
}

struct Task {
    slot: u16,
    name: Name,
    state: ExecutionState,
    cause: Option<String>,
    unusable: Option<CheckpointId>,
    accumulators: AccumulatorValues,
}

/// See the module.
pub(super) struct SlotTable {
    slots: Vec<SlotState>,
    tasks: BTreeMap<AttemptId, Task>,
}

impl SlotTable {
    /// Free slots only.
    pub(super) fn new(slots: u16) -> Self {
        Self { slots: vec![SlotState::Free; usize::from(slots)], tasks: BTreeMap::new() }
    }

    pub(super) fn get(&self, slot: u16) -> SlotState {
        self.slots[usize::from(slot)]
    }

    /// Sets a free slot aside.
    pub(super) fn allocate(&mut self, slot: u16, grant: Grant) {
        let state = &mut self.slots[usize::from(slot)];
        assert_eq!(*state, SlotState::Free, "only free slots are set aside");
        *state = SlotState::Allocated(grant);
    }

    /// Its JobMaster uses the slot. The slot, if it is still set aside or in use.
    pub(super) fn activate(&mut self, allocation: AllocationId) -> Option<u16> {
        let slot = self.find(allocation)?;
        let state = &mut self.slots[usize::from(slot)];
        match *state {
            SlotState::Allocated(grant) | SlotState::Active(grant) => {
                *state = SlotState::Active(grant);
                Some(slot)
            }
            SlotState::Free | SlotState::Releasing(_) => None,
        }
    }

    /// The slot ends its grant. The tasks that must be stopped first.
    pub(super) fn release(&mut self, slot: u16) -> Vec<AttemptId> {
        let state = &mut self.slots[usize::from(slot)];
        let grant = state.grant().expect("only slots with a grant are released");
        if matches!(*state, SlotState::Releasing(_)) {
            return Vec::new();
        }
        *state = SlotState::Releasing(grant);
        self.alive_in(slot).collect()
    }

    /// Frees the slot if it is releasing and nothing in it is alive. The grant that ended.
    pub(super) fn free_if_released(&mut self, slot: u16) -> Option<Grant> {
        let SlotState::Releasing(grant) = self.get(slot) else { return None };
        if self.alive_in(slot).next().is_some() {
            return None;
        }
        self.tasks.retain(|_, task| task.slot != slot);
        self.slots[usize::from(slot)] = SlotState::Free;
        Some(grant)
    }

    /// The slot of a grant.
    pub(super) fn find(&self, allocation: AllocationId) -> Option<u16> {
        let has =
            |state: &SlotState| state.grant().is_some_and(|grant| grant.allocation == allocation);
        (0..).zip(&self.slots).find_map(|(slot, state)| has(state).then_some(slot))
    }

    /// The slots that a job has and that are not being released.
    pub(super) fn held_by(&self, job: JobId) -> Vec<u16> {
        let held = (0..).zip(&self.slots).filter(|(_, state)| match state {
            SlotState::Allocated(grant) | SlotState::Active(grant) => grant.job == job,
            SlotState::Free | SlotState::Releasing(_) => false,
        });
        held.map(|(slot, _)| slot).collect()
    }

    /// Puts a task into a slot. Whether it was not there yet.
    pub(super) fn add_task(&mut self, slot: u16, attempt: AttemptId, name: Name) -> bool {
        if self.tasks.contains_key(&attempt) {
            return false;
        }
        let (state, accumulators) = (ExecutionState::Initializing, AccumulatorValues::new());
        let task = Task { slot, name, state, cause: None, unusable: None, accumulators };
        self.tasks.insert(attempt, task);
        true
    }

    /// Whether a task is here and not over.
    pub(super) fn is_alive(&self, attempt: AttemptId) -> bool {
        self.tasks.get(&attempt).is_some_and(|task| !task.state.is_terminal())
    }

    /// Keeps what the accumulators of a task have come to.
    pub(super) fn accumulate(&mut self, attempt: AttemptId, values: AccumulatorValues) {
        let task = self.tasks.get_mut(&attempt).expect("a task's slot outlives it");
        assert!(!task.state.is_terminal(), "{} adds up after its end", task.name);
        task.accumulators = values;
    }

    /// A task's state changes. Its slot.
    pub(super) fn update(
        &mut self,
        attempt: AttemptId,
        state: ExecutionState,
        (cause, unusable): (Option<String>, Option<CheckpointId>),
    ) -> u16 {
        let task = self.tasks.get_mut(&attempt).expect("a task's slot outlives it");
        assert!(!task.state.is_terminal(), "{} ended twice", task.name);
        (task.state, task.cause, task.unusable) = (state, cause, unusable);
        task.slot
    }

    /// What is known of a task.
    pub(super) fn report(&self, attempt: AttemptId) -> Option<ExecutionReport> {
        self.tasks.get(&attempt).map(|task| execution_report(attempt, task))
    }

    /// What is known of all tasks of a job.
    pub(super) fn reports(&self, job: JobId) -> Vec<ExecutionReport> {
        let tasks = self.tasks.iter().filter(|(attempt, _)| attempt.subtask.job == job);
        tasks.map(|(&attempt, task)| execution_report(attempt, task)).collect()
    }

    /// What the slots are used for.
    pub(super) fn slot_report(&self) -> SlotReport {
        self.slots.iter().map(|state| state.grant()).collect()
    }

    fn alive_in(&self, slot: u16) -> impl Iterator<Item = AttemptId> + '_ {
        let tasks = self.tasks.iter();
        tasks
            .filter(move |(_, task)| task.slot == slot && !task.state.is_terminal())
            .map(|(&attempt, _)| attempt)
    }
}

fn execution_report(attempt: AttemptId, task: &Task) -> ExecutionReport {
    ExecutionReport {
        attempt,
        task: task.name.clone(),
        state: task.state,
        cause: task.cause.clone(),
        unusable: task.unusable,
        accumulators: task.accumulators.clone(),
    }
}
