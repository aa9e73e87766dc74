//! The JobMaster: carries one job from its slots to its end.
//!
//! It declares how many slots the plan needs, accepts what TaskExecutors offer, deploys every
//! subtask in topological order once all slots are there, and follows the executions. The first
//! failure is the job's root cause; the rest is then cancelled. Whatever ends the job, its slots
//! are returned and the JobMaster stops.
//!
//! News may be lost. Answers to its heartbeats carry the state of every execution, and whatever
//! they show to be missing is made good (`liveness`), so nothing waits for ever.

mod checkpointing;
mod deployment;
mod executions;
mod liveness;
mod offers;
mod restarting;
mod slot_pool;
mod source_coordinator;
mod tasks;
mod transitions;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::heartbeat::HeartbeatMonitor;
use super::options::{RuntimeOptions, task_executor};
use super::outbox::{Component, Outbox};
use super::ports;
use super::rpc::{
    DispatcherRpc, JobMasterRpc, JobPayload, JobState, ResourceManagerRpc, TaskExecutorRpc,
};
use super::session::{JobMasterId, TaskExecutorId};
use crate::base::{CheckpointId, JobId, Name, NodeId, SimTime, VertexId};
use crate::checkpoint::coordinator::{CheckpointCoordinator, JobEnd};
use crate::failover::Restarts;
use crate::host::{Address, Port, StorageError};
use crate::operator::{AccumulatorResults, merge_accumulators};
use crate::task::SubtaskNames;
use crate::trace::{Accumulated, Event, ExecutionState, JobEvent, JobStatus};
use executions::Executions;
use slot_pool::SlotPool;
use source_coordinator::SourceCoordinators;

pub use transitions::{execution_may_become, job_may_become};

/// What a JobMaster is reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobMasterTimer {
    /// The job has waited for slots long enough.
    SlotRequestTimeout {
        /// The restart that waits for them.
        restart: u32,
    },
    /// Time to ask TaskExecutors for a sign of life.
    SendHeartbeats,
    /// Time to see who was silent for too long.
    CheckHeartbeats,
    /// Time to tell the subtasks of a source how far they may read ahead.
    AnnounceCombinedWatermark(VertexId),
    /// A checkpoint may begin, unless something else was decided since.
    CheckpointTick {
        /// How many moments had been chosen.
        ticks: u32,
    },
    /// A checkpoint has taken too long.
    CheckpointTimeout(CheckpointId),
    /// The delay of a restart has passed.
    Restart {
        /// The how-manieth.
        restart: u32,
    },
}

/// What a JobMaster asks of its shell.
pub enum JobMasterAction {
    /// To be told what the node's clock shows.
    ReadClock,
    /// Store the metadata of a checkpoint.
    Store {
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Where.
        path: String,
        /// What.
        contents: Arc<[u8]>,
    },
    /// Remove a file.
    Delete {
        /// Which.
        path: String,
    },
}

/// What comes back.
pub enum JobMasterReport {
    /// What the clock shows, in milliseconds since 1970.
    Clock(i64),
    /// What became of the metadata of a checkpoint.
    Stored(CheckpointId, Result<(), StorageError>),
}

/// See the module.
pub struct JobMaster {
    options: RuntimeOptions,
    job: JobId,
    id: JobMasterId,
    payload: JobPayload,
    names: Arc<SubtaskNames>,
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
    checkpoints: Option<CheckpointCoordinator>,
    /// How many moments were chosen at which a checkpoint may begin: only the last one counts.
    ticks: u32,
    restarts: Restarts,
    restart_count: u32,
    /// The delay of the restart at hand has passed.
    restart_due: bool,
    /// How many executions were deployed in all attempts.
    deployed: u32,
    /// The moment of what is handled.
    now: SimTime,
}

type Out = Outbox<JobMaster>;

impl JobMaster {
    /// A JobMaster for a job that the Dispatcher has taken in.
    pub fn new(options: RuntimeOptions, job: JobId, id: JobMasterId, payload: JobPayload) -> Self {
        let names = Arc::new(SubtaskNames::new(&payload.plan));
        Self {
            job,
            id,
            status: JobStatus::Initializing,
            cause: None,
            accumulators: AccumulatorResults::new(),
            pool: SlotPool::new(payload.plan.slots.len()),
            executions: Executions::new(job, &payload.plan, &names),
            executors: BTreeMap::new(),
            heartbeats: HeartbeatMonitor::new(options.heartbeat_timeout),
            sending_heartbeats: false,
            sources: SourceCoordinators::default(),
            checkpoints: checkpointing::coordinator(&options, job),
            ticks: 0,
            restarts: Restarts::new(options.restart)
                .expect("a strategy is checked when it is given"),
            restart_count: 0,
            restart_due: false,
            deployed: 0,
            now: id.0,
            payload,
            names,
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
        if self.status == JobStatus::Restarting {
            return self.restart_if_over(out);
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
        self.end_checkpoints(job_end(end), out);
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
    type Action = JobMasterAction;
    type Report = JobMasterReport;

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
        out.wake_at(at, JobMasterTimer::SlotRequestTimeout { restart: 0 });
        self.deploy_if_ready(now, out);
    }

    fn on_message(&mut self, now: SimTime, _from: Address, message: JobMasterRpc, out: &mut Out) {
        self.now = now;
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
            JobMasterRpc::AcknowledgeCheckpoint { id, attempt, task, acknowledgement } => {
                self.on_acknowledge(now, (id, attempt), task, *acknowledgement, out);
            }
            JobMasterRpc::DeclineCheckpoint {
                attempt, task, checkpoint, failure, reason, ..
            } => {
                self.on_decline(attempt, task, checkpoint, (failure, reason), out);
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

    fn on_reset(&mut self, now: SimTime, peer: Address, out: &mut Out) {
        self.now = now;
        if peer.port == ports::TASK_EXECUTOR {
            self.lose(peer.node, "its process is gone", out);
        }
    }

    fn on_timer(&mut self, now: SimTime, timer: JobMasterTimer, out: &mut Out) {
        self.now = now;
        match timer {
            JobMasterTimer::SlotRequestTimeout { restart } => {
                self.on_slot_request_timeout(restart, out);
            }
            JobMasterTimer::CheckpointTick { ticks } => self.on_checkpoint_tick(ticks, out),
            JobMasterTimer::CheckpointTimeout(id) => self.on_checkpoint_timeout(id, out),
            JobMasterTimer::Restart { restart } => self.on_restart(restart, out),
            JobMasterTimer::SendHeartbeats => self.on_send_heartbeats(now, out),
            JobMasterTimer::CheckHeartbeats => self.on_check_heartbeats(now, out),
            JobMasterTimer::AnnounceCombinedWatermark(source) => {
                self.on_announce_combined_watermark(now, source, out);
            }
        }
    }

    fn on_report(&mut self, now: SimTime, report: JobMasterReport, out: &mut Out) {
        self.now = now;
        match report {
            JobMasterReport::Clock(clock_ms) => self.on_clock(now, clock_ms, out),
            JobMasterReport::Stored(checkpoint, result) => {
                self.on_metadata_stored(now, checkpoint, result, out);
            }
        }
    }
}

fn job_end(status: JobStatus) -> JobEnd {
    match status {
        JobStatus::Finished => JobEnd::Finished,
        JobStatus::Canceled => JobEnd::Canceled,
        _ => JobEnd::Failed,
    }
}
