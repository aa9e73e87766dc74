//! What accepts batches: the next operator of a chain, or the writer at its end.
//!
//! Previous: whatever produced the batch. Next: [`crate::operator`] for the operators that are
//! outputs, [`crate::network`] for the writers that are.

use std::any::Any;

use super::{AnyBatch, Batch, Data};

/// Why a task cannot go on. It becomes the root cause of the job's failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

/// Accepts the records of one type.
pub trait Output<T>: 'static {
    /// Takes a batch.
    fn collect_batch(&mut self, batch: Batch<T>) -> Result<(), Failure>;
    /// Sends on whatever is staged, because the buffer timeout has passed.
    fn flush(&mut self) -> Result<(), Failure>;
    /// Takes the news that nothing more will come.
    fn end_of_input(&mut self) -> Result<(), Failure>;
}

/// An [`Output`] whose type whoever assembles a chain does not know.
pub trait AnyOutput: 'static {
    /// Takes a batch from an edge.
    ///
    /// # Panics
    /// If the batch is of another type, which the typed API rules out.
    fn collect_any(&mut self, batch: Box<dyn AnyBatch>) -> Result<(), Failure>;
    /// Sends on whatever is staged, because the buffer timeout has passed.
    fn flush(&mut self) -> Result<(), Failure>;
    /// Takes the news that nothing more will come.
    fn end_of_input(&mut self) -> Result<(), Failure>;
    /// The `Box<dyn Output<T>>` within.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

struct Erased<T>(Box<dyn Output<T>>);

/// Hides the type of an output from whoever assembles a chain.
pub fn erase<T: Data>(output: Box<dyn Output<T>>) -> Box<dyn AnyOutput> {
    Box::new(Erased(output))
}

impl<T: Data> AnyOutput for Erased<T> {
    fn collect_any(&mut self, batch: Box<dyn AnyBatch>) -> Result<(), Failure> {
        let batch = batch.into_any().downcast::<Batch<T>>();
        self.0.collect_batch(*batch.expect("the typed API joins only streams of one type"))
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.0.flush()
    }

    fn end_of_input(&mut self) -> Result<(), Failure> {
        self.0.end_of_input()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        Box::new(self.0)
    }
}

/// Gives every batch to several outputs, in order. With one output, that output itself.
pub struct Fanout<T>(Vec<Box<dyn Output<T>>>);

impl<T: Data> Fanout<T> {
    /// Joins type-erased outputs of a chain into one.
    ///
    /// # Panics
    /// If one accepts another type, which the typed API rules out.
    pub fn join(outputs: Vec<Box<dyn AnyOutput>>) -> Box<dyn Output<T>> {
        let mut typed: Vec<_> = outputs
            .into_iter()
            .map(|output| {
                *output
                    .into_any()
                    .downcast::<Box<dyn Output<T>>>()
                    .expect("the typed API joins only streams of one type")
            })
            .collect();
        if typed.len() == 1 {
            return typed.remove(0);
        }
        Box::new(Self(typed))
    }
}

impl<T: Data> Output<T> for Fanout<T> {
    fn collect_batch(&mut self, batch: Batch<T>) -> Result<(), Failure> {
        let Some((last, others)) = self.0.split_last_mut() else { return Ok(()) };
        for output in others {
            output.collect_batch(batch.clone())?;
        }
        last.collect_batch(batch)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.0.iter_mut().try_for_each(|output| output.flush())
    }

    fn end_of_input(&mut self) -> Result<(), Failure> {
        self.0.iter_mut().try_for_each(|output| output.end_of_input())
    }
}
