//! The window operator in a chain: [`WindowOperator`] with its clock, its outputs and the trace.
//!
//! A watermark may fire many timers. They are fired a batch's worth at a time; between those the
//! task can see to its mail, and the watermark is handed on when no timer is left that is due.
//!
//! Previous: a keyed edge. Next: whatever takes the results.

use std::fmt;
use std::sync::Arc;

use super::{Cost, KeySelector, KeyedStorage, OperatorContext};
use crate::base::{EventTime, TimeDomain};
use crate::record::{
    BATCH_RECORDS, Batch, ChainEvent, Data, Failure, Key, Output, OutputTag, RecordId, SideOutputs,
};
use crate::state::{BackendTable, StateUse};
use crate::time::ChangedTimer;
use crate::trace::{Event, FiringTime, LateOutcome, Span, TimeEvent, WindowEvent};
use crate::window::{
    KeyOf, KeyWindows, StreamRecord, TimeWindow, WINDOW_CONTENTS, Window, WindowChange,
    WindowFunction, WindowOperator, WindowOutput, WindowParts, WindowSpec,
};

impl<T, S: KeySelector<T>> KeyOf<T> for S {
    type Key = S::Key;

    #[inline]
    fn hash(&self, value: &T) -> i32 {
        KeySelector::hash(self, value)
    }

    #[inline]
    fn matches(&self, value: &T, key: &S::Key) -> bool {
        KeySelector::matches(self, value, key)
    }

    #[inline]
    fn key(&self, value: &T) -> S::Key {
        KeySelector::key(self, value)
    }
}

/// What becomes of records that are too late for all their windows.
pub enum LateRecords<T> {
    /// They are counted and dropped.
    Drop,
    /// They go to this side output.
    SideOutput(OutputTag<T>),
}

impl<T> Clone for LateRecords<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Drop => Self::Drop,
            Self::SideOutput(tag) => Self::SideOutput(tag.clone()),
        }
    }
}

impl<T> LateRecords<T> {
    pub(super) fn outcome(&self) -> LateOutcome {
        match self {
            Self::Drop => LateOutcome::Dropped,
            Self::SideOutput(_) => LateOutcome::SideOutput,
        }
    }
}

/// The operator over the backend that the job has.
type Operator<K, T, F> =
    WindowOperator<K, T, F, BackendTable<K, KeyWindows<<F as WindowFunction<K, T>>::Contents, T>>>;

/// See the module.
pub struct Windowed<T, S, F>
where
    S: KeySelector<T>,
    F: WindowFunction<S::Key, T>,
{
    operator: Operator<S::Key, T, F>,
    selector: S,
    emitted: Emitted<T, F::Out>,
    output: Box<dyn Output<F::Out>>,
    storage: KeyedStorage,
    /// The watermark that waits until all timers that it makes due have fired.
    waiting: Option<EventTime>,
    cost: Cost,
}

