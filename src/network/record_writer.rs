//! The end of a chain: records go from here into the channels of one edge.
//!
//! Previous: the operator whose output this is. Next: [`super::Deal`], which picks the channel,
//! and [`super::ResultPartition`], which sends.

use std::marker::PhantomData;

use super::{Custom, Deal, KeyGroups, Staging, UnkeyedDeal};
use crate::operator::{Channels, EdgeFactory, Function, KeySelector, OperatorContext};
use crate::record::{AnyOutput, Batch, Data, Element, Failure, Output, StreamEvent, erase};

/// Deals the records of one edge.
pub struct RecordWriter<T, D> {
    deal: D,
    staging: Staging<T>,
}

impl<T: Data, D: Deal<T>> RecordWriter<T, D> {
    fn boxed(
        context: &OperatorContext,
        channels: Box<dyn Channels>,
        deal: D,
    ) -> Box<dyn AnyOutput> {
        let staging = Staging::new(channels, context.batch_records, context.meter.clone());
        erase(Box::new(Self { deal, staging }) as Box<dyn Output<T>>)
    }
}

impl<T: Data, D: Deal<T>> Output<T> for RecordWriter<T, D> {
    fn collect_batch(&mut self, batch: Batch<T>) -> Result<(), Failure> {
        self.deal.deal(batch, &mut self.staging)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.staging.send_all();
        Ok(())
    }

    fn end_of_input(&mut self) -> Result<(), Failure> {
        self.staging.send_all();
        let channels = self.staging.channels();
        for channel in 0..channels.count() {
            channels.add(channel, Element::Event(StreamEvent::EndOfInput));
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
        let deal = KeyGroups::new(self.0.clone(), channels.max_parallelism());
        RecordWriter::<T, _>::boxed(context, channels, deal)
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
}
