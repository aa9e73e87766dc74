//! What a window keeps of its records, and what it makes of them.
//!
//! | function | keeps | makes |
//! |---|---|---|
//! | [`Aggregated`] | one accumulator | its result |
//! | [`AggregatedWith`] | one accumulator | what a process function makes of its result |
//! | [`Buffered`] | the records | what a process function makes of them |
//! | [`super::Evicting`] | the records with timestamps | the same, after eviction |
//!
//! Invariant: a record is added to a window's contents once, in order of arrival; merging adds the
//! other window's records after one's own.

use std::marker::PhantomData;

use super::{WindowContext, WindowOpenContext, WindowOutput};
use crate::base::EventTime;
use crate::record::{Collector, Data, Failure, shown, shown_list};
pub use crate::state::AggregateFunction;

/// What the window operator needs of a window function.
pub trait WindowFunction<K, T> {
    /// What a window keeps.
    type Contents: Data;
    /// What it emits.
    type Out: Data;
    /// Whether evaluation changes what a window keeps.
    const EVICTS: bool = false;
    /// What a window keeps, shown to a person and cut where it is long.
    fn show(contents: &Self::Contents) -> String {
        shown(contents)
    }
    /// Called once before the first record: the place to register states.
    fn open(&mut self, _context: &mut WindowOpenContext<'_, K>) -> Result<(), Failure> {
        Ok(())
    }
    /// The contents of a window with this record alone.
    fn create(&mut self, value: T, timestamp: EventTime) -> Self::Contents;
    /// Adds a record.
    fn add(&mut self, contents: &mut Self::Contents, value: T, timestamp: EventTime);
    /// Adds another window's contents.
    fn merge(&mut self, contents: &mut Self::Contents, other: Self::Contents);
    /// Evaluates the window. False if nothing is left in it.
    fn fire(
        &mut self,
        context: &mut WindowContext<'_, K>,
        contents: &mut Self::Contents,
        output: &mut impl WindowOutput<T, Self::Out>,
    ) -> Result<bool, Failure>;
    /// The window is removed.
    fn clear(&mut self, _context: &mut WindowContext<'_, K>) -> Result<(), Failure> {
        Ok(())
    }
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Records into one value, record by record.
pub trait IncrementalFunction<T> {
    /// What is kept.
    type Accumulator: Data;
    /// What comes out.
    type Out: Data;
    /// The accumulator of one record.
    fn create(&mut self, value: T) -> Self::Accumulator;
    /// Takes a record in.
    fn add(&mut self, accumulator: &mut Self::Accumulator, value: T);
    /// Takes another accumulator in.
    fn merge(&mut self, accumulator: &mut Self::Accumulator, other: Self::Accumulator);
    /// The result so far.
    fn result(&mut self, accumulator: &Self::Accumulator) -> Self::Out;
}

/// Flink's `ReduceFunction`: the second record goes into the first.
#[derive(Clone)]
pub struct Reduce<F>(pub F);

impl<T: Data, F: FnMut(&mut T, T)> IncrementalFunction<T> for Reduce<F> {
    type Accumulator = T;
    type Out = T;

    #[inline]
    fn create(&mut self, value: T) -> T {
        value
    }
    #[inline]
    fn add(&mut self, accumulator: &mut T, value: T) {
        (self.0)(accumulator, value);
    }
    fn merge(&mut self, accumulator: &mut T, other: T) {
        (self.0)(accumulator, other);
    }
    fn result(&mut self, accumulator: &T) -> T {
        accumulator.clone()
    }
}

/// An [`AggregateFunction`] as an incremental one.
#[derive(Clone)]
pub struct Aggregate<A>(pub A);

impl<T, A: AggregateFunction<T>> IncrementalFunction<T> for Aggregate<A> {
    type Accumulator = A::Accumulator;
    type Out = A::Out;

