//! What functions of keyed streams see: the key at work, its state, its timers.
//!
//! Previous: a keyed operator, which puts a key to work for each record and each timer. Next:
//! [`KeyedBackend`] and [`InternalTimerService`].

use super::{KeyedStorage, OperatorContext, RuntimeContext};
use crate::base::EventTime;
use crate::record::{Data, Failure, Key, OutputTag, RecordId, SideOutputs};
use crate::state::operator_state::OperatorStateBackend;
use crate::state::{KeyedBackend, StateDescriptor, StateError};
use crate::time::InternalTimerService;
use crate::window::TimeDomain;

/// What a keyed operator has, beside its function and its outputs.
pub(super) struct Keyed<K> {
    pub(super) context: OperatorContext,
    pub(super) backend: KeyedBackend<K>,
    pub(super) operator_state: OperatorStateBackend,
    pub(super) timers: InternalTimerService<K, ()>,
    pub(super) current_watermark: EventTime,
    pub(super) sides: SideOutputs,
    storage: KeyedStorage,
}

impl<K: Key> Keyed<K> {
    pub(super) fn new(context: &OperatorContext, sides: SideOutputs) -> Result<Self, Failure> {
        let storage = KeyedStorage::open(context)?;
        let mut backend = storage.backend()?;
        let mut timers = InternalTimerService::new();
        context.restore_timers(&mut timers)?;
        if context.tells_records() {
            backend.watch_uses();
            timers.watch();
        }
        Ok(Self {
            context: context.clone(),
            backend,
            operator_state: context.operator_state()?,
            timers,
            current_watermark: EventTime::NONE,
            sides,
            storage,
        })
    }

    /// Asks to be called for the next timer of processing time.
    pub(super) fn await_clock(&self) {
        if let Some(time) = self.timers.next_processing_time() {
            let over = EventTime(time.0.saturating_add(1));
            self.context.timers.call_when_clock_shows(over);
        }
    }

    /// Hands in all state of the operator.
    pub(super) fn snapshot(&mut self) -> Result<(), Failure> {
        let gathered = self.storage.snapshot().backend(&mut self.backend)?;
        gathered.timers(&self.timers)?.operator_state(&self.operator_state)?.hand_in()
    }

    /// Puts a key to work.
    #[inline]
    pub(super) fn work_for(
        &mut self,
        hash_code: i32,
        is_key: impl FnOnce(&K) -> bool,
        key: impl FnOnce() -> K,
        timestamp: Option<EventTime>,
        id: Option<RecordId>,
    ) -> Result<KeyedContext<'_, K>, Failure> {
        self.backend.set_current_key_by(hash_code, is_key, key)?;
        Ok(KeyedContext { hash_code, timestamp, id, keyed: self, domain: None })
    }
}

/// What a function of a keyed stream can do when it opens: register its states.
pub struct KeyedOpenContext<'a, K> {
    pub(super) runtime: RuntimeContext,
    pub(super) backend: &'a mut KeyedBackend<K>,
    pub(super) operator_state: &'a mut OperatorStateBackend,
}

impl<K: Key> KeyedOpenContext<'_, K> {
    /// Where the function runs.
    pub fn runtime(&self) -> &RuntimeContext {
        &self.runtime
    }

    /// Where operator and broadcast state are registered.
    pub fn operator_state(&mut self) -> &mut OperatorStateBackend {
        self.operator_state
    }

    /// Registers a state. Keep the handle: it is how the state is used.
    ///
    /// # Errors
    /// If a state of that name is registered as another kind or type.
    pub fn state<D: StateDescriptor>(&mut self, descriptor: D) -> Result<D::State<()>, StateError> {
        self.backend.state(descriptor)
    }
}

/// What a function of a keyed stream sees beside the record or timer, and can do for its key
/// (Flink's `KeyedProcessFunction.Context` and `OnTimerContext`).
pub struct KeyedContext<'a, K> {
    pub(super) keyed: &'a mut Keyed<K>,
    pub(super) hash_code: i32,
    pub(super) timestamp: Option<EventTime>,
    pub(super) id: Option<RecordId>,
    /// By whose time the timer fires, if one does.
    pub(super) domain: Option<TimeDomain>,
}

impl<K: Key> KeyedContext<'_, K> {
    /// The record's event time, or the timer's; none if the record has none.
    pub fn timestamp(&self) -> Option<EventTime> {
        self.timestamp.filter(|timestamp| *timestamp != EventTime::NONE)
    }

    /// The key at work.
    pub fn current_key(&self) -> &K {
        self.keyed.backend.current_key().expect("a key is at work while its function is called")
    }

    /// By whose time the timer fires; none while a record is processed.
    pub fn time_domain(&self) -> Option<TimeDomain> {
        self.domain
    }

    /// How far event time is; [`EventTime::NONE`] before the first watermark.
    pub fn current_watermark(&self) -> EventTime {
        self.keyed.current_watermark
    }

    /// What the node takes the time to be.
    pub fn current_processing_time(&self) -> EventTime {
        self.keyed.context.host.clock.processing_time()
    }

    /// Where keyed state is: what handles are used with.
    pub fn state(&mut self) -> &mut KeyedBackend<K> {
        &mut self.keyed.backend
    }

    /// Where broadcast state is; it can only be read while a key is at work, since other subtasks
    /// work for other keys.
    pub fn broadcast_state(&self) -> &OperatorStateBackend {
        &self.keyed.operator_state
    }

    /// Emits a record to a side output.
    pub fn output<X: Data>(&mut self, tag: &OutputTag<X>, value: X) {
        self.keyed.sides.emit(tag, value, self.timestamp, self.id);
    }

    /// Has the function called for this key when the watermark passes `time`. Registered twice,
    /// it fires once.
    pub fn register_event_time_timer(&mut self, time: EventTime) {
        let (hash_code, key) = (self.hash_code, self.current_key().clone());
        self.keyed.timers.register_event_time(time, hash_code, key, ());
    }

    /// Has the function called for this key when the clock passes `time`.
    pub fn register_processing_time_timer(&mut self, time: EventTime) {
        let (hash_code, key) = (self.hash_code, self.current_key().clone());
        self.keyed.timers.register_processing_time(time, hash_code, key, ());
    }

    /// Takes an event-time timer back. One that is not there is passed over.
    pub fn delete_event_time_timer(&mut self, time: EventTime) {
        let key = self.keyed.backend.current_key().expect("a key is at work");
        self.keyed.timers.delete_event_time(time, self.hash_code, key, &());
    }

    /// Takes a processing-time timer back. One that is not there is passed over.
    pub fn delete_processing_time_timer(&mut self, time: EventTime) {
        let key = self.keyed.backend.current_key().expect("a key is at work");
        self.keyed.timers.delete_processing_time(time, self.hash_code, key, &());
    }

    /// Tells the trace what became of timers since it was told last.
    pub(super) fn tell_timers(&mut self) {
        for (timer, domain, change) in self.keyed.timers.take_changes() {
            let context = &self.keyed.context;
            let group = context.key_group(timer.hash_code);
            context.tell_timer(group, &timer, None, (domain, change));
        }
    }

    /// Tells the trace which states were used for the key at work.
    pub(super) fn tell_uses(&mut self) -> Result<(), Failure> {
        let uses = self.keyed.backend.take_uses()?;
        let group = self.keyed.context.key_group(self.hash_code);
        for used in uses {
            self.keyed.context.tell_state(group, self.current_key(), None, used);
        }
        Ok(())
    }
}
