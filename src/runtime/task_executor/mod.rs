//! The TaskExecutor: brings slots, runs tasks in them.
//!
//! It registers with the ResourceManager, sets slots aside when asked to, offers them to the
//! JobMaster they are meant for, and runs what that JobMaster submits. A slot belongs to its
//! JobMaster until that returns it, ends or falls silent; then its tasks are stopped, and only
//! when the last of them is over is the slot free. A process that starts anew knows nothing.

mod connections;
mod slot_table;

use super::backoff;
use super::heartbeat::HeartbeatMonitor;
use super::options::RuntimeOptions;
use super::outbox::{Component, Outbox};
use super::ports;
use super::rpc::{JobMasterRpc, ResourceManagerRpc, SlotOffer, TaskExecutorRpc};
use super::session::{ExecutionReport, Grant, JobMasterId, ResourceManagerId, TaskExecutorId};
use crate::base::{AllocationId, AttemptId, JobId, Name, NodeId, SimDuration, SimTime};
use crate::host::{Address, Port};
use crate::task::{TaskDescriptor, TaskUpdate};
use crate::trace::{Event, ExecutionState, RpcEvent};
use connections::{JobTable, ResourceManagerConnection};
use slot_table::{SlotState, SlotTable};

/// Flink's `taskmanager.slot.timeout`.
const SLOT_TIMEOUT: SimDuration = SimDuration::from_secs(10);

/// What a TaskExecutor asks of its shell.
pub enum TaskAction {
    /// Start a task.
    Start(Box<TaskDescriptor>),
    /// Ask a task to stop.
    Cancel(AttemptId),
    /// Forget a task that is over.
    Remove(AttemptId),
}

/// What a task tells its TaskExecutor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskReport {
    /// Which task.
    pub attempt: AttemptId,
    /// What it says.
    pub update: TaskUpdate,
}

/// What a TaskExecutor is reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskExecutorTimer {
    /// Time to ask the ResourceManager again, if that many tries are still all there were.
    RegisterAtResourceManager {
        /// The tries.
        tries: u32,
    },
    /// Time to ask a JobMaster again.
    RegisterAtJobMaster {
        /// The job.
        job: JobId,
        /// Which connection this is about.
        generation: u32,
    },
    /// A JobMaster has had a slot on offer for long enough.
    SlotTimeout {
        /// The grant.
        allocation: AllocationId,
    },
    /// Time to see who was silent for too long.
    CheckHeartbeats,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Peer {
    ResourceManager,
    JobMaster(JobId),
}

/// See the module.
pub struct TaskExecutor {
    options: RuntimeOptions,
    id: TaskExecutorId,
    resource_manager: ResourceManagerConnection,
    jobs: JobTable,
    slots: SlotTable,
    heartbeats: HeartbeatMonitor<Peer>,
}

type Out = Outbox<TaskExecutor>;

impl TaskExecutor {
    /// A life on `node` that begins `now`.
    pub fn new(options: RuntimeOptions, node: NodeId, now: SimTime) -> Self {
        Self {
            id: TaskExecutorId { node, started: now },
            resource_manager: ResourceManagerConnection::Registering { tries: 0 },
            jobs: JobTable::default(),
            slots: SlotTable::new(options.slots),
            heartbeats: HeartbeatMonitor::new(options.heartbeat_timeout),
            options,
        }
    }

    // The ResourceManager.

    fn register_at_resource_manager(&mut self, now: SimTime, tries: u32, out: &mut Out) {
        self.resource_manager = ResourceManagerConnection::Registering { tries: tries + 1 };
        self.heartbeats.unmonitor(Peer::ResourceManager);
        let register =
            ResourceManagerRpc::RegisterTaskExecutor { id: self.id, slots: self.options.slots };
        out.send(self.options.resource_manager(), register);
        let timer = TaskExecutorTimer::RegisterAtResourceManager { tries: tries + 1 };
        out.wake_at(now + backoff::registration(tries), timer);
    }

