//! What all process functions without keys have in common, of one input or of two: the context
//! that a call sees, and what goes on to the outputs.
//!
//! Previous: the operators of [`super::process`], [`super::co_process`] and [`super::broadcast`].
//! Next: the main output and the side outputs.

use super::process::{OpenContext, ProcessContext};
use super::{Cost, OperatorContext};
use crate::base::EventTime;
use crate::checkpoint::OperatorSubtaskState;
use crate::record::{Batch, ChainEvent, Collector, Data, Failure, Output, SideOutputs};
use crate::state::operator_state::OperatorStateBackend;

/// A function without keys, with its state in front of its outputs.
pub(super) struct ProcessRunner<F, R> {
    context: OperatorContext,
    function: F,
    operator_state: OperatorStateBackend,
    current_watermark: EventTime,
    collector: Collector<R>,
    output: Box<dyn Output<R>>,
    sides: SideOutputs,
    cost: Cost,
}

impl<F, R: Data> ProcessRunner<F, R> {
    /// Opens `function` in front of its outputs.
    pub(super) fn new(
        context: &OperatorContext,
        mut function: F,
        (output, sides): (Box<dyn Output<R>>, SideOutputs),
        open: impl FnOnce(&mut F, &mut OpenContext<'_>) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let mut operator_state = context.operator_state()?;
        let runtime = context.runtime();
        open(&mut function, &mut OpenContext { runtime, operator_state: &mut operator_state })?;
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

    /// Calls the function for each record of `batch`.
    pub(super) fn each<T>(
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

    /// Follows an event and passes it on.
    pub(super) fn on_event(
        &mut self,
        event: ChainEvent,
        close: impl FnOnce(&mut F) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match event {
            ChainEvent::Watermark(watermark) => self.current_watermark = watermark,
            ChainEvent::EndOfInput => close(&mut self.function)?,
            ChainEvent::Snapshot(_) => {
                let operator_state = self.operator_state.snapshot()?;
                let state =
                    OperatorSubtaskState { operator_state, ..self.context.empty_snapshot() };
                self.context.hand_in(state);
            }
            ChainEvent::WatermarkStatus(_)
            | ChainEvent::BeforeBarrier
            | ChainEvent::TimersDue
            | ChainEvent::CheckpointComplete(_)
            | ChainEvent::CheckpointAborted(_)
            | ChainEvent::Flush => {}
        }
        self.output.on_event(event)
    }
}
