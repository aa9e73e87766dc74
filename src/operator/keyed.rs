//! Operators with one value of state per key.

use super::{Cost, KeySelector, OperatorContext, ReduceFunction};
use crate::record::{Batch, ChainEvent, Data, Failure, Output};
use crate::state::{BackendTable, KeyedStore};

/// For each record, what the records of its key have come to (Flink's `StreamGroupedReduce`).
pub struct RollingReduce<T, S: KeySelector<T>, F> {
    selector: S,
    function: F,
    reduced: BackendTable<S::Key, T>,
    output: Box<dyn Output<T>>,
    cost: Cost,
}

impl<T: Data, S: KeySelector<T>, F: ReduceFunction<T>> RollingReduce<T, S, F> {
    /// Puts `function` in front of `output`.
    pub fn new(
        context: &OperatorContext,
        selector: S,
        function: F,
        output: Box<dyn Output<T>>,
    ) -> Result<Self, Failure> {
        let reduced = context.keyed_table()?;
        Ok(Self { selector, function, reduced, output, cost: context.cost() })
    }

    /// Takes a record in and returns what its key has come to.
    #[inline]
    fn advance(&mut self, hash_code: i32, value: T) -> T {
        let selector = &self.selector;
        let is_key = |key: &S::Key| selector.matches(&value, key);
        match self.reduced.find(hash_code, is_key, || selector.key(&value)) {
            Some((_, reduced)) => {
                self.function.reduce(reduced, value);
                reduced.clone()
            }
            None => {
                let is_key = |key: &S::Key| selector.matches(&value, key);
                let (key, first) = (|| selector.key(&value), || value.clone());
                self.reduced.find_or_insert(hash_code, is_key, key, first);
                value
            }
        }
    }
}

impl<T: Data, S: KeySelector<T>, F: ReduceFunction<T>> Output<T> for RollingReduce<T, S, F> {
    fn collect_batch(&mut self, mut batch: Batch<T>) -> Result<(), Failure> {
        self.cost.charge(batch.len());
        // A keyed edge carries the hashes along; a chained one leaves them to us.
        let reduced = match batch.hashes.take() {
            Some(hashes) => {
                let mut hashes = hashes.into_iter();
                batch.map(|value| {
                    let hash = hashes.next().expect("a column is as long as its batch");
                    self.advance(hash as i32, value)
                })
            }
            None => batch.map(|value| {
                let hash_code = self.selector.hash(&value);
                self.advance(hash_code, value)
            }),
        };
        self.output.collect_batch(reduced)
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.output.on_event(event)
    }
}
