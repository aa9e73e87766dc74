//! Co-map and co-flat-map: functions of two streams that see nothing but the record.
//!
//! Previous: two edges of one task. Next: [`super::CoProcess`], which calls them.

use std::marker::PhantomData;

use super::process::{OpenContext, ProcessContext};
use super::{CoProcessFunction, Function, RuntimeContext};
use crate::record::{Collector, Data, Failure};

/// One record out for each of two streams.
pub trait CoMapFunction<A, B>: Function {
    /// What comes out.
    type Out: Data;
    /// Called once before the first record.
    fn open(&mut self, _context: &RuntimeContext) -> Result<(), Failure> {
        Ok(())
    }
    /// Maps a record of the first stream.
    fn map1(&mut self, value: A) -> Self::Out;
    /// Maps a record of the second stream.
    fn map2(&mut self, value: B) -> Self::Out;
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Any number of records out for each of two streams.
pub trait CoFlatMapFunction<A, B>: Function {
    /// What comes out.
    type Out: Data;
    /// Called once before the first record.
    fn open(&mut self, _context: &RuntimeContext) -> Result<(), Failure> {
        Ok(())
    }
    /// Maps a record of the first stream.
    fn flat_map1(&mut self, value: A, out: &mut Collector<Self::Out>);
    /// Maps a record of the second stream.
    fn flat_map2(&mut self, value: B, out: &mut Collector<Self::Out>);
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Two closures that share nothing, one for each stream.
#[derive(Clone)]
pub struct CoMapClosures<F, G>(pub F, pub G);

impl<A, B, R, F, G> CoMapFunction<A, B> for CoMapClosures<F, G>
where
    R: Data,
    F: FnMut(A) -> R + Function,
    G: FnMut(B) -> R + Function,
{
    type Out = R;

    fn map1(&mut self, value: A) -> R {
        (self.0)(value)
    }

    fn map2(&mut self, value: B) -> R {
        (self.1)(value)
    }
}

/// Two closures with collectors that share nothing, one for each stream.
pub struct CoFlatMapClosures<F, G, R> {
    first: F,
    second: G,
    out: PhantomData<fn() -> R>,
}

impl<F, G, R> CoFlatMapClosures<F, G, R> {
    /// Wraps the closures.
    pub fn new(first: F, second: G) -> Self {
        Self { first, second, out: PhantomData }
    }
}

impl<F: Clone, G: Clone, R> Clone for CoFlatMapClosures<F, G, R> {
    fn clone(&self) -> Self {
        Self::new(self.first.clone(), self.second.clone())
    }
}

impl<A, B, R, F, G> CoFlatMapFunction<A, B> for CoFlatMapClosures<F, G, R>
where
    R: Data,
    F: FnMut(A, &mut Collector<R>) + Function,
    G: FnMut(B, &mut Collector<R>) + Function,
{
    type Out = R;

    fn flat_map1(&mut self, value: A, out: &mut Collector<R>) {
        (self.first)(value, out);
    }

    fn flat_map2(&mut self, value: B, out: &mut Collector<R>) {
        (self.second)(value, out);
    }
}

/// A co-map function as a process function.
#[derive(Clone)]
pub struct CoMap<F>(pub F);

impl<A, B, F: CoMapFunction<A, B>> CoProcessFunction<A, B> for CoMap<F> {
    type Out = F::Out;

    fn open(&mut self, context: &mut OpenContext<'_>) -> Result<(), Failure> {
        self.0.open(context.runtime())
    }

    fn process_element1(
        &mut self,
        value: A,
        _context: &mut ProcessContext<'_>,
        out: &mut Collector<F::Out>,
    ) -> Result<(), Failure> {
        out.collect(self.0.map1(value));
        Ok(())
    }

    fn process_element2(
        &mut self,
        value: B,
        _context: &mut ProcessContext<'_>,
        out: &mut Collector<F::Out>,
    ) -> Result<(), Failure> {
        out.collect(self.0.map2(value));
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.0.close()
    }
}

/// A co-flat-map function as a process function.
#[derive(Clone)]
pub struct CoFlatMap<F>(pub F);

impl<A, B, F: CoFlatMapFunction<A, B>> CoProcessFunction<A, B> for CoFlatMap<F> {
    type Out = F::Out;

    fn open(&mut self, context: &mut OpenContext<'_>) -> Result<(), Failure> {
        self.0.open(context.runtime())
    }

    fn process_element1(
        &mut self,
        value: A,
        _context: &mut ProcessContext<'_>,
        out: &mut Collector<F::Out>,
    ) -> Result<(), Failure> {
        self.0.flat_map1(value, out);
        Ok(())
    }

    fn process_element2(
        &mut self,
        value: B,
        _context: &mut ProcessContext<'_>,
        out: &mut Collector<F::Out>,
    ) -> Result<(), Failure> {
        self.0.flat_map2(value, out);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.0.close()
    }
}
