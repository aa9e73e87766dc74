//! A TaskExecutor and its peers: answering heartbeats, and noticing when they stop.

use super::connections::ResourceManagerConnection;
use super::{Out, Peer, TaskExecutor, TaskExecutorTimer};
use crate::base::{JobId, SimTime};
use crate::host::Address;
use crate::runtime::outbox::Component;
use crate::runtime::rpc::{JobMasterRpc, ResourceManagerRpc};
use crate::runtime::session::{JobMasterId, ResourceManagerId, TaskExecutorId};
use crate::trace::{Event, RpcEvent};

impl TaskExecutor {
    pub(super) fn on_heartbeat_from_resource_manager(
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

    pub(super) fn on_heartbeat_from_job_manager(
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

    pub(super) fn on_check_heartbeats(&mut self, now: SimTime, out: &mut Out) {
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

    pub(super) fn check_heartbeats_later(&mut self, out: &mut Out) {
        if let Some(at) = self.heartbeats.arm() {
            out.wake_at(at, TaskExecutorTimer::CheckHeartbeats);
        }
    }
}
