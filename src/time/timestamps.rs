//! Strategies at work: at a source, per split, and in the middle of a stream.
//!
//! In both places a record is sent on before the generator sees it, so that a watermark which an
//! event brings never overtakes that event.
//!
//! Previous: a source reader or an upstream operator. Next: the operator chain.

use std::collections::BTreeMap;

use super::alignment::SplitAlignment;
use super::generator::Generator;
use super::idleness::PausableRelativeClock;
use super::multiplexer::WatermarkOutputMultiplexer;
use super::output::{DataOutput, WatermarkOutput, WatermarkToDataOutput};
use super::strategy::WatermarkStrategy;
use crate::base::{EventTime, SimTime};

/// What a source subtask knows of one split's event time.
struct SplitOutput<T> {
    generator: Generator<T>,
    /// Stands still while the split is paused, beyond what the subtask's own clock does.
    input_activity: PausableRelativeClock,
}

/// Event time of one source subtask: a generator per split and what they come to together
/// (Flink's `ProgressiveTimestampsAndWatermarks`).
///
/// A split that is not read, because it or the whole subtask waits for its alignment group, does
/// not fall idle for that: its clock stands still. An idle split would hold nobody, and so the
/// others would go on without those whom they made wait.
///
/// Unlike Flink: there is no main output beside the splits; a source without splits has one. And a
/// subtask that waits stops the clocks of all its splits; in Flink those of splits that are not
/// ahead run on, though they are not read either.
pub struct SourceTimestampsAndWatermarks<T, Id> {
    strategy: WatermarkStrategy<T>,
    splits: BTreeMap<Id, SplitOutput<T>>,
    /// Stands still while the subtask waits.
    input_activity: PausableRelativeClock,
    multiplexer: WatermarkOutputMultiplexer<Id>,
    output: WatermarkToDataOutput,
}

impl<T, Id: Ord + Clone> SourceTimestampsAndWatermarks<T, Id> {
    /// A source subtask without splits yet.
    pub fn new(strategy: WatermarkStrategy<T>) -> Self {
        Self {
            strategy,
            splits: BTreeMap::new(),
            input_activity: PausableRelativeClock::default(),
            multiplexer: WatermarkOutputMultiplexer::default(),
            output: WatermarkToDataOutput::default(),
        }
    }

    /// The subtask reads one more split.
    pub fn create_output_for_split(&mut self, split: Id) {
        self.multiplexer.register_new_output(split.clone());
        let generator = self.strategy.create_watermark_generator();
        let input_activity = PausableRelativeClock::default();
        self.splits.insert(split, SplitOutput { generator, input_activity });
    }

    /// The subtask is done with a split, which no longer holds event time.
    pub fn release_output_for_split(&mut self, split: &Id) {
        self.multiplexer.unregister_output(split);
        self.splits.remove(split);
    }

    /// Sends on what the splits that are left come to. To be called after a release where nothing
    /// is emitted periodically.
    pub fn combine_splits(&mut self, output: &mut dyn DataOutput) {
        self.multiplexer.on_periodic_emit(&mut self.output.to(output));
    }

    /// When an event happened.
    #[inline]
    pub fn extract_timestamp(&self, event: &T, record_timestamp: Option<EventTime>) -> EventTime {
        self.strategy.extract_timestamp(event, record_timestamp)
    }

    /// An event of a split was sent on.
    pub fn on_event(
        &mut self,
        split: &Id,
        event: &T,
        timestamp: EventTime,
        output: &mut dyn DataOutput,
    ) {
        let mut output = self.output.to(output);
        let generator = &mut output_of(&mut self.splits, split).generator;
        let mut immediate = self.multiplexer.immediate_output(split, &mut output);
        generator.on_event(event, timestamp, &mut immediate);
    }

    /// Takes many events of a split at once; false if each must go through [`Self::on_event`].
    pub fn on_timestamps(&mut self, split: &Id, timestamps: &[EventTime]) -> bool {
        output_of(&mut self.splits, split).generator.on_timestamps(timestamps)
    }

    /// The subtask begins to wait, so that none of its splits is read. Here and below, `now` is
    /// the time of the task's [`PausableRelativeClock`].
    pub fn pause_input(&mut self, now: SimTime) {
        self.input_activity.pause(now);
    }

