//! How records become one accumulator: what windows and aggregating state have in common.

use crate::record::Data;

/// Flink's `AggregateFunction`.
pub trait AggregateFunction<T> {
    /// What is kept.
    type Accumulator: Data;
    /// What comes out.
    type Out: Data;
    /// The accumulator of no records.
    fn create_accumulator(&self) -> Self::Accumulator;
    /// Takes a record in.
    fn add(&self, accumulator: &mut Self::Accumulator, value: T);
    /// The result so far.
    fn get_result(&self, accumulator: &Self::Accumulator) -> Self::Out;
    /// Takes another accumulator in; needed where windows merge.
    fn merge(&self, accumulator: &mut Self::Accumulator, other: Self::Accumulator);
}
