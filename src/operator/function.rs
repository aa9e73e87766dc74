//! The traits that user functions implement. Each subtask has its own clone of a function.
//!
//! Those that are called record by record are what Flink calls rich: they are told when their subtask
//! begins and when its input has ended. Those that aggregate are not, as windows want it, and
//! neither are key selectors.

use std::marker::PhantomData;

use super::RuntimeContext;
use crate::record::{Collector, Data, Failure, Key};

/// What any user function must be, so that subtasks can have their own.
pub trait Function: Clone + Send + Sync + 'static {}

impl<F: Clone + Send + Sync + 'static> Function for F {}

/// One record in, one out.
pub trait MapFunction<T>: Function {
    /// What comes out.
    type Out: Data;
    /// Called once before the first record.
    fn open(&mut self, _context: &RuntimeContext) -> Result<(), Failure> {
        Ok(())
    }
    /// Maps a record.
    fn map(&mut self, value: T) -> Self::Out;
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// One record in, any number out.
pub trait FlatMapFunction<T>: Function {
    /// What comes out.
    type Out: Data;
    /// Called once before the first record.
    fn open(&mut self, _context: &RuntimeContext) -> Result<(), Failure> {
        Ok(())
    }
    /// Maps a record.
    fn flat_map(&mut self, value: T, out: &mut Collector<Self::Out>);
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Which records stay.
pub trait FilterFunction<T>: Function {
    /// Called once before the first record.
    fn open(&mut self, _context: &RuntimeContext) -> Result<(), Failure> {
        Ok(())
    }
    /// Whether a record stays.
    fn filter(&mut self, value: &T) -> bool;
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Two records of one key into one.
pub trait ReduceFunction<T>: Function {
    /// Takes `value` into what the records before it came to.
    fn reduce(&mut self, reduced: &mut T, value: T);
}

/// A closure as a user function.
#[derive(Clone)]
pub struct Closure<F>(pub F);

impl<T, R: Data, F: FnMut(T) -> R + Function> MapFunction<T> for Closure<F> {
    type Out = R;

    #[inline]
    fn map(&mut self, value: T) -> R {
        (self.0)(value)
    }
}

impl<T, F: FnMut(&T) -> bool + Function> FilterFunction<T> for Closure<F> {
    #[inline]
    fn filter(&mut self, value: &T) -> bool {
        (self.0)(value)
    }
}

impl<T, F: FnMut(&mut T, T) + Function> ReduceFunction<T> for Closure<F> {
    #[inline]
    fn reduce(&mut self, reduced: &mut T, value: T) {
        (self.0)(reduced, value);
    }
}

/// A closure with a collector as a user function.
pub struct FlatMapClosure<F, R>(F, PhantomData<fn() -> R>);

impl<F, R> FlatMapClosure<F, R> {
    /// Wraps a closure.
    pub fn new(function: F) -> Self {
        Self(function, PhantomData)
    }
}

impl<F: Clone, R> Clone for FlatMapClosure<F, R> {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl<T, R: Data, F: FnMut(T, &mut Collector<R>) + Function> FlatMapFunction<T>
    for FlatMapClosure<F, R>
{
    type Out = R;

    #[inline]
    fn flat_map(&mut self, value: T, out: &mut Collector<R>) {
        (self.0)(value, out);
    }
}

/// Finds a record's key. The exchange asks only for the hash; state asks for the key itself once
/// per new key, so a key that is a field of its record is not copied for each record.
pub trait KeySelector<T>: Function {
    /// The key's type.
    type Key: Key;
    /// The key's Java hash.
    fn hash(&self, value: &T) -> i32;
    /// Whether a record has this key.
    fn matches(&self, value: &T, key: &Self::Key) -> bool;
    /// The key.
    fn key(&self, value: &T) -> Self::Key;
}

/// A key that is computed.
#[derive(Clone)]
pub struct KeyByValue<F>(pub F);

impl<T, K: Key, F: Fn(&T) -> K + Function> KeySelector<T> for KeyByValue<F> {
    type Key = K;

    #[inline]
    fn hash(&self, value: &T) -> i32 {
        (self.0)(value).hash_code()
    }

    #[inline]
    fn matches(&self, value: &T, key: &K) -> bool {
        (self.0)(value).same(key)
    }

    #[inline]
    fn key(&self, value: &T) -> K {
        (self.0)(value)
    }
}

/// A key that is a field.
#[derive(Clone)]
pub struct KeyByField<F>(pub F);

impl<T, K: Key, F: Fn(&T) -> &K + Function> KeySelector<T> for KeyByField<F> {
    type Key = K;

    #[inline]
    fn hash(&self, value: &T) -> i32 {
        (self.0)(value).hash_code()
    }

    #[inline]
    fn matches(&self, value: &T, key: &K) -> bool {
        (self.0)(value).same(key)
    }

    #[inline]
    fn key(&self, value: &T) -> K {
        (self.0)(value).clone()
    }
}
