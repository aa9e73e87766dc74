//! What is known of the channels while a checkpoint is at hand.

use std::collections::BTreeSet;

use super::BarrierAction;

/// Invariant: a channel is not both blocked and announced, since an announcement ends with its
/// barrier.
#[derive(Debug, Default)]
pub(super) struct ChannelState {
    /// Those that have delivered their barrier and wait.
    blocked: BTreeSet<usize>,
    /// Those of which a barrier was announced and has not come.
    announced: BTreeSet<usize>,
}

impl ChannelState {
    pub fn block(&mut self, channel: usize, actions: &mut Vec<BarrierAction>) {
        actions.push(BarrierAction::Block(channel));
        self.blocked.insert(channel);
    }

    pub fn announce(&mut self, channel: usize) {
        self.announced.insert(channel);
    }

    pub fn barrier_came(&mut self, channel: usize) {
        self.announced.remove(&channel);
    }

    pub fn finished(&mut self, channel: usize) {
        self.blocked.remove(&channel);
        self.announced.remove(&channel);
    }

    /// Lets all announced barriers overtake.
    pub fn prioritize_announced(&mut self, actions: &mut Vec<BarrierAction>) {
        let announced = std::mem::take(&mut self.announced);
        actions.extend(announced.into_iter().map(BarrierAction::ConvertToPriority));
    }

    /// Forgets everything; what was blocked goes on.
    pub fn reset(&mut self, actions: &mut Vec<BarrierAction>) {
        let blocked = std::mem::take(&mut self.blocked);
        actions.extend(blocked.into_iter().map(BarrierAction::Resume));
        self.announced.clear();
    }
}
