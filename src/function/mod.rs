//! What user functions of every kind are given, whatever runs them: where they run, and accumulators.
//!
//! The functions' own traits are with the operators and windows that call them.
//!
//! Previous: an operator opens its function. Next: the task, which reports accumulators.

mod accumulator;
mod runtime_context;

pub use accumulator::{
    Accumulator, AccumulatorError, AccumulatorRegistry, AccumulatorResult, AccumulatorResults,
    AccumulatorValue, AccumulatorValues, AverageAccumulator, DoubleCounter, DoubleMaximum,
    DoubleMinimum, Histogram, LongCounter, LongMaximum, LongMinimum, Tally, merge_accumulators,
};
pub use runtime_context::RuntimeContext;
