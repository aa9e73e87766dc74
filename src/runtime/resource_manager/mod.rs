//! The ResourceManager: knows TaskExecutors and slots, and grants slots to jobs.
//!
//! JobMasters declare how many slots they need; a little after each change (so that
//! TaskExecutors that register together are all considered) free slots are granted to jobs in
//! the order of their ids, spread evenly. A TaskExecutor is asked to set each granted slot aside
//! and to offer it to the JobMaster, which has the last word. A slot is free again when its
//! TaskExecutor says so or is lost.

mod liveness;
mod slots;

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use super::heartbeat::HeartbeatMonitor;
use super::options::{RuntimeOptions, task_executor};
use super::outbox::{Component, Outbox};
use super::ports;
use super::rpc::{JobMasterRpc, ResourceManagerRpc, TaskExecutorRpc};
use super::session::{Grant, JobMasterId, ResourceManagerId, SlotReport, TaskExecutorId};
use crate::base::{AllocationId, JobId, Name, NodeId, SimDuration, SimTime, SlotId};
use crate::host::{Address, Port};
use crate::trace::{Event, ResourceEvent};
use slots::{SlotState, Slots};

/// Flink's `slotmanager.requirement-check.delay`.
const REQUIREMENT_CHECK_DELAY: SimDuration = SimDuration::from_millis(50);

/// What the ResourceManager is reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceManagerTimer {
    /// Time to match free slots with requirements.
    CheckRequirements,
    /// Time to ask TaskExecutors for a sign of life.
    SendHeartbeats,
    /// Time to see who was silent for too long.
    CheckHeartbeats,
}

/// See the module.
pub struct ResourceManager {
    options: RuntimeOptions,
    id: ResourceManagerId,
    executors: BTreeMap<NodeId, TaskExecutorId>,
    slots: Slots,
    jobs: BTreeMap<JobId, Requirement>,
    next_allocation: u32,
    heartbeats: HeartbeatMonitor<NodeId>,
    sending_heartbeats: bool,
    check_pending: bool,
}

struct Requirement {
    id: JobMasterId,
    address: Address,
    slots: u32,
    /// How many slots its JobMaster was last told are missing.
    missing: u32,
}

type Out = Outbox<ResourceManager>;

impl ResourceManager {
    /// A life that begins `now`.
    pub fn new(options: RuntimeOptions, now: SimTime) -> Self {
        Self {
            id: ResourceManagerId(now),
            executors: BTreeMap::new(),
            slots: Slots::default(),
            jobs: BTreeMap::new(),
            // Grants of an earlier life may still stand. Since no life makes a thousand grants
            // per second for long, its numbers end below this life's.
            next_allocation: 1 + u32::try_from(now.as_millis()).unwrap_or(u32::MAX / 2),
            heartbeats: HeartbeatMonitor::new(options.heartbeat_timeout),
            sending_heartbeats: false,
            check_pending: false,
            options,
        }
    }

    fn is_registered(&self, id: TaskExecutorId) -> bool {
        self.executors.get(&id.node) == Some(&id)
    }

    fn on_register_task_executor(
        &mut self,
        now: SimTime,
        id: TaskExecutorId,
        slots: u16,
        out: &mut Out,
    ) {
        if self.executors.get(&id.node).is_some_and(|&known| known < id) {
            self.lose(now, id.node, "its process was started anew", out);
        }
        if let Entry::Vacant(entry) = self.executors.entry(id.node) {
            entry.insert(id);
            self.slots.add(id.node, slots);
            let taskmanager = self.options.node(id.node);
            out.trace(Event::Resource(ResourceEvent::TaskExecutorRegistered {
                taskmanager,
                slots,
            }));
            self.heartbeats.monitor(id.node, now);
            self.arm_heartbeats(now, out);
        }
        if self.is_registered(id) {
            let registered = TaskExecutorRpc::TaskExecutorRegistered { id: self.id };
            out.send(task_executor(id.node), registered);
            self.check_soon(now, out);
        }
    }

    /// Brings what is known in line with what the TaskExecutor says. `asked` is when it was asked
    /// for the report, if it was: requests made before that moment have arrived or are lost.
    fn on_slot_report(
        &mut self,
        now: SimTime,
        id: TaskExecutorId,
        report: &SlotReport,
        asked: Option<SimTime>,
        out: &mut Out,
    ) {
        for (reported, index) in report.iter().zip(0..) {
            let slot = SlotId { node: id.node, index };
            let Some(known) = self.slots.get(slot) else { continue };
            match (known, *reported) {
                (SlotState::Free, None) => {}
                (SlotState::Free, Some(grant)) => self.adopt(slot, grant, out),
                (SlotState::Pending { grant, .. }, Some(same)) if grant == same => {
                    self.slots.acknowledge(slot, grant.allocation);
                }
                (SlotState::Pending { grant, since }, other) => {
                    if asked.is_some_and(|asked| since < asked) {
                        self.free(now, slot, grant.allocation, out);
                        if let Some(other) = other {
                            self.adopt(slot, other, out);
                        }
                    }
                }
                (SlotState::Allocated { grant }, Some(same)) if grant == same => {}
                (SlotState::Allocated { grant }, other) => {
                    self.free(now, slot, grant.allocation, out);
                    if let Some(other) = other {
                        self.adopt(slot, other, out);
                    }
                }
            }
        }
        self.check_soon(now, out);
    }

