//! Watermark generators: what a stream's records let one say about how far event time is.
//!
//! The usual ones are variants of a closed enum, so that a batch of timestamps costs one maximum;
//! a user's own comes in as a trait object and sees every event.
//!
//! Previous: the timestamp assigner. Next: [`super::WatermarkOutputMultiplexer`] at a source,
//! [`super::WatermarkToDataOutput`] elsewhere.

use std::sync::Arc;

use super::idleness::WatermarksWithIdleness;
use super::output::WatermarkOutput;
use crate::base::{EventTime, SimDuration, SimTime};

/// A generator of the user's own.
pub trait WatermarkGenerator<T> {
    /// Called for every event, after it was sent on.
    fn on_event(&mut self, event: &T, timestamp: EventTime, output: &mut dyn WatermarkOutput);
    /// Called at the interval at which watermarks are emitted.
    fn on_periodic_emit(&mut self, output: &mut dyn WatermarkOutput);
}

/// Looks at an event for a watermark (Flink's punctuated generators).
pub type Punctuation<T> = Arc<dyn Fn(&T, EventTime) -> Option<EventTime> + Send + Sync>;

/// A generator as a strategy creates it, one per subtask or per split.
pub enum Generator<T> {
    /// Never says anything.
    NoWatermarks,
    /// Follows the highest timestamp at a fixed distance; with a distance of zero, Flink's
    /// `AscendingTimestampsWatermarks`.
    BoundedOutOfOrderness(BoundedOutOfOrdernessWatermarks),
    /// Says what single events say.
    Punctuated(Punctuation<T>),
    /// The user's own.
    UserDefined(Box<dyn WatermarkGenerator<T>>),
    /// Any of these, and idle when nothing comes.
    WithIdleness(Box<WatermarksWithIdleness<T>>),
}

impl<T> Generator<T> {
    /// Called for every event, after it was sent on.
    pub fn on_event(&mut self, event: &T, timestamp: EventTime, output: &mut dyn WatermarkOutput) {
        match self {
            Self::NoWatermarks => {}
            Self::BoundedOutOfOrderness(generator) => generator.on_event(timestamp),
            Self::Punctuated(punctuation) => {
                if let Some(watermark) = punctuation(event, timestamp) {
                    output.emit_watermark(watermark);
                }
            }
            Self::UserDefined(generator) => generator.on_event(event, timestamp, output),
            Self::WithIdleness(generator) => generator.on_event(event, timestamp, output),
        }
    }

    /// Takes many events at once, if the generator says nothing at events and looks at nothing
    /// but timestamps. False if it does not: then each event must go through [`Self::on_event`].
    pub fn on_timestamps(&mut self, timestamps: &[EventTime]) -> bool {
        match self {
            Self::NoWatermarks => true,
            Self::BoundedOutOfOrderness(generator) => {
                if let Some(&latest) = timestamps.iter().max() {
                    generator.on_event(latest);
                }
                true
            }
            Self::Punctuated(_) | Self::UserDefined(_) => false,
            Self::WithIdleness(generator) => generator.on_timestamps(timestamps),
        }
    }

    /// Called at the interval at which watermarks are emitted. `now` only matters to idleness.
    pub fn on_periodic_emit(&mut self, now: SimTime, output: &mut dyn WatermarkOutput) {
        match self {
            Self::NoWatermarks | Self::Punctuated(_) => {}
            Self::BoundedOutOfOrderness(generator) => {
                output.emit_watermark(generator.watermark());
            }
            Self::UserDefined(generator) => generator.on_periodic_emit(output),
            Self::WithIdleness(generator) => generator.on_periodic_emit(now, output),
        }
    }
}

/// Claims that no event is more than a fixed distance behind the latest so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundedOutOfOrdernessWatermarks {
    max_timestamp: i64,
    out_of_orderness: i64,
}

impl BoundedOutOfOrdernessWatermarks {
    /// With this distance, in whole milliseconds.
    pub fn new(max_out_of_orderness: SimDuration) -> Self {
        // Beyond three hundred million years the sum below would overflow.
        let out_of_orderness = i64::try_from(max_out_of_orderness.as_millis()).unwrap_or(i64::MAX);
        // So that the first watermark, before any event, is the lowest there is.
        Self { max_timestamp: i64::MIN + out_of_orderness + 1, out_of_orderness }
    }

    /// An event was seen.
    #[inline]
    pub fn on_event(&mut self, timestamp: EventTime) {
        self.max_timestamp = self.max_timestamp.max(timestamp.0);
    }

    /// How far event time is: one millisecond before the latest that may still come, since that
    /// one may come again.
    #[inline]
    pub fn watermark(&self) -> EventTime {
        EventTime(self.max_timestamp - self.out_of_orderness - 1)
    }
}