impl<T, S, F> Windowed<T, S, F>
where
    T: Data,
    S: KeySelector<T>,
    F: WindowFunction<S::Key, T> + 'static,
{
    /// Puts windows in front of `output`.
    pub fn new(
        context: &OperatorContext,
        selector: S,
        spec: WindowSpec<T>,
        function: F,
        late: LateRecords<T>,
        (output, sides): (Box<dyn Output<F::Out>>, SideOutputs),
    ) -> Result<Self, Failure> {
        let spec = context.parts.fill(spec);
        let mut storage = KeyedStorage::open(context)?;
        let (store, mut states) = (storage.table(WINDOW_CONTENTS)?, storage.backend()?);
        let watches = context.tells_records();
        if watches {
            states.watch_uses();
        }
        let emitted = Emitted {
            context: context.clone(),
            results: Batch::default(),
            sides,
            late,
            late_records: 0,
            domain: spec.assigner.domain(),
            cause: Cause::Record,
            watermark: EventTime::NONE,
            watches,
        };
        let mut operator = WindowOperator::new(spec, function, store, states)?;
        context.restore_timers(operator.parts().timers)?;
        operator.open(&context.runtime())?;
        if watches {
            operator.watch_timers();
        }
        let cost = context.cost();
        let this = Self { operator, selector, emitted, output, storage, waiting: None, cost };
        this.await_clock();
        Ok(this)
    }

    /// Sends on what has been emitted.
    fn hand_on(&mut self) -> Result<(), Failure> {
        self.emitted.tell_late_records();
        self.emitted.sides.flush()?;
        if self.emitted.results.is_empty() {
            return Ok(());
        }
        self.output.collect_batch(self.emitted.results.take())
    }

    /// Fires timers that `fire` finds due, a batch's worth at most; whether there may be more.
    fn fire(
        &mut self,
        fire: impl Fn(&mut Self) -> Result<bool, Failure>,
        cause: Cause,
        at_most: usize,
    ) -> Result<bool, Failure> {
        self.emitted.cause = cause;
        let mut fired = 0;
        let mut more = true;
        while more && fired < at_most {
            more = fire(self)?;
            fired += usize::from(more);
            if self.emitted.results.len() >= BATCH_RECORDS {
                self.hand_on()?;
            }
        }
        self.cost.charge(fired);
        self.hand_on()?;
        Ok(more)
    }

    /// Lets the waiting watermark fire timers, and hands it on after the last.
    fn advance(&mut self, at_most: usize) -> Result<(), Failure> {
        let Some(watermark) = self.waiting else { return Ok(()) };
        self.operator.set_processing_time(self.emitted.context.host.clock.processing_time());
        let fire = |this: &mut Self| this.operator.fire_event_timer(&mut this.emitted);
        if self.fire(fire, Cause::Watermark, at_most)? {
            self.emitted.context.timers.call_again();
            return Ok(());
        }
        self.waiting = None;
        // A trigger may have asked for the clock.
        self.await_clock();
        self.output.on_event(ChainEvent::Watermark(watermark))
    }

    /// Fires what the node's clock has made due.
    fn on_clock(&mut self) -> Result<(), Failure> {
        self.operator.set_processing_time(self.emitted.context.host.clock.processing_time());
        let fire = |this: &mut Self| this.operator.fire_processing_timer(&mut this.emitted);
        if self.fire(fire, Cause::Clock, BATCH_RECORDS)? {
            self.emitted.context.timers.call_again();
        }
        self.await_clock();
        Ok(())
    }

    /// Hands in all windows, what their function keeps, and their timers.
    fn snapshot(&mut self) -> Result<(), Failure> {
        let WindowParts { store, states, timers } = self.operator.parts();
        let gathered = self.storage.snapshot().table(WINDOW_CONTENTS, store)?;
        gathered.backend(states)?.timers(timers)?.hand_in()
    }

    fn await_clock(&self) {
        if let Some(time) = self.operator.next_processing_time() {
            self.emitted.context.timers.call_when_clock_shows(time);
        }
    }
}

impl<T, S, F> Output<T> for Windowed<T, S, F>
where
    T: Data,
    S: KeySelector<T>,
    F: WindowFunction<S::Key, T> + 'static,
{
    fn collect_batch(&mut self, mut batch: Batch<T>) -> Result<(), Failure> {
        // What stands before this operator in the chain may emit records right behind a watermark.
        self.advance(usize::MAX)?;
        self.cost.charge(batch.len());
        self.operator.set_processing_time(self.emitted.context.host.clock.processing_time());
        self.emitted.cause = Cause::Record;
        self.emitted.results.markers.append(&mut batch.markers);
        self.operator.process_batch(batch, &self.selector, &mut self.emitted)?;
        self.await_clock();
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
                self.on_clock()?;
                self.output.on_event(event)
            }
            ChainEvent::Snapshot(_) => {
                self.snapshot()?;
                self.output.on_event(event)
            }
            ChainEvent::WatermarkStatus(_) | ChainEvent::BeforeBarrier => {
                self.advance(usize::MAX)?;
                self.output.on_event(event)
            }
            ChainEvent::EndOfInput => {
                self.advance(usize::MAX)?;
                self.operator.close()?;
                self.output.on_event(event)
            }
            ChainEvent::Flush
            | ChainEvent::CheckpointComplete(_)
            | ChainEvent::CheckpointAborted(_) => self.output.on_event(event),
        }
    }
}

/// Why a window is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Record,
    Watermark,
    Clock,
}

/// What the operator emits, on its way to the output, the side outputs and the trace.
struct Emitted<T, R> {
    context: OperatorContext,
    results: Batch<R>,
    sides: SideOutputs,
    late: LateRecords<T>,
    /// Late records that the trace has not yet been told of.
    late_records: u32,
    /// By whose time the windows go.
    domain: TimeDomain,
    cause: Cause,
    watermark: EventTime,
    /// Whether the trace wants to know of windows.
    watches: bool,
}

