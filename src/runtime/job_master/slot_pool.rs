//! The slots that a JobMaster has accepted.
//!
//! Invariants: never more than the plan needs; each of one TaskExecutor that is connected.

use std::collections::BTreeMap;

use crate::base::{AllocationId, NodeId, SlotId};

/// See the module.
pub(super) struct SlotPool {
    required: usize,
    slots: BTreeMap<AllocationId, SlotId>,
}

impl SlotPool {
    /// An empty pool that wants `required` slots.
    pub(super) fn new(required: usize) -> Self {
        Self { required, slots: BTreeMap::new() }
    }

    /// How many slots the job needs.
    pub(super) fn required(&self) -> usize {
        self.required
    }

    /// How many slots are missing.
    pub(super) fn missing(&self) -> usize {
        self.required - self.slots.len()
    }

    /// Whether it has the slot of this grant.
    pub(super) fn contains(&self, allocation: AllocationId) -> bool {
        self.slots.contains_key(&allocation)
    }

    /// Takes a slot in. Must be missing one.
    pub(super) fn add(&mut self, allocation: AllocationId, slot: SlotId) {
        assert!(self.missing() > 0, "the pool never holds more than it needs");
        self.slots.insert(allocation, slot);
    }

    /// Loses the slot of a grant.
    pub(super) fn remove(&mut self, allocation: AllocationId) -> Option<SlotId> {
        self.slots.remove(&allocation)
    }

    /// Loses all slots of a TaskExecutor.
    pub(super) fn remove_node(&mut self, node: NodeId) {
        self.slots.retain(|_, slot| slot.node != node);
    }

    /// All slots in the order in which they were granted, which is the order in which the plan
    /// fills them.
    pub(super) fn slots(&self) -> impl Iterator<Item = (AllocationId, SlotId)> + '_ {
        self.slots.iter().map(|(&allocation, &slot)| (allocation, slot))
    }
}
