//! The window operator: Flink's `WindowOperator` as a pure state machine.
//!
//! A record is assigned to windows, added to their contents, and shown to the trigger; a timer
//! shows the window to the trigger again and, at cleanup time, removes it. Whoever runs the
//! operator tells it what arrived and what time it is, and takes what it emits.
//!
//! Invariants: a record is added to every window it belongs to that is not late, and is given to
//! the output as late only if there is none; what a window emits carries its last moment; every pane
//! of a finite window has a cleanup timer.
//!
//! | file | what it is |
//! |---|---|
//! | this one | the parts, time, and what other files share |
//! | `element` | a record comes |
//! | `firing` | a timer fires |
//!
//! Previous: records by key, watermarks from the valve. Next: a [`super::WindowOutput`].

use super::pane::KeyWindows;
use super::trigger::{Trigger, TriggerContext, TriggerState, WindowTimers};
use super::{
    Lateness, TimeDomain, Window, WindowAssigner, WindowError, WindowFunction, WindowMerge,
    WindowOpenContext, WindowOutput, WindowShape,
};
use crate::base::EventTime;
use crate::function::RuntimeContext;
use crate::record::{Failure, Key, KeyGroupRange};
use crate::state::{KeyedBackend, KeyedStore};
use crate::time::{InternalTimerService, TimersSnapshot};
use std::sync::Arc;

/// How sessions merge.
#[derive(Clone, Debug, Default)]
pub enum Merging {
    /// As in Flink.
    #[default]
    Correct,
    /// As another rule says.
    Custom(Arc<dyn WindowMerge>),
}

/// The parts of a window operator, beside its function.
pub struct WindowSpec<T> {
    /// Which windows a record belongs to.
    pub assigner: WindowAssigner<T>,
    /// When they are evaluated.
    pub trigger: Trigger<T>,
    /// How long they wait for late records.
    pub lateness: Lateness,
    /// How they merge, if they do.
    pub merging: Merging,
}

impl<T> Clone for WindowSpec<T> {
    fn clone(&self) -> Self {
        Self {
            assigner: self.assigner.clone(),
            trigger: self.trigger.clone(),
            lateness: self.lateness.clone(),
            merging: self.merging.clone(),
        }
    }
}

impl<T: Clone> WindowSpec<T> {
    /// Windows with the assigner's default trigger and no lateness.
    pub fn new(assigner: WindowAssigner<T>) -> Self {
        let trigger = assigner.default_trigger();
        Self { assigner, trigger, lateness: Lateness::default(), merging: Merging::Correct }
    }

    /// Whether the parts fit each other.
    pub fn validate(&self) -> Result<(), WindowError> {
        if self.assigner.merges() && !self.trigger.can_merge() {
            return Err(WindowError::TriggerCannotMerge);
        }
        self.trigger.validate()
    }
}

impl<T> WindowAssigner<T> {
    /// The trigger that fits the windows, as Flink's `getDefaultTrigger`.
    pub fn default_trigger(&self) -> Trigger<T> {
        match (self.is_global(), self.domain()) {
            (true, _) => Trigger::Never,
            (false, TimeDomain::EventTime) => Trigger::EventTime,
            (false, TimeDomain::ProcessingTime) => Trigger::ProcessingTime,
        }
    }
}

/// The name under which the contents of windows are stored, which no state of a function can have.
pub const WINDOW_CONTENTS: &str = "window-contents";

/// See the module. `S` holds the panes, by key.
pub struct WindowOperator<K, T, F, S> {
    pub(super) spec: WindowSpec<T>,
    pub(super) function: F,
    pub(super) store: S,
    /// The states that the function keeps beside the contents of windows.
    pub(super) states: KeyedBackend<K>,
    pub(super) timers: InternalTimerService<K, Window>,
    pub(super) current_watermark: EventTime,
    pub(super) current_processing_time: EventTime,
    /// The shape of the windows, where a record in time needs neither trigger nor timer: windows
    /// that lie where Flink says and are evaluated when the watermark passes their end.
    pub(super) direct: Option<WindowShape>,
    /// The windows of the record in hand; kept to save the allocation.
    pub(super) assigned: Vec<Window>,
}

