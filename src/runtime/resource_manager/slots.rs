//! The slots of all TaskExecutors, as the ResourceManager knows them (Flink's `SlotTracker`).
//!
//! Invariants: a slot has at most one grant; every grant that is made ends exactly once, in
//! [`Slots::free`] or [`Slots::remove`].

use std::collections::BTreeMap;

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

/// See the module.
#[derive(Default)]
pub(super) struct Slots {
    by_node: BTreeMap<NodeId, Vec<SlotState>>,
}

impl Slots {
    /// Adds a TaskExecutor's slots, all free.
    pub(super) fn add(&mut self, node: NodeId, slots: u16) {
        self.by_node.insert(node, vec![SlotState::Free; usize::from(slots)]);
    }

    /// Removes a TaskExecutor's slots and ends their grants, which it returns.
    pub(super) fn remove(&mut self, node: NodeId) -> Vec<(SlotId, Grant)> {
        let slots = self.by_node.remove(&node).unwrap_or_default();
        let grants = slots.iter().zip(0..).filter_map(|(state, index)| {
            state.grant().map(|grant| (SlotId { node, index }, grant))
        });
        grants.collect()
    }

    pub(super) fn get(&self, slot: SlotId) -> Option<SlotState> {
        self.by_node.get(&slot.node)?.get(usize::from(slot.index)).copied()
    }

    /// Grants a free slot, asking its TaskExecutor now.
    pub(super) fn request(&mut self, slot: SlotId, grant: Grant, now: SimTime) {
        let state = self.slot(slot);
        assert_eq!(*state, SlotState::Free, "only free slots are granted");
        *state = SlotState::Pending { grant, since: now };
    }

    /// Its TaskExecutor has set the slot aside for `allocation`.
    pub(super) fn acknowledge(&mut self, slot: SlotId, allocation: AllocationId) {
        if let Some(SlotState::Pending { grant, .. }) = self.get(slot)
            && grant.allocation == allocation
        {
            *self.slot(slot) = SlotState::Allocated { grant };
        }
    }

    /// Learns of a grant that an earlier ResourceManager made.
    pub(super) fn adopt(&mut self, slot: SlotId, grant: Grant) {
        let state = self.slot(slot);
        assert_eq!(*state, SlotState::Free, "the grant known so far ends first");
        *state = SlotState::Allocated { grant };
    }

    /// Ends the grant of a slot, if it is `allocation`; returns it.
    pub(super) fn free(&mut self, slot: SlotId, allocation: AllocationId) -> Option<Grant> {
        let grant = self.get(slot)?.grant().filter(|grant| grant.allocation == allocation)?;
        *self.slot(slot) = SlotState::Free;
        Some(grant)
    }

    /// How many slots a job has been granted.
    pub(super) fn granted(&self, job: JobId) -> u32 {
        let states = self.by_node.values().flatten();
        let grants = states.filter_map(SlotState::grant).filter(|grant| grant.job == job);
        u32::try_from(grants.count()).expect("node and slot numbers have 16 bits each")
    }

    /// The free slot to grant next: on the TaskExecutor that is used least, the first of equals
    /// (`cluster.evenly-spread-out-slots`); there the first.
    pub(super) fn next_free(&self) -> Option<SlotId> {
        let candidates = self.by_node.iter().filter_map(|(&node, slots)| {
            let index = slots.iter().position(|state| *state == SlotState::Free)?;
            let index = u16::try_from(index).expect("slot numbers have 16 bits");
            let used = slots.iter().filter(|state| **state != SlotState::Free).count();
            Some((used * usize::from(u16::MAX) / slots.len(), SlotId { node, index }))
        });
        candidates.min().map(|(_, slot)| slot)
    }

    fn slot(&mut self, slot: SlotId) -> &mut SlotState {
        let slots = self.by_node.get_mut(&slot.node).expect("the TaskExecutor is registered");
        &mut slots[usize::from(slot.index)]
    }
}
