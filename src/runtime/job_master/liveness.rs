//! A JobMaster and its TaskExecutors: who is there, who is lost, what lost messages are made good.

use std::collections::BTreeSet;

use super::{JobMaster, JobMasterTimer, Out};
use crate::base::{NodeId, SimTime};
use crate::runtime::options::task_executor;
use crate::runtime::outbox::Component;
use crate::runtime::rpc::TaskExecutorRpc;
use crate::runtime::session::{ExecutionReport, TaskExecutorId};
use crate::trace::{Event, ExecutionState, RpcEvent};

impl JobMaster {
    pub(super) fn is_connected(&self, id: TaskExecutorId) -> bool {
        self.executors.get(&id.node) == Some(&id)
    }

    /// Gives a TaskExecutor up, and with it what ran there.
    pub(super) fn lose(&mut self, node: NodeId, cause: &str, out: &mut Out) {
        if self.executors.remove(&node).is_none() {
            return;
        }
        self.heartbeats.unmonitor(node);
        self.pool.remove_node(node);
        let cause = format!("{} was lost: {cause}", self.options.node(node));
        self.lose_executions(|location| location.node == node, cause, out);
    }

    pub(super) fn on_heartbeat_from_task_manager(
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
    pub(super) fn reconcile(
        &mut self,
        node: NodeId,
        sent: SimTime,
        reports: &[ExecutionReport],
        out: &mut Out,
    ) {
        let reported: BTreeSet<_> = reports.iter().map(|report| report.attempt).collect();
        for place in self.executions.sent_to(node) {
            let execution = self.executions.get(place);
            let due = execution.location.is_some_and(|location| location.since < sent);
            if !execution.is_alive_on(node) || !due {
                continue;
            }
            let canceling = execution.state == ExecutionState::Canceling;
            match (reported.contains(&execution.attempt), canceling) {
                (true, true) => self.send_cancel(place, out),
                (true, false) => {}
                (false, _) => {
                    let cause = format!("{} does not know it", self.options.node(node));
                    self.end_lost(place, &cause, out);
                    if canceling {
                        self.finish_if_over(out);
                        continue;
                    }
                    let name = &self.executions.get(place).name;
                    self.fail(format!("{name}: {cause}"), out);
                }
            }
        }
    }

    pub(super) fn on_send_heartbeats(&mut self, now: SimTime, out: &mut Out) {
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

    pub(super) fn on_check_heartbeats(&mut self, now: SimTime, out: &mut Out) {
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

    pub(super) fn arm_heartbeats(&mut self, now: SimTime, out: &mut Out) {
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
