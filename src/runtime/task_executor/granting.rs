//! A TaskExecutor and its slots: set aside, offered, accepted, released.

use super::slot_table::SlotState;
use super::{Out, Peer, TaskAction, TaskExecutor, TaskExecutorTimer};
use crate::base::{AllocationId, JobId, SimDuration, SimTime};
use crate::host::Address;
use crate::runtime::backoff;
use crate::runtime::rpc::{JobMasterRpc, ResourceManagerRpc, SlotOffer};
use crate::runtime::session::{Grant, JobMasterId};

/// Flink's `taskmanager.slot.timeout`.
const SLOT_TIMEOUT: SimDuration = SimDuration::from_secs(10);

impl TaskExecutor {
    pub(super) fn on_request_slot(
        &mut self,
        now: SimTime,
        slot: u16,
        grant: Grant,
        job_master: (JobMasterId, Address),
        out: &mut Out,
    ) {
        let (id, address) = job_master;
        let (executor, allocation) = (self.id, grant.allocation);
        let state = self.slots.get(slot);
        let outdated = self.jobs.get(grant.job).is_some_and(|known| known.id > id);
        if state != SlotState::Free || outdated {
            let occupied = state.grant();
            let reject = ResourceManagerRpc::SlotRequestRejected {
                id: executor,
                slot,
                allocation,
                occupied,
            };
            self.tell_resource_manager(reject, out);
            return;
        }
        if self.jobs.get(grant.job).is_some_and(|known| known.id < id) {
            self.drop_job(grant.job, out);
        }
        self.slots.allocate(slot, grant);
        let acknowledge =
            ResourceManagerRpc::SlotRequestAcknowledged { id: executor, slot, allocation };
        self.tell_resource_manager(acknowledge, out);
        out.wake_at(now + SLOT_TIMEOUT, TaskExecutorTimer::SlotTimeout { allocation });
        match self.jobs.get(grant.job) {
            None => {
                self.jobs.open(grant.job, id, address);
                self.register_at_job_master(now, grant.job, out);
            }
            Some(connection) if connection.registered => {
                let slots = vec![SlotOffer { slot, allocation }];
                out.send(address, JobMasterRpc::OfferSlots { id: executor, slots });
            }
            // It is offered together with the others once the JobMaster has answered.
            Some(_) => {}
        }
    }

    pub(super) fn register_at_job_master(&mut self, now: SimTime, job: JobId, out: &mut Out) {
        let Some(connection) = self.jobs.get_mut(job) else { return };
        let wait = backoff::registration(connection.tries);
        connection.tries += 1;
        out.send(connection.address, JobMasterRpc::RegisterTaskManager { id: self.id });
        let generation = connection.generation;
        out.wake_at(now + wait, TaskExecutorTimer::RegisterAtJobMaster { job, generation });
    }

    pub(super) fn on_task_manager_registered(
        &mut self,
        now: SimTime,
        job: JobId,
        id: JobMasterId,
        out: &mut Out,
    ) {
        let Some(connection) = self.jobs.get_mut(job).filter(|known| known.id == id) else {
            return;
        };
        if std::mem::replace(&mut connection.registered, true) {
            return;
        }
        let address = connection.address;
        self.heartbeats.monitor(Peer::JobMaster(job), now);
        self.check_heartbeats_later(out);
        let offers = self.slots.held_by(job).into_iter().filter_map(|slot| {
            let grant = self.slots.get(slot).grant()?;
            Some(SlotOffer { slot, allocation: grant.allocation })
        });
        let slots = offers.collect();
        out.send(address, JobMasterRpc::OfferSlots { id: self.id, slots });
    }

    pub(super) fn on_accept_slots(
        &mut self,
        accepted: &[AllocationId],
        rejected: &[AllocationId],
        out: &mut Out,
    ) {
        for &allocation in accepted {
            self.slots.activate(allocation);
        }
        for &allocation in rejected {
            self.release_unused(allocation, out);
        }
    }

    pub(super) fn on_slot_timeout(&mut self, allocation: AllocationId, out: &mut Out) {
        let Some(slot) = self.slots.find(allocation) else { return };
        if let SlotState::Allocated(grant) = self.slots.get(slot) {
            if let Some(connection) = self.jobs.get(grant.job) {
                let fail = JobMasterRpc::FailSlot { id: self.id, allocation };
                out.send(connection.address, fail);
            }
            self.release_unused(allocation, out);
        }
    }

    /// Ends a grant that its JobMaster has no use for, and with the job's last one the connection.
    pub(super) fn release_unused(&mut self, allocation: AllocationId, out: &mut Out) {
        let Some(slot) = self.slots.find(allocation) else { return };
        let Some(Grant { job, .. }) = self.slots.get(slot).grant() else { return };
        self.release(slot, out);
        if self.slots.held_by(job).is_empty() {
            self.disconnect_job(job, "it has no slots there any more", out);
        }
    }

    /// Ends a slot's grant: at once if no task is alive in it, else when the last one is over.
    pub(super) fn release(&mut self, slot: u16, out: &mut Out) {
        for attempt in self.slots.release(slot) {
            out.act(TaskAction::Cancel(attempt));
        }
        self.free_if_released(slot, out);
    }

    pub(super) fn free_if_released(&mut self, slot: u16, out: &mut Out) {
        if let Some(Grant { allocation, .. }) = self.slots.free_if_released(slot) {
            let available =
                ResourceManagerRpc::NotifySlotAvailable { id: self.id, slot, allocation };
            self.tell_resource_manager(available, out);
        }
    }

    /// Ends the connection to a JobMaster, which is told why.
    pub(super) fn disconnect_job(&mut self, job: JobId, cause: &str, out: &mut Out) {
        if let Some(connection) = self.jobs.get(job) {
            let cause = cause.to_owned();
            let gone = JobMasterRpc::DisconnectTaskManager { id: self.id, cause };
            out.send(connection.address, gone);
        }
        self.drop_job(job, out);
    }

    /// Ends the connection to a JobMaster that need not be told.
    pub(super) fn drop_job(&mut self, job: JobId, out: &mut Out) {
        self.jobs.close(job);
        self.heartbeats.unmonitor(Peer::JobMaster(job));
        for slot in self.slots.held_by(job) {
            self.release(slot, out);
        }
    }
}
