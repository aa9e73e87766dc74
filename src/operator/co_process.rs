//! Functions of two streams without keys: Flink's `CoProcessOperator`, and with it co-map and
//! co-flat-map.
//!
//! Previous: two edges of one task. Next: the main output and the side outputs.

use std::marker::PhantomData;

use super::process::{OpenContext, ProcessContext};
use super::process_runner::ProcessRunner;
use super::{Function, OperatorContext, TwoInput};
use crate::record::{Batch, ChainEvent, Collector, Data, Failure, Output, SideOutputs};

/// Records of two streams in, any number out.
pub trait CoProcessFunction<A, B>: Function {
    /// What comes out.
    type Out: Data;
    /// Called once before the first record.
    fn open(&mut self, _context: &mut OpenContext<'_>) -> Result<(), Failure> {
        Ok(())
    }
    /// Processes a record of the first stream.
    fn process_element1(
        &mut self,
        value: A,
        context: &mut ProcessContext<'_>,
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure>;
    /// Processes a record of the second stream.
    fn process_element2(
        &mut self,
        value: B,
        context: &mut ProcessContext<'_>,
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure>;
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Two closures that share nothing, one for each stream (Flink's `CoFlatMapFunction`).
pub struct CoFlatMap<F, G, R> {
    first: F,
    second: G,
    out: PhantomData<fn() -> R>,
}

impl<F, G, R> CoFlatMap<F, G, R> {
    /// Wraps the closures.
    pub fn new(first: F, second: G) -> Self {
        Self { first, second, out: PhantomData }
    }
}

impl<F: Clone, G: Clone, R> Clone for CoFlatMap<F, G, R> {
    fn clone(&self) -> Self {
        Self::new(self.first.clone(), self.second.clone())
    }
}

impl<A, B, R, F, G> CoProcessFunction<A, B> for CoFlatMap<F, G, R>
where
    R: Data,
    F: FnMut(A, &mut Collector<R>) + Function,
    G: FnMut(B, &mut Collector<R>) + Function,
{
    type Out = R;

    fn process_element1(
        &mut self,
        value: A,
        _context: &mut ProcessContext<'_>,
        out: &mut Collector<R>,
    ) -> Result<(), Failure> {
        (self.first)(value, out);
        Ok(())
    }

    fn process_element2(
        &mut self,
        value: B,
        _context: &mut ProcessContext<'_>,
        out: &mut Collector<R>,
    ) -> Result<(), Failure> {
        (self.second)(value, out);
        Ok(())
    }
}

/// See the module.
pub struct CoProcess<F, R>(ProcessRunner<F, R>);

impl<F, R: Data> CoProcess<F, R> {
    /// Opens `function` in front of its outputs.
    pub fn new<A, B>(
        context: &OperatorContext,
        function: F,
        outputs: (Box<dyn Output<R>>, SideOutputs),
    ) -> Result<Self, Failure>
    where
        F: CoProcessFunction<A, B, Out = R>,
    {
        ProcessRunner::new(context, function, outputs, F::open).map(Self)
    }
}

impl<A: Data, B: Data, F: CoProcessFunction<A, B>> TwoInput<A, B> for CoProcess<F, F::Out> {
    fn process_first(&mut self, batch: Batch<A>) -> Result<(), Failure> {
        self.0.each(batch, F::process_element1)
    }

    fn process_second(&mut self, batch: Batch<B>) -> Result<(), Failure> {
        self.0.each(batch, F::process_element2)
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.0.on_event(event, F::close)
    }
}