    fn on_task_executor_registered(&mut self, now: SimTime, id: ResourceManagerId, out: &mut Out) {
        if self.resource_manager == ResourceManagerConnection::Registered(id) {
            return;
        }
        self.resource_manager = ResourceManagerConnection::Registered(id);
        self.heartbeats.monitor(Peer::ResourceManager, now);
        self.check_heartbeats_later(out);
        let report = self.slots.slot_report();
        self.tell_resource_manager(ResourceManagerRpc::SendSlotReport { id: self.id, report }, out);
    }

    fn on_disconnect_resource_manager(
        &mut self,
        now: SimTime,
        id: ResourceManagerId,
        out: &mut Out,
    ) {
        if self.resource_manager == ResourceManagerConnection::Registered(id) {
            self.register_at_resource_manager(now, 0, out);
        }
    }

    fn tell_resource_manager(&self, message: ResourceManagerRpc, out: &mut Out) {
        match self.resource_manager {
            ResourceManagerConnection::Registered(_) => {
                out.send(self.options.resource_manager(), message);
            }
            // The slot report after the registration will say it.
            ResourceManagerConnection::Registering { .. } => {}
        }
    }

    // Slots.

    fn on_request_slot(
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

    fn register_at_job_master(&mut self, now: SimTime, job: JobId, out: &mut Out) {
        let Some(connection) = self.jobs.get_mut(job) else { return };
        let wait = backoff::registration(connection.tries);
        connection.tries += 1;
        out.send(connection.address, JobMasterRpc::RegisterTaskManager { id: self.id });
        let generation = connection.generation;
        out.wake_at(now + wait, TaskExecutorTimer::RegisterAtJobMaster { job, generation });
    }

    fn on_task_manager_registered(
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

    fn on_accept_slots(
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

    fn on_slot_timeout(&mut self, allocation: AllocationId, out: &mut Out) {
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
    fn release_unused(&mut self, allocation: AllocationId, out: &mut Out) {
        let Some(slot) = self.slots.find(allocation) else { return };
        let Some(Grant { job, .. }) = self.slots.get(slot).grant() else { return };
        self.release(slot, out);
        if self.slots.held_by(job).is_empty() {
            self.disconnect_job(job, "it has no slots there any more", out);
        }
    }

    /// Ends a slot's grant: at once if no task is alive in it, else when the last one is over.
    fn release(&mut self, slot: u16, out: &mut Out) {
        for attempt in self.slots.release(slot) {
            out.act(TaskAction::Cancel(attempt));
        }
        self.free_if_released(slot, out);
    }

    fn free_if_released(&mut self, slot: u16, out: &mut Out) {
        if let Some(Grant { allocation, .. }) = self.slots.free_if_released(slot) {
            let available =
                ResourceManagerRpc::NotifySlotAvailable { id: self.id, slot, allocation };
            self.tell_resource_manager(available, out);
        }
    }

    /// Ends the connection to a JobMaster, which is told why.
    fn disconnect_job(&mut self, job: JobId, cause: &str, out: &mut Out) {
        if let Some(connection) = self.jobs.get(job) {
            let cause = cause.to_owned();
            let gone = JobMasterRpc::DisconnectTaskManager { id: self.id, cause };
            out.send(connection.address, gone);
        }
        self.drop_job(job, out);
    }

    /// Ends the connection to a JobMaster that need not be told.
    fn drop_job(&mut self, job: JobId, out: &mut Out) {
        self.jobs.close(job);
        self.heartbeats.unmonitor(Peer::JobMaster(job));
        for slot in self.slots.held_by(job) {
            self.release(slot, out);
        }
    }

    // Tasks.

    fn on_submit_task(
        &mut self,
        from: Address,
        id: JobMasterId,
        allocation: AllocationId,
        descriptor: Box<TaskDescriptor>,
        out: &mut Out,
    ) {
        let (attempt, task) = (descriptor.attempt, descriptor.name.clone());
        let connected = self.jobs.current(attempt.subtask.job, id).is_some();
        // A JobMaster that submits to a slot has accepted it.
        let slot = if connected { self.slots.activate(allocation) } else { None };
        let Some(slot) = slot else {
            let node = self.options.node(self.id.node);
            let cause = Some(format!("{node} has no slot with allocation {allocation}"));
            let state = ExecutionState::Failed;
            let report = ExecutionReport { attempt, task, state, cause };
            out.send(from, JobMasterRpc::UpdateTaskExecutionState { id: self.id, report });
            return;
        };
        if self.slots.add_task(slot, attempt, task) {
            self.report_task(attempt, out);
            out.act(TaskAction::Start(descriptor));
        }
    }

    fn on_cancel_task(&self, from: Address, attempt: AttemptId, task: Name, out: &mut Out) {
        if self.slots.is_alive(attempt) {
            out.act(TaskAction::Cancel(attempt));
        } else {
            let unknown =
                || ExecutionReport { attempt, task, state: ExecutionState::Canceled, cause: None };
            let report = self.slots.report(attempt).unwrap_or_else(unknown);
            out.send(from, JobMasterRpc::UpdateTaskExecutionState { id: self.id, report });
        }
    }

    /// Tells the task's JobMaster how it does.
    fn report_task(&self, attempt: AttemptId, out: &mut Out) {
        if let Some(report) = self.slots.report(attempt)
            && let Some(connection) = self.jobs.get(attempt.subtask.job)
        {
            let update = JobMasterRpc::UpdateTaskExecutionState { id: self.id, report };
            out.send(connection.address, update);
        }
    }

    // Heartbeats.

    fn on_heartbeat_from_resource_manager(
        &mut self,
        now: SimTime,
        id: ResourceManagerId,
        sent: SimTime,
        out: &mut Out,
    ) {
        if self.resource_manager == ResourceManagerConnection::Registered(id) {
            self.heartbeats.heard(Peer::ResourceManager, now);
            let report = self.slots.slot_report();
            let answer = ResourceManagerRpc::HeartbeatFromTaskManager { id: self.id, sent, report };
            self.tell_resource_manager(answer, out);
        }
    }

    fn on_heartbeat_from_job_manager(
        &mut self,
        now: SimTime,
        from: Address,
        (job, id): (JobId, JobMasterId),
        (executor, sent): (TaskExecutorId, SimTime),
        out: &mut Out,
    ) {
        if executor == self.id && self.jobs.current(job, id).is_some() {
            self.heartbeats.heard(Peer::JobMaster(job), now);
            let executions = self.slots.reports(job);
            let answer = JobMasterRpc::HeartbeatFromTaskManager { id: executor, sent, executions };
            out.send(from, answer);
        } else {
            let cause = "it does not know the JobMaster".to_owned();
            out.send(from, JobMasterRpc::DisconnectTaskManager { id: executor, cause });
        }
    }

    fn on_check_heartbeats(&mut self, now: SimTime, out: &mut Out) {
        for peer in self.heartbeats.expired(now) {
            let by = self.name();
            match peer {
                Peer::ResourceManager => {
                    let peer = self.options.node(self.options.jobmanager);
                    out.trace(Event::Rpc(RpcEvent::HeartbeatTimedOut { by, peer }));
                    self.register_at_resource_manager(now, 0, out);
                }
                Peer::JobMaster(job) => {
                    if let Some(connection) = self.jobs.get(job) {
                        let peer = self.options.node(connection.address.node);
                        out.trace(Event::Rpc(RpcEvent::HeartbeatTimedOut { by, peer }));
                    }
                    self.disconnect_job(job, "the JobMaster's heartbeats stopped", out);
                }
            }
        }
        self.check_heartbeats_later(out);
    }

    fn check_heartbeats_later(&mut self, out: &mut Out) {
        if let Some(at) = self.heartbeats.arm() {
            out.wake_at(at, TaskExecutorTimer::CheckHeartbeats);
        }
    }
}

impl Component for TaskExecutor {
    type Message = TaskExecutorRpc;
    type Timer = TaskExecutorTimer;
    type Action = TaskAction;
    type Report = TaskReport;

    fn name(&self) -> Name {
        "taskexecutor".into()
    }

    fn port(&self) -> Port {
        ports::TASK_EXECUTOR
    }

    fn on_start(&mut self, now: SimTime, out: &mut Out) {
        self.register_at_resource_manager(now, 0, out);
    }

    fn on_message(&mut self, now: SimTime, from: Address, message: TaskExecutorRpc, out: &mut Out) {
        match message {
            TaskExecutorRpc::TaskExecutorRegistered { id } => {
                self.on_task_executor_registered(now, id, out);
            }
            TaskExecutorRpc::RequestSlot {
                id,
                executor,
                slot,
                grant,
                job_master,
                job_master_id,
            } => {
                let registered = ResourceManagerConnection::Registered(id);
                if executor == self.id && self.resource_manager == registered {
                    self.on_request_slot(now, slot, grant, (job_master_id, job_master), out);
                }
            }
            TaskExecutorRpc::DisconnectResourceManager { id, .. } => {
                self.on_disconnect_resource_manager(now, id, out);
            }
            TaskExecutorRpc::HeartbeatFromResourceManager { id, executor, sent } => {
                if executor == self.id {
                    self.on_heartbeat_from_resource_manager(now, id, sent, out);
                }
            }
            TaskExecutorRpc::TaskManagerRegistered { job, id } => {
                self.on_task_manager_registered(now, job, id, out);
            }
            TaskExecutorRpc::AcceptSlots { job, id, accepted, rejected } => {
                if self.jobs.current(job, id).is_some() {
                    self.on_accept_slots(&accepted, &rejected, out);
                }
            }
            TaskExecutorRpc::SubmitTask { id, allocation, descriptor } => {
                self.on_submit_task(from, id, allocation, descriptor, out);
            }
            TaskExecutorRpc::CancelTask { attempt, task, .. } => {
                self.on_cancel_task(from, attempt, task, out);
            }
            TaskExecutorRpc::FreeSlot { job, id, allocation } => {
                let slot = self.slots.find(allocation);
                if let Some(slot) = slot.filter(|_| self.jobs.current(job, id).is_some()) {
                    self.release(slot, out);
                }
            }
            TaskExecutorRpc::DisconnectJobManager { job, id, .. } => {
                if self.jobs.current(job, id).is_some() {
                    self.drop_job(job, out);
                }
            }
            TaskExecutorRpc::HeartbeatFromJobManager { job, id, executor, sent } => {
                let beat = (executor, sent);
                self.on_heartbeat_from_job_manager(now, from, (job, id), beat, out);
            }
        }
    }

    fn on_reset(&mut self, now: SimTime, peer: Address, out: &mut Out) {
        if peer == self.options.resource_manager() {
            match self.resource_manager {
                ResourceManagerConnection::Registered(_) => {
                    self.register_at_resource_manager(now, 0, out);
                }
                // The pending retry asks again.
                ResourceManagerConnection::Registering { .. } => {}
            }
        } else if let Some(job) = self.jobs.at(peer) {
            self.drop_job(job, out);
        }
    }

    fn on_timer(&mut self, now: SimTime, timer: TaskExecutorTimer, out: &mut Out) {
        match timer {
            TaskExecutorTimer::RegisterAtResourceManager { tries } => {
                if self.resource_manager == (ResourceManagerConnection::Registering { tries }) {
                    self.register_at_resource_manager(now, tries, out);
                }
            }
            TaskExecutorTimer::RegisterAtJobMaster { job, generation } => {
                let pending = self
                    .jobs
                    .get(job)
                    .is_some_and(|known| known.generation == generation && !known.registered);
                if pending {
                    self.register_at_job_master(now, job, out);
                }
            }
            TaskExecutorTimer::SlotTimeout { allocation } => self.on_slot_timeout(allocation, out),
            TaskExecutorTimer::CheckHeartbeats => self.on_check_heartbeats(now, out),
        }
    }

    fn on_report(&mut self, _now: SimTime, report: TaskReport, out: &mut Out) {
        let TaskReport { attempt, update } = report;
        let (state, cause) = match update {
            TaskUpdate::Running => (ExecutionState::Running, None),
            TaskUpdate::Finished => (ExecutionState::Finished, None),
            TaskUpdate::Canceled => (ExecutionState::Canceled, None),
            TaskUpdate::Failed { cause } => (ExecutionState::Failed, Some(cause)),
        };
        let slot = self.slots.update(attempt, state, cause);
        self.report_task(attempt, out);
        if state.is_terminal() {
            out.act(TaskAction::Remove(attempt));
        }
        self.free_if_released(slot, out);
    }
}
