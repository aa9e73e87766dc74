//! A JobMaster and its checkpoints: what the coordinator decides becomes messages, files, events.
//!
//! Previous: [`CheckpointCoordinator`]. Next: the tasks, and durable storage.

use super::{JobMaster, JobMasterAction, JobMasterTimer, Out};
use crate::base::{AttemptId, CheckpointId, Name, SimTime, SubtaskId};
use crate::checkpoint::coordinator::{
    Acknowledgement, CheckpointCoordinator, CheckpointMetrics, CheckpointPlan, JobEnd, Metadata,
    Tick,
};
use crate::checkpoint::{CheckpointBarrier, CheckpointFailure, StateHandle, SubtaskState};
use crate::graph::VertexSubtask;
use crate::host::StorageError;
use crate::runtime::options::{RuntimeOptions, task_executor};
use crate::runtime::rpc::TaskExecutorRpc;
use crate::runtime::session::TaskExecutorId;
use crate::task::{CheckpointLetter, RestoreState, TaskAcknowledgement, TaskRestore};
use crate::trace::{CheckpointEvent, Event, ExecutionState, JobStatus};

/// The coordinator of a job, if it is checkpointed.
pub(super) fn coordinator(
    options: &RuntimeOptions,
    job: crate::base::JobId,
) -> Option<CheckpointCoordinator> {
    let config = options.checkpointing.as_ref()?;
    let (config, parts) = ((**config).clone(), (*options.completion).clone());
    Some(CheckpointCoordinator::new(config, parts, format!("job-{job}")))
}

impl JobMaster {
    // When they begin.

    /// The tasks have been deployed: checkpoints begin from now on.
    pub(super) fn start_checkpoints(&mut self, now: SimTime, out: &mut Out) {
        self.ticks += 1;
        if let Some(coordinator) = &mut self.checkpoints {
            let at = coordinator.first_tick(now);
            out.wake_at(at, JobMasterTimer::CheckpointTick { ticks: self.ticks });
        }
    }

    pub(super) fn on_checkpoint_tick(&mut self, ticks: u32, out: &mut Out) {
        if ticks == self.ticks && self.status == JobStatus::Running {
            out.act(JobMasterAction::ReadClock);
        }
    }

    /// The node's clock, at the moment at which a checkpoint may begin.
    pub(super) fn on_clock(&mut self, now: SimTime, clock_ms: i64, out: &mut Out) {
        if self.status != JobStatus::Running {
            return;
        }
        let Some(coordinator) = &mut self.checkpoints else { return };
        match coordinator.tick(now, clock_ms) {
            Tick::Later(at) => self.tick_at(at, out),
            Tick::Waits => {
                let reason = "the maximum number of concurrent checkpoints is underway".into();
                self.tell(CheckpointEvent::CheckpointNotTriggered { job: self.job, reason }, out);
            }
            Tick::Begin(barrier) => {
                let next = now + coordinator.config().interval;
                self.tick_at(next, out);
                match self.checkpoint_plan() {
                    Ok(plan) => self.begin_checkpoint(now, barrier, &plan, out),
                    Err(reason) => {
                        let (job, reason) = (self.job, reason.into());
                        self.tell(CheckpointEvent::CheckpointNotTriggered { job, reason }, out);
                    }
                }
            }
        }
    }

    fn tick_at(&mut self, at: SimTime, out: &mut Out) {
        self.ticks += 1;
        out.wake_at(at, JobMasterTimer::CheckpointTick { ticks: self.ticks });
    }

