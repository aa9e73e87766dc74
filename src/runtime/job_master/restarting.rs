//! A JobMaster whose tasks have failed: whether it starts the job again, and how.
//!
//! The whole job is started again (Flink's `RestartAllFailoverStrategy`): all that still runs is
//! cancelled; when it is over and the strategy's delay has passed, every subtask is tried once more,
//! in the slots that are left and those that take the place of lost ones.

use super::{JobMaster, JobMasterTimer, Out};
use crate::base::CheckpointId;
use crate::checkpoint::{CheckpointFailure, OnCorrupt};
use crate::trace::{Event, ExecutionState, JobStatus, RecoveryEvent};

impl JobMaster {
    /// Something has failed that a restart may heal.
    pub(super) fn fail(&mut self, cause: String, out: &mut Out) {
        self.fail_unless(true, cause, out);
    }

    /// Something has failed that no restart heals.
    pub(super) fn fail_for_good(&mut self, cause: String, out: &mut Out) {
        self.fail_unless(false, cause, out);
    }

    /// The first cause is the root cause of what follows from it.
    fn fail_unless(&mut self, recoverable: bool, cause: String, out: &mut Out) {
        match self.status {
            JobStatus::Created | JobStatus::Running | JobStatus::Restarting => {}
            JobStatus::Failing | JobStatus::Cancelling => return self.finish_if_over(out),
            JobStatus::Initializing
            | JobStatus::Failed
            | JobStatus::Canceled
            | JobStatus::Finished => return,
        }
        let now = self.now.as_millis() as i64;
        self.restarts.notify_failure(now);
        if recoverable && self.restarts.can_restart(now) {
            let delay_ms = u64::try_from(self.restarts.backoff_time(now)).unwrap_or(0);
            return self.schedule_restart(delay_ms, cause, out);
        }
        let suppressed = recoverable && self.restart_count > 0;
        self.cause = Some(match suppressed {
            true => {
                format!("Recovery is suppressed after {} restarts: {cause}", self.restart_count)
            }
            false => cause,
        });
        self.enter(JobStatus::Failing, out);
        self.stop_checkpoints(CheckpointFailure::TaskFailure, out);
        self.cancel_rest(out);
    }

    fn schedule_restart(&mut self, delay_ms: u64, cause: String, out: &mut Out) {
        self.restart_count += 1;
        self.restart_due = false;
        if self.status != JobStatus::Restarting {
            self.enter(JobStatus::Restarting, out);
        }
        out.trace(Event::Recovery(RecoveryEvent::RestartScheduled {
            job: self.job,
            restart: self.restart_count,
            delay_ms,
            cause,
        }));
        let at = self.now + crate::base::SimDuration::from_millis(delay_ms);
        out.wake_at(at, JobMasterTimer::Restart { restart: self.restart_count });
        self.stop_checkpoints(CheckpointFailure::TaskFailure, out);
        self.cancel_rest(out);
    }

    pub(super) fn on_restart(&mut self, restart: u32, out: &mut Out) {
        if restart == self.restart_count && self.status == JobStatus::Restarting {
            self.restart_due = true;
            self.restart_if_over(out);
        }
    }

    /// Tries every subtask once more, if nothing of the last attempt is left.
    pub(super) fn restart_if_over(&mut self, out: &mut Out) {
        let ready = self.status == JobStatus::Restarting && self.restart_due;
        if !ready || !self.executions.are_over() {
            return;
        }
        self.restart_due = false;
        self.executions.begin_attempt();
        for place in 0..self.executions.len() {
            self.move_to(place, ExecutionState::Scheduled, None, out);
        }
        let at = self.now + self.options.slot_request_timeout;
        out.wake_at(at, JobMasterTimer::SlotRequestTimeout { restart: self.restart_count });
        self.deploy_if_ready(self.now, out);
    }

    pub(super) fn tell_restored(&self, out: &mut Out) {
        if self.restart_count > 0 {
            out.trace(Event::Recovery(RecoveryEvent::JobRestored {
                job: self.job,
                restart: self.restart_count,
                checkpoint: self.restorable(),
            }));
        }
    }

    /// A task could not take its checkpoint over, since that is damaged.
    pub(super) fn on_unusable(&mut self, checkpoint: CheckpointId, cause: String, out: &mut Out) {
        let falls_back = self
            .checkpoints
            .as_ref()
            .is_some_and(|coordinator| coordinator.config().on_corrupt == OnCorrupt::FallBack);
        if !falls_back {
            return self.fail_for_good(cause, out);
        }
        if self.restorable() == Some(checkpoint) {
            let told = cause.clone();
            out.trace(Event::Recovery(RecoveryEvent::CheckpointUnusable {
                job: self.job,
                checkpoint,
                cause: told,
            }));
            if let Some(coordinator) = &mut self.checkpoints {
                for path in coordinator.drop_latest(checkpoint) {
                    out.act(super::JobMasterAction::Delete { path });
                }
            }
            if self.restorable().is_none() {
                return self.fail_for_good(cause, out);
            }
        }
        self.fail(cause, out);
    }
}
