//! A stream whose records are grouped by key: what a record meets is what came before it under
//! the same key.

use std::sync::Arc;
use std::time::Duration;

use super::windows::{
    GlobalWindows, SlidingEventTimeWindows, SlidingProcessingTimeWindows, TumblingEventTimeWindows,
    TumblingProcessingTimeWindows, Windowing,
};
use super::{DataStream, ProgramError, WindowedStream, aggregation};
use crate::graph::StreamNodeKind;
use crate::network::KeyedEdge;
use crate::operator::{
    Closure, EdgeFactory, Function, KeySelector, KeyedProcess, KeyedProcessFunction,
    OperatorContext, OperatorKind, ReduceFunction, RollingReduce,
};
use crate::record::{Data, Output, Outputs, Partitioning, erase};
use crate::window::{Eviction, EvictionOrder, Evictor, TimeDomain, Trigger};

/// A stream grouped by the keys that `S` finds.
#[derive(Clone)]
pub struct KeyedStream<T, S> {
    stream: DataStream<T>,
    selector: S,
}

impl<T: Data, S: KeySelector<T>> KeyedStream<T, S> {
    pub(super) fn new(stream: DataStream<T>, selector: S) -> Self {
        let code: Arc<dyn EdgeFactory> = Arc::new(KeyedEdge::<T, S>::new(selector.clone()));
        let stream = stream.dealt(Partitioning::Hash, &code);
        Self { stream, selector }
    }

    /// The stream as it is dealt by key, for operators without state.
    pub fn stream(&self) -> &DataStream<T> {
        &self.stream
    }

    /// For each record, what the records of its key have come to.
    pub fn reduce(&self, mut function: impl FnMut(T, T) -> T + Function) -> DataStream<T> {
        self.reduce_in_place(Closure(move |reduced: &mut T, value: T| {
            *reduced = function(reduced.clone(), value);
        }))
    }

    /// Like [`Self::reduce`], with a function that changes what the records have come to in
    /// place.
    pub fn reduce_in_place<F: ReduceFunction<T>>(&self, function: F) -> DataStream<T> {
        self.rolling("Keyed Reduce", function)
    }

    fn rolling<F: ReduceFunction<T>>(&self, name: &str, function: F) -> DataStream<T> {
        let selector = self.selector.clone();
        let code = OperatorKind::operator(move |context: &OperatorContext, outputs: Outputs| {
            let (selector, function, (output, _)) =
                (selector.clone(), function.clone(), outputs.join());
            let reduce = RollingReduce::new(context, selector, function, output)?;
            Ok(erase(Box::new(reduce) as Box<dyn Output<T>>))
        });
        self.stream.then(name, StreamNodeKind::Operator, code)
    }

