//! A watermark generator of the user's own. Flink's emit their watermarks at moments of a clock, so
//! that how many records come in between depends on how fast they come; this one counts.

use crate::base::{EventTime, SimDuration};
use crate::record::Data;
use crate::time::{
    BoundedOutOfOrdernessWatermarks, WatermarkGenerator, WatermarkOutput, WatermarkStrategy,
};

/// Says how far event time is after every so many records, and never in between.
pub(super) struct EveryNth {
    every: u64,
    seen: u64,
    bound: BoundedOutOfOrdernessWatermarks,
}

impl EveryNth {
    pub(super) fn new(every: u64, out_of_orderness: SimDuration) -> Self {
        Self { every, seen: 0, bound: BoundedOutOfOrdernessWatermarks::new(out_of_orderness) }
    }
}

impl<T> WatermarkGenerator<T> for EveryNth {
    fn on_event(&mut self, _event: &T, timestamp: EventTime, output: &mut dyn WatermarkOutput) {
        self.bound.on_event(timestamp);
        self.seen += 1;
        if self.seen.is_multiple_of(self.every) {
            output.emit_watermark(self.bound.watermark());
        }
    }

    fn on_periodic_emit(&mut self, _output: &mut dyn WatermarkOutput) {}
}

/// Says how far event time is after every single record, so that what a record meets does not
/// depend on how fast records come.
pub(super) fn watermark_per_record<T: Data>(
    out_of_orderness: SimDuration,
    happened: fn(&T) -> EventTime,
) -> WatermarkStrategy<T> {
    WatermarkStrategy::for_generator(move || EveryNth::new(1, out_of_orderness))
        .with_timestamp_assigner(move |record: &T, _| happened(record))
}