    fn on_slot_request_rejected(
        &mut self,
        now: SimTime,
        slot: SlotId,
        allocation: AllocationId,
        occupied: Option<Grant>,
        out: &mut Out,
    ) {
        if self.free(now, slot, allocation, out)
            && let Some(occupied) = occupied
        {
            self.adopt(slot, occupied, out);
        }
    }

    fn on_register_job_master(
        &mut self,
        from: Address,
        job: JobId,
        id: JobMasterId,
        out: &mut Out,
    ) {
        let known = self.jobs.get(&job);
        if known.is_none_or(|known| known.id < id) {
            self.jobs.insert(job, Requirement { id, address: from, slots: 0, missing: 0 });
        }
        out.send(from, JobMasterRpc::JobMasterRegistered { id: self.id });
    }

    fn on_declare_required_resources(
        &mut self,
        now: SimTime,
        job: JobId,
        id: JobMasterId,
        slots: u32,
        out: &mut Out,
    ) {
        let Some(known) = self.jobs.get_mut(&job).filter(|known| known.id == id) else { return };
        known.slots = slots;
        out.trace(Event::Resource(ResourceEvent::ResourcesDeclared { job, slots }));
        self.check_soon(now, out);
    }

    fn on_disconnect_job_manager(&mut self, job: JobId, id: JobMasterId) {
        if self.jobs.get(&job).is_some_and(|known| known.id == id) {
            self.jobs.remove(&job);
        }
    }

    fn on_check_requirements(&mut self, now: SimTime, out: &mut Out) {
        self.check_pending = false;
        for (&job, requirement) in &mut self.jobs {
            let mut missing = requirement.slots.saturating_sub(self.slots.granted(job));
            while missing > 0
                && let Some(slot) = self.slots.next_free()
            {
                let grant = Grant { allocation: AllocationId(self.next_allocation), job };
                self.next_allocation += 1;
                missing -= 1;
                self.slots.request(slot, grant, now);
                out.trace(Event::Resource(ResourceEvent::SlotAllocated {
                    slot: self.options.slot(slot),
                    allocation: grant.allocation,
                    job,
                }));
                let request = TaskExecutorRpc::RequestSlot {
                    id: self.id,
                    executor: self.executors[&slot.node],
                    slot: slot.index,
                    grant,
                    job_master: requirement.address,
                    job_master_id: requirement.id,
                };
                out.send(task_executor(slot.node), request);
            }
            if missing > 0 && missing != requirement.missing {
                out.trace(Event::Resource(ResourceEvent::NotEnoughResources { job, missing }));
                let notify = JobMasterRpc::NotifyNotEnoughResources { missing };
                out.send(requirement.address, notify);
            }
            requirement.missing = missing;
        }
    }

    /// Gives a TaskExecutor up and tells the JobMasters that use it.
    fn lose(&mut self, now: SimTime, node: NodeId, cause: &str, out: &mut Out) {
        let Some(id) = self.executors.remove(&node) else { return };
        self.heartbeats.unmonitor(node);
        out.trace(Event::Resource(ResourceEvent::TaskExecutorLost {
            taskmanager: self.options.node(node),
            cause: cause.to_owned(),
        }));
        let mut users = BTreeSet::new();
        for (slot, grant) in self.slots.remove(node) {
            self.trace_freed(slot, grant, out);
            users.insert(grant.job);
        }
        for job in users {
            if let Some(requirement) = self.jobs.get(&job) {
                let cause = cause.to_owned();
                let gone = JobMasterRpc::DisconnectTaskManager { id, cause };
                out.send(requirement.address, gone);
            }
        }
        self.check_soon(now, out);
    }

    fn adopt(&mut self, slot: SlotId, grant: Grant, out: &mut Out) {
        self.slots.adopt(slot, grant);
        out.trace(Event::Resource(ResourceEvent::SlotAllocated {
            slot: self.options.slot(slot),
            allocation: grant.allocation,
            job: grant.job,
        }));
    }

