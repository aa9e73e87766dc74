//! Event time of one operator from several parts: inputs of a multi-input operator, or splits of
//! a source.
//!
//! The lowest watermark of the parts that are not idle decides. When all are idle, the highest of
//! all is taken, so that nothing a part had already promised is held back by its silence.
//!
//! Invariant: the combined watermark never goes back.
//!
//! Previous: one [`super::StatusWatermarkValve`] per input. Next: the operator's timers.

use crate::base::EventTime;
use crate::record::WatermarkStatus;

/// One part of a combined watermark (Flink's `PartialWatermark`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartialWatermark {
    pub watermark: EventTime,
    pub idle: bool,
}

impl PartialWatermark {
    /// A new part is active and holds event time until it says something.
    pub const NEW: Self = Self { watermark: EventTime::NONE, idle: false };

    /// A watermark makes the part active, even one that does not advance it; whether it does.
    pub fn set_watermark(&mut self, watermark: EventTime) -> bool {
        self.idle = false;
        let advances = watermark > self.watermark;
        self.watermark = self.watermark.max(watermark);
        advances
    }
}

/// Flink's `CombinedWatermarkStatus`: what the parts came to when they were last combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CombinedWatermarkStatus {
    pub watermark: EventTime,
    pub idle: bool,
}

impl CombinedWatermarkStatus {
    pub const NEW: Self = Self { watermark: EventTime::NONE, idle: false };

    /// Combines the parts anew; whether the combined watermark advanced. Without parts nothing
    /// changes.
    pub fn update(&mut self, parts: impl Iterator<Item = PartialWatermark>) -> bool {
        let (mut lowest_active, mut highest) = (None::<EventTime>, None::<EventTime>);
        for part in parts {
            highest = highest.max(Some(part.watermark));
            if !part.idle {
                let lowest = lowest_active.unwrap_or(EventTime::MAX);
                lowest_active = Some(lowest.min(part.watermark));
            }
        }
        let Some(highest) = highest else { return false };
        self.idle = lowest_active.is_none();
        let combined = lowest_active.unwrap_or(highest);
        let advances = combined > self.watermark;
        self.watermark = self.watermark.max(combined);
        advances
    }
}

/// Event time of an operator with several inputs: Flink's `IndexedCombinedWatermarkStatus`.
#[derive(Clone, Debug)]
pub struct IndexedCombinedWatermarkStatus {
    inputs: Vec<PartialWatermark>,
    combined: CombinedWatermarkStatus,
}

impl IndexedCombinedWatermarkStatus {
    /// This many inputs, all active and without a watermark.
    pub fn new(inputs: usize) -> Self {
        Self { inputs: vec![PartialWatermark::NEW; inputs], combined: CombinedWatermarkStatus::NEW }
    }

    /// A watermark arrives on an input; whether the combined one advances.
    pub fn update_watermark(&mut self, input: usize, watermark: EventTime) -> bool {
        self.inputs[input].set_watermark(watermark);
        self.combined.update(self.inputs.iter().copied())
    }

    /// A status arrives on an input; whether the combined watermark advances. Compare
    /// [`Self::status`] before and after to learn whether the operator's own status changes.
    pub fn update_status(&mut self, input: usize, status: WatermarkStatus) -> bool {
        self.inputs[input].idle = status == WatermarkStatus::Idle;
        self.combined.update(self.inputs.iter().copied())
    }

    /// How far event time is.
    pub fn combined_watermark(&self) -> EventTime {
        self.combined.watermark
    }

    /// Idle when all inputs are.
    pub fn status(&self) -> WatermarkStatus {
        if self.combined.idle { WatermarkStatus::Idle } else { WatermarkStatus::Active }
    }
}
