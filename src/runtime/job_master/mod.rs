//! The JobMaster: carries one job from its slots to its end.
//!
//! It declares how many slots the plan needs, accepts what TaskExecutors offer, deploys every
//! subtask in topological order once all slots are there, and follows the executions. The first
//! failure is the job's root cause; the rest is then cancelled. Whatever ends the job, its slots
//! are returned and the JobMaster stops.
//!
//! News may be lost. Answers to its heartbeats carry the state of every execution, and whatever
//! they show to be missing is made good (`liveness`), so nothing waits for ever.

mod deployment;
mod executions;
mod liveness;
mod offers;
mod slot_pool;
mod source_coordinator;
mod tasks;
mod transitions;

use std::collections::BTreeMap;

use super::heartbeat::HeartbeatMonitor;
use super::options::{RuntimeOptions, task_executor};
use super::outbox::{Component, Outbox};
use super::ports;
use super::rpc::{
    DispatcherRpc, JobMasterRpc, JobPayload, JobState, ResourceManagerRpc, TaskExecutorRpc,
};
use super::session::{JobMasterId, TaskExecutorId};
use crate::base::{JobId, Name, NodeId, SimTime, VertexId};
use crate::host::{Address, Port};
use crate::operator::{AccumulatorResults, merge_accumulators};
use crate::trace::{Accumulated, Event, ExecutionState, JobEvent, JobStatus};
use executions::Executions;
use slot_pool::SlotPool;
use source_coordinator::SourceCoordinators;

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
    /// Time to tell the subtasks of a source how far they may read ahead.
    AnnounceCombinedWatermark(VertexId),
}

/// See the module.
pub struct JobMaster {
    options: RuntimeOptions,
    job: JobId,
    id: JobMasterId,
    payload: JobPayload,
    status: JobStatus,
    cause: Option<String>,
    /// Merged at the end.
    accumulators: AccumulatorResults,
    pool: SlotPool,
    executions: Executions,
    executors: BTreeMap<NodeId, TaskExecutorId>,
    heartbeats: HeartbeatMonitor<NodeId>,
    sending_heartbeats: bool,
    sources: SourceCoordinators,
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
            accumulators: AccumulatorResults::new(),
            pool: SlotPool::new(payload.plan.slots.len()),
            executions: Executions::new(job, &payload.plan),
            executors: BTreeMap::new(),
            heartbeats: HeartbeatMonitor::new(options.heartbeat_timeout),
            sending_heartbeats: false,
            sources: SourceCoordinators::default(),
            payload,
            options,
        }
    }

    // The job.

    fn on_cancel_job(&mut self, out: &mut Out) {
        match self.status {
            JobStatus::Created | JobStatus::Running | JobStatus::Restarting => {
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
            JobStatus::Created | JobStatus::Running | JobStatus::Restarting => {
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
        if !self.executions.are_over() {
            return;
        }
        let end = match self.status {
            JobStatus::Running => JobStatus::Finished,
            JobStatus::Failing => JobStatus::Failed,
            JobStatus::Cancelling => JobStatus::Canceled,
            JobStatus::Initializing
            | JobStatus::Created
            | JobStatus::Restarting
            | JobStatus::Failed
            | JobStatus::Canceled
            | JobStatus::Finished => return,
        };
        self.merge_accumulators(out);
        self.enter(end, out);
        self.return_slots(out);
        let disconnect = ResourceManagerRpc::DisconnectJobManager { job: self.job, id: self.id };
        out.send(self.options.resource_manager(), disconnect);
        out.stop();
    }

    /// Merges what the subtasks have added up, in topological order and by index, since sums of
    /// doubles depend on it.
    fn merge_accumulators(&mut self, out: &mut Out) {
        let tasks = self.executions.iter().map(|execution| &execution.accumulators);
        self.accumulators = merge_accumulators(tasks);
        if !self.accumulators.is_empty() {
            let merged = self.accumulators.iter().map(|(name, result)| {
                let value = match result {
                    Ok(value) => value.to_string(),
                    Err(error) => error.to_string(),
                };
                Accumulated { name: name.clone(), value }
            });
            let accumulators = merged.collect();
            out.trace(Event::Job(JobEvent::AccumulatorsMerged { job: self.job, accumulators }));
        }
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
        let state = JobState { status: to, cause, accumulators: self.accumulators.clone() };
        out.send(self.options.dispatcher(), DispatcherRpc::JobStatusChanged { job, id, state });
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
            JobMasterRpc::SendOperatorEventToCoordinator { id, attempt, event, .. } => {
                self.on_operator_event(now, (id, attempt), &event, out);
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
            JobMasterTimer::AnnounceCombinedWatermark(source) => {
                self.on_announce_combined_watermark(now, source, out);
            }
        }
    }

    fn on_report(&mut self, _now: SimTime, report: Self::Report, _out: &mut Out) {
        match report {}
    }
}
