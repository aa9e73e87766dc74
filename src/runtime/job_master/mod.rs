//! The JobMaster: carries one job from its slots to its end.
//!
//! It declares how many slots the plan needs, accepts what TaskExecutors offer, deploys every
//! subtask in topological order once all slots are there, and follows the executions. The first
//! failure is the job's root cause; the rest is then cancelled. Whatever ends the job, its slots
//! are returned and the JobMaster stops.
//!
//! News may be lost. Answers to its heartbeats carry the state of every execution, and whatever
//! they show to be missing is made good ([`JobMaster::reconcile`]), so nothing waits for ever.

mod deployment;
mod executions;
mod slot_pool;
mod transitions;

use std::collections::BTreeMap;

use super::heartbeat::HeartbeatMonitor;
use super::options::{RuntimeOptions, task_executor};
use super::outbox::{Component, Outbox};
use super::ports;
use super::rpc::{
    DispatcherRpc, JobMasterRpc, JobPayload, ResourceManagerRpc, SlotOffer, TaskExecutorRpc,
};
use super::session::{ExecutionReport, JobMasterId, TaskExecutorId};
use crate::base::{AllocationId, JobId, Name, NodeId, SimTime, SlotId};
use crate::host::{Address, Port};
use crate::trace::{
    Event, ExecutionState, JobEvent, JobStatus, ResourceEvent, RpcEvent, TaskEvent,
};
use executions::{Executions, Location};
use slot_pool::SlotPool;

pub use transitions::{execution_may_become, job_may_become};

/// What a JobMaster is reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobMasterTimer {
    /// The job has waited for slots long enough.
    SlotRequestTimeout,
    /// Time to ask TaskExecutors for a sign of life.
    SendHeartbeats,
    /// Time to see who was silent for too long.
    CheckHeartbeats,
}

/// See the module.
pub struct JobMaster {
    options: RuntimeOptions,
    job: JobId,
    id: JobMasterId,
    payload: JobPayload,
    status: JobStatus,
    cause: Option<String>,
    pool: SlotPool,
    executions: Executions,
    executors: BTreeMap<NodeId, TaskExecutorId>,
    heartbeats: HeartbeatMonitor<NodeId>,
    sending_heartbeats: bool,
}

type Out = Outbox<JobMaster>;

impl JobMaster {
    /// A JobMaster for a job that the Dispatcher has taken in.
    pub fn new(options: RuntimeOptions, job: JobId, id: JobMasterId, payload: JobPayload) -> Self {
        Self {
            job,
            id,
            status: JobStatus::Initializing,
            cause: None,
            pool: SlotPool::new(payload.plan.slots.len()),
            executions: Executions::new(job, &payload.plan),
            executors: BTreeMap::new(),
            heartbeats: HeartbeatMonitor::new(options.heartbeat_timeout),
            sending_heartbeats: false,
            payload,
            options,
        }
    }

    // Slots.

    fn on_job_master_registered(&mut self, out: &mut Out) {
        let slots = u32::try_from(self.pool.required()).expect("a job has fewer than 2^18 slots");
        let declare =
            ResourceManagerRpc::DeclareRequiredResources { job: self.job, id: self.id, slots };
        out.send(self.options.resource_manager(), declare);
    }

    fn on_register_task_manager(&mut self, now: SimTime, id: TaskExecutorId, out: &mut Out) {
        if self.executors.get(&id.node).is_some_and(|&known| known < id) {
            self.lose(id.node, "its process was started anew", out);
            if self.status.is_terminal() {
                return;
            }
        }
        if !self.executors.contains_key(&id.node) {
            self.executors.insert(id.node, id);
            self.heartbeats.monitor(id.node, now);
            self.arm_heartbeats(now, out);
        }
        if self.is_connected(id) {
            let registered = TaskExecutorRpc::TaskManagerRegistered { job: self.job, id: self.id };
            out.send(task_executor(id.node), registered);
        }
    }