    #[inline]
    fn create(&mut self, value: T) -> A::Accumulator {
        let mut accumulator = self.0.create_accumulator();
        self.0.add(&mut accumulator, value);
        accumulator
    }
    #[inline]
    fn add(&mut self, accumulator: &mut A::Accumulator, value: T) {
        self.0.add(accumulator, value);
    }
    fn merge(&mut self, accumulator: &mut A::Accumulator, other: A::Accumulator) {
        self.0.merge(accumulator, other);
    }
    fn result(&mut self, accumulator: &A::Accumulator) -> A::Out {
        self.0.get_result(accumulator)
    }
}

/// Flink's `ProcessWindowFunction`: sees all that a window holds at once.
///
/// ```
/// use std::time::Duration;
/// use weir::api::{StreamExecutionEnvironment, TumblingEventTimeWindows};
/// use weir::base::EventTime;
/// use weir::cluster::{self, ClusterOptions};
/// use weir::record::{Collector, Failure};
/// use weir::state::{ValueState, ValueStateDescriptor};
/// use weir::time::WatermarkStrategy;
/// use weir::window::{ProcessWindowFunction, WindowContext, WindowOpenContext};
///
/// /// How the number of readings of a sensor changes from one window to the next.
/// #[derive(Clone, Default)]
/// struct Change {
///     last: ValueState<i64>,
/// }
///
/// impl ProcessWindowFunction<String, (String, i64)> for Change {
///     type Out = (String, i64);
///
///     fn open(&mut self, context: &mut WindowOpenContext<'_, String>) -> Result<(), Failure> {
///         self.last = context.global_state(ValueStateDescriptor::new("last"))?;
///         Ok(())
///     }
///
///     fn process(
///         &mut self,
///         sensor: &String,
///         context: &mut WindowContext<'_, String>,
///         readings: &[(String, i64)],
///         out: &mut Collector<(String, i64)>,
///     ) -> Result<(), Failure> {
///         let count = readings.len() as i64;
///         let last = self.last.value(context.state())?.copied().unwrap_or(0);
///         self.last.update(context.state(), count)?;
///         out.collect((sensor.clone(), count - last));
///         Ok(())
///     }
/// }
///
/// let env = StreamExecutionEnvironment::new("change");
/// let strategy = WatermarkStrategy::for_monotonous_timestamps()
///     .with_timestamp_assigner(|reading: &(String, i64), _| EventTime(reading.1));
/// env.from_collection(vec![
///     ("a".to_string(), 1_000),
///     ("a".to_string(), 9_000),
///     ("a".to_string(), 12_000),
/// ])
/// .assign_timestamps_and_watermarks(strategy)
/// .key_by_field(|reading| &reading.0)
/// .window(TumblingEventTimeWindows::of(Duration::from_secs(10)))
/// .process(Change::default())
/// .write_to("changes", ["sensor", "change"]);
/// let report = cluster::execute(ClusterOptions::new(1, 1), env.build().unwrap()).unwrap();
/// assert_eq!(report.sinks["changes"].rows[0].fields, ["a", "2"]);
/// assert_eq!(report.sinks["changes"].rows[1].fields, ["a", "-1"]);
/// ```
pub trait ProcessWindowFunction<K, T> {
    /// What comes out.
    type Out: Data;
    /// Called once before the first record: the place to register states.
    fn open(&mut self, _context: &mut WindowOpenContext<'_, K>) -> Result<(), Failure> {
        Ok(())
    }
    /// Evaluates a window.
    fn process(
        &mut self,
        key: &K,
        context: &mut WindowContext<'_, K>,
        elements: &[T],
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure>;
    /// The window is removed: the place to clear the states that the function keeps for it, which
    /// stay for ever otherwise.
    fn clear(&mut self, _key: &K, _context: &mut WindowContext<'_, K>) -> Result<(), Failure> {
        Ok(())
    }
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// A closure as a process function.
pub struct ProcessClosure<F, R>(F, PhantomData<fn() -> R>);

impl<F, R> ProcessClosure<F, R> {
    /// Wraps a closure.
    pub fn new(function: F) -> Self {
        Self(function, PhantomData)
    }
}

impl<F: Clone, R> Clone for ProcessClosure<F, R> {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl<K, T, R: Data, F> ProcessWindowFunction<K, T> for ProcessClosure<F, R>
where
    F: FnMut(&K, &mut WindowContext<'_, K>, &[T], &mut Collector<R>),
{
    type Out = R;

    fn process(
        &mut self,
        key: &K,
        context: &mut WindowContext<'_, K>,
        elements: &[T],
        out: &mut Collector<R>,
    ) -> Result<(), Failure> {
        (self.0)(key, context, elements, out);
        Ok(())
    }
}

/// Calls a process function and passes on what it emits.
pub(super) fn process<K, T, E, P: ProcessWindowFunction<K, E>>(
    function: &mut P,
    context: &mut WindowContext<'_, K>,
    elements: &[E],
    output: &mut impl WindowOutput<T, P::Out>,
) -> Result<(), Failure> {
    let mut collector = Collector::default();
    function.process(context.key, context, elements, &mut collector)?;
    let timestamp = context.window().max_timestamp();
    for value in collector.take().values {
        output.emit(value, timestamp);
    }
    Ok(())
}

/// Keeps one accumulator and emits its result.
#[derive(Clone)]
pub struct Aggregated<I>(pub I);

impl<K, T, I: IncrementalFunction<T>> WindowFunction<K, T> for Aggregated<I> {
    type Contents = I::Accumulator;
    type Out = I::Out;

    #[inline]
    fn create(&mut self, value: T, _timestamp: EventTime) -> I::Accumulator {
        self.0.create(value)
    }
    #[inline]
    fn add(&mut self, contents: &mut I::Accumulator, value: T, _timestamp: EventTime) {
        self.0.add(contents, value);
    }
    fn merge(&mut self, contents: &mut I::Accumulator, other: I::Accumulator) {
        self.0.merge(contents, other);
    }
    #[inline]
    fn fire(
        &mut self,
        context: &mut WindowContext<'_, K>,
        contents: &mut I::Accumulator,
        output: &mut impl WindowOutput<T, I::Out>,
    ) -> Result<bool, Failure> {
        output.emit(self.0.result(contents), context.window().max_timestamp());
        Ok(true)
    }
}

/// Keeps one accumulator and shows its result to a process function.
#[derive(Clone)]
pub struct AggregatedWith<I, P> {
    /// What records come to.
    pub incremental: I,
    /// What is made of it.
    pub process: P,
}

impl<K, T, I, P> WindowFunction<K, T> for AggregatedWith<I, P>
where
    I: IncrementalFunction<T>,
    P: ProcessWindowFunction<K, I::Out>,
{
    type Contents = I::Accumulator;
    type Out = P::Out;

    fn open(&mut self, context: &mut WindowOpenContext<'_, K>) -> Result<(), Failure> {
        self.process.open(context)
    }
    #[inline]
    fn create(&mut self, value: T, _timestamp: EventTime) -> I::Accumulator {
        self.incremental.create(value)
    }
    #[inline]
    fn add(&mut self, contents: &mut I::Accumulator, value: T, _timestamp: EventTime) {
        self.incremental.add(contents, value);
    }
    fn merge(&mut self, contents: &mut I::Accumulator, other: I::Accumulator) {
        self.incremental.merge(contents, other);
    }
    fn fire(
        &mut self,
        context: &mut WindowContext<'_, K>,
        contents: &mut I::Accumulator,
        output: &mut impl WindowOutput<T, P::Out>,
    ) -> Result<bool, Failure> {
        let result = [self.incremental.result(contents)];
        process(&mut self.process, context, &result, output)?;
        Ok(true)
    }
    fn clear(&mut self, context: &mut WindowContext<'_, K>) -> Result<(), Failure> {
        self.process.clear(context.key, context)
    }
    fn close(&mut self) -> Result<(), Failure> {
        self.process.close()
    }
}

/// Keeps the records and shows them to a process function.
#[derive(Clone)]
pub struct Buffered<P>(pub P);

impl<K, T: Data, P: ProcessWindowFunction<K, T>> WindowFunction<K, T> for Buffered<P> {
    type Contents = Vec<T>;
    type Out = P::Out;

    fn show(contents: &Vec<T>) -> String {
        shown_list(contents)
    }
    fn open(&mut self, context: &mut WindowOpenContext<'_, K>) -> Result<(), Failure> {
        self.0.open(context)
    }
    fn create(&mut self, value: T, _timestamp: EventTime) -> Vec<T> {
        vec![value]
    }
    #[inline]
    fn add(&mut self, contents: &mut Vec<T>, value: T, _timestamp: EventTime) {
        contents.push(value);
    }
    fn merge(&mut self, contents: &mut Vec<T>, mut other: Vec<T>) {
        contents.append(&mut other);
    }
    fn fire(
        &mut self,
        context: &mut WindowContext<'_, K>,
        contents: &mut Vec<T>,
        output: &mut impl WindowOutput<T, P::Out>,
    ) -> Result<bool, Failure> {
        process(&mut self.0, context, contents, output)?;
        Ok(true)
    }
    fn clear(&mut self, context: &mut WindowContext<'_, K>) -> Result<(), Failure> {
        self.0.clear(context.key, context)
    }
    fn close(&mut self) -> Result<(), Failure> {
        self.0.close()
    }
}
