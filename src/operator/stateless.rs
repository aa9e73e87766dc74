//! Operators without state: map, flat map, filter.
//!
//! Previous: any operator. Next: whatever takes what is left of the records.

use super::{Cost, FilterFunction, FlatMapFunction, MapFunction, OperatorContext};
use crate::record::{Batch, ChainEvent, Collector, Data, Failure, Output};

/// One record in, one out.
pub struct Map<F, R> {
    function: F,
    output: Box<dyn Output<R>>,
    cost: Cost,
}

impl<F, R> Map<F, R> {
    /// Opens `function` in front of `output`.
    pub fn new<T>(
        context: &OperatorContext,
        mut function: F,
        output: Box<dyn Output<R>>,
    ) -> Result<Self, Failure>
    where
        F: MapFunction<T, Out = R>,
    {
        function.open(&context.runtime())?;
        Ok(Self { function, output, cost: context.cost() })
    }
}

impl<T: Data, F: MapFunction<T>> Output<T> for Map<F, F::Out> {
    fn collect_batch(&mut self, batch: Batch<T>) -> Result<(), Failure> {
        self.cost.charge(batch.len());
        self.output.collect_batch(batch.map(|value| self.function.map(value)))
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        close_at_end(event, || self.function.close())?;
        self.output.on_event(event)
    }
}

/// One record in, one out or a failure of the task.
pub struct TryMap<F, R> {
    function: F,
    output: Box<dyn Output<R>>,
    cost: Cost,
}

impl<F, R> TryMap<F, R> {
    /// Puts `function` in front of `output`.
    pub fn new(context: &OperatorContext, function: F, output: Box<dyn Output<R>>) -> Self {
        Self { function, output, cost: context.cost() }
    }
}

impl<T, R, E, F> Output<T> for TryMap<F, R>
where
    T: Data,
    R: Data,
    E: std::fmt::Display,
    F: FnMut(T) -> Result<R, E> + 'static,
{
    fn collect_batch(&mut self, mut batch: Batch<T>) -> Result<(), Failure> {
        self.cost.charge(batch.len());
        let values = std::mem::take(&mut batch.values);
        let mut mapped = Vec::with_capacity(values.len());
        for value in values {
            mapped.push((self.function)(value).map_err(|error| Failure(error.to_string()))?);
        }
        self.output.collect_batch(Batch {
            values: mapped,
            timestamps: batch.timestamps,
            ids: batch.ids,
            hashes: None,
            markers: batch.markers,
        })
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.output.on_event(event)
    }
}

/// One record in, any number out.
pub struct FlatMap<F, R> {
    function: F,
    collector: Collector<R>,
    output: Box<dyn Output<R>>,
    cost: Cost,
}

impl<F, R: Data> FlatMap<F, R> {
    /// Opens `function` in front of `output`.
    pub fn new<T>(
        context: &OperatorContext,
        mut function: F,
        output: Box<dyn Output<R>>,
    ) -> Result<Self, Failure>
    where
        F: FlatMapFunction<T, Out = R>,
    {
        function.open(&context.runtime())?;
        Ok(Self { function, collector: Collector::default(), output, cost: context.cost() })
    }
}

impl<T: Data, F: FlatMapFunction<T>> Output<T> for FlatMap<F, F::Out> {
    fn collect_batch(&mut self, mut batch: Batch<T>) -> Result<(), Failure> {
        self.cost.charge(batch.len());
        let values = std::mem::take(&mut batch.values);
        for (index, value) in values.into_iter().enumerate() {
            self.collector.inherit(batch.timestamp(index), batch.id(index));
            self.function.flat_map(value, &mut self.collector);
            self.collector.flush_if_full(&mut *self.output)?;
        }
        self.collector.carry(&mut batch.markers);
        self.collector.flush(&mut *self.output)
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        close_at_end(event, || self.function.close())?;
        self.output.on_event(event)
    }
}

/// Drops the records for which its function does not hold.
pub struct Filter<F, T> {
    function: F,
    output: Box<dyn Output<T>>,
    cost: Cost,
}

impl<T, F: FilterFunction<T>> Filter<F, T> {
    /// Opens `function` in front of `output`.
    pub fn new(
        context: &OperatorContext,
        mut function: F,
        output: Box<dyn Output<T>>,
    ) -> Result<Self, Failure> {
        function.open(&context.runtime())?;
        Ok(Self { function, output, cost: context.cost() })
    }
}

impl<T: Data, F: FilterFunction<T>> Output<T> for Filter<F, T> {
    fn collect_batch(&mut self, mut batch: Batch<T>) -> Result<(), Failure> {
        self.cost.charge(batch.len());
        batch.retain(|value| self.function.filter(value));
        if batch.is_empty() { Ok(()) } else { self.output.collect_batch(batch) }
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        close_at_end(event, || self.function.close())?;
        self.output.on_event(event)
    }
}

/// Closes a function if its input has ended.
fn close_at_end(
    event: ChainEvent,
    close: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    match event {
        ChainEvent::EndOfInput => close(),
        ChainEvent::Watermark(_)
        | ChainEvent::WatermarkStatus(_)
        | ChainEvent::TimersDue
        | ChainEvent::BeforeBarrier
        | ChainEvent::Snapshot(_)
        | ChainEvent::CheckpointComplete(_)
        | ChainEvent::CheckpointAborted(_)
        | ChainEvent::Flush => Ok(()),
    }
}
