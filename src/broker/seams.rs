//! The decision on which exactly-once writing rests, a part that can be replaced.

use std::fmt::Debug;

/// Decides which producers are fenced.
pub trait ProducerFencing: Debug + Send + Sync {
    /// Whether a producer of this epoch may still act, if `current` is the latest of its number.
    fn admits(&self, epoch: u32, current: u32) -> bool;
}

/// The correct part: who was replaced may not.
#[derive(Clone, Copy, Debug, Default)]
pub struct FenceOlderEpochs;

impl ProducerFencing for FenceOlderEpochs {
    fn admits(&self, epoch: u32, current: u32) -> bool {
        epoch >= current
    }
}
