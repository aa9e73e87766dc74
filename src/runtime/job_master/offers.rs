//! A JobMaster and its slots: what it asks for, what it accepts, how long it waits.

use std::collections::btree_map::Entry;

use super::{JobMaster, Out};
use crate::base::{AllocationId, SimTime, SlotId};
use crate::runtime::options::task_executor;
use crate::runtime::rpc::{ResourceManagerRpc, SlotOffer, TaskExecutorRpc};
use crate::runtime::session::TaskExecutorId;
use crate::trace::{Event, JobStatus, ResourceEvent};

impl JobMaster {
    pub(super) fn on_job_master_registered(&mut self, out: &mut Out) {
        let slots = u32::try_from(self.pool.required()).expect("a job has fewer than 2^18 slots");
        let declare =
            ResourceManagerRpc::DeclareRequiredResources { job: self.job, id: self.id, slots };
        out.send(self.options.resource_manager(), declare);
    }

    pub(super) fn on_register_task_manager(
        &mut self,
        now: SimTime,
        id: TaskExecutorId,
        out: &mut Out,
    ) {
        if self.executors.get(&id.node).is_some_and(|&known| known < id) {
            self.lose(id.node, "its process was started anew", out);
            if self.status.is_terminal() {
                return;
            }
        }
        if let Entry::Vacant(entry) = self.executors.entry(id.node) {
            entry.insert(id);
            self.heartbeats.monitor(id.node, now);
            self.arm_heartbeats(now, out);
        }
        if self.is_connected(id) {
            let registered = TaskExecutorRpc::TaskManagerRegistered { job: self.job, id: self.id };
            out.send(task_executor(id.node), registered);
        }
    }

    pub(super) fn on_offer_slots(
        &mut self,
        now: SimTime,
        id: TaskExecutorId,
        offers: &[SlotOffer],
        out: &mut Out,
    ) {
        if !self.is_connected(id) {
            return;
        }
        let (mut accepted, mut rejected) = (Vec::new(), Vec::new());
        for &SlotOffer { slot, allocation } in offers {
            let known = self.pool.contains(allocation);
            if !known && (!self.wants_slots() || self.pool.missing() == 0) {
                rejected.push(allocation);
                continue;
            }
            accepted.push(allocation);
            if !known {
                let slot = SlotId { node: id.node, index: slot };
                self.pool.add(allocation, slot);
                out.trace(Event::Resource(ResourceEvent::SlotAccepted {
                    slot: self.options.slot(slot),
                    allocation,
                    job: self.job,
                }));
            }
        }
        let accept =
            TaskExecutorRpc::AcceptSlots { job: self.job, id: self.id, accepted, rejected };
        out.send(task_executor(id.node), accept);
        self.deploy_if_ready(now, out);
    }

    pub(super) fn on_fail_slot(
        &mut self,
        id: TaskExecutorId,
        allocation: AllocationId,
        out: &mut Out,
    ) {
        if !self.is_connected(id) || self.pool.remove(allocation).is_none() {
            return;
        }
        let cause = format!("{} took a slot back", self.options.node(id.node));
        self.lose_executions(|location| location.allocation == allocation, cause, out);
    }

    /// Whether it takes slots that are offered.
    fn wants_slots(&self) -> bool {
        matches!(self.status, JobStatus::Created | JobStatus::Restarting)
    }

    pub(super) fn on_slot_request_timeout(&mut self, restart: u32, out: &mut Out) {
        if self.wants_slots() && restart == self.restart_count {
            let cause = format!(
                "not enough slots: {} of {} missing after {:?} (slot.request.timeout)",
                self.pool.missing(),
                self.pool.required(),
                self.options.slot_request_timeout
            );
            self.fail(cause, out);
        }
    }
}
