//! A JobMaster and its executions: deploying them and following them.

use super::deployment;
use super::executions::Location;
use super::{JobMaster, Out};
use crate::base::SimTime;
use crate::runtime::options::task_executor;
use crate::runtime::rpc::TaskExecutorRpc;
use crate::runtime::session::{ExecutionReport, TaskExecutorId};
use crate::trace::{Event, ExecutionState, JobStatus, TaskEvent};

impl JobMaster {
    pub(super) fn deploy_if_ready(&mut self, now: SimTime, out: &mut Out) {
        if self.pool.missing() > 0 {
            return;
        }
        let waits = match self.status {
            JobStatus::Created => true,
            JobStatus::Restarting => self.executions.are_scheduled(),
            _ => false,
        };
        if !waits {
            return;
        }
        self.enter(JobStatus::Running, out);
        self.tell_restored(out);
        let plan = &self.payload.plan;
        deployment::place(
            &mut self.executions,
            self.job,
            plan,
            self.pool.slots(),
            (now, self.deployed),
        );
        self.deployed = self.deployed.wrapping_add(self.executions.len() as u32);
        let restore = |subtask| self.restore_of(subtask);
        let job = (&self.payload, &self.names);
        let descriptors = deployment::descriptors(&self.executions, job, &self.options, restore);
        for (place, descriptor) in descriptors.into_iter().enumerate() {
            self.move_to(place, ExecutionState::Deploying, None, out);
            let execution = self.executions.get_mut(place);
            execution.finished_before = descriptor.had_finished();
            let location = execution.location.expect("it was just placed");
            let submit = TaskExecutorRpc::SubmitTask {
                id: self.id,
                allocation: location.allocation,
                descriptor: Box::new(descriptor),
            };
            out.send(task_executor(location.node), submit);
        }
        self.start_checkpoints(now, out);
        // A job without any operators has nothing to wait for.
        self.finish_if_over(out);
    }

    pub(super) fn on_update_task_execution_state(
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
            if report.state.is_terminal() {
                self.executions.get_mut(place).accumulators.clone_from(&report.accumulators);
            }
            self.follow(place, report, out);
        }
    }

    /// An execution that is not over turns out to be in another state.
    pub(super) fn follow(&mut self, place: usize, report: &ExecutionReport, out: &mut Out) {
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
                match report.unusable {
                    None => self.fail_execution(place, cause, out),
                    Some(checkpoint) => {
                        let cause = self.end_execution(place, cause, out);
                        self.on_unusable(checkpoint, cause, out);
                    }
                }
            }
        }
        self.finish_if_over(out);
    }

    /// Moves on to `to` through all states before it. Stays if that is behind.
    pub(super) fn advance(&mut self, place: usize, to: ExecutionState, out: &mut Out) {
        for state in [ExecutionState::Initializing, ExecutionState::Running] {
            let now = self.executions.get(place).state;
            if now < state && state <= to {
                self.move_to(place, state, None, out);
            }
        }
    }

    pub(super) fn fail_execution(&mut self, place: usize, cause: &str, out: &mut Out) {
        let cause = self.end_execution(place, cause, out);
        self.fail(cause, out);
    }

    fn end_execution(&mut self, place: usize, cause: &str, out: &mut Out) -> String {
        self.move_to(place, ExecutionState::Failed, Some(cause.to_owned()), out);
        format!("{}: {cause}", self.executions.get(place).name)
    }

    /// The places of some executions are gone. Fails the job if any of them was not over.
    pub(super) fn lose_executions(
        &mut self,
        lost: impl Fn(Location) -> bool,
        cause: String,
        out: &mut Out,
    ) {
        let mut failed = false;
        for place in 0..self.executions.len() {
            let execution = self.executions.get(place);
            if !execution.state.is_terminal() && execution.location.is_some_and(&lost) {
                // One that was being cancelled is no news: what failed has been dealt with.
                failed |= execution.state != ExecutionState::Canceling;
                self.end_lost(place, &cause, out);
            }
        }
        if failed {
            self.fail(cause, out);
        } else {
            self.finish_if_over(out);
        }
    }

    /// The place where an execution ran is gone.
    pub(super) fn end_lost(&mut self, place: usize, cause: &str, out: &mut Out) {
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

    pub(super) fn move_to(
        &mut self,
        place: usize,
        to: ExecutionState,
        cause: Option<String>,
        out: &mut Out,
    ) {
        let from = self.executions.enter(place, to);
        let execution = self.executions.get(place);
        let subtask = execution.attempt.subtask;
        if to.is_terminal() {
            self.sources.on_subtask_over(subtask);
        }
        out.trace(Event::Task(TaskEvent::ExecutionStateChanged {
            job: self.job,
            subtask: execution.name.clone(),
            attempt: execution.attempt.attempt,
            from,
            to,
            taskmanager: execution.location.map(|location| self.options.node(location.node)),
            cause,
        }));
        if to == ExecutionState::Finished {
            self.on_subtask_finished(subtask, out);
        }
    }
}
