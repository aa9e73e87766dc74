//! What the accumulators of all tasks come to together (Flink's `AccumulatorHelper`).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{AccumulatorValue, AccumulatorValues};
use crate::base::Name;
use crate::record::Failure;

/// What an accumulator has come to in a job, or why it cannot be said (Flink's `OptionalFailure`,
/// for which a `FailedAccumulator` stands in).
pub type AccumulatorResult = Result<AccumulatorValue, AccumulatorError>;

/// What accumulators have come to in a job, by name.
pub type AccumulatorResults = BTreeMap<Name, AccumulatorResult>;

/// What is wrong with an accumulator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccumulatorError {
    /// A task has registered one of that name.
    #[error("The accumulator '{0}' already exists and cannot be added.")]
    AlreadyExists(Name),
    /// Tasks have registered different kinds under one name.
    #[error(
        "The accumulator object '{name}' was created with two different types: {first} and {second}"
    )]
    DifferentTypes {
        /// The name.
        name: Name,
        /// The kind that came first.
        first: &'static str,
        /// The first that differs.
        second: &'static str,
    },
}

impl From<AccumulatorError> for Failure {
    fn from(error: AccumulatorError) -> Self {
        Self(error.to_string())
    }
}

/// Merges what the accumulators of several tasks have come to, in this order: sums of doubles
/// depend on it.
///
/// Unlike Flink: kinds that differ under one name fail that name, not the request for all.
pub fn merge_accumulators<'a>(
    tasks: impl IntoIterator<Item = &'a AccumulatorValues>,
) -> AccumulatorResults {
    let mut merged = AccumulatorResults::new();
    for (name, value) in tasks.into_iter().flatten() {
        match merged.entry(name.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(Ok(value.clone()));
            }
            Entry::Occupied(entry) => {
                let merged = entry.into_mut();
                if let Ok(so_far) = merged
                    && !so_far.merge(value)
                {
                    let (name, first, second) = (name.clone(), so_far.kind(), value.kind());
                    *merged = Err(AccumulatorError::DifferentTypes { name, first, second });
                }
            }
        }
    }
    merged
}
