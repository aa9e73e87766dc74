//! The slots of all TaskExecutors, as the ResourceManager knows them (Flink's `SlotTracker`).
//!
//! Every message asks how many slots a job has, and every grant for the slot that is next: neither
//! may look at all slots, of which there are as many as messages. So both are kept.
//!
//! Invariants: a slot has at most one grant; every grant that is made ends exactly once, in
//! [`Slots::free`] or [`Slots::remove`]; states change only in [`Slots::set`].

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{AllocationId, JobId, NodeId, SimTime, SlotId};
use crate::runtime::session::Grant;

/// What a slot is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SlotState {
    Free,
    /// Its TaskExecutor was asked then to set it aside, and has not answered.
    Pending {
        grant: Grant,
        since: SimTime,
    },
    /// Its TaskExecutor has set it aside.
    Allocated {
        grant: Grant,
    },
}

impl SlotState {
    pub(super) fn grant(&self) -> Option<Grant> {
        match *self {
            Self::Free => None,
            Self::Pending { grant, .. } | Self::Allocated { grant } => Some(grant),
        }
    }
}

/// The slots of one TaskExecutor.
#[derive(Default)]
struct NodeSlots {
    states: Vec<SlotState>,
    used: usize,
}

impl NodeSlots {
    /// How much of it is used, if it has a free slot.
    fn usage(&self) -> Option<usize> {
        let slots = self.states.len();
        (self.used < slots).then(|| self.used * usize::from(u16::MAX) / slots)
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Slots {
    by_node: BTreeMap<NodeId, NodeSlots>,
    /// How many slots each job has been granted; none has none.
    granted: BTreeMap<JobId, u32>,
    /// The TaskExecutors that have a free slot, the one that is used least first.
    open: BTreeSet<(usize, NodeId)>,
}

impl Slots {
    /// Adds a TaskExecutor's slots, all free.
    pub(super) fn add(&mut self, node: NodeId, slots: u16) {
        self.remove(node);
        let slots = NodeSlots { states: vec![SlotState::Free; usize::from(slots)], used: 0 };
        self.open.extend(slots.usage().map(|usage| (usage, node)));
        self.by_node.insert(node, slots);
    }

    /// Removes a TaskExecutor's slots and ends their grants, which it returns.
    pub(super) fn remove(&mut self, node: NodeId) -> Vec<(SlotId, Grant)> {
        let slots = self.by_node.remove(&node).unwrap_or_default();
        if let Some(usage) = slots.usage() {
            self.open.remove(&(usage, node));
        }
        let grants = slots.states.iter().zip(0..).filter_map(|(state, index)| {
            state.grant().map(|grant| (SlotId { node, index }, grant))
        });
        let grants: Vec<_> = grants.collect();
        for (_, grant) in &grants {
            self.uncount(grant.job);
        }
        grants
    }

    pub(super) fn get(&self, slot: SlotId) -> Option<SlotState> {
        self.by_node.get(&slot.node)?.states.get(usize::from(slot.index)).copied()
    }

    /// Grants a free slot, asking its TaskExecutor now.
    pub(super) fn request(&mut self, slot: SlotId, grant: Grant, now: SimTime) {
        let before = self.set(slot, SlotState::Pending { grant, since: now });
        assert_eq!(before, SlotState::Free, "only free slots are granted");
    }

    /// Its TaskExecutor has set the slot aside for `allocation`.
    pub(super) fn acknowledge(&mut self, slot: SlotId, allocation: AllocationId) {
        if let Some(SlotState::Pending { grant, .. }) = self.get(slot)
            && grant.allocation == allocation
        {
            self.set(slot, SlotState::Allocated { grant });
        }
    }

    /// Learns of a grant that an earlier ResourceManager made.
    pub(super) fn adopt(&mut self, slot: SlotId, grant: Grant) {
        let before = self.set(slot, SlotState::Allocated { grant });
        assert_eq!(before, SlotState::Free, "the grant known so far ends first");
    }

    /// Ends the grant of a slot, if it is `allocation`; returns it.
    pub(super) fn free(&mut self, slot: SlotId, allocation: AllocationId) -> Option<Grant> {
        let grant = self.get(slot)?.grant().filter(|grant| grant.allocation == allocation)?;
        self.set(slot, SlotState::Free);
        Some(grant)
    }

    /// How many slots a job has been granted.
    pub(super) fn granted(&self, job: JobId) -> u32 {
        self.granted.get(&job).copied().unwrap_or_default()
    }

    /// The free slot to grant next: on the TaskExecutor that is used least, the first of equals
    /// (`cluster.evenly-spread-out-slots`); there the first.
    pub(super) fn next_free(&self) -> Option<SlotId> {
        let &(_, node) = self.open.first()?;
        let index = self.by_node[&node].states.iter().position(|state| *state == SlotState::Free);
        let index = index.expect("an open TaskExecutor has a free slot");
        Some(SlotId { node, index: u16::try_from(index).expect("slot numbers have 16 bits") })
    }

    /// Changes the state of a slot, whose TaskExecutor must be registered; the one before.
    fn set(&mut self, SlotId { node, index }: SlotId, state: SlotState) -> SlotState {
        let slots = self.by_node.get_mut(&node).expect("the TaskExecutor is registered");
        let usage = slots.usage();
        let before = std::mem::replace(&mut slots.states[usize::from(index)], state);
        slots.used += usize::from(state.grant().is_some());
        slots.used -= usize::from(before.grant().is_some());
        let usage_now = slots.usage();
        if usage != usage_now {
            if let Some(usage) = usage {
                self.open.remove(&(usage, node));
            }
            self.open.extend(usage_now.map(|usage| (usage, node)));
        }
        if let Some(grant) = before.grant() {
            self.uncount(grant.job);
        }
        if let Some(grant) = state.grant() {
            *self.granted.entry(grant.job).or_default() += 1;
        }
        before
    }

    /// A grant of a job has ended.
    fn uncount(&mut self, job: JobId) {
        let granted = self.granted.get_mut(&job).expect("every grant was counted");
        *granted -= 1;
        if *granted == 0 {
            self.granted.remove(&job);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SlotState, Slots};
    use crate::base::{AllocationId, JobId, NodeId, SimTime, SlotId};
    use crate::runtime::session::Grant;

    /// What is kept, worked out from all slots.
    fn check(slots: &Slots) {
        for job in (1..4).map(JobId) {
            let states = slots.by_node.values().flat_map(|node| &node.states);
            let grants = states.filter_map(SlotState::grant).filter(|grant| grant.job == job);
            assert_eq!(slots.granted(job) as usize, grants.count(), "job {job}");
        }
        let candidates = slots.by_node.iter().filter_map(|(&node, slots)| {
            let index = slots.states.iter().position(|state| *state == SlotState::Free)?;
            let used = slots.states.iter().filter(|state| **state != SlotState::Free).count();
            let slot = SlotId { node, index: index as u16 };
            Some((used * usize::from(u16::MAX) / slots.states.len(), slot))
        });
        assert_eq!(slots.next_free(), candidates.min().map(|(_, slot)| slot));
    }

    #[test]
    fn what_is_kept_is_what_all_slots_come_to() {
        let mut slots = Slots::default();
        for (node, count) in [(4, 3), (2, 1), (3, 2), (9, 0)] {
            slots.add(NodeId(node), count);
            check(&slots);
        }
        let mut granted = Vec::new();
        for number in 0..6 {
            let grant = Grant { allocation: AllocationId(number), job: JobId(1 + number % 3) };
            let slot = slots.next_free().expect("there are six slots");
            slots.request(slot, grant, SimTime::ZERO);
            granted.push((slot, grant));
            check(&slots);
        }
        assert_eq!(slots.next_free(), None);
        for (slot, grant) in granted.iter().step_by(2) {
            slots.acknowledge(*slot, grant.allocation);
            check(&slots);
        }
        let (slot, grant) = granted[1];
        assert_eq!(slots.free(slot, grant.allocation), Some(grant));
        check(&slots);
        slots.adopt(slot, Grant { job: JobId(3), ..grant });
        check(&slots);
        assert_eq!(slots.remove(NodeId(4)).len(), 3);
        check(&slots);
        slots.add(NodeId(4), 3);
        check(&slots);
    }
}
