//! Functions of two streams without keys: Flink's `CoProcessOperator`.
//!
//! Previous: two edges of one task, or [`super::co_map`]. Next: the main output and the side outputs.

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