    /// Which subtasks a checkpoint that begins now is about (Flink's
    /// `DefaultCheckpointPlanCalculator`).
    fn checkpoint_plan(&self) -> Result<CheckpointPlan, &'static str> {
        let mut plan = CheckpointPlan::default();
        for execution in self.executions.iter() {
            let subtask = execution.attempt.subtask;
            match execution.state {
                _ if execution.has_finished() => plan.finished.push(subtask),
                ExecutionState::Running => plan.expected.push(subtask),
                _ => return Err("Not all required tasks are currently running."),
            }
        }
        if plan.expected.is_empty() {
            return Err("Some tasks of the job have already finished and none is left.");
        }
        let graph = &self.payload.plan.execution;
        let waits = |subtask: SubtaskId| {
            let mut channels = graph.job.edges_into(subtask.vertex).flat_map(|(place, edge)| {
                let channels = graph.channels_into(place, u32::from(subtask.index));
                channels.iter().map(move |channel| (edge.source, channel.producer))
            });
            channels.any(|(vertex, index)| {
                let place = self.executions.place(VertexSubtask { vertex, index });
                !self.executions.get(place).has_finished()
            })
        };
        plan.triggered = plan.expected.iter().copied().filter(|it| !waits(*it)).collect();
        Ok(plan)
    }

    fn begin_checkpoint(
        &mut self,
        now: SimTime,
        barrier: CheckpointBarrier,
        plan: &CheckpointPlan,
        out: &mut Out,
    ) {
        let Some(coordinator) = &mut self.checkpoints else { return };
        let expires = coordinator.begin(now, barrier, plan);
        let names =
            |subtasks: &[SubtaskId]| subtasks.iter().map(|it| self.subtask_name(*it)).collect();
        let triggered = CheckpointEvent::CheckpointTriggered {
            job: self.job,
            checkpoint: barrier.id,
            barriers: barrier.kind.word().into(),
            sources: names(&plan.triggered),
            tasks: names(&plan.expected),
            finished: names(&plan.finished),
        };
        self.tell(triggered, out);
        out.wake_at(expires, JobMasterTimer::CheckpointTimeout(barrier.id));
        for &subtask in &plan.triggered {
            self.write_to(subtask, CheckpointLetter::Trigger(barrier), out);
        }
    }

    // How they go on.

    pub(super) fn on_acknowledge(
        &mut self,
        now: SimTime,
        (id, attempt): (TaskExecutorId, AttemptId),
        task: Name,
        acknowledgement: TaskAcknowledgement,
        out: &mut Out,
    ) {
        let TaskAcknowledgement { checkpoint, state, metrics } = acknowledgement;
        let is_current = self.is_connected(id) && self.executions.find(attempt).is_some();
        let Some(coordinator) = &mut self.checkpoints else { return };
        if !is_current {
            let (reason, files) =
                ("the attempt has been replaced".into(), coordinator.refuse(&state));
            self.tell_ignored((task, attempt), checkpoint, reason, out);
            return delete(files, out);
        }
        let acknowledged = acknowledged(&task, attempt, checkpoint, &state, metrics);
        let stored = metrics.stored_bytes;
        match coordinator.acknowledge(checkpoint, attempt.subtask, state, stored) {
            Acknowledgement::Taken => self.tell(acknowledged, out),
            Acknowledgement::Last(metadata) => {
                self.tell(acknowledged, out);
                self.store_metadata(now, checkpoint, metadata, out);
            }
            Acknowledgement::Ignored { reason, files } => {
                self.tell_ignored((task, attempt), checkpoint, reason.into(), out);
                delete(files, out);
            }
        }
    }

    fn tell_ignored(
        &self,
        (subtask, attempt): (Name, AttemptId),
        checkpoint: CheckpointId,
        reason: Name,
        out: &mut Out,
    ) {
        let (job, attempt) = (self.job, attempt.attempt);
        let ignored =
            CheckpointEvent::AcknowledgementIgnored { job, subtask, attempt, checkpoint, reason };
        self.tell(ignored, out);
    }

    fn store_metadata(
        &mut self,
        now: SimTime,
        checkpoint: CheckpointId,
        metadata: Metadata,
        out: &mut Out,
    ) {
        let Metadata { path, bytes, notify_now } = metadata;
        if notify_now {
            self.write_to_all(CheckpointLetter::Complete(checkpoint), out);
        }
        match path {
            Some(path) => {
                out.act(JobMasterAction::Store { checkpoint, path, contents: bytes.into() });
            }
            None => self.on_metadata_stored(now, checkpoint, Ok(()), out),
        }
    }

    pub(super) fn on_metadata_stored(
        &mut self,
        now: SimTime,
        checkpoint: CheckpointId,
        result: Result<(), StorageError>,
        out: &mut Out,
    ) {
        if let Err(error) = result {
            let failure = CheckpointFailure::FinalizeFailure;
            return self.abort_checkpoint(checkpoint, failure, &error.to_string(), out);
        }
        let (job, Some(coordinator)) = (self.job, &mut self.checkpoints) else { return };
        let path = self.options.storage.map(|_| coordinator.metadata_path(checkpoint).into());
        let in_files =
            coordinator.config().storage == crate::checkpoint::CheckpointStorage::Filesystem;
        let Some(completion) = coordinator.metadata_stored(now, checkpoint) else { return };
        let path = path.filter(|_| in_files);
        self.tell(CheckpointEvent::MetadataStored { job, checkpoint, path }, out);
        let completed = CheckpointEvent::CheckpointCompleted {
            job,
            checkpoint,
            duration_us: completion.duration_us,
            bytes: completion.bytes,
            stored_bytes: completion.stored_bytes,
        };
        self.tell(completed, out);
        for (subsumed, files) in completion.subsumed {
            let reason = CheckpointFailure::Subsumed.to_string().into();
            let aborted = CheckpointEvent::CheckpointAborted { job, checkpoint: subsumed, reason };
            self.tell(aborted, out);
            delete(files, out);
        }
        if completion.notify {
            self.write_to_all(CheckpointLetter::Complete(checkpoint), out);
        }
        self.discard_checkpoints(out);
        self.begin_queued(out);
    }

    fn discard_checkpoints(&mut self, out: &mut Out) {
        let Some(coordinator) = &mut self.checkpoints else { return };
        let discarded = coordinator.discard();
        self.tell_discarded(discarded, out);
    }

    fn tell_discarded(&self, discarded: Vec<(CheckpointId, Vec<String>)>, out: &mut Out) {
        for (checkpoint, files) in discarded {
            let names = files.iter().map(|file| file.as_str().into()).collect();
            let job = self.job;
            self.tell(CheckpointEvent::CheckpointDiscarded { job, checkpoint, files: names }, out);
            delete(files, out);
        }
    }

    fn begin_queued(&mut self, out: &mut Out) {
        if self.checkpoints.as_mut().is_some_and(CheckpointCoordinator::take_queued)
            && self.status == JobStatus::Running
        {
            out.act(JobMasterAction::ReadClock);
        }
    }

    // How they fail.

    pub(super) fn on_decline(
        &mut self,
        attempt: AttemptId,
        task: Name,
        checkpoint: CheckpointId,
        (failure, reason): (CheckpointFailure, String),
        out: &mut Out,
    ) {
        let is_pending = self.checkpoints.as_ref().is_some_and(|it| it.is_pending(checkpoint));
        if !is_pending || self.executions.find(attempt).is_none() {
            return;
        }
        let declined = CheckpointEvent::CheckpointDeclined {
            job: self.job,
            subtask: task,
            attempt: attempt.attempt,
            checkpoint,
            reason: reason.as_str().into(),
        };
        self.tell(declined, out);
        self.abort_checkpoint(checkpoint, failure, &reason, out);
    }

    pub(super) fn on_checkpoint_timeout(&mut self, checkpoint: CheckpointId, out: &mut Out) {
        let failure = CheckpointFailure::Expired;
        self.abort_checkpoint(checkpoint, failure, &failure.to_string(), out);
    }

    /// A subtask has finished: checkpoints that wait for it will wait in vain.
    pub(super) fn on_subtask_finished(&mut self, subtask: SubtaskId, out: &mut Out) {
        let waiting = self.checkpoints.as_ref().map(|it| it.waiting_for(subtask));
        for checkpoint in waiting.unwrap_or_default() {
            let failure = CheckpointFailure::DeclinedTaskClosing;
            self.abort_checkpoint(checkpoint, failure, &failure.to_string(), out);
        }
    }

    fn abort_checkpoint(
        &mut self,
        checkpoint: CheckpointId,
        failure: CheckpointFailure,
        reason: &str,
        out: &mut Out,
    ) {
        let Some(coordinator) = &mut self.checkpoints else { return };
        let Some(abortion) = coordinator.abort(checkpoint, failure) else { return };
        let aborted =
            CheckpointEvent::CheckpointAborted { job: self.job, checkpoint, reason: reason.into() };
        self.tell(aborted, out);
        delete(abortion.files, out);
        self.write_to_all(CheckpointLetter::Aborted(checkpoint), out);
        self.discard_checkpoints(out);
        if abortion.fails_job {
            let cause = format!(
                "Exceeded checkpoint tolerable failure threshold. The latest checkpoint failed due \
                 to {reason}"
            );
            self.fail(cause, out);
        } else {
            self.begin_queued(out);
        }
    }

    /// No checkpoint begins any more, and those that are underway come to nothing.
    pub(super) fn stop_checkpoints(&mut self, failure: CheckpointFailure, out: &mut Out) {
        self.ticks += 1;
        let pending: Vec<_> =
            self.checkpoints.iter().flat_map(CheckpointCoordinator::pending).collect();
        for checkpoint in pending {
            self.abort_checkpoint(checkpoint, failure, &failure.to_string(), out);
        }
        if let Some(coordinator) = &mut self.checkpoints {
            coordinator.take_queued();
        }
    }

    /// The job has ended.
    pub(super) fn end_checkpoints(&mut self, end: JobEnd, out: &mut Out) {
        self.stop_checkpoints(CheckpointFailure::CoordinatorShutdown, out);
        let Some(coordinator) = &mut self.checkpoints else { return };
        let discarded = coordinator.end(end);
        self.tell_discarded(discarded, out);
    }

    // What they hold.

    /// The checkpoint that a restart goes back to.
    pub(super) fn restorable(&self) -> Option<CheckpointId> {
        Some(self.checkpoints.as_ref()?.latest()?.id)
    }

    /// What the latest checkpoint has of a subtask.
    pub(super) fn restore_of(&self, subtask: SubtaskId) -> Option<TaskRestore> {
        let latest = self.checkpoints.as_ref()?.latest()?;
        let state = if latest.finished.contains(&subtask) {
            RestoreState::Finished
        } else {
            let own = latest.subtasks.get(&subtask)?.clone();
            let of_vertex = latest.subtasks.iter().filter(|(it, _)| it.vertex == subtask.vertex);
            let of_vertex: Vec<&SubtaskState> = of_vertex.map(|(_, state)| state).collect();
            let union = of_vertex.iter().any(|state| state.has_union);
            let siblings: Vec<StateHandle> = match union {
                true => of_vertex.iter().map(|state| state.snapshot.clone()).collect(),
                false => Vec::new(),
            };
            RestoreState::Stored { own, siblings }
        };
        Some(TaskRestore { checkpoint: latest.id, state })
    }

    // To whom it speaks.

    fn write_to_all(&self, letter: CheckpointLetter, out: &mut Out) {
        for execution in self.executions.iter() {
            if execution.state == ExecutionState::Running {
                self.write_to(execution.attempt.subtask, letter, out);
            }
        }
    }

    fn write_to(&self, subtask: SubtaskId, letter: CheckpointLetter, out: &mut Out) {
        let SubtaskId { vertex, index, .. } = subtask;
        let place = self.executions.place(VertexSubtask { vertex, index: u32::from(index) });
        let execution = self.executions.get(place);
        if let Some(location) = execution.location {
            let (id, attempt, task) = (self.id, execution.attempt, execution.name.clone());
            let message = TaskExecutorRpc::Checkpoint { id, attempt, task, letter };
            out.send(task_executor(location.node), message);
        }
    }

    fn subtask_name(&self, subtask: SubtaskId) -> Name {
        let SubtaskId { vertex, index, .. } = subtask;
        let place = self.executions.place(VertexSubtask { vertex, index: u32::from(index) });
        self.executions.get(place).name.clone()
    }

    fn tell(&self, event: CheckpointEvent, out: &mut Out) {
        out.trace(Event::Checkpoint(event));
    }
}

fn acknowledged(
    task: &Name,
    attempt: AttemptId,
    checkpoint: CheckpointId,
    state: &SubtaskState,
    metrics: CheckpointMetrics,
) -> CheckpointEvent {
    CheckpointEvent::CheckpointAcknowledged {
        job: attempt.subtask.job,
        subtask: task.clone(),
        attempt: attempt.attempt,
        checkpoint,
        files: state.files().map(crate::task::stored_file).collect(),
        bytes: state.bytes(),
        stored_bytes: metrics.stored_bytes,
        in_flight_bytes: metrics.in_flight_bytes,
        start_delay_us: metrics.start_delay_us,
        alignment_us: metrics.alignment_us,
        sync_us: metrics.sync_us,
        async_us: metrics.async_us,
    }
}

fn delete(files: Vec<String>, out: &mut Out) {
    for path in files {
        out.act(JobMasterAction::Delete { path });
    }
}
