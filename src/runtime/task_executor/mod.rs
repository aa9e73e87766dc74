//! The TaskExecutor: brings slots, runs tasks in them.
//!
//! It registers with the ResourceManager, sets slots aside when asked to, offers them to the
//! JobMaster they are meant for, and runs what that JobMaster submits. A slot belongs to its
//! JobMaster until that returns it, ends or falls silent; then its tasks are stopped, and only
//! when the last of them is over is the slot free. A process that starts anew knows nothing.

mod connections;
mod granting;
mod liveness;
mod slot_table;

use super::backoff;
use super::heartbeat::HeartbeatMonitor;
use super::options::RuntimeOptions;
use super::outbox::{Component, Outbox};
use super::ports;
use super::rpc::{JobMasterRpc, ResourceManagerRpc, TaskExecutorRpc};
use super::session::{ExecutionReport, JobMasterId, ResourceManagerId, TaskExecutorId};
use crate::base::{AllocationId, AttemptId, JobId, Name, NodeId, SimTime};
use crate::host::{Address, Port};
use crate::operator::{AccumulatorValues, CoordinatorEvent};
use crate::task::{CheckpointLetter, TaskDescriptor, TaskUpdate};
use crate::trace::ExecutionState;
use connections::{JobTable, ResourceManagerConnection};
use slot_table::SlotTable;

/// What a TaskExecutor asks of its shell.
pub enum TaskAction {
    /// Start a task.
    Start(Box<TaskDescriptor>),
    /// Ask a task to stop.
    Cancel(AttemptId),
    /// Hand a task's operator what its coordinator tells it.
    SendOperatorEvent(AttemptId, CoordinatorEvent),
    /// Tell a task of a checkpoint.
    Checkpoint(AttemptId, CheckpointLetter),
    /// Forget a task that is over.
    Remove(AttemptId),
}

/// What a task tells its TaskExecutor.
#[derive(Clone, Debug, PartialEq)]
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
            let (state, accumulators) = (ExecutionState::Failed, AccumulatorValues::new());
            let report =
                ExecutionReport { attempt, task, state, cause, unusable: None, accumulators };
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
            let unknown = || {
                let (state, accumulators) = (ExecutionState::Canceled, AccumulatorValues::new());
                ExecutionReport { attempt, task, state, cause: None, unusable: None, accumulators }
            };
            let report = self.slots.report(attempt).unwrap_or_else(unknown);
            out.send(from, JobMasterRpc::UpdateTaskExecutionState { id: self.id, report });
        }
    }

    /// Tells a task's JobMaster something of it.
    fn tell_job_master(
        &self,
        attempt: AttemptId,
        out: &mut Out,
        message: impl FnOnce(TaskExecutorId, Name) -> JobMasterRpc,
    ) {
        if let Some(report) = self.slots.report(attempt)
            && let Some(connection) = self.jobs.get(attempt.subtask.job)
        {
            out.send(connection.address, message(self.id, report.task));
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
            TaskExecutorRpc::SendOperatorEventToTask { id, attempt, event, .. } => {
                let connected = self.jobs.current(attempt.subtask.job, id).is_some();
                if connected && self.slots.is_alive(attempt) {
                    out.act(TaskAction::SendOperatorEvent(attempt, event));
                }
            }
            TaskExecutorRpc::Checkpoint { id, attempt, letter, .. } => {
                let connected = self.jobs.current(attempt.subtask.job, id).is_some();
                if connected && self.slots.is_alive(attempt) {
                    out.act(TaskAction::Checkpoint(attempt, letter));
                }
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
            TaskUpdate::Running => (ExecutionState::Running, (None, None)),
            TaskUpdate::Finished => (ExecutionState::Finished, (None, None)),
            TaskUpdate::Canceled => (ExecutionState::Canceled, (None, None)),
            TaskUpdate::Failed { cause, unusable } => {
                (ExecutionState::Failed, (Some(cause), unusable))
            }
            TaskUpdate::Acknowledged(acknowledgement) => {
                return self.tell_job_master(attempt, out, |id, task| {
                    JobMasterRpc::AcknowledgeCheckpoint { id, attempt, task, acknowledgement }
                });
            }
            TaskUpdate::Declined { checkpoint, failure, reason } => {
                return self.tell_job_master(attempt, out, |id, task| {
                    JobMasterRpc::DeclineCheckpoint {
                        id,
                        attempt,
                        task,
                        checkpoint,
                        failure,
                        reason,
                    }
                });
            }
            TaskUpdate::OperatorEvent(event) => {
                return self.tell_job_master(attempt, out, |id, task| {
                    JobMasterRpc::SendOperatorEventToCoordinator { id, attempt, task, event }
                });
            }
            TaskUpdate::Accumulated(values) => return self.slots.accumulate(attempt, values),
        };
        let slot = self.slots.update(attempt, state, cause);
        self.report_task(attempt, out);
        if state.is_terminal() {
            out.act(TaskAction::Remove(attempt));
        }
        self.free_if_released(slot, out);
    }
}
