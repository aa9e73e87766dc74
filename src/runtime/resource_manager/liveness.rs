//! A ResourceManager and its TaskExecutors: heartbeats, and noticing when they stop.

use super::{Out, ResourceManager, ResourceManagerTimer};
use crate::base::SimTime;
use crate::runtime::options::task_executor;
use crate::runtime::outbox::Component;
use crate::runtime::rpc::TaskExecutorRpc;
use crate::trace::{Event, RpcEvent};

impl ResourceManager {
    pub(super) fn on_send_heartbeats(&mut self, now: SimTime, out: &mut Out) {
        self.sending_heartbeats = false;
        for &executor in self.executors.values() {
            let beat =
                TaskExecutorRpc::HeartbeatFromResourceManager { id: self.id, executor, sent: now };
            out.send(task_executor(executor.node), beat);
        }
        self.arm_heartbeats(now, out);
    }

    pub(super) fn on_check_heartbeats(&mut self, now: SimTime, out: &mut Out) {
        for node in self.heartbeats.expired(now) {
            let (by, peer) = (self.name(), self.options.node(node));
            out.trace(Event::Rpc(RpcEvent::HeartbeatTimedOut { by, peer }));
            let cause = "its heartbeats stopped";
            self.lose(now, node, cause, out);
            let disconnect =
                TaskExecutorRpc::DisconnectResourceManager { id: self.id, cause: cause.to_owned() };
            out.send(task_executor(node), disconnect);
        }
        self.arm_heartbeats(now, out);
    }

    pub(super) fn arm_heartbeats(&mut self, now: SimTime, out: &mut Out) {
        if !self.sending_heartbeats && !self.executors.is_empty() {
            self.sending_heartbeats = true;
            let at = now + self.options.heartbeat_interval;
            out.wake_at(at, ResourceManagerTimer::SendHeartbeats);
        }
        if let Some(at) = self.heartbeats.arm() {
            out.wake_at(at, ResourceManagerTimer::CheckHeartbeats);
        }
    }
}
