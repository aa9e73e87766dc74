//! Triggers of the user's own.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{TriggerContext, TriggerResult};
use crate::base::EventTime;
use crate::window::Window;

/// A trigger of the user's own. It is shared by all windows; what it remembers of one of them goes
/// into the context's state.
pub trait CustomTrigger<T>: Send + Sync {
    /// Judges after an element has come into the window.
    fn on_element(
        &self,
        element: &T,
        timestamp: EventTime,
        context: &mut CustomTriggerContext<'_>,
    ) -> TriggerResult;

    /// Judges when an event-time timer of the window fires.
    fn on_event_time(
        &self,
        time: EventTime,
        context: &mut CustomTriggerContext<'_>,
    ) -> TriggerResult;

    /// Judges when a processing-time timer of the window fires.
    fn on_processing_time(
        &self,
        time: EventTime,
        context: &mut CustomTriggerContext<'_>,
    ) -> TriggerResult;

    /// Whether windows that it watches may merge.
    fn can_merge(&self) -> bool {
        false
    }

    /// Takes the states of merged windows into this window's; called only if they may merge.
    ///
    /// Unlike Flink: the states come as an argument and are gone from the merged windows, where a
    /// Flink trigger asks for each state to be merged. A timer of a merged window that is left
    /// behind fires for nothing.
    fn on_merge(
        &self,
        _merged: Vec<BTreeMap<String, Vec<u8>>>,
        _context: &mut CustomTriggerContext<'_>,
    ) {
    }

    /// Forgets the window: deletes the timers that the trigger has registered. Its state goes by
    /// itself.
    fn clear(&self, context: &mut CustomTriggerContext<'_>);
}

/// What a user's trigger sees: a [`TriggerContext`] whose state is values by name.
pub struct CustomTriggerContext<'a> {
    inner: &'a mut dyn Erased,
}

/// Hides the type of the elements, which the state of a user's trigger does not depend on.
trait Erased {
    fn window(&self) -> Window;
    fn current_watermark(&self) -> EventTime;
    fn current_processing_time(&self) -> EventTime;
    fn timers(&mut self) -> &mut dyn super::WindowTimers;
    fn value(&self, name: &str) -> Option<&[u8]>;
    fn values(&mut self) -> &mut BTreeMap<String, Vec<u8>>;
}

impl<T> Erased for TriggerContext<'_, T> {
    fn window(&self) -> Window {
        self.window
    }
    fn current_watermark(&self) -> EventTime {
        self.current_watermark
    }
    fn current_processing_time(&self) -> EventTime {
        self.current_processing_time
    }
    fn timers(&mut self) -> &mut dyn super::WindowTimers {
        self.timers
    }
    fn value(&self, name: &str) -> Option<&[u8]> {
        self.state.named()?.get(name).map(Vec::as_slice)
    }
    fn values(&mut self) -> &mut BTreeMap<String, Vec<u8>> {
        self.state.named_mut()
    }
}

impl<'a> CustomTriggerContext<'a> {
    pub(super) fn new<T>(context: &'a mut TriggerContext<'_, T>) -> Self {
        Self { inner: context }
    }

    /// The window.
    pub fn window(&self) -> Window {
        self.inner.window()
    }

    /// How far event time is.
    pub fn current_watermark(&self) -> EventTime {
        self.inner.current_watermark()
    }

    /// What the node takes the time to be.
    pub fn current_processing_time(&self) -> EventTime {
        self.inner.current_processing_time()
    }

    /// Has the trigger called when the watermark passes `time`.
    pub fn register_event_time_timer(&mut self, time: EventTime) {
        self.inner.timers().register_event_time(time);
    }

    /// Has the trigger called when the clock passes `time`.
    pub fn register_processing_time_timer(&mut self, time: EventTime) {
        self.inner.timers().register_processing_time(time);
    }

    /// Takes an event-time timer back.
    pub fn delete_event_time_timer(&mut self, time: EventTime) {
        self.inner.timers().delete_event_time(time);
    }

    /// Takes a processing-time timer back.
    pub fn delete_processing_time_timer(&mut self, time: EventTime) {
        self.inner.timers().delete_processing_time(time);
    }

    /// A value that the trigger has stored for this window.
    ///
    /// # Panics
    /// If it was stored as another type.
    pub fn state<V: DeserializeOwned>(&self, name: &str) -> Option<V> {
        self.inner.value(name).map(|bytes| decode_state(bytes))
    }

    /// Stores a value for this window.
    pub fn set_state<V: Serialize>(&mut self, name: &str, value: &V) {
        let bytes = postcard::to_stdvec(value).expect("a value in memory can be serialized");
        self.inner.values().insert(name.to_string(), bytes);
    }

    /// Forgets a value of this window.
    pub fn clear_state(&mut self, name: &str) {
        if self.inner.value(name).is_some() {
            self.inner.values().remove(name);
        }
    }
}

/// A value of a merged window's state, for [`CustomTrigger::on_merge`].
///
/// # Panics
/// If it was stored as another type.
pub fn decode_state<V: DeserializeOwned>(bytes: &[u8]) -> V {
    postcard::from_bytes(bytes).expect("a trigger reads its state as the type it stored")
}
