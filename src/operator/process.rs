//! Process functions without keys: Flink's `ProcessOperator`.
//!
//! Previous: any operator. Next: the main output, and the side outputs that the function writes.

use std::marker::PhantomData;

use super::process_runner::ProcessRunner;
use super::{Function, OperatorContext, RuntimeContext};
use crate::base::EventTime;
use crate::record::{
    Batch, ChainEvent, Collector, Data, Failure, Output, OutputTag, RecordId, SideOutputs,
};
use crate::state::operator_state::OperatorStateBackend;

/// What a function without keys can do when it opens.
pub struct OpenContext<'a> {
    pub(super) runtime: RuntimeContext,
    pub(super) operator_state: &'a mut OperatorStateBackend,
}

impl OpenContext<'_> {
    /// Where the function runs.
    pub fn runtime(&self) -> &RuntimeContext {
        &self.runtime
    }

    /// Where operator and broadcast state are registered.
    pub fn operator_state(&mut self) -> &mut OperatorStateBackend {
        self.operator_state
    }
}

/// What a process function sees beside the record (Flink's `ProcessFunction.Context`).
pub struct ProcessContext<'a> {
    pub(super) timestamp: Option<EventTime>,
    pub(super) id: Option<RecordId>,
    pub(super) current_watermark: EventTime,
    pub(super) current_processing_time: EventTime,
    pub(super) operator_state: &'a mut OperatorStateBackend,
    pub(super) sides: &'a SideOutputs,
}

impl ProcessContext<'_> {
    /// The record's event time, if it has one.
    pub fn timestamp(&self) -> Option<EventTime> {
        self.timestamp.filter(|timestamp| *timestamp != EventTime::NONE)
    }

    /// How far event time is; [`EventTime::NONE`] before the first watermark.
    pub fn current_watermark(&self) -> EventTime {
        self.current_watermark
    }

    /// What the node takes the time to be.
    pub fn current_processing_time(&self) -> EventTime {
        self.current_processing_time
    }

    /// Where operator state is.
    pub fn operator_state(&mut self) -> &mut OperatorStateBackend {
        self.operator_state
    }

    /// Emits a record to a side output.
    pub fn output<X: Data>(&mut self, tag: &OutputTag<X>, value: X) {
        self.sides.emit(tag, value, self.timestamp, self.id);
    }
}

/// One record in, any number out, to the main output and to side outputs.
pub trait ProcessFunction<T>: Function {
    /// What comes out.
    type Out: Data;
    /// Called once before the first record: the place to register operator state.
    fn open(&mut self, _context: &mut OpenContext<'_>) -> Result<(), Failure> {
        Ok(())
    }
    /// Processes a record.
    fn process_element(
        &mut self,
        value: T,
        context: &mut ProcessContext<'_>,
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure>;
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// A closure as a process function.
pub struct ProcessElement<F, R>(F, PhantomData<fn() -> R>);

impl<F, R> ProcessElement<F, R> {
    /// Wraps a closure.
    pub fn new(function: F) -> Self {
        Self(function, PhantomData)
    }
}

impl<F: Clone, R> Clone for ProcessElement<F, R> {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl<T, R: Data, F> ProcessFunction<T> for ProcessElement<F, R>
where
    F: FnMut(T, &mut ProcessContext<'_>, &mut Collector<R>) + Function,
{
    type Out = R;

    fn process_element(
        &mut self,
        value: T,
        context: &mut ProcessContext<'_>,
        out: &mut Collector<R>,
    ) -> Result<(), Failure> {
        (self.0)(value, context, out);
        Ok(())
    }
}

/// See the module.
pub struct Process<F, R>(ProcessRunner<F, R>);

impl<F, R: Data> Process<F, R> {
    /// Opens `function` in front of its outputs.
    pub fn new<T>(
        context: &OperatorContext,
        function: F,
        outputs: (Box<dyn Output<R>>, SideOutputs),
    ) -> Result<Self, Failure>
    where
        F: ProcessFunction<T, Out = R>,
    {
        ProcessRunner::new(context, function, outputs, F::open).map(Self)
    }
}

impl<T: Data, F: ProcessFunction<T>> Output<T> for Process<F, F::Out> {
    fn collect_batch(&mut self, batch: Batch<T>) -> Result<(), Failure> {
        self.0.each(batch, F::process_element)
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.0.on_event(event, F::close)
    }
}
