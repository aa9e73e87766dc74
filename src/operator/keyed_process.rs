//! Process functions of keyed streams, of one input and of two: Flink's `KeyedProcessOperator` and
//! `KeyedCoProcessOperator`.
//!
//! Previous: keyed edges. Next: [`super::keyed_runner`], then whatever takes the results.

use std::marker::PhantomData;

use super::keyed_context::{KeyedContext, KeyedOpenContext};
use super::keyed_runner::{KeyedRunner, TimedFunction};
use super::{Function, KeySelector, OperatorContext, TwoInput};
use crate::base::EventTime;
use crate::record::{Batch, ChainEvent, Collector, Data, Failure, Key, Output, SideOutputs};

/// Records of a key in, any number out, with state and timers.
pub trait KeyedProcessFunction<K, T>: Function {
    /// What comes out.
    type Out: Data;
    /// Called once before the first record: the place to register state.
    fn open(&mut self, _context: &mut KeyedOpenContext<'_, K>) -> Result<(), Failure> {
        Ok(())
    }
    /// Processes a record.
    fn process_element(
        &mut self,
        value: T,
        context: &mut KeyedContext<'_, K>,
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure>;
    /// A timer that the function has registered fires.
    fn on_timer(
        &mut self,
        _timestamp: EventTime,
        _context: &mut KeyedContext<'_, K>,
        _out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure> {
        Ok(())
    }
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Records of two streams with keys of one type in, any number out, with state and timers that
/// both share.
pub trait KeyedCoProcessFunction<K, A, B>: Function {
    /// What comes out.
    type Out: Data;
    /// Called once before the first record: the place to register state.
    fn open(&mut self, _context: &mut KeyedOpenContext<'_, K>) -> Result<(), Failure> {
        Ok(())
    }
    /// Processes a record of the first stream.
    fn process_element1(
        &mut self,
        value: A,
        context: &mut KeyedContext<'_, K>,
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure>;
    /// Processes a record of the second stream.
    fn process_element2(
        &mut self,
        value: B,
        context: &mut KeyedContext<'_, K>,
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure>;
    /// A timer that the function has registered fires.
    fn on_timer(
        &mut self,
        _timestamp: EventTime,
        _context: &mut KeyedContext<'_, K>,
        _out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure> {
        Ok(())
    }
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// A function with what it is a function of.
struct Of<F, X> {
    function: F,
    inputs: PhantomData<fn(X)>,
}

impl<K, T, F> TimedFunction<K> for Of<F, (T,)>
where
    T: 'static,
    F: KeyedProcessFunction<K, T>,
{
    type Out = F::Out;

    fn open(&mut self, context: &mut KeyedOpenContext<'_, K>) -> Result<(), Failure> {
        self.function.open(context)
    }

    fn on_timer(
        &mut self,
        timestamp: EventTime,
        context: &mut KeyedContext<'_, K>,
        out: &mut Collector<F::Out>,
    ) -> Result<(), Failure> {
        self.function.on_timer(timestamp, context, out)
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.function.close()
    }
}

impl<K, A, B, F> TimedFunction<K> for Of<F, (A, B)>
where
    A: 'static,
    B: 'static,
    F: KeyedCoProcessFunction<K, A, B>,
{
    type Out = F::Out;

    fn open(&mut self, context: &mut KeyedOpenContext<'_, K>) -> Result<(), Failure> {
        self.function.open(context)
    }

    fn on_timer(
        &mut self,
        timestamp: EventTime,
        context: &mut KeyedContext<'_, K>,
        out: &mut Collector<F::Out>,
    ) -> Result<(), Failure> {
        self.function.on_timer(timestamp, context, out)
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.function.close()
    }
}

/// See the module.
pub struct KeyedProcess<T, S, F>
where
    T: 'static,
    S: KeySelector<T>,
    F: KeyedProcessFunction<S::Key, T>,
{
    runner: KeyedRunner<S::Key, Of<F, (T,)>>,
    selector: S,
}

impl<T, S, F> KeyedProcess<T, S, F>
where
    T: Data,
    S: KeySelector<T>,
    F: KeyedProcessFunction<S::Key, T>,
{
    /// Opens `function` in front of its outputs.
    pub fn new(
        context: &OperatorContext,
        selector: S,
        function: F,
        outputs: (Box<dyn Output<F::Out>>, SideOutputs),
    ) -> Result<Self, Failure> {
        let function = Of { function, inputs: PhantomData };
        Ok(Self { runner: KeyedRunner::new(context, function, outputs)?, selector })
    }
}

impl<T, S, F> Output<T> for KeyedProcess<T, S, F>
where
    T: Data,
    S: KeySelector<T>,
    F: KeyedProcessFunction<S::Key, T>,
{
    fn collect_batch(&mut self, batch: Batch<T>) -> Result<(), Failure> {
        self.runner.each(batch, &self.selector, |of, value, context, out| {
            of.function.process_element(value, context, out)
        })
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.runner.on_event(event)
    }
}

/// See the module.
pub struct KeyedCoProcess<A, B, SA, SB, F>
where
    A: 'static,
    B: 'static,
    SA: KeySelector<A>,
    F: KeyedCoProcessFunction<SA::Key, A, B>,
{
    runner: KeyedRunner<SA::Key, Of<F, (A, B)>>,
    first: SA,
    second: SB,
}

impl<A, B, K, SA, SB, F> KeyedCoProcess<A, B, SA, SB, F>
where
    A: Data,
    B: Data,
    K: Key,
    SA: KeySelector<A, Key = K>,
    SB: KeySelector<B, Key = K>,
    F: KeyedCoProcessFunction<K, A, B>,
{
    /// Opens `function` in front of its outputs.
    pub fn new(
        context: &OperatorContext,
        (first, second): (SA, SB),
        function: F,
        outputs: (Box<dyn Output<F::Out>>, SideOutputs),
    ) -> Result<Self, Failure> {
        let function = Of { function, inputs: PhantomData };
        Ok(Self { runner: KeyedRunner::new(context, function, outputs)?, first, second })
    }
}

impl<A, B, K, SA, SB, F> TwoInput<A, B> for KeyedCoProcess<A, B, SA, SB, F>
where
    A: Data,
    B: Data,
    K: Key,
    SA: KeySelector<A, Key = K>,
    SB: KeySelector<B, Key = K>,
    F: KeyedCoProcessFunction<K, A, B>,
{
    fn process_first(&mut self, batch: Batch<A>) -> Result<(), Failure> {
        self.runner.each(batch, &self.first, |of, value, context, out| {
            of.function.process_element1(value, context, out)
        })
    }

    fn process_second(&mut self, batch: Batch<B>) -> Result<(), Failure> {
        self.runner.each(batch, &self.second, |of, value, context, out| {
            of.function.process_element2(value, context, out)
        })
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.runner.on_event(event)
    }
}
