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

use super::{Window, WindowOutput};
use crate::base::EventTime;
use crate::record::{Collector, Data, OutputTag, SideOutputs};
pub use crate::state::AggregateFunction;

/// When and for which window a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The window.
    pub window: Window,
    /// How far event time is.
    pub current_watermark: EventTime,
    /// What the node takes the time to be.
    pub current_processing_time: EventTime,
}

/// What the window operator needs of a window function.
pub trait WindowFunction<K, T> {
    /// What a window keeps.
    type Contents: Data;
    /// What it emits.
    type Out: Data;
    /// The contents of a window with this record alone.
    fn create(&mut self, value: T, timestamp: EventTime) -> Self::Contents;
    /// Adds a record.
    fn add(&mut self, contents: &mut Self::Contents, value: T, timestamp: EventTime);
    /// Adds another window's contents.
    fn merge(&mut self, contents: &mut Self::Contents, other: Self::Contents);
    /// Evaluates the window. False if nothing is left in it.
    fn fire(
        &mut self,
        key: &K,
        firing: Firing,
        contents: &mut Self::Contents,
        output: &mut impl WindowOutput<T, Self::Out>,
    ) -> bool;
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

/// What a process function sees beside the records: Flink's `ProcessWindowFunction.Context`.
pub struct WindowContext {
    firing: Firing,
    sides: SideOutputs,
}

impl WindowContext {
    /// The window.
    pub fn window(&self) -> Window {
        self.firing.window
    }

    /// How far event time is.
    pub fn current_watermark(&self) -> EventTime {
        self.firing.current_watermark
    }

    /// What the node takes the time to be.
    pub fn current_processing_time(&self) -> EventTime {
        self.firing.current_processing_time
    }

    /// Emits a record to a side output.
    pub fn output<X: Data>(&mut self, tag: &OutputTag<X>, value: X) {
        self.sides.emit(tag, value, Some(self.firing.window.max_timestamp()), None);
    }
}

/// Flink's `ProcessWindowFunction`: sees all that a window holds at once.
pub trait ProcessWindowFunction<K, T> {
    /// What comes out.
    type Out: Data;
    /// Evaluates a window.
    fn process(
        &mut self,
        key: &K,
        context: &mut WindowContext,
        elements: &[T],
        out: &mut Collector<Self::Out>,
    );
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
    F: FnMut(&K, &mut WindowContext, &[T], &mut Collector<R>),
{
    type Out = R;

    fn process(&mut self, key: &K, context: &mut WindowContext, of: &[T], out: &mut Collector<R>) {
        (self.0)(key, context, of, out);
    }
}

/// Calls a process function and passes on what it emits.
pub(super) fn process<K, T, E, P: ProcessWindowFunction<K, E>>(
    function: &mut P,
    key: &K,
    firing: Firing,
    elements: &[E],
    output: &mut impl WindowOutput<T, P::Out>,
) {
    let timestamp = firing.window.max_timestamp();
    let mut context = WindowContext { firing, sides: output.sides() };
    let mut collector = Collector::default();
    function.process(key, &mut context, elements, &mut collector);
    for value in collector.take().values {
        output.emit(value, timestamp);
    }
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
        _key: &K,
        firing: Firing,
        contents: &mut I::Accumulator,
        output: &mut impl WindowOutput<T, I::Out>,
    ) -> bool {
        output.emit(self.0.result(contents), firing.window.max_timestamp());
        true
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
        key: &K,
        firing: Firing,
        contents: &mut I::Accumulator,
        output: &mut impl WindowOutput<T, P::Out>,
    ) -> bool {
        let result = [self.incremental.result(contents)];
        process(&mut self.process, key, firing, &result, output);
        true
    }
}

/// Keeps the records and shows them to a process function.
#[derive(Clone)]
pub struct Buffered<P>(pub P);

impl<K, T: Data, P: ProcessWindowFunction<K, T>> WindowFunction<K, T> for Buffered<P> {
    type Contents = Vec<T>;
    type Out = P::Out;

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
        key: &K,
        firing: Firing,
        contents: &mut Vec<T>,
        output: &mut impl WindowOutput<T, P::Out>,
    ) -> bool {
        process(&mut self.0, key, firing, contents, output);
        true
    }
}