impl<K, T, F, S> WindowOperator<K, T, F, S>
where
    K: Key,
    T: Clone,
    F: WindowFunction<K, T>,
    S: KeyedStore<K, KeyWindows<F::Contents, T>>,
{
    /// An operator without windows as yet. The states of its function are in `states`.
    pub fn new(
        spec: WindowSpec<T>,
        function: F,
        store: S,
        mut states: KeyedBackend<K>,
    ) -> Result<Self, WindowError> {
        spec.validate()?;
        states.reserve(WINDOW_CONTENTS);
        let plain = matches!(spec.trigger, Trigger::EventTime)
            && spec.assigner.domain() == TimeDomain::EventTime
            && spec.lateness.is_correct();
        let direct = spec.assigner.aligned_shape().filter(|_| plain);
        Ok(Self {
            spec,
            function,
            store,
            states,
            timers: InternalTimerService::new(),
            current_watermark: EventTime::NONE,
            current_processing_time: EventTime::NONE,
            direct,
            assigned: Vec::new(),
        })
    }

    /// How far event time is.
    pub fn current_watermark(&self) -> EventTime {
        self.current_watermark
    }

    /// When the next processing-time timer is due: for which moment to arm the clock.
    pub fn next_processing_time(&self) -> Option<EventTime> {
        let time = self.timers.next_processing_time()?;
        Some(EventTime(time.0.saturating_add(1)))
    }

    /// Tells what the node takes the time to be, before records that come now.
    #[inline]
    pub fn set_processing_time(&mut self, now: EventTime) {
        self.current_processing_time = now;
        self.states.set_processing_time(now);
    }

    /// Opens the function, before the first record.
    pub fn open(&mut self, runtime: &RuntimeContext) -> Result<(), Failure> {
        let (states, merges) = (&mut self.states, self.spec.assigner.merges());
        self.function.open(&mut WindowOpenContext { runtime, states, merges })
    }

    /// Closes the function, after the last record.
    pub fn close(&mut self) -> Result<(), Failure> {
        self.function.close()
    }

    /// The panes, by key.
    pub fn store(&mut self) -> &mut S {
        &mut self.store
    }

    /// The timers.
    pub fn timers(&self) -> &InternalTimerService<K, Window> {
        &self.timers
    }

    /// All that it keeps, for whoever stores it or takes it over.
    pub fn parts(&mut self) -> WindowParts<'_, K, S> {
        let Self { store, states, timers, .. } = self;
        WindowParts { store, states, timers }
    }

    /// Tells the output from now on what becomes of timers.
    pub fn watch_timers(&mut self) {
        self.timers.watch();
    }

    pub(super) fn tell_timers(&mut self, output: &mut impl WindowOutput<T, F::Out>) {
        for changed in self.timers.take_changes() {
            output.observe_timer(&changed);
        }
    }

    /// Takes the timers of the key groups in `range` back from a snapshot.
    pub fn restore_timers(&mut self, range: KeyGroupRange, snapshot: TimersSnapshot<K, Window>) {
        self.timers.restore(range, snapshot);
    }

    pub(super) fn cleanup_time(&self, window: Window) -> EventTime {
        self.spec.lateness.cleanup_time(self.spec.assigner.domain(), window)
    }

    #[inline]
    pub(super) fn is_window_late(&self, window: Window) -> bool {
        let domain = self.spec.assigner.domain();
        self.spec.lateness.is_window_late(domain, window, self.current_watermark)
    }
}

/// All that a window operator keeps.
pub struct WindowParts<'a, K, S> {
    /// The panes, by key.
    pub store: &'a mut S,
    /// The states of its function.
    pub states: &'a mut KeyedBackend<K>,
    /// The timers.
    pub timers: &'a mut InternalTimerService<K, Window>,
}

/// Time as the operator's parts see it.
#[derive(Clone, Copy)]
pub(super) struct Now {
    pub watermark: EventTime,
    pub processing_time: EventTime,
}

impl Now {
    /// Calls a trigger for a window of a key.
    pub fn ask<K: Key, T, R>(
        self,
        timers: &mut KeyTimers<'_, K>,
        state: &mut TriggerState<T>,
        question: impl FnOnce(&mut TriggerContext<'_, T>) -> R,
    ) -> R {
        question(&mut TriggerContext {
            window: timers.window,
            current_watermark: self.watermark,
            current_processing_time: self.processing_time,
            timers,
            state,
        })
    }
}

/// The timers of one window of one key.
pub(super) struct KeyTimers<'a, K> {
    pub service: &'a mut InternalTimerService<K, Window>,
    pub hash_code: i32,
    pub key: &'a K,
    pub window: Window,
}

impl<K: Key> KeyTimers<'_, K> {
    /// Sees to it that the window is removed in the end.
    pub fn register_cleanup(&mut self, domain: TimeDomain, time: EventTime) {
        // The end of time never comes.
        if time == EventTime::MAX {
            return;
        }
        match domain {
            TimeDomain::EventTime => self.register_event_time(time),
            TimeDomain::ProcessingTime => self.register_processing_time(time),
        }
    }

    /// Takes that back.
    pub fn delete_cleanup(&mut self, domain: TimeDomain, time: EventTime) {
        if time == EventTime::MAX {
            return;
        }
        match domain {
            TimeDomain::EventTime => self.delete_event_time(time),
            TimeDomain::ProcessingTime => self.delete_processing_time(time),
        }
    }
}

impl<K: Key> WindowTimers for KeyTimers<'_, K> {
    fn register_event_time(&mut self, time: EventTime) {
        self.service.register_event_time(time, self.hash_code, self.key.clone(), self.window);
    }
    fn register_processing_time(&mut self, time: EventTime) {
        self.service.register_processing_time(time, self.hash_code, self.key.clone(), self.window);
    }
    fn delete_event_time(&mut self, time: EventTime) {
        self.service.delete_event_time(time, self.hash_code, self.key, &self.window);
    }
    fn delete_processing_time(&mut self, time: EventTime) {
        self.service.delete_processing_time(time, self.hash_code, self.key, &self.window);
    }
}