    fn on_offer_slots(
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
            if !known && (self.status != JobStatus::Created || self.pool.missing() == 0) {
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

    fn on_fail_slot(&mut self, id: TaskExecutorId, allocation: AllocationId, out: &mut Out) {
        if !self.is_connected(id) || self.pool.remove(allocation).is_none() {
            return;
        }
        let cause = format!("{} took a slot back", self.options.node(id.node));
        self.lose_executions(|location| location.allocation == allocation, cause, out);
    }

    fn on_slot_request_timeout(&mut self, out: &mut Out) {
        if self.status == JobStatus::Created {
            let cause = format!(
                "not enough slots: {} of {} missing after {:?} (slot.request.timeout)",
                self.pool.missing(),
                self.pool.required(),
                self.options.slot_request_timeout
            );
            self.fail(cause, out);
        }
    }

    // Executions.

    fn deploy_if_ready(&mut self, now: SimTime, out: &mut Out) {
        if self.status != JobStatus::Created || self.pool.missing() > 0 {
            return;
        }
        self.enter(JobStatus::Running, out);
        let plan = &self.payload.plan;
        deployment::place(&mut self.executions, self.job, plan, self.pool.slots(), now);
        let descriptors =
            deployment::descriptors(&self.executions, &self.payload, &self.options.task);
        for (place, descriptor) in descriptors.into_iter().enumerate() {
            self.move_to(place, ExecutionState::Deploying, None, out);
            let location = self.executions.get(place).location.expect("it was just placed");
            let submit = TaskExecutorRpc::SubmitTask {
                id: self.id,
                allocation: location.allocation,
                descriptor: Box::new(descriptor),
            };
            out.send(task_executor(location.node), submit);
        }
        // A job without any operators has nothing to wait for.
        self.finish_if_over(out);
    }

    fn on_update_task_execution_state(
        &mut self,
        id: TaskExecutorId,
        report: &ExecutionReport,
        out: &mut Out,
    ) {
        if !self.is_connected(id) {
            return;
        }
        let Some(place) = self.executions.find(report.attempt) else { return };
        if self.executions.get(place).is_alive_on(id.node) {
            self.follow(place, report, out);
        }
    }

    /// An execution that is not over turns out to be in another state.
    fn follow(&mut self, place: usize, report: &ExecutionReport, out: &mut Out) {
        use ExecutionState as S;
        let canceling = self.executions.get(place).state == S::Canceling;
        match report.state {
            S::Created | S::Scheduled | S::Deploying | S::Canceling => {}
            S::Initializing | S::Running if canceling => {}
            S::Finished | S::Canceled | S::Failed if canceling => {
                self.move_to(place, S::Canceled, None, out);
            }
            S::Initializing | S::Running => self.advance(place, report.state, out),
            S::Finished => {
                self.advance(place, S::Running, out);
                self.move_to(place, S::Finished, None, out);
            }
            // Unlike Flink: a task that its TaskManager cancelled counts as failed, since
            // otherwise its job would wait for ever.
            S::Canceled => self.fail_execution(place, "cancelled by its TaskManager", out),
            S::Failed => {
                let cause = report.cause.as_deref().unwrap_or("failed without a cause");
                self.fail_execution(place, cause, out);
            }
        }
        self.finish_if_over(out);
    }

    /// Moves on to `to` through all states before it. Stays if that is behind.
    fn advance(&mut self, place: usize, to: ExecutionState, out: &mut Out) {
        for state in [ExecutionState::Initializing, ExecutionState::Running] {
            let now = self.executions.get(place).state;
            if now < state && state <= to {
                self.move_to(place, state, None, out);
            }
        }
    }

    fn fail_execution(&mut self, place: usize, cause: &str, out: &mut Out) {
        self.move_to(place, ExecutionState::Failed, Some(cause.to_owned()), out);
        let cause = format!("{}: {cause}", self.executions.get(place).name);
        self.fail(cause, out);
    }

    /// The places of some executions are gone. Fails the job if any of them was not over.
    fn lose_executions(&mut self, lost: impl Fn(Location) -> bool, cause: String, out: &mut Out) {
        let mut any = false;
        for place in 0..self.executions.len() {
            let execution = self.executions.get(place);
            if !execution.state.is_terminal() && execution.location.is_some_and(&lost) {
                any = true;
                self.end_lost(place, &cause, out);
            }
        }
        if any {
            self.fail(cause, out);
        }
    }

    /// The place where an execution ran is gone.
    fn end_lost(&mut self, place: usize, cause: &str, out: &mut Out) {
        match self.executions.get(place).state {
            ExecutionState::Deploying | ExecutionState::Initializing | ExecutionState::Running => {
                self.move_to(place, ExecutionState::Failed, Some(cause.to_owned()), out);
            }
            ExecutionState::Canceling => {
                self.move_to(place, ExecutionState::Canceled, None, out);
            }
            ExecutionState::Created
            | ExecutionState::Scheduled
            | ExecutionState::Finished
            | ExecutionState::Canceled
            | ExecutionState::Failed => {}
        }
    }

    fn move_to(&mut self, place: usize, to: ExecutionState, cause: Option<String>, out: &mut Out) {
        let execution = self.executions.get_mut(place);
        let from = execution.enter(to);
        out.trace(Event::Task(TaskEvent::ExecutionStateChanged {
            job: self.job,
            subtask: execution.name.clone(),
            attempt: execution.attempt.attempt,
            from,
            to,
            taskmanager: execution.location.map(|location| self.options.node(location.node)),
            cause,
        }));
    }

    // The job.

    fn on_cancel_job(&mut self, out: &mut Out) {
        match self.status {
            JobStatus::Created | JobStatus::Running => {
                self.enter(JobStatus::Cancelling, out);
                self.cancel_rest(out);
            }
            JobStatus::Initializing
            | JobStatus::Failing
            | JobStatus::Failed
            | JobStatus::Cancelling
            | JobStatus::Canceled
            | JobStatus::Finished => {}
        }
    }

    /// Fails the job, if nothing else has ended it before: the first cause is its root cause.
    fn fail(&mut self, cause: String, out: &mut Out) {
        match self.status {
            JobStatus::Created | JobStatus::Running => {
                self.cause = Some(cause);
                self.enter(JobStatus::Failing, out);
                self.cancel_rest(out);
            }
            JobStatus::Failing | JobStatus::Cancelling => self.finish_if_over(out),
            JobStatus::Initializing
            | JobStatus::Failed
            | JobStatus::Canceled
            | JobStatus::Finished => {}
        }
    }

    fn cancel_rest(&mut self, out: &mut Out) {
        for place in 0..self.executions.len() {
            match self.executions.get(place).state {
                ExecutionState::Created | ExecutionState::Scheduled => {
                    self.move_to(place, ExecutionState::Canceled, None, out);
                }
                ExecutionState::Deploying
                | ExecutionState::Initializing
                | ExecutionState::Running => {
                    self.move_to(place, ExecutionState::Canceling, None, out);
                    self.send_cancel(place, out);
                }
                ExecutionState::Canceling
                | ExecutionState::Finished
                | ExecutionState::Canceled
                | ExecutionState::Failed => {}
            }
        }
        self.finish_if_over(out);
    }

    fn send_cancel(&self, place: usize, out: &mut Out) {
        let execution = self.executions.get(place);
        if let Some(location) = execution.location {
            let (attempt, task) = (execution.attempt, execution.name.clone());
            let cancel = TaskExecutorRpc::CancelTask { id: self.id, attempt, task };
            out.send(task_executor(location.node), cancel);
        }
    }

    /// Ends the job if all its executions are over.
    fn finish_if_over(&mut self, out: &mut Out) {
        if !self.executions.iter().all(|execution| execution.state.is_terminal()) {
            return;
        }
        let end = match self.status {
            JobStatus::Running => JobStatus::Finished,
            JobStatus::Failing => JobStatus::Failed,
            JobStatus::Cancelling => JobStatus::Canceled,
            JobStatus::Initializing
            | JobStatus::Created
            | JobStatus::Failed
            | JobStatus::Canceled
            | JobStatus::Finished => return,
        };
        self.enter(end, out);
        self.return_slots(out);
        let disconnect = ResourceManagerRpc::DisconnectJobManager { job: self.job, id: self.id };
        out.send(self.options.resource_manager(), disconnect);
        out.stop();
    }

    fn return_slots(&self, out: &mut Out) {
        let (job, id) = (self.job, self.id);
        for (allocation, slot) in self.pool.slots() {
            let free = TaskExecutorRpc::FreeSlot { job, id, allocation };
            out.send(task_executor(slot.node), free);
        }
        for &node in self.executors.keys() {
            let cause = format!("{:?}", self.status).to_uppercase();
            let disconnect = TaskExecutorRpc::DisconnectJobManager { job, id, cause };
            out.send(task_executor(node), disconnect);
        }
    }

    fn enter(&mut self, to: JobStatus, out: &mut Out) {
        let from = std::mem::replace(&mut self.status, to);
        assert!(job_may_become(from, to), "job {} went from {from:?} to {to:?}", self.job);
        let (job, id, cause) = (self.job, self.id, self.cause.clone());
        let event = JobEvent::JobStatusChanged { job, from, to, cause: cause.clone() };
        out.trace(Event::Job(event));
        let changed = DispatcherRpc::JobStatusChanged { job, id, status: to, cause };
        out.send(self.options.dispatcher(), changed);
    }

    // TaskExecutors.

    fn is_connected(&self, id: TaskExecutorId) -> bool {
        self.executors.get(&id.node) == Some(&id)
    }

    /// Gives a TaskExecutor up, and with it what ran there.
    fn lose(&mut self, node: NodeId, cause: &str, out: &mut Out) {
        if self.executors.remove(&node).is_none() {
            return;
        }
        self.heartbeats.unmonitor(node);
        self.pool.remove_node(node);
        let cause = format!("{} was lost: {cause}", self.options.node(node));
        self.lose_executions(|location| location.node == node, cause, out);
    }

    fn on_heartbeat_from_task_manager(
        &mut self,
        now: SimTime,
        id: TaskExecutorId,
        sent: SimTime,
        reports: &[ExecutionReport],
        out: &mut Out,
    ) {
        if !self.is_connected(id) {
            return;
        }
        self.heartbeats.heard(id.node, now);
        for report in reports {
            self.on_update_task_execution_state(id, report, out);
        }
        self.reconcile(id.node, sent, reports, out);
    }

    /// Makes lost messages good. What was sent before the heartbeat that is being answered has
    /// arrived before it or never will: an execution that is not reported never began, one that
    /// should be stopping but is not has not been told.
    fn reconcile(
        &mut self,
        node: NodeId,
        sent: SimTime,
        reports: &[ExecutionReport],
        out: &mut Out,
    ) {
        for place in 0..self.executions.len() {
            let execution = self.executions.get(place);
            let due = execution.location.is_some_and(|location| location.since < sent);
            if !execution.is_alive_on(node) || !due {
                continue;
            }
            let reported = reports.iter().any(|report| report.attempt == execution.attempt);
            let canceling = execution.state == ExecutionState::Canceling;
            match (reported, canceling) {
                (true, true) => self.send_cancel(place, out),
                (true, false) => {}
                (false, _) => {
                    let cause = format!("{} does not know it", self.options.node(node));
                    self.end_lost(place, &cause, out);
                    let name = &self.executions.get(place).name;
                    self.fail(format!("{name}: {cause}"), out);
                }
            }
        }
    }

    fn on_send_heartbeats(&mut self, now: SimTime, out: &mut Out) {
        self.sending_heartbeats = false;
        for &executor in self.executors.values() {
            let beat = TaskExecutorRpc::HeartbeatFromJobManager {
                job: self.job,
                id: self.id,
                executor,
                sent: now,
            };
            out.send(task_executor(executor.node), beat);
        }
        self.arm_heartbeats(now, out);
    }

    fn on_check_heartbeats(&mut self, now: SimTime, out: &mut Out) {
        for node in self.heartbeats.expired(now) {
            let (by, peer) = (self.name(), self.options.node(node));
            out.trace(Event::Rpc(RpcEvent::HeartbeatTimedOut { by, peer }));
            let cause = "its heartbeats stopped";
            let (job, id) = (self.job, self.id);
            let disconnect =
                TaskExecutorRpc::DisconnectJobManager { job, id, cause: cause.to_owned() };
            out.send(task_executor(node), disconnect);
            self.lose(node, cause, out);
        }
        self.arm_heartbeats(now, out);
    }

    fn arm_heartbeats(&mut self, now: SimTime, out: &mut Out) {
        if !self.sending_heartbeats && !self.executors.is_empty() {
            self.sending_heartbeats = true;
            let at = now + self.options.heartbeat_interval;
            out.wake_at(at, JobMasterTimer::SendHeartbeats);
        }
        if let Some(at) = self.heartbeats.arm() {
            out.wake_at(at, JobMasterTimer::CheckHeartbeats);
        }
    }
}

impl Component for JobMaster {
    type Message = JobMasterRpc;
    type Timer = JobMasterTimer;
    type Action = std::convert::Infallible;
    type Report = std::convert::Infallible;

    fn name(&self) -> Name {
        format!("jobmaster-{}", self.job).into()
    }

    fn port(&self) -> Port {
        ports::job_master(self.job)
    }

    fn on_start(&mut self, now: SimTime, out: &mut Out) {
        self.enter(JobStatus::Created, out);
        for place in 0..self.executions.len() {
            self.move_to(place, ExecutionState::Scheduled, None, out);
        }
        let register = ResourceManagerRpc::RegisterJobMaster { job: self.job, id: self.id };
        out.send(self.options.resource_manager(), register);
        let at = now + self.options.slot_request_timeout;
        out.wake_at(at, JobMasterTimer::SlotRequestTimeout);
        self.deploy_if_ready(now, out);
    }

    fn on_message(&mut self, now: SimTime, _from: Address, message: JobMasterRpc, out: &mut Out) {
        match message {
            JobMasterRpc::JobMasterRegistered { .. } => self.on_job_master_registered(out),
            // Unlike Flink: the slot request timeout alone decides when to stop waiting, since
            // TaskManagers of a small cluster come back.
            JobMasterRpc::NotifyNotEnoughResources { .. } => {}
            JobMasterRpc::RegisterTaskManager { id } => self.on_register_task_manager(now, id, out),
            JobMasterRpc::OfferSlots { id, slots } => self.on_offer_slots(now, id, &slots, out),
            JobMasterRpc::FailSlot { id, allocation } => self.on_fail_slot(id, allocation, out),
            JobMasterRpc::UpdateTaskExecutionState { id, report } => {
                self.on_update_task_execution_state(id, &report, out);
            }
            JobMasterRpc::DisconnectTaskManager { id, cause } => {
                if self.is_connected(id) {
                    self.lose(id.node, &cause, out);
                }
            }
            JobMasterRpc::CancelJob => self.on_cancel_job(out),
            JobMasterRpc::HeartbeatFromTaskManager { id, sent, executions } => {
                self.on_heartbeat_from_task_manager(now, id, sent, &executions, out);
            }
        }
    }

    fn on_reset(&mut self, _now: SimTime, peer: Address, out: &mut Out) {
        if peer.port == ports::TASK_EXECUTOR {
            self.lose(peer.node, "its process is gone", out);
        }
    }

    fn on_timer(&mut self, now: SimTime, timer: JobMasterTimer, out: &mut Out) {
        match timer {
            JobMasterTimer::SlotRequestTimeout => self.on_slot_request_timeout(out),
            JobMasterTimer::SendHeartbeats => self.on_send_heartbeats(now, out),
            JobMasterTimer::CheckHeartbeats => self.on_check_heartbeats(now, out),
        }
    }

    fn on_report(&mut self, _now: SimTime, report: Self::Report, _out: &mut Out) {
        match report {}
    }
}