    /// The subtask goes on.
    pub fn resume_input(&mut self, now: SimTime) {
        self.input_activity.unpause(now);
    }

    /// Some splits are no longer read, or are read again.
    pub fn pause_or_resume_splits(&mut self, now: SimTime, change: &SplitAlignment<Id>) {
        let now = self.input_activity.relative_time(now);
        for split in &change.pause {
            output_of(&mut self.splits, split).input_activity.pause(now);
        }
        for split in &change.resume {
            output_of(&mut self.splits, split).input_activity.unpause(now);
        }
    }

    /// Called at the interval at which watermarks are emitted.
    pub fn emit_periodic_watermark(&mut self, now: SimTime, output: &mut dyn DataOutput) {
        let now = self.input_activity.relative_time(now);
        for (id, split) in &mut self.splits {
            let now = split.input_activity.relative_time(now);
            split.generator.on_periodic_emit(now, &mut self.multiplexer.deferred_output(id));
        }
        self.multiplexer.on_periodic_emit(&mut self.output.to(output));
    }

    /// The source has come to its end: nothing is late any more.
    pub fn emit_final_watermark(&mut self, output: &mut dyn DataOutput) {
        self.output.to(output).emit_watermark(EventTime::MAX);
    }

    /// The last watermark that was sent on, [`EventTime::NONE`] if none was.
    pub fn latest_watermark(&self) -> EventTime {
        self.output.latest_watermark()
    }

    /// What to report for alignment: an idle source holds nobody, nor does one that has not yet
    /// sent a watermark.
    pub fn reported_watermark(&self) -> Option<EventTime> {
        let latest = self.output.latest_watermark();
        let reported = if self.output.is_idle() { EventTime::MAX } else { latest };
        (latest > EventTime::NONE).then_some(reported)
    }

    /// Each split's own watermark, to find those that run ahead.
    pub fn split_watermarks(&self) -> impl Iterator<Item = (&Id, EventTime)> {
        self.multiplexer.watermarks().map(|(split, watermark, _)| (split, watermark))
    }
}

fn output_of<'a, T, Id: Ord>(
    splits: &'a mut BTreeMap<Id, SplitOutput<T>>,
    split: &Id,
) -> &'a mut SplitOutput<T> {
    splits.get_mut(split).expect("only splits that have an output are spoken of")
}

/// `assign_timestamps_and_watermarks` in the middle of a stream (Flink's
/// `TimestampsAndWatermarksOperator`). Statuses of the input are not sent on: the operator's own
/// idleness decides.
pub struct TimestampsAndWatermarks<T> {
    strategy: WatermarkStrategy<T>,
    generator: Generator<T>,
    output: WatermarkToDataOutput,
}

impl<T> TimestampsAndWatermarks<T> {
    /// One subtask of the operator.
    pub fn new(strategy: WatermarkStrategy<T>) -> Self {
        let generator = strategy.create_watermark_generator();
        Self { strategy, generator, output: WatermarkToDataOutput::default() }
    }

    /// When an event happened.
    #[inline]
    pub fn extract_timestamp(&self, event: &T, record_timestamp: Option<EventTime>) -> EventTime {
        self.strategy.extract_timestamp(event, record_timestamp)
    }

    /// An event was sent on.
    pub fn on_event(&mut self, event: &T, timestamp: EventTime, output: &mut dyn DataOutput) {
        self.generator.on_event(event, timestamp, &mut self.output.to(output));
    }

    /// Takes many events at once; false if each must go through [`Self::on_event`].
    pub fn on_timestamps(&mut self, timestamps: &[EventTime]) -> bool {
        self.generator.on_timestamps(timestamps)
    }

    /// Called at the interval at which watermarks are emitted.
    pub fn on_periodic_emit(&mut self, now: SimTime, output: &mut dyn DataOutput) {
        self.generator.on_periodic_emit(now, &mut self.output.to(output));
    }

    /// A watermark arrives from upstream. It is replaced by the operator's own, except the last,
    /// which ends the input.
    pub fn on_watermark(&mut self, watermark: EventTime, output: &mut dyn DataOutput) {
        if watermark == EventTime::MAX {
            self.output.to(output).emit_watermark(watermark);
        }
    }

    /// The input has ended: says how far event time came.
    pub fn finish(&mut self, now: SimTime, output: &mut dyn DataOutput) {
        self.on_periodic_emit(now, output);
    }
}
