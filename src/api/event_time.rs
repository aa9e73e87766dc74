//! What time a program goes by, and where event time enters a stream.

use std::time::Duration;

use super::stream::operator;
use super::windows::{
    GlobalWindows, SlidingEventTimeWindows, SlidingProcessingTimeWindows, TumblingEventTimeWindows,
    TumblingProcessingTimeWindows, Windowing,
};
use super::{AllWindowedStream, DataStream, KeyedStream, NullByteKey, WindowedStream};
use crate::graph::StreamNodeKind;
use crate::operator::AssignTimestampsAndWatermarks;
use crate::record::{Data, Output};
use crate::time::WatermarkStrategy;
use crate::window::{Eviction, EvictionOrder, Evictor, TimeDomain, Trigger};

/// What time a program goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeCharacteristic {
    /// When things happened, as the records say.
    #[default]
    EventTime,
    /// When the sources read the records: event time whose timestamps and watermarks come from
    /// the clocks of the sources' nodes.
    IngestionTime,
    /// When an operator sees a record, by its own node's clock.
    ProcessingTime,
}

impl TimeCharacteristic {
    pub(super) fn domain(self) -> TimeDomain {
        match self {
            Self::EventTime | Self::IngestionTime => TimeDomain::EventTime,
            Self::ProcessingTime => TimeDomain::ProcessingTime,
        }
    }
}

impl<T: Data> DataStream<T> {
    pub(super) fn characteristic(&self) -> TimeCharacteristic {
        self.builder.borrow().characteristic()
    }

    /// Gives records their timestamps, and says how far event time is. What sources before have
    /// said of it no longer counts. Only sources can be aligned with each other: alignment in the
    /// strategy has no effect here, as in Flink.
    pub fn assign_timestamps_and_watermarks(&self, strategy: WatermarkStrategy<T>) -> Self {
        if let Err(error) = strategy.validate() {
            self.builder.borrow_mut().fail(error.into());
        }
        let code = operator(move |context, output| {
            let assign = AssignTimestampsAndWatermarks::new(context, strategy.clone(), output);
            Ok(Box::new(assign) as Box<dyn Output<T>>)
        });
        self.then("Timestamps/Watermarks", StreamNodeKind::Operator, code)
    }

    /// Divides all records into windows, in one subtask.
    pub fn window_all(&self, windows: impl Windowing<T>) -> AllWindowedStream<T> {
        let keyed = KeyedStream::new(self.clone(), NullByteKey);
        WindowedStream::new(keyed, windows).non_parallel()
    }

    /// Like [`KeyedStream::time_window`], over all records.
    pub fn time_window_all(&self, size: Duration) -> AllWindowedStream<T> {
        self.window_all(match self.characteristic().domain() {
            TimeDomain::EventTime => TumblingEventTimeWindows::of(size),
            TimeDomain::ProcessingTime => TumblingProcessingTimeWindows::of(size),
        })
    }

    /// Like [`KeyedStream::time_window_sliding`], over all records.
    pub fn time_window_all_sliding(&self, size: Duration, slide: Duration) -> AllWindowedStream<T> {
        self.window_all(match self.characteristic().domain() {
            TimeDomain::EventTime => SlidingEventTimeWindows::of(size, slide),
            TimeDomain::ProcessingTime => SlidingProcessingTimeWindows::of(size, slide),
        })
    }

    /// Like [`KeyedStream::count_window`], over all records.
    pub fn count_window_all(&self, size: u64) -> AllWindowedStream<T> {
        self.window_all(GlobalWindows::create()).trigger(Trigger::Count(size).purging())
    }

    /// Like [`KeyedStream::count_window_sliding`], over all records.
    pub fn count_window_all_sliding(&self, size: usize, slide: u64) -> AllWindowedStream<T> {
        let evictor = Evictor::new(Eviction::Count(size), EvictionOrder::Before);
        self.window_all(GlobalWindows::create()).evictor(evictor).trigger(Trigger::Count(slide))
    }
}
