//! A key group belongs to one subtask, and a slot to one grant.

use std::collections::BTreeMap;

use super::Fold;
use super::verdict::{Findings, Invariant};
use crate::base::{AllocationId, JobId, Name, Step};
use crate::record::KeyGroup;
use crate::trace::{Event, Recorded, ResourceEvent, StateEvent};

#[derive(Clone, Copy)]
struct Range {
    first: KeyGroup,
    last: KeyGroup,
    step: Step,
}

/// See the module.
#[derive(Default)]
pub(super) struct Owners {
    groups: BTreeMap<(JobId, Name), BTreeMap<Name, Range>>,
    slots: BTreeMap<Name, (AllocationId, Step)>,
}

impl Fold for Owners {
    fn apply(&mut self, recorded: &Recorded, findings: &mut Findings) {
        let step = recorded.step;
        match &recorded.event {
            Event::State(StateEvent::StateBackendOpened {
                job,
                subtask,
                operator,
                first_key_group,
                last_key_group,
                ..
            }) => {
                let (first, last) = (*first_key_group, *last_key_group);
                let owners = self.groups.entry((*job, operator.clone())).or_default();
                let other = owners.iter().find(|(other, range)| {
                    range.first <= last && first <= range.last && *other != subtask
                });
                if let Some((other, range)) = other {
                    findings.violate(Invariant::OneOwnerPerKeyGroup, &[range.step, step], || {
                        format!(
                            "{subtask} takes key groups {first} to {last} of {operator} (step \
                             {step}), some of which are those of {other}, {} to {} (step {})",
                            range.first, range.last, range.step
                        )
                    });
                }
                owners.insert(subtask.clone(), Range { first, last, step });
            }
            Event::Resource(ResourceEvent::SlotAllocated { slot, allocation, .. }) => {
                let before = self.slots.insert(slot.clone(), (*allocation, step));
                if let Some((other, at)) = before.filter(|(other, _)| other != allocation) {
                    findings.violate(Invariant::OneGrantPerSlot, &[at, step], || {
                        format!(
                            "slot {slot} is granted by allocation {allocation} (step {step}) while \
                             allocation {other} has it (step {at})"
                        )
                    });
                }
            }
            Event::Resource(ResourceEvent::SlotFreed { slot, allocation, .. })
                if self.slots.get(slot).is_some_and(|(held, _)| held == allocation) =>
            {
                self.slots.remove(slot);
            }
            _ => {}
        }
    }
}
