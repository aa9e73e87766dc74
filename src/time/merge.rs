//! The seam at which the watermarks of several channels become one.
//!
//! The correct part is the minimum: an operator is only as far as the slowest channel that it
//! still has to wait for. The valve around the seam never lets event time go back, whatever the
//! part says. Another part (a mutant that takes the maximum, a student's) gets the same view of
//! the channels.

use std::collections::BTreeSet;

use crate::base::EventTime;

/// The channels that count: active, and no further back than what was last sent on.
#[derive(Clone, Debug, Default)]
pub struct AlignedChannels {
    by_watermark: BTreeSet<(EventTime, usize)>,
}

impl AlignedChannels {
    /// The watermark of the channel that is furthest back.
    pub fn lowest(&self) -> Option<EventTime> {
        self.by_watermark.first().map(|(watermark, _)| *watermark)
    }

    /// The watermark of the channel that is furthest ahead.
    pub fn highest(&self) -> Option<EventTime> {
        self.by_watermark.last().map(|(watermark, _)| *watermark)
    }

    /// The watermarks with their channels, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (EventTime, usize)> {
        self.by_watermark.iter().copied()
    }

    pub(super) fn insert(&mut self, watermark: EventTime, channel: usize) {
        self.by_watermark.insert((watermark, channel));
    }

    pub(super) fn remove(&mut self, watermark: EventTime, channel: usize) -> bool {
        self.by_watermark.remove(&(watermark, channel))
    }
}

/// Decides how far event time is, given how far each channel that counts is.
pub trait WatermarkMerge: std::fmt::Debug + Send + Sync {
    /// The merged watermark; none if no channel counts.
    fn merge(&self, channels: &AlignedChannels) -> Option<EventTime>;
}

/// The correct part: the channel furthest back decides.
#[derive(Clone, Copy, Debug, Default)]
pub struct MinimumWatermark;

impl WatermarkMerge for MinimumWatermark {
    fn merge(&self, channels: &AlignedChannels) -> Option<EventTime> {
        channels.lowest()
    }
}
