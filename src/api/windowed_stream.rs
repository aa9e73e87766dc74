//! Streams divided into windows.
//!
//! ```
//! use std::time::Duration;
//! use weir::api::{StreamExecutionEnvironment, TumblingEventTimeWindows};
//! use weir::base::EventTime;
//! use weir::cluster::{self, ClusterOptions};
//! use weir::time::WatermarkStrategy;
//!
//! let env = StreamExecutionEnvironment::new("per ten seconds");
//! let strategy = WatermarkStrategy::for_monotonous_timestamps()
//!     .with_timestamp_assigner(|reading: &(String, i64, u64), _| EventTime(reading.1));
//! env.from_collection(vec![
//!     ("a".to_string(), 1_000, 5),
//!     ("a".to_string(), 9_000, 7),
//!     ("a".to_string(), 12_000, 1),
//! ])
//! .assign_timestamps_and_watermarks(strategy)
//! .key_by_field(|reading| &reading.0)
//! .window(TumblingEventTimeWindows::of(Duration::from_secs(10)))
//! .sum(|reading| &mut reading.2)
//! .write_to("sums", ["sensor", "first_at", "sum"]);
//! let report = cluster::execute(ClusterOptions::new(1, 1), env.build().unwrap()).unwrap();
//! assert_eq!(report.sinks["sums"].rows[0].fields, ["a", "1000", "12"]);
//! assert_eq!(report.sinks["sums"].rows[1].fields, ["a", "12000", "1"]);
//! ```

use std::time::Duration;

use super::windows::{Windowing, millis};
use super::{DataStream, KeyedStream, ProgramError, aggregation};
use crate::graph::StreamNodeKind;
use crate::operator::{Function, KeySelector, LateRecords, OperatorKind, Windowed};
use crate::record::{Collector, Data, Output, OutputTag, Outputs, erase};
use crate::window::{
    Aggregate, AggregateFunction, Aggregated, AggregatedWith, Buffered, Evicting, Evictor, Folded,
    FoldedWith, IncrementalFunction, Lateness, NullKey, ProcessAllWindowFunction, ProcessClosure,
    ProcessWindowFunction, Reduce, Trigger, WindowAssigner, WindowContext, WindowFunction,
    WindowSpec, WithoutKey,
};

/// The one key of a stream whose records are windowed all together (Flink's
/// `NullByteKeySelector`).
#[derive(Clone, Copy, Debug)]
pub struct NullByteKey;

impl<T> KeySelector<T> for NullByteKey {
    type Key = NullKey;

    fn hash(&self, _value: &T) -> i32 {
        0
    }

    fn matches(&self, _value: &T, _key: &NullKey) -> bool {
        true
    }

    fn key(&self, _value: &T) -> NullKey {
        0
    }
}

/// A stream divided into windows, by key.
pub struct WindowedStream<T, S> {
    stream: KeyedStream<T, S>,
    name: &'static str,
    spec: WindowSpec<T>,
    evictor: Option<Evictor<T>>,
    late: LateRecords<T>,
    /// The whole stream goes through one subtask.
    non_parallel: bool,
}

/// A stream divided into windows that hold all its records, in one subtask.
pub type AllWindowedStream<T> = WindowedStream<T, NullByteKey>;

impl<T: Data, S: KeySelector<T>> WindowedStream<T, S> {
    pub(super) fn new(stream: KeyedStream<T, S>, windows: impl Windowing<T>) -> Self {
        let (name, trigger) = (windows.name(), windows.trigger());
        let assigner = windows.assigner().unwrap_or_else(|error| {
            stream.fail(ProgramError::Window { operator: name, error });
            WindowAssigner::global()
        });
        let mut spec = WindowSpec::new(assigner);
        if let Some(trigger) = trigger {
            spec.trigger = trigger;
        }
        Self { stream, name, spec, evictor: None, late: LateRecords::Drop, non_parallel: false }
    }

    pub(super) fn non_parallel(self) -> Self {
        Self { non_parallel: true, ..self }
    }

    /// When windows are evaluated.
    pub fn trigger(mut self, trigger: Trigger<T>) -> Self {
        self.spec.trigger = trigger;
        self
    }

    /// Which records leave a window when it is evaluated. Its windows then keep all records, also
    /// for functions that would otherwise keep one value.
    pub fn evictor(mut self, evictor: Evictor<T>) -> Self {
        self.evictor = Some(evictor);
        self
    }

    /// For how long after its end a window takes late records.
    pub fn allowed_lateness(mut self, lateness: Duration) -> Self {
        self.spec.lateness =
            Lateness::allowed(millis(lateness)).expect("no duration is less than zero");
        self
    }

    /// Where records go that are too late for all their windows, instead of being dropped.
    pub fn side_output_late_data(mut self, tag: &OutputTag<T>) -> Self {
        self.late = LateRecords::SideOutput(tag.clone());
        self
    }

    /// The records of a window, two into one.
    pub fn reduce(self, mut function: impl FnMut(T, T) -> T + Function) -> DataStream<T> {
        self.folding(Reduce(move |reduced: &mut T, value: T| {
            *reduced = function(reduced.clone(), value);
        }))
    }

    /// Like [`Self::reduce`], with what comes of it shown to a process function.
    pub fn reduce_with<P: ProcessWindowFunction<S::Key, T> + Function>(
        self,
        mut function: impl FnMut(T, T) -> T + Function,
        process: P,
    ) -> DataStream<P::Out> {
        let reduce = Reduce(move |reduced: &mut T, value: T| {
            *reduced = function(reduced.clone(), value);
        });
        self.folding_with(reduce, process)
    }

