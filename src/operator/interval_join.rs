//! The interval join in a task: [`IntervalJoinOperator`] with its function and its outputs.
//!
//! Previous: two keyed edges. Next: whatever takes the pairs.

use std::marker::PhantomData;
use std::sync::Arc;

use super::{
    Cost, Function, KeySelector, KeyedStorage, LateRecords, OperatorContext, RuntimeContext,
    TwoInput,
};
use crate::base::EventTime;
use crate::record::{
    BATCH_RECORDS, Batch, ChainEvent, Collector, Data, Failure, Key, Output, OutputTag, RecordId,
    SideOutputs,
};
use crate::state::{BackendTable, StateUse};
use crate::time::ChangedTimer;
use crate::trace::{Event, LateOutcome, TimeEvent, WindowEvent};
use crate::window::StreamRecord;
use crate::window::interval_join::{
    BufferUse, IntervalBounds, IntervalBuffers, IntervalJoinOperator, IntervalOutput, JoinSide,
};

/// What a join function sees beside the pair (Flink's `ProcessJoinFunction.Context`).
pub struct JoinContext<'a> {
    left_timestamp: EventTime,
    right_timestamp: EventTime,
    sides: &'a SideOutputs,
}

impl JoinContext<'_> {
    /// The event time of the left record.
    pub fn left_timestamp(&self) -> EventTime {
        self.left_timestamp
    }

    /// The event time of the right record.
    pub fn right_timestamp(&self) -> EventTime {
        self.right_timestamp
    }

    /// The event time of the pair: the later of the two.
    pub fn timestamp(&self) -> EventTime {
        self.left_timestamp.max(self.right_timestamp)
    }

    /// Emits a record to a side output.
    pub fn output<X: Data>(&mut self, tag: &OutputTag<X>, value: X) {
        self.sides.emit(tag, value, Some(self.timestamp()), None);
    }
}

