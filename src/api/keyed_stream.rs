//! A stream whose records are grouped by key: what a record meets is what came before it under
//! the same key.

use std::sync::Arc;

use super::DataStream;
use super::builder::Dealt;
use super::stream::operator;
use crate::graph::StreamNodeKind;
use crate::network::KeyedEdge;
use crate::operator::{Closure, Function, KeySelector, ReduceFunction, RollingReduce};
use crate::record::{Data, Output, Partitioning};

/// A stream grouped by the keys that `S` finds.
pub struct KeyedStream<T, S> {
    stream: DataStream<T>,
    selector: S,
}

impl<T: Data, S: KeySelector<T>> KeyedStream<T, S> {
    pub(super) fn new(stream: DataStream<T>, selector: S) -> Self {
        let code = Arc::new(KeyedEdge::<T, S>::new(selector.clone()));
        let stream = stream.dealt(&Dealt { partitioning: Some(Partitioning::Hash), code });
        Self { stream, selector }
    }

    /// The stream as it is dealt by key, for operators without state.
    pub fn stream(&self) -> &DataStream<T> {
        &self.stream
    }

    /// For each record, what the records of its key have come to.
    pub fn reduce(&self, mut function: impl FnMut(T, T) -> T + Function) -> DataStream<T> {
        self.reduce_with(Closure(move |reduced: &mut T, value: T| {
            *reduced = function(reduced.clone(), value);
        }))
    }

    /// Like [`Self::reduce`], with a function that changes what the records have come to in
    /// place.
    pub fn reduce_with<F: ReduceFunction<T>>(&self, function: F) -> DataStream<T> {
        self.rolling("Keyed Reduce", function)
    }

    fn rolling<F: ReduceFunction<T>>(&self, name: &str, function: F) -> DataStream<T> {
        let selector = self.selector.clone();
        let code = operator(move |context, output| {
            let (selector, function) = (selector.clone(), function.clone());
            Box::new(RollingReduce::new(context, selector, function, output)) as Box<dyn Output<T>>
        });
        self.stream.then(name, StreamNodeKind::Operator, code)
    }

    /// For each record, the sum of a field so far. The other fields are those of the key's first
    /// record, as in Flink.
    pub fn sum<N: std::ops::AddAssign + Copy + 'static>(
        &self,
        field: impl Fn(&mut T) -> &mut N + Function,
    ) -> DataStream<T> {
        self.rolling(
            "Keyed Aggregation",
            Closure(move |reduced: &mut T, mut value: T| *field(reduced) += *field(&mut value)),
        )
    }

    /// For each record, the least of a field so far. The other fields are those of the key's
    /// first record, as in Flink.
    pub fn min<N: PartialOrd + Clone + 'static>(
        &self,
        field: impl Fn(&mut T) -> &mut N + Function,
    ) -> DataStream<T> {
        self.extreme(field, |candidate, best| candidate < best)
    }

    /// For each record, the greatest of a field so far. The other fields are those of the key's
    /// first record, as in Flink.
    pub fn max<N: PartialOrd + Clone + 'static>(
        &self,
        field: impl Fn(&mut T) -> &mut N + Function,
    ) -> DataStream<T> {
        self.extreme(field, |candidate, best| candidate > best)
    }

    fn extreme<N: PartialOrd + Clone + 'static>(
        &self,
        field: impl Fn(&mut T) -> &mut N + Function,
        better: impl Fn(&N, &N) -> bool + Function,
    ) -> DataStream<T> {
        self.rolling(
            "Keyed Aggregation",
            Closure(move |reduced: &mut T, mut value: T| {
                let candidate = field(&mut value);
                if better(candidate, field(reduced)) {
                    *field(reduced) = candidate.clone();
                }
            }),
        )
    }

    /// For each record, the whole record with the least value so far; of equal ones the first.
    pub fn min_by<N: PartialOrd + 'static>(
        &self,
        value_of: impl Fn(&T) -> N + Function,
    ) -> DataStream<T> {
        self.extreme_by(move |candidate, best| value_of(candidate) < value_of(best))
    }

    /// For each record, the whole record with the greatest value so far; of equal ones the first.
    pub fn max_by<N: PartialOrd + 'static>(
        &self,
        value_of: impl Fn(&T) -> N + Function,
    ) -> DataStream<T> {
        self.extreme_by(move |candidate, best| value_of(candidate) > value_of(best))
    }

    fn extreme_by(&self, better: impl Fn(&T, &T) -> bool + Function) -> DataStream<T> {
        self.rolling(
            "Keyed Aggregation",
            Closure(move |reduced: &mut T, value: T| {
                if better(&value, reduced) {
                    *reduced = value;
                }
            }),
        )
    }
}
