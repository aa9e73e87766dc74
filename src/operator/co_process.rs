//! Functions of two streams without keys: Flink's `CoProcessOperator`, and with it co-map and
//! co-flat-map.
//!
//! Previous: two edges of one task. Next: the main output and the side outputs.

use std::marker::PhantomData;

use super::process::{OpenContext, ProcessContext};
use super::{Cost, Function, OperatorContext, TwoInput};
use crate::base::EventTime;
use crate::record::{Batch, ChainEvent, Collector, Data, Failure, Output, SideOutputs};
use crate::state::operator_state::OperatorStateBackend;

/// Records of two streams in, any number out.
pub trait CoProcessFunction<A, B>: Function {
    /// What comes out.
    type Out: Data;
    /// Called once before the first record.
    fn open(&mut self, _context: &mut OpenContext<'_>) -> Result<(), Failure> {
        Ok(())
    }
    /// Processes a record of the first stream.
    fn process_element1(
        &mut self,
        value: A,
        context: &mut ProcessContext<'_>,
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure>;
    /// Processes a record of the second stream.
    fn process_element2(
        &mut self,
        value: B,
        context: &mut ProcessContext<'_>,
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure>;
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Two closures that share nothing, one for each stream (Flink's `CoFlatMapFunction`).
pub struct CoFlatMap<F, G, R> {
    first: F,
    second: G,
    out: PhantomData<fn() -> R>,
}

impl<F, G, R> CoFlatMap<F, G, R> {
    /// Wraps the closures.
    pub fn new(first: F, second: G) -> Self {
        Self { first, second, out: PhantomData }
    }
}

impl<F: Clone, G: Clone, R> Clone for CoFlatMap<F, G, R> {
    fn clone(&self) -> Self {
        Self::new(self.first.clone(), self.second.clone())
    }
}

impl<A, B, R, F, G> CoProcessFunction<A, B> for CoFlatMap<F, G, R>
where
    R: Data,
    F: FnMut(A, &mut Collector<R>) + Function,
    G: FnMut(B, &mut Collector<R>) + Function,
{
    type Out = R;

    fn process_element1(
        &mut self,
        value: A,
        _context: &mut ProcessContext<'_>,
        out: &mut Collector<R>,
    ) -> Result<(), Failure> {
        (self.first)(value, out);
        Ok(())
    }

    fn process_element2(
        &mut self,
        value: B,
        _context: &mut ProcessContext<'_>,
        out: &mut Collector<R>,
    ) -> Result<(), Failure> {
        (self.second)(value, out);
        Ok(())
    }
}

/// See the module.
pub struct CoProcess<F, R> {
    context: OperatorContext,
    function: F,
    operator_state: OperatorStateBackend,
    current_watermark: EventTime,
    collector: Collector<R>,
    output: Box<dyn Output<R>>,
    sides: SideOutputs,
    cost: Cost,
}

impl<F, R: Data> CoProcess<F, R> {
    /// Opens `function` in front of its outputs.
    pub fn new<A, B>(
        context: &OperatorContext,
        mut function: F,
        (output, sides): (Box<dyn Output<R>>, SideOutputs),
    ) -> Result<Self, Failure>
    where
        F: CoProcessFunction<A, B, Out = R>,
    {
        let mut operator_state = OperatorStateBackend::new();
        let runtime = context.runtime();
        function.open(&mut OpenContext { runtime, operator_state: &mut operator_state })?;
        Ok(Self {
            context: context.clone(),
            function,
            operator_state,
            current_watermark: EventTime::NONE,
            collector: Collector::default(),
            output,
            sides,
            cost: context.cost(),
        })
    }

    fn each<T>(
        &mut self,
        mut batch: Batch<T>,
        call: impl Fn(&mut F, T, &mut ProcessContext<'_>, &mut Collector<R>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.cost.charge(batch.len());
        let mut context = ProcessContext {
            timestamp: None,
            id: None,
            current_watermark: self.current_watermark,
            current_processing_time: self.context.host.clock.processing_time(),
            operator_state: &mut self.operator_state,
            sides: &self.sides,
        };
        let values = std::mem::take(&mut batch.values);
        for (index, value) in values.into_iter().enumerate() {
            (context.timestamp, context.id) = (batch.timestamp(index), batch.id(index));
            self.collector.inherit(context.timestamp, context.id);
            call(&mut self.function, value, &mut context, &mut self.collector)?;
            self.collector.flush_if_full(&mut *self.output)?;
        }
        self.sides.flush()?;
        self.collector.carry(&mut batch.markers);
        self.collector.flush(&mut *self.output)
    }
}

impl<A: Data, B: Data, F: CoProcessFunction<A, B>> TwoInput<A, B> for CoProcess<F, F::Out> {
    fn process_first(&mut self, batch: Batch<A>) -> Result<(), Failure> {
        self.each(batch, |function, value, context, out| {
            function.process_element1(value, context, out)
        })
    }

    fn process_second(&mut self, batch: Batch<B>) -> Result<(), Failure> {
        self.each(batch, |function, value, context, out| {
            function.process_element2(value, context, out)
        })
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        match event {
            ChainEvent::Watermark(watermark) => self.current_watermark = watermark,
            ChainEvent::EndOfInput => self.function.close()?,
            ChainEvent::WatermarkStatus(_) | ChainEvent::TimersDue | ChainEvent::Flush => {}
        }
        self.output.on_event(event)
    }
}
