//! The accumulators of a task, by name.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex};

use super::{Accumulator, AccumulatorError, AccumulatorValues, Tally};
use crate::base::Name;

/// The accumulators of a task (Flink's `AccumulatorRegistry`). Shared by all operators of its
/// chain.
#[derive(Clone, Debug, Default)]
pub struct AccumulatorRegistry(Arc<Mutex<BTreeMap<Name, Tally>>>);

impl AccumulatorRegistry {
    /// Has an accumulator reported under a name.
    ///
    /// # Errors
    /// If there is one of that name.
    pub fn add(&self, name: &str, accumulator: &impl Accumulator) -> Result<(), AccumulatorError> {
        let mut registered = self.0.lock().expect("nothing panics while it holds this");
        match registered.entry(name.into()) {
            Entry::Vacant(entry) => {
                entry.insert(accumulator.tally().share());
                Ok(())
            }
            Entry::Occupied(entry) => Err(AccumulatorError::AlreadyExists(entry.key().clone())),
        }
    }

    /// What they have come to.
    pub fn values(&self) -> AccumulatorValues {
        let registered = self.0.lock().expect("nothing panics while it holds this");
        registered.iter().map(|(name, tally)| (name.clone(), tally.value())).collect()
    }
}
