//! Joins within windows: co-group and window join.
//!
//! As in Flink two streams become one of tagged records, which goes through a window operator like
//! any other; what differs is only the function over a window's records. So triggers, evictors and
//! lateness are those of windows, and a window of only one side is seen by a co-group and skipped
//! by a join.

use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

use super::{ProcessWindowFunction, WindowContext};
use crate::record::{Collector, Data, Failure};

/// A record of one of two streams.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tagged<A, B> {
    /// Of the first.
    First(A),
    /// Of the second.
    Second(B),
}

/// A co-group function: sees all records of both sides in a window of a key.
pub struct CoGroup<F, R>(F, PhantomData<fn() -> R>);

impl<F, R> CoGroup<F, R> {
    /// Wraps a closure over the first side, the second side and where results go.
    pub fn new(function: F) -> Self {
        Self(function, PhantomData)
    }
}

impl<F: Clone, R> Clone for CoGroup<F, R> {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

/// The two sides of a window, each in order of arrival.
fn sides<A, B>(elements: &[Tagged<A, B>]) -> (Vec<&A>, Vec<&B>) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for element in elements {
        match element {
            Tagged::First(value) => first.push(value),
            Tagged::Second(value) => second.push(value),
        }
    }
    (first, second)
}

impl<K, A: Data, B: Data, R: Data, F> ProcessWindowFunction<K, Tagged<A, B>> for CoGroup<F, R>
where
    F: FnMut(&[&A], &[&B], &mut Collector<R>),
{
    type Out = R;

    fn process(
        &mut self,
        _key: &K,
        _context: &mut WindowContext<'_, K>,
        elements: &[Tagged<A, B>],
        out: &mut Collector<R>,
    ) -> Result<(), Failure> {
        let (first, second) = sides(elements);
        (self.0)(&first, &second, out);
        Ok(())
    }
}

/// A join function: sees each pair of a record of the first side and one of the second.
pub struct Join<F, R>(F, PhantomData<fn() -> R>);

impl<F, R> Join<F, R> {
    /// Wraps a closure over a pair and where results go.
    pub fn new(function: F) -> Self {
        Self(function, PhantomData)
    }
}

impl<F: Clone, R> Clone for Join<F, R> {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl<K, A: Data, B: Data, R: Data, F> ProcessWindowFunction<K, Tagged<A, B>> for Join<F, R>
where
    F: FnMut(&A, &B, &mut Collector<R>),
{
    type Out = R;

    fn process(
        &mut self,
        _key: &K,
        _context: &mut WindowContext<'_, K>,
        elements: &[Tagged<A, B>],
        out: &mut Collector<R>,
    ) -> Result<(), Failure> {
        let (first, second) = sides(elements);
        for one in &first {
            for other in &second {
                (self.0)(one, other, out);
            }
        }
        Ok(())
    }
}
