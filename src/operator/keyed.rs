//! Operators with one value of state per key.

use std::sync::Arc;

use super::{Cost, KeySelector, KeyedStorage, OperatorContext, ReduceFunction};
use crate::record::{Batch, ChainEvent, Data, Failure, Key, Output, shown};
use crate::state::{BackendTable, KeyedStore, StateUse};

/// For each record, what the records of its key have come to (Flink's `StreamGroupedReduce`).
pub struct RollingReduce<T, S: KeySelector<T>, F> {
    selector: S,
    function: F,
    reduced: BackendTable<S::Key, T>,
    output: Box<dyn Output<T>>,
    cost: Cost,
    /// Who is told what the state becomes, if anybody.
    told: Option<OperatorContext>,
    storage: KeyedStorage,
}

/// The name of the state, as Flink has it.
const STATE_NAME: &str = "_op_state";

impl<T: Data, S: KeySelector<T>, F: ReduceFunction<T>> RollingReduce<T, S, F> {
    /// Puts `function` in front of `output`.
    pub fn new(
        context: &OperatorContext,
        selector: S,
        function: F,
        output: Box<dyn Output<T>>,
    ) -> Result<Self, Failure> {
        let mut storage = KeyedStorage::open(context)?;
        let reduced = storage.table(STATE_NAME)?;
        let told = context.tells_records().then(|| context.clone());
        Ok(Self { selector, function, reduced, output, cost: context.cost(), told, storage })
    }

    /// Takes a record in and returns what its key has come to.
    #[inline]
    fn advance(&mut self, hash_code: i32, value: T) -> T {
        let selector = &self.selector;
        let is_key = |key: &S::Key| selector.matches(&value, key);
        match self.reduced.find(hash_code, is_key, || selector.key(&value)) {
            Some((key, reduced)) => {
                self.function.reduce(reduced, value);
                if let Some(context) = &self.told {
                    tell(context, hash_code, key, reduced);
                }
                reduced.clone()
            }
            None => {
                let is_key = |key: &S::Key| selector.matches(&value, key);
                let (key, first) = (|| selector.key(&value), || value.clone());
                let (key, reduced) = self.reduced.find_or_insert(hash_code, is_key, key, first);
                if let Some(context) = &self.told {
                    tell(context, hash_code, key, reduced);
                }
                value
            }
        }
    }
}

fn tell<T: Data>(context: &OperatorContext, hash_code: i32, key: &impl Key, reduced: &T) {
    let (state, value) = (Arc::from(STATE_NAME), Some(shown(reduced)));
    let used = StateUse { state, namespaced: false, changed: true, value };
    context.tell_state(context.key_group(hash_code), key, None, used);
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
        if let ChainEvent::Snapshot(_) = event {
            self.storage.snapshot().table(STATE_NAME, &mut self.reduced)?.hand_in()?;
        }
        self.output.on_event(event)
    }
}
