//! What accepts batches: the next operator of a chain, or the writer at its end.
//!
//! Between batches pass [`ChainEvent`]s, which every operator hands on to those behind it.
//!
//! Previous: whatever produced the batch. Next: [`crate::operator`] for the operators that are
//! outputs, [`crate::network`] for the writers that are.

use std::any::{Any, type_name};

use super::{AnyBatch, Batch, Data, SideOutputs, WatermarkStatus};
use crate::base::{CheckpointId, EventTime, Name};

/// Why a task cannot go on. It becomes the root cause of the job's failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

/// What passes along a chain between batches. Operators hand it on in its place among the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainEvent {
    /// No record with this timestamp or an earlier one is expected any more.
    Watermark(EventTime),
    /// The stream falls idle or comes back.
    WatermarkStatus(WatermarkStatus),
    /// An operator of the chain has asked to be called: for a timer, or to go on with what it has
    /// put off.
    TimersDue,
    /// Whatever is staged is to be sent on, because the buffer timeout has passed.
    Flush,
    /// A barrier is about to be sent: whatever belongs before it is to be sent on (Flink's
    /// `prepareSnapshotPreBarrier`).
    BeforeBarrier,
    /// Each operator gives the task the state that belongs to this checkpoint. Nothing is emitted.
    Snapshot(CheckpointId),
    /// A checkpoint is complete: what was prepared for it can be committed.
    CheckpointComplete(CheckpointId),
    /// A checkpoint has come to nothing.
    CheckpointAborted(CheckpointId),
    /// Nothing more will come.
    EndOfInput,
}

/// Accepts the records of one type.
pub trait Output<T>: 'static {
    /// Takes a batch.
    fn collect_batch(&mut self, batch: Batch<T>) -> Result<(), Failure>;
    /// Takes what passes between batches.
    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure>;
}

/// An [`Output`] whose type whoever assembles a chain does not know; or the head of a chain, which
/// may have several inputs, each of a type of its own.
pub trait AnyOutput: 'static {
    /// Takes a batch of one of its inputs; an operator with one input has only input 0.
    fn collect_any(&mut self, input: u16, batch: Box<dyn AnyBatch>) -> Result<(), Failure>;
    /// Takes what passes between batches.
    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure>;
    /// The `Box<dyn Output<T>>` within.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

struct Erased<T>(Box<dyn Output<T>>);

/// Hides the type of an output from whoever assembles a chain.
pub fn erase<T: Data>(output: Box<dyn Output<T>>) -> Box<dyn AnyOutput> {
    Box::new(Erased(output))
}

/// A batch as the type that its reader knows.
pub fn downcast<T: Data>(batch: Box<dyn AnyBatch>) -> Result<Batch<T>, Failure> {
    match batch.into_any().downcast::<Batch<T>>() {
        Ok(batch) => Ok(*batch),
        // The typed API rules it out, except for side outputs, whose tags are but names.
        Err(_) => Err(Failure(format!(
            "a record of another type came where {} is read",
            type_name::<T>()
        ))),
    }
}

impl<T: Data> AnyOutput for Erased<T> {
    fn collect_any(&mut self, _input: u16, batch: Box<dyn AnyBatch>) -> Result<(), Failure> {
        self.0.collect_batch(downcast(batch)?)
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.0.on_event(event)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        Box::new(self.0)
    }
}

/// All that an operator's output feeds.
#[derive(Default)]
pub struct Outputs {
    /// What takes its main output.
    pub main: Vec<Box<dyn AnyOutput>>,
    /// What takes its side outputs, by tag.
    pub sides: Vec<(Name, Box<dyn AnyOutput>)>,
}

impl Outputs {
    /// The main output, which hands events on to the side outputs too, and those themselves.
    ///
    /// # Panics
    /// If what takes the main output accepts another type, which the typed API rules out.
    pub fn join<T: Data>(self) -> (Box<dyn Output<T>>, SideOutputs) {
        let main = Fanout::join(self.main);
        let sides = SideOutputs::new(self.sides);
        if sides.is_empty() {
            return (main, sides);
        }
        (Box::new(WithSides { main, sides: sides.clone() }), sides)
    }
}

struct WithSides<T> {
    main: Box<dyn Output<T>>,
    sides: SideOutputs,
}

impl<T: Data> Output<T> for WithSides<T> {
    fn collect_batch(&mut self, batch: Batch<T>) -> Result<(), Failure> {
        self.main.collect_batch(batch)
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.sides.flush()?;
        self.main.on_event(event)?;
        self.sides.on_event(event)
    }
}

/// Gives every batch to several outputs, in order. With one output, that output itself.
struct Fanout<T>(Vec<Box<dyn Output<T>>>);

impl<T: Data> Fanout<T> {
    fn join(outputs: Vec<Box<dyn AnyOutput>>) -> Box<dyn Output<T>> {
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

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.0.iter_mut().try_for_each(|output| output.on_event(event))
    }
}
