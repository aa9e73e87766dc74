//! TaskExecutors and slots, as the ResourceManager and the JobMasters see them.

use std::collections::BTreeMap;

use super::Seen;
use crate::base::{AllocationId, JobId, Name};
use crate::trace::ResourceEvent;

/// A TaskExecutor that registered at some time.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskExecutor {
    /// How many slots it brings.
    pub slots: u16,
    /// Why it was given up, if it was.
    pub lost: Option<String>,
}

/// A slot that belongs to a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// The grant.
    pub allocation: AllocationId,
    /// The job.
    pub job: JobId,
    /// Whether the JobMaster has it.
    pub accepted: bool,
}

/// TaskExecutors and slots.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resources {
    /// By node.
    pub task_executors: BTreeMap<Name, TaskExecutor>,
    /// The slots in use, by name.
    pub slots: BTreeMap<Name, Slot>,
    /// How many slots each job has asked for.
    pub required: BTreeMap<JobId, u32>,
    /// How many of them are missing.
    pub missing: BTreeMap<JobId, u32>,
}

impl Resources {
    /// The slots of a TaskExecutor, by index: what is in them.
    pub fn slots_of(&self, taskmanager: &str) -> Vec<Option<&Slot>> {
        let count = self.task_executors.get(taskmanager).map_or(0, |executor| executor.slots);
        (0..count).map(|index| self.slots.get(format!("{taskmanager}/{index}").as_str())).collect()
    }

    pub(super) fn apply(&mut self, event: &ResourceEvent) -> Seen {
        match event {
            ResourceEvent::TaskExecutorRegistered { taskmanager, slots } => {
                let executor = TaskExecutor { slots: *slots, lost: None };
                self.task_executors.insert(taskmanager.clone(), executor);
            }
            ResourceEvent::TaskExecutorLost { taskmanager, cause } => {
                let Some(executor) = self.task_executors.get_mut(taskmanager) else {
                    return Seen::No;
                };
                executor.lost = Some(cause.clone());
            }
            ResourceEvent::ResourcesDeclared { job, slots } => {
                self.required.insert(*job, *slots);
                self.missing.remove(job);
            }
            ResourceEvent::NotEnoughResources { job, missing } => {
                self.missing.insert(*job, *missing);
            }
            ResourceEvent::SlotAllocated { slot, allocation, job } => {
                let held = Slot { allocation: *allocation, job: *job, accepted: false };
                self.slots.insert(slot.clone(), held);
                // That it lacks fewer now is told by nothing else.
                self.missing.retain(|of, missing| {
                    *missing = missing.saturating_sub(u32::from(of == job));
                    *missing > 0
                });
            }
            ResourceEvent::SlotAccepted { slot, allocation, job } => {
                let held = Slot { allocation: *allocation, job: *job, accepted: true };
                self.slots.insert(slot.clone(), held);
            }
            ResourceEvent::SlotFreed { slot, allocation, .. } => {
                // An older grant's end says nothing about a newer one.
                if self.slots.get(slot).is_none_or(|held| held.allocation != *allocation) {
                    return Seen::No;
                }
                self.slots.remove(slot);
            }
        }
        Seen::Yes
    }
}
