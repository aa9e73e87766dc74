//! Functions of windows that hold all records of a stream, whatever their keys.

use super::{ProcessWindowFunction, WindowContext, WindowOpenContext};
use crate::record::{Collector, Data, Failure};

/// The key that all records have whose windows hold the whole stream.
pub type NullKey = i8;

/// Flink's `ProcessAllWindowFunction`: a [`ProcessWindowFunction`] that is shown no key.
pub trait ProcessAllWindowFunction<T> {
    /// What comes out.
    type Out: Data;
    /// Called once before the first record: the place to register states.
    fn open(&mut self, _context: &mut WindowOpenContext<'_, NullKey>) -> Result<(), Failure> {
        Ok(())
    }
    /// Evaluates a window.
    fn process(
        &mut self,
        context: &mut WindowContext<'_, NullKey>,
        elements: &[T],
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure>;
    /// The window is removed: the place to clear the states that the function keeps for it, which
    /// stay for ever otherwise.
    fn clear(&mut self, _context: &mut WindowContext<'_, NullKey>) -> Result<(), Failure> {
        Ok(())
    }
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// A [`ProcessAllWindowFunction`] as a function of windows with the one key.
#[derive(Clone)]
pub struct WithoutKey<P>(pub P);

impl<T, P: ProcessAllWindowFunction<T>> ProcessWindowFunction<NullKey, T> for WithoutKey<P> {
    type Out = P::Out;

    fn open(&mut self, context: &mut WindowOpenContext<'_, NullKey>) -> Result<(), Failure> {
        self.0.open(context)
    }

    fn process(
        &mut self,
        _key: &NullKey,
        context: &mut WindowContext<'_, NullKey>,
        elements: &[T],
        out: &mut Collector<P::Out>,
    ) -> Result<(), Failure> {
        self.0.process(context, elements, out)
    }

    fn clear(
        &mut self,
        _key: &NullKey,
        context: &mut WindowContext<'_, NullKey>,
    ) -> Result<(), Failure> {
        self.0.clear(context)
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.0.close()
    }
}
