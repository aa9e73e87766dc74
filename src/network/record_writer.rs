//! The end of a chain: records go from here into the channels of one edge.
//!
//! Previous: the operator whose output this is. Next: [`super::Deal`], which picks the channel,
//! [`super::Staging`], which fills buffers, and [`super::ResultPartition`], which sends.

use std::marker::PhantomData;

use super::{Custom, Deal, KeyGroups, Staging, UnkeyedDeal};
use crate::operator::{Channels, EdgeFactory, Function, KeySelector, OperatorContext};
use crate::record::{
    AnyBatch, AnyOutput, Batch, ChainEvent, Data, Failure, Output, StreamEvent, WatermarkStatus,
    decode_batch, erase,
};

/// Deals the records of one edge.
pub struct RecordWriter<T, D> {
    deal: D,
    staging: Staging<T>,
    /// The status that the consumers know.
    announced: WatermarkStatus,
}

impl<T: Data, D: Deal<T>> RecordWriter<T, D> {
    fn boxed(
        context: &OperatorContext,
        channels: Box<dyn Channels>,
        deal: D,
    ) -> Box<dyn AnyOutput> {
        let staging = Staging::new(channels, context.batch_records, context.meter.clone());
        let announced = WatermarkStatus::Active;
        erase(Box::new(Self { deal, staging, announced }) as Box<dyn Output<T>>)
    }

    /// Sends an event to every consumer, behind what is staged.
    fn broadcast(&mut self, event: StreamEvent) {
        self.staging.send_all();
        self.staging.channels().broadcast(event);
    }
}

impl<T: Data, D: Deal<T>> Output<T> for RecordWriter<T, D> {
    fn collect_batch(&mut self, batch: Batch<T>) -> Result<(), Failure> {
        self.deal.deal(batch, &mut self.staging)
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        match event {
            ChainEvent::Flush | ChainEvent::BeforeBarrier => self.staging.send_all(),
            // While the stream is idle nobody waits for its watermarks.
            ChainEvent::Watermark(watermark) => {
                if self.announced == WatermarkStatus::Active {
                    self.broadcast(StreamEvent::Watermark(watermark));
                }
            }
            ChainEvent::WatermarkStatus(status) => {
                if std::mem::replace(&mut self.announced, status) != status {
                    self.broadcast(StreamEvent::WatermarkStatus(status));
                }
            }
            ChainEvent::EndOfInput => self.broadcast(StreamEvent::EndOfInput),
            ChainEvent::TimersDue
            | ChainEvent::Snapshot(_)
            | ChainEvent::CheckpointComplete(_)
            | ChainEvent::CheckpointAborted(_) => {}
        }
        Ok(())
    }
}

/// The code of an edge that is dealt without a look at the record.
pub struct UnkeyedEdge<T>(PhantomData<fn() -> T>);

impl<T> Default for UnkeyedEdge<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Data> EdgeFactory for UnkeyedEdge<T> {
    fn build(&self, context: &OperatorContext, channels: Box<dyn Channels>) -> Box<dyn AnyOutput> {
        let stream = format!("edge {} -> {}", context.subtask, channels.edge());
        let random = context.host.random.stream(&stream);
        let deal = UnkeyedDeal::new(channels.partitioning(), channels.count(), random);
        RecordWriter::<T, _>::boxed(context, channels, deal)
    }

    fn decode(&self, bytes: &[u8]) -> Result<Box<dyn AnyBatch>, Failure> {
        decode_stored::<T>(bytes)
    }
}

/// The code of an edge that is dealt by key.
pub struct KeyedEdge<T, S>(S, PhantomData<fn() -> T>);

impl<T, S> KeyedEdge<T, S> {
    /// By the keys that `selector` finds.
    pub fn new(selector: S) -> Self {
        Self(selector, PhantomData)
    }
}

impl<T: Data, S: KeySelector<T>> EdgeFactory for KeyedEdge<T, S> {
    fn build(&self, context: &OperatorContext, channels: Box<dyn Channels>) -> Box<dyn AnyOutput> {
        let (count, max_parallelism) = (channels.count(), channels.max_parallelism());
        let deal = KeyGroups::new(self.0.clone(), count, max_parallelism);
        RecordWriter::<T, _>::boxed(context, channels, deal)
    }

    fn decode(&self, bytes: &[u8]) -> Result<Box<dyn AnyBatch>, Failure> {
        decode_stored::<T>(bytes)
    }
}

/// The code of an edge that is dealt by a user's partitioner.
pub struct CustomEdge<T, F>(F, PhantomData<fn() -> T>);

impl<T, F> CustomEdge<T, F> {
    /// `function` takes a record and the number of channels to the channel.
    pub fn new(function: F) -> Self {
        Self(function, PhantomData)
    }
}

impl<T: Data, F: FnMut(&T, usize) -> usize + Function> EdgeFactory for CustomEdge<T, F> {
    fn build(&self, context: &OperatorContext, channels: Box<dyn Channels>) -> Box<dyn AnyOutput> {
        RecordWriter::<T, _>::boxed(context, channels, Custom(self.0.clone()))
    }

    fn decode(&self, bytes: &[u8]) -> Result<Box<dyn AnyBatch>, Failure> {
        decode_stored::<T>(bytes)
    }
}

fn decode_stored<T: Data>(bytes: &[u8]) -> Result<Box<dyn AnyBatch>, Failure> {
    decode_batch::<T>(bytes).map_err(|error| Failure(format!("stored records: {error}")))
}
