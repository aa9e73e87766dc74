//! Windows with an evictor: Flink's `EvictingWindowOperator`, here a window function among others.
//!
//! Since eviction may take any record out, such windows keep all records, also for reduce and
//! aggregate functions, which then run over what is left ([`Folded`], [`FoldedWith`]).

use super::function::process;
use super::{
    Elements, Evictor, IncrementalFunction, ProcessWindowFunction, WindowContext, WindowFunction,
    WindowOpenContext, WindowOutput,
};
use crate::base::EventTime;
use crate::record::{Collector, Data, Failure, shown_list};

/// Keeps the records with their timestamps and evicts some around each evaluation.
#[derive(Clone)]
pub struct Evicting<T, P> {
    /// Which records leave, and when.
    pub evictor: Evictor<T>,
    /// What is made of the others.
    pub process: P,
}

impl<K, T: Data, P: ProcessWindowFunction<K, T>> WindowFunction<K, T> for Evicting<T, P> {
    type Contents = Elements<T>;
    type Out = P::Out;
    const EVICTS: bool = true;

    fn show(contents: &Elements<T>) -> String {
        shown_list(contents.values())
    }

    fn open(&mut self, context: &mut WindowOpenContext<'_, K>) -> Result<(), Failure> {
        self.process.open(context)
    }

    fn create(&mut self, value: T, timestamp: EventTime) -> Elements<T> {
        let mut elements = Elements::default();
        elements.push(value, timestamp);
        elements
    }

    fn add(&mut self, contents: &mut Elements<T>, value: T, timestamp: EventTime) {
        contents.push(value, timestamp);
    }

    fn merge(&mut self, contents: &mut Elements<T>, other: Elements<T>) {
        contents.append(other);
    }

    fn fire(
        &mut self,
        context: &mut WindowContext<'_, K>,
        contents: &mut Elements<T>,
        output: &mut impl WindowOutput<T, P::Out>,
    ) -> Result<bool, Failure> {
        self.evictor.evict_before(contents, context.window());
        process(&mut self.process, context, contents.values(), output)?;
        self.evictor.evict_after(contents, context.window());
        Ok(!contents.values().is_empty())
    }

    fn clear(&mut self, context: &mut WindowContext<'_, K>) -> Result<(), Failure> {
        self.process.clear(context.key, context)
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.process.close()
    }
}

fn fold<T: Data, I: IncrementalFunction<T>>(incremental: &mut I, of: &[T]) -> Option<I::Out> {
    let (first, rest) = of.split_first()?;
    let mut accumulator = incremental.create(first.clone());
    for value in rest {
        incremental.add(&mut accumulator, value.clone());
    }
    Some(incremental.result(&accumulator))
}

/// A reduce or aggregate function over records that are all there.
///
/// Unlike Flink: of a window that the evictor has emptied nothing is emitted, where Flink emits
/// null for a reduce function and the empty accumulator's result for an aggregate one.
#[derive(Clone)]
pub struct Folded<I>(pub I);

impl<K, T: Data, I: IncrementalFunction<T>> ProcessWindowFunction<K, T> for Folded<I> {
    type Out = I::Out;

    fn process(
        &mut self,
        _key: &K,
        _context: &mut WindowContext<'_, K>,
        elements: &[T],
        out: &mut Collector<I::Out>,
    ) -> Result<(), Failure> {
        if let Some(result) = fold(&mut self.0, elements) {
            out.collect(result);
        }
        Ok(())
    }
}

/// The same with the result shown to a process function.
#[derive(Clone)]
pub struct FoldedWith<I, P> {
    /// What records come to.
    pub incremental: I,
    /// What is made of it.
    pub process: P,
}

impl<K, T, I, P> ProcessWindowFunction<K, T> for FoldedWith<I, P>
where
    T: Data,
    I: IncrementalFunction<T>,
    P: ProcessWindowFunction<K, I::Out>,
{
    type Out = P::Out;

    fn open(&mut self, context: &mut WindowOpenContext<'_, K>) -> Result<(), Failure> {
        self.process.open(context)
    }

    fn process(
        &mut self,
        key: &K,
        context: &mut WindowContext<'_, K>,
        elements: &[T],
        out: &mut Collector<P::Out>,
    ) -> Result<(), Failure> {
        match fold(&mut self.incremental, elements) {
            Some(result) => self.process.process(key, context, &[result], out),
            None => Ok(()),
        }
    }

    fn clear(&mut self, key: &K, context: &mut WindowContext<'_, K>) -> Result<(), Failure> {
        self.process.clear(key, context)
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.process.close()
    }
}
