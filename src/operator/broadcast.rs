//! Functions of a stream and a broadcast one: Flink's `CoBroadcastWithNonKeyedOperator` and
//! `CoBroadcastWithKeyedOperator`.
//!
//! Every subtask sees all broadcast records and keeps the same broadcast state, as long as it makes
//! the same of the same records. So only the broadcast side may change that state; the other side,
//! of which each subtask sees other records, may only read it.
//!
//! Previous: an edge and a broadcast edge. Next: the main output and the side outputs.

use std::marker::PhantomData;

use super::keyed_context::{Keyed, KeyedContext, KeyedOpenContext};
use super::keyed_runner::{KeyedRunner, TimedFunction};
use super::process::{OpenContext, ProcessContext};
use super::process_runner::ProcessRunner;
use super::{Function, KeySelector, OperatorContext, TwoInput};
use crate::base::EventTime;
use crate::record::{
    Batch, ChainEvent, Collector, Data, Failure, Key, Output, OutputTag, RecordId, SideOutputs,
};
use crate::state::operator_state::OperatorStateBackend;
use crate::state::{KeyedBackend, KeyedState, StateError};

/// Records of a stream without keys, and of a broadcast one.
pub trait BroadcastProcessFunction<A, B>: Function {
    /// What comes out.
    type Out: Data;
    /// Called once before the first record: the place to register broadcast state.
    fn open(&mut self, _context: &mut OpenContext<'_>) -> Result<(), Failure> {
        Ok(())
    }
    /// Processes a record of the stream that is not broadcast.
    fn process_element(
        &mut self,
        value: A,
        context: &mut ReadOnlyContext<'_, '_>,
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure>;
    /// Processes a broadcast record.
    fn process_broadcast_element(
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

/// What the side that is not broadcast sees: broadcast state can only be read.
pub struct ReadOnlyContext<'c, 'a>(&'c mut ProcessContext<'a>);

impl ReadOnlyContext<'_, '_> {
    /// The record's event time, if it has one.
    pub fn timestamp(&self) -> Option<EventTime> {
        self.0.timestamp()
    }

    /// How far event time is; [`EventTime::NONE`] before the first watermark.
    pub fn current_watermark(&self) -> EventTime {
        self.0.current_watermark()
    }

    /// What the node takes the time to be.
    pub fn current_processing_time(&self) -> EventTime {
        self.0.current_processing_time()
    }

    /// Where broadcast state is.
    pub fn broadcast_state(&self) -> &OperatorStateBackend {
        self.0.operator_state
    }

    /// Emits a record to a side output.
    pub fn output<X: Data>(&mut self, tag: &OutputTag<X>, value: X) {
        self.0.output(tag, value);
    }
}

/// Records of a keyed stream, and of a broadcast one.
pub trait KeyedBroadcastProcessFunction<K, A, B>: Function {
    /// What comes out.
    type Out: Data;
    /// Called once before the first record: the place to register keyed and broadcast state.
    fn open(&mut self, _context: &mut KeyedOpenContext<'_, K>) -> Result<(), Failure> {
        Ok(())
    }
    /// Processes a record of the keyed stream. Broadcast state can only be read here.
    fn process_element(
        &mut self,
        value: A,
        context: &mut KeyedContext<'_, K>,
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure>;
    /// Processes a broadcast record. No key is at work here.
    fn process_broadcast_element(
        &mut self,
        value: B,
        context: &mut KeyedBroadcastContext<'_, K>,
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure>;
    /// A timer that the keyed side has registered fires.
    fn on_timer(
        &mut self,
        _timestamp: EventTime,
        _context: &mut KeyedContext<'_, K>,
        _out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure> {
        Ok(())
    }
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// What the broadcast side of a keyed stream sees.
pub struct KeyedBroadcastContext<'a, K> {
    keyed: &'a mut Keyed<K>,
    timestamp: Option<EventTime>,
    id: Option<RecordId>,
}

impl<K: Key> KeyedBroadcastContext<'_, K> {
    /// The record's event time, if it has one.
    pub fn timestamp(&self) -> Option<EventTime> {
        self.timestamp.filter(|timestamp| *timestamp != EventTime::NONE)
    }

    /// How far event time is; [`EventTime::NONE`] before the first watermark.
    pub fn current_watermark(&self) -> EventTime {
        self.keyed.current_watermark
    }

    /// What the node takes the time to be.
    pub fn current_processing_time(&self) -> EventTime {
        self.keyed.context.host.clock.processing_time()
    }

    /// Where broadcast state is.
    pub fn broadcast_state(&mut self) -> &mut OperatorStateBackend {
        &mut self.keyed.operator_state
    }

    /// Does something for every key of this subtask that has anything in a keyed state, with that
    /// key at work (Flink's `applyToKeyedState`).
    pub fn apply_to_keyed_state<S: KeyedState>(
        &mut self,
        state: &S,
        mut function: impl FnMut(&mut KeyedBackend<K>, &K) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let Keyed { context, backend, .. } = &mut *self.keyed;
        backend.apply_to_all_keys(state, |backend, key| {
            function(backend, key)?;
            let group = context.key_group(key.hash_code());
            for used in backend.take_uses()? {
                context.tell_state(group, key, None, used);
            }
            Ok(())
        })
    }

    /// Emits a record to a side output.
    pub fn output<X: Data>(&mut self, tag: &OutputTag<X>, value: X) {
        self.keyed.sides.emit(tag, value, self.timestamp, self.id);
    }
}

/// See the module.
pub struct BroadcastProcess<F, R>(ProcessRunner<F, R>);

impl<F, R: Data> BroadcastProcess<F, R> {
    /// Opens `function` in front of its outputs.
    pub fn new<A, B>(
        context: &OperatorContext,
        function: F,
        outputs: (Box<dyn Output<R>>, SideOutputs),
    ) -> Result<Self, Failure>
    where
        F: BroadcastProcessFunction<A, B, Out = R>,
    {
        ProcessRunner::new(context, function, outputs, F::open).map(Self)
    }
}

impl<A, B, F> TwoInput<A, B> for BroadcastProcess<F, F::Out>
where
    A: Data,
    B: Data,
    F: BroadcastProcessFunction<A, B>,
{
    fn process_first(&mut self, batch: Batch<A>) -> Result<(), Failure> {
        self.0.each(batch, |function, value, context, out| {
            function.process_element(value, &mut ReadOnlyContext(context), out)
        })
    }

    fn process_second(&mut self, batch: Batch<B>) -> Result<(), Failure> {
        self.0.each(batch, F::process_broadcast_element)
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.0.on_event(event, F::close)
    }
}

/// A function with the types of its two sides.
struct Sides<F, A, B> {
    function: F,
    inputs: PhantomData<fn(A, B)>,
}

impl<K, A, B, F> TimedFunction<K> for Sides<F, A, B>
where
    A: 'static,
    B: 'static,
    F: KeyedBroadcastProcessFunction<K, A, B>,
{
    type Out = F::Out;

    fn open(&mut self, context: &mut KeyedOpenContext<'_, K>) -> Result<(), Failure> {
        self.function.open(context)
    }

    fn on_timer(
        &mut self,
        timestamp: EventTime,
        context: &mut KeyedContext<'_, K>,
        out: &mut Collector<F::Out>,
    ) -> Result<(), Failure> {
        self.function.on_timer(timestamp, context, out)
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.function.close()
    }
}

/// See the module.
pub struct KeyedBroadcastProcess<A, B, S, F>
where
    A: 'static,
    B: 'static,
    S: KeySelector<A>,
    F: KeyedBroadcastProcessFunction<S::Key, A, B>,
{
    runner: KeyedRunner<S::Key, Sides<F, A, B>>,
    selector: S,
}

impl<A, B, S, F> KeyedBroadcastProcess<A, B, S, F>
where
    A: Data,
    B: Data,
    S: KeySelector<A>,
    F: KeyedBroadcastProcessFunction<S::Key, A, B>,
{
    /// Opens `function` in front of its outputs.
    pub fn new(
        context: &OperatorContext,
        selector: S,
        function: F,
        outputs: (Box<dyn Output<F::Out>>, SideOutputs),
    ) -> Result<Self, Failure> {
        let function = Sides { function, inputs: PhantomData };
        Ok(Self { runner: KeyedRunner::new(context, function, outputs)?, selector })
    }
}

impl<A, B, S, F> TwoInput<A, B> for KeyedBroadcastProcess<A, B, S, F>
where
    A: Data,
    B: Data,
    S: KeySelector<A>,
    F: KeyedBroadcastProcessFunction<S::Key, A, B>,
{
    fn process_first(&mut self, batch: Batch<A>) -> Result<(), Failure> {
        self.runner.each(batch, &self.selector, |of, value, context, out| {
            of.function.process_element(value, context, out)
        })
    }

    fn process_second(&mut self, mut batch: Batch<B>) -> Result<(), Failure> {
        let runner = &mut self.runner;
        runner.begin(batch.len(), &mut batch.markers)?;
        let values = std::mem::take(&mut batch.values);
        for (index, value) in values.into_iter().enumerate() {
            let (timestamp, id) = (batch.timestamp(index), batch.id(index));
            runner.call_without_key(timestamp, id, |of, keyed, out| {
                let context = &mut KeyedBroadcastContext { keyed, timestamp, id };
                of.function.process_broadcast_element(value, context, out)
            })?;
        }
        runner.end()
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.runner.on_event(event)
    }
}
