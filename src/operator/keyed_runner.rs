//! What all operators with keys and timers have in common: they put keys to work, fire timers, and
//! let a watermark wait until all timers that it makes due have fired.
//!
//! A watermark fires timers a batch's worth at a time; between those the task can see to its mail.
//! While one waits no further record is processed: a record that comes all the same, because an
//! operator before this one in the chain emits it, is made to wait for the rest of the timers.
//!
//! Invariant: a watermark is handed on when no timer is left that is due.

use super::keyed_context::{Keyed, KeyedContext, KeyedOpenContext};
use super::{Cost, KeySelector, OperatorContext};
use crate::base::EventTime;
use crate::record::{
    BATCH_RECORDS, Batch, ChainEvent, Collector, Data, Failure, Key, LatencyMarker, Output,
    RecordId, SideOutputs,
};
use crate::time::Timer;
use crate::window::TimeDomain;

/// A function that is called for timers of its keys.
pub(super) trait TimedFunction<K>: 'static {
    /// What comes out.
    type Out: Data;
    /// Called once before the first record.
    fn open(&mut self, context: &mut KeyedOpenContext<'_, K>) -> Result<(), Failure>;
    /// A timer fires.
    fn on_timer(
        &mut self,
        timestamp: EventTime,
        context: &mut KeyedContext<'_, K>,
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure>;
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure>;
}

/// See the module.
pub(super) struct KeyedRunner<K, F: TimedFunction<K>> {
    pub(super) keyed: Keyed<K>,
    pub(super) function: F,
    collector: Collector<F::Out>,
    output: Box<dyn Output<F::Out>>,
    /// The watermark that waits until all timers that it makes due have fired.
    waiting: Option<EventTime>,
    cost: Cost,
}

impl<K: Key, F: TimedFunction<K>> KeyedRunner<K, F> {
    /// Opens `function` in front of its outputs.
    pub(super) fn new(
        context: &OperatorContext,
        mut function: F,
        (output, sides): (Box<dyn Output<F::Out>>, SideOutputs),
    ) -> Result<Self, Failure> {
        let mut keyed = Keyed::new(context, sides)?;
        let runtime = context.runtime();
        function.open(&mut KeyedOpenContext {
            runtime,
            backend: &mut keyed.backend,
            operator_state: &mut keyed.operator_state,
        })?;
        keyed.await_clock();
        let (collector, cost) = (Collector::default(), context.cost());
        Ok(Self { keyed, function, collector, output, waiting: None, cost })
    }

    /// Begins with a batch of so many records.
    pub(super) fn begin(
        &mut self,
        records: usize,
        markers: &mut Vec<LatencyMarker>,
    ) -> Result<(), Failure> {
        self.advance(usize::MAX)?;
        self.cost.charge(records);
        self.collector.carry(markers);
        let now = self.keyed.context.host.clock.processing_time();
        self.keyed.backend.set_processing_time(now);
        Ok(())
    }

    /// Calls the function for each record of a batch, with its key at work.
    pub(super) fn each<T, S: KeySelector<T, Key = K>>(
        &mut self,
        mut batch: Batch<T>,
        selector: &S,
        call: impl Fn(
            &mut F,
            T,
            &mut KeyedContext<'_, K>,
            &mut Collector<F::Out>,
        ) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.begin(batch.len(), &mut batch.markers)?;
        let Batch { values, timestamps, ids, hashes, markers: _ } = batch;
        for (place, value) in values.into_iter().enumerate() {
            let hash_code = match &hashes {
                Some(hashes) => hashes[place] as i32,
                None => selector.hash(&value),
            };
            let timestamp = timestamps.as_ref().map(|column| column[place]);
            let id = ids.as_ref().map(|column| column[place]);
            self.collector.inherit(timestamp, id);
            let is_key = |key: &K| selector.matches(&value, key);
            let mut context =
                self.keyed.work_for(hash_code, is_key, || selector.key(&value), timestamp, id)?;
            call(&mut self.function, value, &mut context, &mut self.collector)?;
            context.tell_timers();
            context.tell_uses()?;
            self.collector.flush_if_full(&mut *self.output)?;
        }
        self.end()
    }

    /// Calls the function for a record that is of no key.
    pub(super) fn call_without_key(
        &mut self,
        timestamp: Option<EventTime>,
        id: Option<RecordId>,
        call: impl FnOnce(&mut F, &mut Keyed<K>, &mut Collector<F::Out>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.collector.inherit(timestamp, id);
        self.keyed.backend.clear_current_key();
        call(&mut self.function, &mut self.keyed, &mut self.collector)?;
        self.collector.flush_if_full(&mut *self.output)
    }

    /// Ends a batch: what was emitted goes on.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        self.keyed.backend.clear_current_key();
        self.await_clock();
        self.hand_on()
    }

    fn hand_on(&mut self) -> Result<(), Failure> {
        self.keyed.sides.flush()?;
        self.collector.flush(&mut *self.output)
    }

    fn fire(&mut self, domain: TimeDomain, timer: Timer<K, ()>) -> Result<(), Failure> {
        let Timer { timestamp, hash_code, key, namespace: () } = timer;
        let id = self.keyed.context.identities.then_some(RecordId::NONE);
        // As in Flink, what a timer of processing time emits has no timestamp.
        let emitted_at = match domain {
            TimeDomain::EventTime => Some(timestamp),
            TimeDomain::ProcessingTime => None,
        };
        self.collector.inherit(emitted_at, id);
        let (is_key, timer_key) = (|current: &K| current.same(&key), || key.clone());
        let mut context = self.keyed.work_for(hash_code, is_key, timer_key, Some(timestamp), id)?;
        context.domain = Some(domain);
        context.tell_timers();
        self.function.on_timer(timestamp, &mut context, &mut self.collector)?;
        context.tell_timers();
        context.tell_uses()?;
        self.collector.flush_if_full(&mut *self.output)
    }

    /// Fires timers that are due, at most so many; whether there may be more.
    fn fire_due(&mut self, domain: TimeDomain, at_most: usize) -> Result<bool, Failure> {
        let now = self.keyed.context.host.clock.processing_time();
        self.keyed.backend.set_processing_time(now);
        let mut fired = 0;
        let mut more = true;
        while more && fired < at_most {
            let timer = match domain {
                TimeDomain::EventTime => {
                    self.keyed.timers.pop_due_event(self.keyed.current_watermark)
                }
                // As in Flink a timer is due when its millisecond is over.
                TimeDomain::ProcessingTime => {
                    self.keyed.timers.pop_due_processing(EventTime(now.0.saturating_sub(1)))
                }
            };
            match timer {
                Some(timer) => self.fire(domain, timer)?,
                None => more = false,
            }
            fired += usize::from(more);
        }
        self.cost.charge(fired);
        self.keyed.backend.clear_current_key();
        self.hand_on()?;
        Ok(more)
    }

    /// Lets the waiting watermark fire timers, and hands it on after the last.
    fn advance(&mut self, at_most: usize) -> Result<(), Failure> {
        let Some(watermark) = self.waiting else { return Ok(()) };
        if self.fire_due(TimeDomain::EventTime, at_most)? {
            self.keyed.context.timers.call_again();
            return Ok(());
        }
        self.waiting = None;
        self.await_clock();
        self.output.on_event(ChainEvent::Watermark(watermark))
    }

    fn await_clock(&self) {
        self.keyed.await_clock();
    }

    /// Takes what passes between batches.
    pub(super) fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        match event {
            ChainEvent::Watermark(watermark) => {
                self.advance(usize::MAX)?;
                self.keyed.current_watermark = watermark;
                self.waiting = Some(watermark);
                self.advance(BATCH_RECORDS)
            }
            ChainEvent::TimersDue => {
                self.advance(BATCH_RECORDS)?;
                if self.fire_due(TimeDomain::ProcessingTime, BATCH_RECORDS)? {
                    self.keyed.context.timers.call_again();
                }
                self.await_clock();
                self.output.on_event(event)
            }
            ChainEvent::Snapshot(_) => {
                self.keyed.snapshot()?;
                self.output.on_event(event)
            }
            ChainEvent::WatermarkStatus(_) | ChainEvent::BeforeBarrier => {
                self.advance(usize::MAX)?;
                self.output.on_event(event)
            }
            ChainEvent::EndOfInput => {
                self.advance(usize::MAX)?;
                self.function.close()?;
                self.hand_on()?;
                self.output.on_event(event)
            }
            ChainEvent::Flush
            | ChainEvent::CheckpointComplete(_)
            | ChainEvent::CheckpointAborted(_) => self.output.on_event(event),
        }
    }
}