impl<T: Data, R> Emitted<T, R> {
    fn tell_late_records(&mut self) {
        let records = std::mem::take(&mut self.late_records);
        if records > 0 {
            let OperatorContext { host, job, subtask, operator, .. } = &self.context;
            host.trace.record(Event::Time(TimeEvent::RecordsLate {
                job: *job,
                subtask: subtask.clone(),
                operator: operator.clone(),
                records,
                outcome: self.late.outcome(),
            }));
        }
    }

    fn tell_late(&self, record: &StreamRecord<T>, watermark: EventTime) {
        let OperatorContext { host, job, subtask, operator, .. } = &self.context;
        host.trace.record(Event::Window(WindowEvent::RecordLate {
            job: *job,
            subtask: subtask.clone(),
            operator: operator.clone(),
            value: format!("{:?}", record.value),
            id: record.id.and_then(RecordId::known),
            timestamp: record.timestamp,
            watermark,
            outcome: self.late.outcome(),
        }));
    }

    /// When a window fires, seen from event time.
    fn timing(&self, window: Window) -> FiringTime {
        let over = window.max_timestamp() <= self.watermark;
        match (self.domain, self.cause, over) {
            (TimeDomain::ProcessingTime, ..) | (_, Cause::Watermark, true) => FiringTime::OnTime,
            (_, _, false) => FiringTime::Early,
            (_, Cause::Record | Cause::Clock, true) => FiringTime::Late,
        }
    }
}

fn span(window: TimeWindow) -> Span {
    Span { start: window.start.0, end: window.end.0 }
}

impl<T: Data, R> WindowOutput<T, R> for Emitted<T, R> {
    fn emit(&mut self, value: R, timestamp: EventTime) {
        let id = self.context.identities.then_some(RecordId::NONE);
        self.results.push(value, Some(timestamp), id);
    }

    fn late(&mut self, record: StreamRecord<T>, watermark: EventTime) {
        self.late_records += 1;
        if self.context.identities {
            self.tell_late(&record, watermark);
        }
        match &self.late {
            LateRecords::Drop => {}
            LateRecords::SideOutput(tag) => {
                self.sides.emit(tag, record.value, Some(record.timestamp), record.id);
            }
        }
    }

    fn sides(&self) -> SideOutputs {
        self.sides.clone()
    }

    fn watches(&self) -> bool {
        self.watches
    }

    fn observe(&mut self, key: &dyn fmt::Debug, window: Window, change: WindowChange<'_>) {
        if !self.watches {
            return;
        }
        let (timing, span) = (self.timing(window), window.time().map(span));
        let OperatorContext { host, job, subtask, operator, .. } = &self.context;
        let (job, subtask, operator) = (*job, subtask.clone(), operator.clone());
        let (shown, window) = (format!("{key:?}"), span);
        host.trace.record(Event::Window(match change {
            WindowChange::Created => {
                WindowEvent::WindowCreated { job, subtask, operator, key: shown, window }
            }
            WindowChange::Merged(merged) => {
                let merged = merged.iter().copied().map(self::span).collect();
                WindowEvent::WindowMerged { job, subtask, operator, key: shown, window, merged }
            }
            WindowChange::Fired => {
                WindowEvent::WindowFired { job, subtask, operator, key: shown, window, timing }
            }
            WindowChange::Purged => {
                WindowEvent::WindowPurged { job, subtask, operator, key: shown, window }
            }
            WindowChange::Cleaned => {
                WindowEvent::WindowCleaned { job, subtask, operator, key: shown, window }
            }
            WindowChange::Contents { group, contents } => {
                let (state, value) = (Arc::from(WINDOW_CONTENTS), contents.map(str::to_string));
                let used = StateUse { state, namespaced: true, changed: true, value };
                return self.context.tell_state(group, key, window, used);
            }
            WindowChange::StateUsed { group, used } => {
                let window = window.filter(|_| used.namespaced);
                return self.context.tell_state(group, key, window, used.clone());
            }
        }));
    }

    fn observe_timer<K: Key>(&mut self, changed: &ChangedTimer<K, Window>) {
        let (timer, domain, change) = changed;
        let group = self.context.key_group(timer.hash_code);
        let window = timer.namespace.time().map(span);
        self.context.tell_timer(group, timer, window, (*domain, *change));
    }
}
