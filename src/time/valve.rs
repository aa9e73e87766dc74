//! The valve of an input gate: many channels' watermarks and statuses in, one out.
//!
//! A channel counts while it is *aligned*: active, and its watermark not behind what the valve
//! last sent on. A channel that falls idle stops counting at once; when it comes back it counts
//! again only after it has caught up, so that it cannot drag event time back. When the last
//! channel falls idle and it was the one that held the others, the highest watermark of all is
//! sent on before the idle status.
//!
//! Invariants: what is sent on strictly rises; while the valve is idle nothing but a status is
//! sent on; an idle channel is not aligned.
//!
//! Previous: `network`'s input gate. Next: the head of the operator chain, through
//! [`super::IndexedCombinedWatermarkStatus`] if it has several inputs.

use std::sync::Arc;

use super::merge::{AlignedChannels, WatermarkMerge};
use crate::base::EventTime;
use crate::record::WatermarkStatus;

/// What the valve sends on: the watermark first, then the status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValveOutput {
    /// Event time has come to here.
    pub watermark: Option<EventTime>,
    /// The gate as a whole fell idle or came back.
    pub status: Option<WatermarkStatus>,
}

#[derive(Clone, Copy, Debug)]
struct Channel {
    watermark: EventTime,
    status: WatermarkStatus,
    aligned: bool,
}

/// Flink's `StatusWatermarkValve`. See the module.
pub struct StatusWatermarkValve {
    merge: Arc<dyn WatermarkMerge>,
    channels: Vec<Channel>,
    aligned: AlignedChannels,
    active: usize,
    last_output_watermark: EventTime,
}

impl StatusWatermarkValve {
    /// A valve over this many channels, all active and without a watermark.
    pub fn new(channels: usize, merge: Arc<dyn WatermarkMerge>) -> Self {
        let channel =
            Channel { watermark: EventTime::NONE, status: WatermarkStatus::Active, aligned: true };
        let mut aligned = AlignedChannels::default();
        (0..channels).for_each(|index| aligned.insert(EventTime::NONE, index));
        Self {
            merge,
            channels: vec![channel; channels],
            aligned,
            active: channels,
            last_output_watermark: EventTime::NONE,
        }
    }

    /// A watermark arrives on a channel; what the valve sends on, if event time advances.
    pub fn input_watermark(&mut self, watermark: EventTime, channel: usize) -> Option<EventTime> {
        let Channel { watermark: previous, status, aligned } = self.channels[channel];
        if status == WatermarkStatus::Idle || watermark <= previous {
            return None;
        }
        self.channels[channel].watermark = watermark;
        if aligned {
            self.aligned.remove(previous, channel);
            self.aligned.insert(watermark, channel);
        } else if watermark >= self.last_output_watermark {
            self.align(channel);
        }
        self.advance_to(self.merge.merge(&self.aligned))
    }

    /// A status arrives on a channel; what the valve sends on.
    pub fn input_watermark_status(
        &mut self,
        status: WatermarkStatus,
        channel: usize,
    ) -> ValveOutput {
        if self.channels[channel].status == status {
            return ValveOutput::default();
        }
        self.channels[channel].status = status;
        match status {
            WatermarkStatus::Idle => self.on_idle(channel),
            WatermarkStatus::Active => self.on_active(channel),
        }
    }

    /// What was last sent on, [`EventTime::NONE`] if nothing was.
    pub fn last_output_watermark(&self) -> EventTime {
        self.last_output_watermark
    }

    /// Whether the gate as a whole is idle.
    pub fn status(&self) -> WatermarkStatus {
        if self.active == 0 && !self.channels.is_empty() {
            WatermarkStatus::Idle
        } else {
            WatermarkStatus::Active
        }
    }

    /// The last watermark and the status of each channel, for the trace and snapshots.
    pub fn channels(&self) -> impl Iterator<Item = (EventTime, WatermarkStatus)> {
        self.channels.iter().map(|channel| (channel.watermark, channel.status))
    }

    fn on_idle(&mut self, channel: usize) -> ValveOutput {
        self.active -= 1;
        let Channel { watermark, aligned, .. } = self.channels[channel];
        if aligned {
            self.channels[channel].aligned = false;
            self.aligned.remove(watermark, channel);
        }
        let held_the_others = watermark == self.last_output_watermark;
        if self.active > 0 {
            let merged = held_the_others.then(|| self.merge.merge(&self.aligned)).flatten();
            return ValveOutput { watermark: self.advance_to(merged), status: None };
        }
        // Channels before this one moved event time as they fell idle; only if this one was the
        // last to hold it is there anything left to flush.
        let highest = self.channels.iter().map(|channel| channel.watermark).max();
        let flushed = held_the_others.then_some(highest).flatten();
        ValveOutput { watermark: self.advance_to(flushed), status: Some(WatermarkStatus::Idle) }
    }

    fn on_active(&mut self, channel: usize) -> ValveOutput {
        self.active += 1;
        if self.channels[channel].watermark >= self.last_output_watermark {
            self.align(channel);
        }
        let status = (self.active == 1).then_some(WatermarkStatus::Active);
        ValveOutput { watermark: None, status }
    }

    fn align(&mut self, channel: usize) {
        self.channels[channel].aligned = true;
        self.aligned.insert(self.channels[channel].watermark, channel);
    }

    fn advance_to(&mut self, watermark: Option<EventTime>) -> Option<EventTime> {
        let watermark = watermark.filter(|&it| it > self.last_output_watermark)?;
        self.last_output_watermark = watermark;
        Some(watermark)
    }
}