    /// Ends a grant, if it still stands. Whether it did.
    fn free(
        &mut self,
        now: SimTime,
        slot: SlotId,
        allocation: AllocationId,
        out: &mut Out,
    ) -> bool {
        let Some(grant) = self.slots.free(slot, allocation) else { return false };
        self.trace_freed(slot, grant, out);
        self.check_soon(now, out);
        true
    }

    fn trace_freed(&self, slot: SlotId, grant: Grant, out: &mut Out) {
        out.trace(Event::Resource(ResourceEvent::SlotFreed {
            slot: self.options.slot(slot),
            allocation: grant.allocation,
            job: grant.job,
        }));
    }

    /// Matches slots and requirements a little later, if there is anything to match.
    fn check_soon(&mut self, now: SimTime, out: &mut Out) {
        let wanting =
            || self.jobs.iter().any(|(&job, known)| known.slots > self.slots.granted(job));
        if !self.check_pending && wanting() {
            self.check_pending = true;
            let at = now + REQUIREMENT_CHECK_DELAY;
            out.wake_at(at, ResourceManagerTimer::CheckRequirements);
        }
    }

    /// Whether a message of TaskExecutor `id` counts. One that is not registered is told so, and
    /// then registers again.
    fn admits(&self, id: TaskExecutorId, out: &mut Out) -> bool {
        let known = self.is_registered(id);
        if !known && self.executors.get(&id.node).is_none_or(|&other| other < id) {
            let cause = "not registered".to_owned();
            let disconnect = TaskExecutorRpc::DisconnectResourceManager { id: self.id, cause };
            out.send(task_executor(id.node), disconnect);
        }
        known
    }
}

impl Component for ResourceManager {
    type Message = ResourceManagerRpc;
    type Timer = ResourceManagerTimer;
    type Action = std::convert::Infallible;
    type Report = std::convert::Infallible;

    fn name(&self) -> Name {
        "resourcemanager".into()
    }

    fn port(&self) -> Port {
        ports::RESOURCE_MANAGER
    }

    fn on_start(&mut self, _now: SimTime, _out: &mut Out) {}

    fn on_message(
        &mut self,
        now: SimTime,
        from: Address,
        message: ResourceManagerRpc,
        out: &mut Out,
    ) {
        match message {
            ResourceManagerRpc::RegisterTaskExecutor { id, slots } => {
                self.on_register_task_executor(now, id, slots, out);
            }
            ResourceManagerRpc::SendSlotReport { id, report } => {
                if self.admits(id, out) {
                    self.on_slot_report(now, id, &report, None, out);
                }
            }
            ResourceManagerRpc::RegisterJobMaster { job, id } => {
                self.on_register_job_master(from, job, id, out);
            }
            ResourceManagerRpc::DeclareRequiredResources { job, id, slots } => {
                self.on_declare_required_resources(now, job, id, slots, out);
            }
            ResourceManagerRpc::SlotRequestAcknowledged { id, slot, allocation } => {
                if self.admits(id, out) {
                    self.slots.acknowledge(SlotId { node: id.node, index: slot }, allocation);
                }
            }
            ResourceManagerRpc::SlotRequestRejected { id, slot, allocation, occupied } => {
                if self.admits(id, out) {
                    let slot = SlotId { node: id.node, index: slot };
                    self.on_slot_request_rejected(now, slot, allocation, occupied, out);
                }
            }
            ResourceManagerRpc::NotifySlotAvailable { id, slot, allocation } => {
                if self.admits(id, out) {
                    self.free(now, SlotId { node: id.node, index: slot }, allocation, out);
                }
            }
            ResourceManagerRpc::DisconnectJobManager { job, id } => {
                self.on_disconnect_job_manager(job, id);
            }
            ResourceManagerRpc::HeartbeatFromTaskManager { id, sent, report } => {
                if self.admits(id, out) {
                    self.heartbeats.heard(id.node, now);
                    self.on_slot_report(now, id, &report, Some(sent), out);
                }
            }
        }
    }

    fn on_reset(&mut self, now: SimTime, peer: Address, out: &mut Out) {
        if peer.port == ports::TASK_EXECUTOR {
            self.lose(now, peer.node, "its process is gone", out);
        } else {
            self.jobs.retain(|_, known| known.address != peer);
        }
    }

    fn on_timer(&mut self, now: SimTime, timer: ResourceManagerTimer, out: &mut Out) {
        match timer {
            ResourceManagerTimer::CheckRequirements => self.on_check_requirements(now, out),
            ResourceManagerTimer::SendHeartbeats => self.on_send_heartbeats(now, out),
            ResourceManagerTimer::CheckHeartbeats => self.on_check_heartbeats(now, out),
        }
    }

    fn on_report(&mut self, _now: SimTime, report: Self::Report, _out: &mut Out) {
        match report {}
    }
}