    /// For each record, the sum of a field so far. The other fields are those of the key's first
    /// record, as in Flink.
    pub fn sum<N: std::ops::AddAssign + Copy + 'static>(
        &self,
        field: impl Fn(&mut T) -> &mut N + Function,
    ) -> DataStream<T> {
        self.aggregation(aggregation::sum(field))
    }

    /// For each record, the least of a field so far. The other fields are those of the key's
    /// first record, as in Flink.
    pub fn min<N: PartialOrd + Clone + 'static>(
        &self,
        field: impl Fn(&mut T) -> &mut N + Function,
    ) -> DataStream<T> {
        self.aggregation(aggregation::extreme(field, |new: &N, best: &N| new < best))
    }

    /// For each record, the greatest of a field so far. The other fields are those of the key's
    /// first record, as in Flink.
    pub fn max<N: PartialOrd + Clone + 'static>(
        &self,
        field: impl Fn(&mut T) -> &mut N + Function,
    ) -> DataStream<T> {
        self.aggregation(aggregation::extreme(field, |new: &N, best: &N| new > best))
    }

    /// For each record, the whole record with the least value so far; of equal ones the first.
    pub fn min_by<N: PartialOrd + 'static>(
        &self,
        value_of: impl Fn(&T) -> N + Function,
    ) -> DataStream<T> {
        let better = move |new: &T, best: &T| value_of(new) < value_of(best);
        self.aggregation(aggregation::extreme_by(better))
    }

    /// For each record, the whole record with the greatest value so far; of equal ones the first.
    pub fn max_by<N: PartialOrd + 'static>(
        &self,
        value_of: impl Fn(&T) -> N + Function,
    ) -> DataStream<T> {
        let better = move |new: &T, best: &T| value_of(new) > value_of(best);
        self.aggregation(aggregation::extreme_by(better))
    }

    fn aggregation(&self, function: impl FnMut(&mut T, T) + Function) -> DataStream<T> {
        self.rolling("Keyed Aggregation", Closure(function))
    }

    /// What a function makes of the records of each key, with keyed state and timers.
    ///
    /// ```
    /// use weir::api::StreamExecutionEnvironment;
    /// use weir::cluster::{self, ClusterOptions};
    /// use weir::operator::{KeyedContext, KeyedOpenContext, KeyedProcessFunction};
    /// use weir::record::{Collector, Failure};
    /// use weir::state::{ValueState, ValueStateDescriptor};
    ///
    /// /// Emits a record if it differs from the last of its key.
    /// #[derive(Clone, Default)]
    /// struct Changes { last: ValueState<i64> }
    ///
    /// impl KeyedProcessFunction<String, (String, i64)> for Changes {
    ///     type Out = (String, i64);
    ///
    ///     fn open(&mut self, context: &mut KeyedOpenContext<'_, String>) -> Result<(), Failure> {
    ///         self.last = context.state(ValueStateDescriptor::new("last"))?;
    ///         Ok(())
    ///     }
    ///
    ///     fn process_element(
    ///         &mut self,
    ///         value: (String, i64),
    ///         context: &mut KeyedContext<'_, String>,
    ///         out: &mut Collector<(String, i64)>,
    ///     ) -> Result<(), Failure> {
    ///         if self.last.value(context.state())? != Some(&value.1) {
    ///             self.last.update(context.state(), value.1)?;
    ///             out.collect(value);
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let env = StreamExecutionEnvironment::new("changes");
    /// let readings = [("a", 1), ("a", 1), ("b", 1), ("a", 2)];
    /// env.from_collection(readings.map(|(key, value)| (key.to_string(), value)).to_vec())
    ///     .key_by_field(|reading| &reading.0)
    ///     .process(Changes::default())
    ///     .write_to("changes", ["sensor", "value"]);
    /// let report = cluster::execute(ClusterOptions::new(1, 1), env.build().unwrap()).unwrap();
    /// assert_eq!(report.sinks["changes"].rows.len(), 3);
    /// ```
    pub fn process<F: KeyedProcessFunction<S::Key, T>>(&self, function: F) -> DataStream<F::Out> {
        let selector = self.selector.clone();
        let code = OperatorKind::operator(move |context: &OperatorContext, outputs: Outputs| {
            let (selector, function) = (selector.clone(), function.clone());
            let process = KeyedProcess::new(context, selector, function, outputs.join())?;
            Ok(erase(Box::new(process) as Box<dyn Output<T>>))
        });
        self.stream.then("Keyed Process", StreamNodeKind::Operator, code)
    }

    /// Divides the records of each key into windows.
    pub fn window(&self, windows: impl Windowing<T>) -> WindowedStream<T, S> {
        WindowedStream::new(self.clone(), windows)
    }

    /// Windows of this size, side by side, by the time that the program goes by.
    pub fn time_window(&self, size: Duration) -> WindowedStream<T, S> {
        self.window(match self.stream.characteristic().domain() {
            TimeDomain::EventTime => TumblingEventTimeWindows::of(size),
            TimeDomain::ProcessingTime => TumblingProcessingTimeWindows::of(size),
        })
    }

    /// Windows of this size, one beginning every `slide`, by the time that the program goes by.
    pub fn time_window_sliding(&self, size: Duration, slide: Duration) -> WindowedStream<T, S> {
        self.window(match self.stream.characteristic().domain() {
            TimeDomain::EventTime => SlidingEventTimeWindows::of(size, slide),
            TimeDomain::ProcessingTime => SlidingProcessingTimeWindows::of(size, slide),
        })
    }

    /// Windows of so many records, one after the other.
    pub fn count_window(&self, size: u64) -> WindowedStream<T, S> {
        self.window(GlobalWindows::create()).trigger(Trigger::Count(size).purging())
    }

    /// Windows over the last `size` records, one after every `slide` of them.
    pub fn count_window_sliding(&self, size: usize, slide: u64) -> WindowedStream<T, S> {
        let evictor = Evictor::new(Eviction::Count(size), EvictionOrder::Before);
        self.window(GlobalWindows::create()).evictor(evictor).trigger(Trigger::Count(slide))
    }

    pub(super) fn fail(&self, error: ProgramError) {
        self.stream.builder.borrow_mut().fail(error);
    }

    pub(super) fn selector(&self) -> &S {
        &self.selector
    }
}
