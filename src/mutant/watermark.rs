//! A wrong merge of watermarks.

use crate::base::EventTime;
use crate::time::{AlignedChannels, WatermarkMerge};

/// Takes the channel furthest ahead, as if "how far is the input?" asked for the best of them.
/// Records of slower channels then come after the watermark that has closed their windows.
#[derive(Clone, Copy, Debug, Default)]
pub struct MaxWatermark;

impl WatermarkMerge for MaxWatermark {
    fn merge(&self, channels: &AlignedChannels) -> Option<EventTime> {
        channels.highest()
    }
}
