//! Barriers on channels, and the channels that wait for others to deliver theirs.

use super::{Channel, Channels, Load, Seen};
use crate::base::{CheckpointId, Name, SimTime};

impl Channel {
    pub(super) fn send_barrier(
        &mut self,
        at: SimTime,
        seq: u64,
        checkpoint: CheckpointId,
        overtaken: u64,
    ) {
        // If it overtakes nothing, it was among what waited behind the last buffer.
        if overtaken == 0 {
            self.backlog = self.backlog.saturating_sub(1);
        }
        self.send(at, seq, Load::Barrier(checkpoint));
    }

    /// A barrier may have overtaken what came before it, which then is still to be read.
    pub(super) fn take_barrier(&mut self, seq: u64) {
        self.in_flight.retain(|sent| sent.seq > seq || !matches!(sent.load, Load::Barrier(_)));
    }
}

impl Channels {
    /// Forgets what only an execution of `subtask` that has ended could have read. What it has sent
    /// is still on its way.
    pub(super) fn on_end(&mut self, subtask: &Name) -> Seen {
        let mut seen = Seen::No;
        for channel in self.inputs_mut(subtask) {
            if channel.barriers().next().is_some() {
                channel.take_barrier(u64::MAX);
                seen = Seen::Yes;
            }
            seen = seen.or(Seen::set(&mut channel.blocked_for, None));
        }
        seen
    }
}
