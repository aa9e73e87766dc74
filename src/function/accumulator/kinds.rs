//! The accumulators themselves, as fields of functions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::AccumulatorValue;

/// What an accumulator has come to, shared between the function that adds to it and the task that
/// will report it. All of it happens in one thread; the lock is there because functions are
/// `Sync`.
#[derive(Debug)]
pub struct Tally(Arc<Mutex<AccumulatorValue>>);

/// A copy goes its own way: each subtask has a clone of the function, as in Flink, where the
/// accumulator is serialized with it.
impl Clone for Tally {
    fn clone(&self) -> Self {
        Self::new(self.value())
    }
}

impl Tally {
    fn new(value: AccumulatorValue) -> Self {
        Self(Arc::new(Mutex::new(value)))
    }

    /// The same one, for the task.
    pub(super) fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// What it has come to.
    pub(super) fn value(&self) -> AccumulatorValue {
        self.0.lock().expect("nothing panics while it holds this").clone()
    }

    fn merge(&self, value: &AccumulatorValue) {
        let merged = self.0.lock().expect("nothing panics while it holds this").merge(value);
        debug_assert!(merged, "an accumulator adds values of its own kind");
    }
}

/// What a function can register under a name (Flink's `Accumulator`).
pub trait Accumulator {
    /// What it has come to, as it is shared with the task.
    fn tally(&self) -> &Tally;

    /// What it has come to in this subtask.
    fn local_value(&self) -> AccumulatorValue {
        self.tally().value()
    }
}

/// Declares accumulators: what each takes, what it is before it has taken anything, and what one
/// value alone comes to. To add a value is to merge that in.
macro_rules! accumulators {
    ($($(#[$doc:meta])+ $name:ident($takes:ty): $nothing:expr, |$value:ident| $alone:expr;)+) => {
        $(
            $(#[$doc])+
            #[derive(Clone, Debug)]
            pub struct $name(Tally);

            impl Default for $name {
                fn default() -> Self {
                    Self(Tally::new($nothing))
                }
            }

            impl $name {
                /// Adds a value.
                pub fn add(&self, $value: $takes) {
                    self.0.merge(&$alone);
                }
            }

            impl Accumulator for $name {
                fn tally(&self) -> &Tally {
                    &self.0
                }
            }
        )+
    };
}

accumulators! {
    /// The sum of whole numbers (Flink's `LongCounter`, and its `IntCounter`: here a count has one
    /// width). It wraps around, as in Java.
    LongCounter(i64): AccumulatorValue::LongCounter(0),
        |value| AccumulatorValue::LongCounter(value);
    /// The sum of numbers (Flink's `DoubleCounter`). It depends on the order of its terms: within
    /// a subtask that of the records, then that of the operators in the plan and of the subtasks.
    DoubleCounter(f64): AccumulatorValue::DoubleCounter(0.0),
        |value| AccumulatorValue::DoubleCounter(value);
    /// The least of whole numbers (Flink's `LongMinimum`).
    LongMinimum(i64): AccumulatorValue::LongMinimum(None),
        |value| AccumulatorValue::LongMinimum(Some(value));
    /// The greatest of whole numbers (Flink's `LongMaximum`).
    LongMaximum(i64): AccumulatorValue::LongMaximum(None),
        |value| AccumulatorValue::LongMaximum(Some(value));
    /// The least of numbers (Flink's `DoubleMinimum`). As in Java, NaN is less than all others.
    DoubleMinimum(f64): AccumulatorValue::DoubleMinimum(None),
        |value| AccumulatorValue::DoubleMinimum(Some(value));
    /// The greatest of numbers (Flink's `DoubleMaximum`). As in Java, NaN is greater than all
    /// others.
    DoubleMaximum(f64): AccumulatorValue::DoubleMaximum(None),
        |value| AccumulatorValue::DoubleMaximum(Some(value));
    /// The mean of numbers (Flink's `AverageAccumulator`).
    AverageAccumulator(f64): AccumulatorValue::Average { sum: 0.0, count: 0 },
        |value| AccumulatorValue::Average { sum: value, count: 1 };
    /// How often each whole number was added (Flink's `Histogram`).
    Histogram(i64): AccumulatorValue::Histogram(BTreeMap::new()),
        |value| AccumulatorValue::Histogram(BTreeMap::from([(value, 1)]));
}
