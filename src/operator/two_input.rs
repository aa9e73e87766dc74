//! Operators with two inputs of different types. They always head a chain, since a chain has one
//! way in.
//!
//! Previous: the input gate, whose channels say which input they feed. Event time of both inputs
//! has been combined by the task.

use std::any::Any;
use std::marker::PhantomData;

use crate::record::{AnyBatch, AnyOutput, Batch, ChainEvent, Data, Failure, downcast};

/// An operator with two inputs (Flink's `TwoInputStreamOperator`).
pub trait TwoInput<A, B>: 'static {
    /// Takes a batch of the first input.
    fn process_first(&mut self, batch: Batch<A>) -> Result<(), Failure>;
    /// Takes a batch of the second input.
    fn process_second(&mut self, batch: Batch<B>) -> Result<(), Failure>;
    /// Takes what passes between batches.
    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure>;
}

struct Erased<A, B, O> {
    operator: O,
    inputs: PhantomData<fn(A, B)>,
}

/// Hides the types of an operator's inputs from whoever assembles a chain.
pub fn erase_inputs<A: Data, B: Data>(operator: impl TwoInput<A, B>) -> Box<dyn AnyOutput> {
    Box::new(Erased { operator, inputs: PhantomData })
}

impl<A: Data, B: Data, O: TwoInput<A, B>> AnyOutput for Erased<A, B, O> {
    fn collect_any(&mut self, input: u16, batch: Box<dyn AnyBatch>) -> Result<(), Failure> {
        match input {
            0 => self.operator.process_first(downcast(batch)?),
            1 => self.operator.process_second(downcast(batch)?),
            other => unreachable!("input {other} of an operator that was declared with two"),
        }
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.operator.on_event(event)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        unreachable!("an operator with two inputs heads its chain: nothing is chained before it")
    }
}
