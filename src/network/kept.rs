//! What an input gate keeps of its channels while barriers of a checkpoint overtake.

use std::collections::BTreeMap;

use super::channel::Channel;
use super::overtaken::stored;
use crate::base::CheckpointId;
use crate::checkpoint::StoredChannel;

/// See the module.
#[derive(Default)]
pub(super) struct Keeping {
    checkpoint: CheckpointId,
    channels: BTreeMap<usize, (StoredChannel, Waits)>,
}

/// Whether a channel has yet to deliver its barrier.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// What comes is kept too.
    ForBarrier,
    /// All that the barrier has overtaken is known.
    No,
}

impl Keeping {
    /// Keeps what waits in these channels, in front of their barriers if these have come.
    pub fn begin<'a>(
        checkpoint: CheckpointId,
        channels: impl Iterator<Item = (usize, &'a Channel)>,
    ) -> Self {
        let keep = |(index, channel): (usize, &Channel)| {
            let barrier = channel.barrier_of(checkpoint);
            let end = barrier.unwrap_or(u64::MAX);
            let before = channel.queue.iter().filter(|(seq, _)| *seq < end);
            let elements = before.filter_map(|(_, element)| stored(element)).collect();
            let kept = StoredChannel { channel: index as u32, from: channel.consumed, elements };
            let waits = if barrier.is_some() { Waits::No } else { Waits::ForBarrier };
            (index, (kept, waits))
        };
        Self { checkpoint, channels: channels.map(keep).collect() }
    }

    /// The barrier of a channel has come: what follows is not kept.
    pub fn barrier_came(&mut self, checkpoint: CheckpointId, index: usize) {
        if checkpoint == self.checkpoint
            && let Some((_, waits)) = self.channels.get_mut(&index)
        {
            *waits = Waits::No;
        }
    }

    /// Where what comes on a channel is kept, if it is.
    pub fn channel(&mut self, index: usize) -> Option<&mut StoredChannel> {
        let (kept, waits) = self.channels.get_mut(&index)?;
        (*waits == Waits::ForBarrier).then_some(kept)
    }

    /// What was kept: channels of which nothing was are left out.
    pub fn into_channels(self) -> Vec<StoredChannel> {
        let channels = self.channels.into_values().map(|(kept, _)| kept);
        channels.filter(|kept| !kept.elements.is_empty()).collect()
    }
}