    /// The records of a window into an accumulator.
    pub fn aggregate<A: AggregateFunction<T> + Function>(self, function: A) -> DataStream<A::Out> {
        self.folding(Aggregate(function))
    }

    /// Like [`Self::aggregate`], with what comes of it shown to a process function.
    pub fn aggregate_with<A, P>(self, function: A, process: P) -> DataStream<P::Out>
    where
        A: AggregateFunction<T> + Function,
        P: ProcessWindowFunction<S::Key, A::Out> + Function,
    {
        self.folding_with(Aggregate(function), process)
    }

    /// All records of a window at once.
    pub fn process<P: ProcessWindowFunction<S::Key, T> + Function>(
        self,
        function: P,
    ) -> DataStream<P::Out> {
        match self.evictor.clone() {
            None => self.function(Buffered(function)),
            Some(evictor) => self.function(Evicting { evictor, process: function }),
        }
    }

    /// Like [`Self::process`], with a closure over key, context, records and where results go.
    pub fn apply<R: Data>(
        self,
        function: impl FnMut(&S::Key, &mut WindowContext<'_, S::Key>, &[T], &mut Collector<R>)
        + Function,
    ) -> DataStream<R> {
        self.process(ProcessClosure::new(function))
    }

    /// The sum of a field. The other fields are those of the window's first record, as in Flink.
    pub fn sum<N: std::ops::AddAssign + Copy + 'static>(
        self,
        field: impl Fn(&mut T) -> &mut N + Function,
    ) -> DataStream<T> {
        self.folding(Reduce(aggregation::sum(field)))
    }

    /// The least of a field. The other fields are those of the window's first record, as in Flink.
    pub fn min<N: PartialOrd + Clone + 'static>(
        self,
        field: impl Fn(&mut T) -> &mut N + Function,
    ) -> DataStream<T> {
        self.folding(Reduce(aggregation::extreme(field, |new: &N, best: &N| new < best)))
    }

    /// The greatest of a field. The other fields are those of the window's first record, as in
    /// Flink.
    pub fn max<N: PartialOrd + Clone + 'static>(
        self,
        field: impl Fn(&mut T) -> &mut N + Function,
    ) -> DataStream<T> {
        self.folding(Reduce(aggregation::extreme(field, |new: &N, best: &N| new > best)))
    }

    /// The whole record with the least value; of equal ones the first.
    pub fn min_by<N: PartialOrd + 'static>(
        self,
        value_of: impl Fn(&T) -> N + Function,
    ) -> DataStream<T> {
        let better = move |new: &T, best: &T| value_of(new) < value_of(best);
        self.folding(Reduce(aggregation::extreme_by(better)))
    }

    /// The whole record with the greatest value; of equal ones the first.
    pub fn max_by<N: PartialOrd + 'static>(
        self,
        value_of: impl Fn(&T) -> N + Function,
    ) -> DataStream<T> {
        let better = move |new: &T, best: &T| value_of(new) > value_of(best);
        self.folding(Reduce(aggregation::extreme_by(better)))
    }

    fn folding<I: IncrementalFunction<T> + Function>(self, incremental: I) -> DataStream<I::Out> {
        match self.evictor.clone() {
            None => self.function(Aggregated(incremental)),
            Some(evictor) => self.function(Evicting { evictor, process: Folded(incremental) }),
        }
    }

    fn folding_with<I, P>(self, incremental: I, process: P) -> DataStream<P::Out>
    where
        I: IncrementalFunction<T> + Function,
        P: ProcessWindowFunction<S::Key, I::Out> + Function,
    {
        match self.evictor.clone() {
            None => self.function(AggregatedWith { incremental, process }),
            Some(evictor) => {
                self.function(Evicting { evictor, process: FoldedWith { incremental, process } })
            }
        }
    }

    fn function<F: WindowFunction<S::Key, T> + Function>(self, function: F) -> DataStream<F::Out> {
        let Self { stream, name, spec, late, non_parallel, .. } = self;
        if let Err(error) = spec.validate() {
            stream.fail(ProgramError::Window { operator: name, error });
        }
        let selector = stream.selector().clone();
        let build = move |context: &crate::operator::OperatorContext, outputs: Outputs| {
            let (selector, spec) = (selector.clone(), spec.clone());
            let (function, late) = (function.clone(), late.clone());
            let windowed =
                Windowed::new(context, selector, spec, function, late, outputs.join::<F::Out>());
            Ok(erase(Box::new(windowed?) as Box<dyn Output<T>>))
        };
        let code = OperatorKind::operator(build);
        let windows = stream.stream().then(name, StreamNodeKind::Operator, code);
        if non_parallel { windows.parallelism(1).max_parallelism(1) } else { windows }
    }
}

impl<T: Data> AllWindowedStream<T> {
    /// Like [`Self::process`], with a function that is shown no key.
    pub fn process_all<P: ProcessAllWindowFunction<T> + Function>(
        self,
        function: P,
    ) -> DataStream<P::Out> {
        self.process(WithoutKey(function))
    }

    /// Like [`Self::apply`], with a closure that is shown no key.
    pub fn apply_all<R: Data>(
        self,
        mut function: impl FnMut(&mut WindowContext<'_, NullKey>, &[T], &mut Collector<R>) + Function,
    ) -> DataStream<R> {
        self.apply(
            move |_key: &NullKey, context: &mut WindowContext<'_, _>, of: &[T], out: &mut _| {
                function(context, of, out);
            },
        )
    }
}