/// Pairs in, any number of records out.
pub trait ProcessJoinFunction<L, R>: Function {
    /// What comes out.
    type Out: Data;
    /// Called once before the first pair.
    fn open(&mut self, _context: &RuntimeContext) -> Result<(), Failure> {
        Ok(())
    }
    /// Processes a pair.
    fn process_element(
        &mut self,
        left: &L,
        right: &R,
        context: &mut JoinContext<'_>,
        out: &mut Collector<Self::Out>,
    );
    /// Called once after the last record.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// A closure as a join function.
pub struct JoinClosure<F, X>(F, PhantomData<fn() -> X>);

impl<F, X> JoinClosure<F, X> {
    /// Wraps a closure.
    pub fn new(function: F) -> Self {
        Self(function, PhantomData)
    }
}

impl<F: Clone, X> Clone for JoinClosure<F, X> {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl<L, R, X: Data, F> ProcessJoinFunction<L, R> for JoinClosure<F, X>
where
    F: FnMut(&L, &R, &mut JoinContext<'_>, &mut Collector<X>) + Function,
{
    type Out = X;

    fn process_element(
        &mut self,
        left: &L,
        right: &R,
        context: &mut JoinContext<'_>,
        out: &mut Collector<X>,
    ) {
        (self.0)(left, right, context, out);
    }
}

/// What an interval join is declared with.
#[derive(Clone)]
pub struct IntervalJoinSpec<L, R, SL, SR> {
    /// How far from a left record a right one may be.
    pub bounds: IntervalBounds,
    /// The keys of the left side.
    pub left: SL,
    /// The keys of the right side.
    pub right: SR,
    /// What becomes of late records of the left side.
    pub late_left: LateRecords<L>,
    /// What becomes of late records of the right side.
    pub late_right: LateRecords<R>,
}

/// The name of the state that holds them.
const BUFFERS: &str = "buffers";

type Store<K, L, R> = BackendTable<K, IntervalBuffers<L, R>>;

/// See the module.
pub struct JoinedByInterval<L, R, SL, SR, F>
where
    SL: KeySelector<L>,
    F: ProcessJoinFunction<L, R>,
{
    operator: IntervalJoinOperator<SL::Key, L, R, Store<SL::Key, L, R>>,
    left: SL,
    right: SR,
    emitted: Emitted<L, R, F>,
    output: Box<dyn Output<F::Out>>,
    storage: KeyedStorage,
    /// The watermark that waits until all buffers that it closes are removed.
    waiting: Option<EventTime>,
    cost: Cost,
}

impl<L, R, SL, SR, F> JoinedByInterval<L, R, SL, SR, F>
where
    L: Data,
    R: Data,
    SL: KeySelector<L>,
    SR: KeySelector<R, Key = SL::Key>,
    F: ProcessJoinFunction<L, R>,
{
    /// Opens the join's function in front of its outputs.
    pub fn new(
        context: &OperatorContext,
        spec: IntervalJoinSpec<L, R, SL, SR>,
        mut function: F,
        (output, sides): (Box<dyn Output<F::Out>>, SideOutputs),
    ) -> Result<Self, Failure> {
        let IntervalJoinSpec { bounds, left, right, late_left, late_right } = spec;
        function.open(&context.runtime())?;
        let emitted = Emitted {
            context: context.clone(),
            function,
            collector: Collector::default(),
            sides,
            late_left,
            late_right,
            late_records: [0; 2],
            watermark: EventTime::NONE,
        };
        let mut storage = KeyedStorage::open(context)?;
        let store = storage.table(BUFFERS)?;
        let mut operator = IntervalJoinOperator::new(bounds, store)?;
        context.restore_timers(operator.timers_mut())?;
        if context.tells_records() {
            operator.watch_timers();
        }
        let cost = context.cost();
        Ok(Self { operator, left, right, emitted, output, storage, waiting: None, cost })
    }

    fn hand_on(&mut self) -> Result<(), Failure> {
        self.emitted.tell_late_records();
        self.emitted.sides.flush()?;
        self.emitted.collector.flush(&mut *self.output)
    }

    /// Removes what the waiting watermark closes, and hands it on after the last.
    fn advance(&mut self, at_most: usize) -> Result<(), Failure> {
        let Some(watermark) = self.waiting else { return Ok(()) };
        let mut cleaned = 0;
        while self.operator.clean_one(&mut self.emitted) {
            cleaned += 1;
            if cleaned == at_most {
                self.cost.charge(cleaned);
                self.emitted.context.timers.call_again();
                return Ok(());
            }
        }
        self.cost.charge(cleaned);
        self.waiting = None;
        self.output.on_event(ChainEvent::Watermark(watermark))
    }

    /// Begins with a batch: the markers that ride in it go on with what it gives.
    fn begin<T>(&mut self, batch: &mut Batch<T>) -> Result<(), Failure> {
        self.advance(usize::MAX)?;
        self.cost.charge(batch.len());
        self.emitted.collector.carry(&mut batch.markers);
        Ok(())
    }
}

/// The records of a batch, with their hashes and what is known of them.
fn records<T, S: KeySelector<T>>(
    batch: Batch<T>,
    selector: &S,
) -> impl Iterator<Item = (i32, S::Key, StreamRecord<T>)> {
    let Batch { values, timestamps, ids, hashes, markers: _ } = batch;
    values.into_iter().enumerate().map(move |(place, value)| {
        let hash_code = match &hashes {
            Some(hashes) => hashes[place] as i32,
            None => selector.hash(&value),
        };
        let timestamp = timestamps.as_ref().map_or(EventTime::NONE, |column| column[place]);
        let id = ids.as_ref().map(|column| column[place]);
        (hash_code, selector.key(&value), StreamRecord { value, timestamp, id })
    })
}

impl<L, R, SL, SR, F> TwoInput<L, R> for JoinedByInterval<L, R, SL, SR, F>
where
    L: Data,
    R: Data,
    SL: KeySelector<L>,
    SR: KeySelector<R, Key = SL::Key>,
    F: ProcessJoinFunction<L, R>,
{
    fn process_first(&mut self, mut batch: Batch<L>) -> Result<(), Failure> {
        self.begin(&mut batch)?;
        for (hash_code, key, record) in records(batch, &self.left) {
            let joined = self.operator.process_left(hash_code, &key, record, &mut self.emitted);
            joined.map_err(|error| Failure(error.to_string()))?;
            self.emitted.collector.flush_if_full(&mut *self.output)?;
        }
        self.hand_on()
    }

    fn process_second(&mut self, mut batch: Batch<R>) -> Result<(), Failure> {
        self.begin(&mut batch)?;
        for (hash_code, key, record) in records(batch, &self.right) {
            let joined = self.operator.process_right(hash_code, &key, record, &mut self.emitted);
            joined.map_err(|error| Failure(error.to_string()))?;
            self.emitted.collector.flush_if_full(&mut *self.output)?;
        }
        self.hand_on()
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        match event {
            ChainEvent::Watermark(watermark) => {
                self.advance(usize::MAX)?;
                self.operator.start_watermark(watermark);
                self.emitted.watermark = watermark;
                self.waiting = Some(watermark);
                self.advance(BATCH_RECORDS)
            }
            ChainEvent::TimersDue => {
                self.advance(BATCH_RECORDS)?;
                self.output.on_event(event)
            }
            ChainEvent::Snapshot(_) => {
                let gathered = self.storage.snapshot().table(BUFFERS, self.operator.store())?;
                gathered.timers(self.operator.timers())?.hand_in()?;
                self.output.on_event(event)
            }
            ChainEvent::WatermarkStatus(_) | ChainEvent::BeforeBarrier => {
                self.advance(usize::MAX)?;
                self.output.on_event(event)
            }
            ChainEvent::EndOfInput => {
                self.advance(usize::MAX)?;
                self.emitted.function.close()?;
                self.output.on_event(event)
            }
            ChainEvent::Flush
            | ChainEvent::CheckpointComplete(_)
            | ChainEvent::CheckpointAborted(_) => self.output.on_event(event),
        }
    }
}

/// What the operator emits, on its way to the function, the outputs and the trace.
struct Emitted<L, R, F: ProcessJoinFunction<L, R>> {
    context: OperatorContext,
    function: F,
    collector: Collector<F::Out>,
    sides: SideOutputs,
    late_left: LateRecords<L>,
    late_right: LateRecords<R>,
    /// Late records of each side that the trace has not yet been told of.
    late_records: [u32; 2],
    watermark: EventTime,
}

impl<L: Data, R: Data, F: ProcessJoinFunction<L, R>> Emitted<L, R, F> {
    fn tell_late_records(&mut self) {
        let outcomes = [self.late_left.outcome(), self.late_right.outcome()];
        for (records, outcome) in std::mem::take(&mut self.late_records).into_iter().zip(outcomes) {
            if records > 0 {
                let OperatorContext { host, job, subtask, operator, .. } = &self.context;
                host.trace.record(Event::Time(TimeEvent::RecordsLate {
                    job: *job,
                    subtask: subtask.clone(),
                    operator: operator.clone(),
                    records,
                    outcome,
                }));
            }
        }
    }

    fn late<T: Data>(&self, record: StreamRecord<T>, late: &LateRecords<T>) {
        if self.context.identities {
            self.tell_late(&record, late.outcome());
        }
        match late {
            LateRecords::Drop => {}
            LateRecords::SideOutput(tag) => {
                self.sides.emit(tag, record.value, Some(record.timestamp), record.id);
            }
        }
    }

    fn tell_late<T: Data>(&self, record: &StreamRecord<T>, outcome: LateOutcome) {
        let OperatorContext { host, job, subtask, operator, .. } = &self.context;
        host.trace.record(Event::Window(WindowEvent::RecordLate {
            job: *job,
            subtask: subtask.clone(),
            operator: operator.clone(),
            value: format!("{:?}", record.value),
            id: record.id.and_then(RecordId::known),
            timestamp: record.timestamp,
            watermark: self.watermark,
            outcome,
        }));
    }
}

impl<L: Data, R: Data, F: ProcessJoinFunction<L, R>> IntervalOutput<L, R> for Emitted<L, R, F> {
    fn pair(&mut self, (left, left_timestamp): (&L, EventTime), right: (&R, EventTime)) {
        let (right, right_timestamp) = right;
        let mut context = JoinContext { left_timestamp, right_timestamp, sides: &self.sides };
        let id = self.context.identities.then_some(RecordId::NONE);
        self.collector.inherit(Some(context.timestamp()), id);
        self.function.process_element(left, right, &mut context, &mut self.collector);
    }

    fn late_left(&mut self, record: StreamRecord<L>) {
        self.late_records[0] += 1;
        self.late(record, &self.late_left);
    }

    fn late_right(&mut self, record: StreamRecord<R>) {
        self.late_records[1] += 1;
        self.late(record, &self.late_right);
    }

    fn watches(&self) -> bool {
        self.context.tells_records()
    }

    fn observe_buffer<K: Key>(
        &mut self,
        (hash_code, key): (i32, &K),
        side: JoinSide,
        (changed, value): BufferUse,
    ) {
        // The names that Flink's operator gives them.
        let state = Arc::from(match side {
            JoinSide::Left => "left-buffer",
            JoinSide::Right => "right-buffer",
        });
        let used = StateUse { state, namespaced: false, changed, value };
        self.context.tell_state(self.context.key_group(hash_code), key, None, used);
    }

    fn observe_timer<K: Key>(&mut self, (timer, domain, change): &ChangedTimer<K, JoinSide>) {
        let group = self.context.key_group(timer.hash_code);
        self.context.tell_timer(group, timer, None, (*domain, *change));
    }
}
