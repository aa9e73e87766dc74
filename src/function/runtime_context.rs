//! Where a user function runs.

use super::{Accumulator, AccumulatorError, AccumulatorRegistry};
use crate::base::Name;

/// What a user function may know of where it runs.
#[derive(Clone, Debug)]
pub struct RuntimeContext {
    /// The subtask's name, such as `parse#1`.
    pub subtask: Name,
    /// The subtask's index among its siblings, from 0.
    pub index: u32,
    /// How many siblings there are.
    pub parallelism: u32,
    /// Which attempt at this subtask this is, from 0.
    pub attempt: u32,
    /// The task's accumulators.
    pub accumulators: AccumulatorRegistry,
}

impl RuntimeContext {
    /// Has an accumulator reported with the job's result, under a name of the job. Keep the
    /// accumulator as a field: it is how values are added.
    ///
    /// # Errors
    /// If the task has one of that name. The task is all of the chain to which the operator
    /// belongs.
    pub fn add_accumulator(
        &self,
        name: &str,
        accumulator: &impl Accumulator,
    ) -> Result<(), AccumulatorError> {
        self.accumulators.add(name, accumulator)
    }
}
