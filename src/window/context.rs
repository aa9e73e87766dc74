//! What a window function sees beside the records of a window: time, its states, side outputs.
//!
//! Previous: the window operator, which puts the key and the window to work. Next: a
//! [`ProcessWindowFunction`](super::ProcessWindowFunction) and the [`KeyedBackend`] of its states.

use super::operator::Now;
use super::{Window, WindowChange, WindowFunction, WindowOutput};
use crate::base::EventTime;
use crate::function::RuntimeContext;
use crate::record::{Data, Failure, Key, OutputTag, SideOutputs};
use crate::state::{KeyedBackend, StateDescriptor};

/// What a window function can do when it opens: register its states.
pub struct WindowOpenContext<'a, K> {
    pub(super) runtime: &'a RuntimeContext,
    pub(super) states: &'a mut KeyedBackend<K>,
    pub(super) merges: bool,
}

impl<K: Key> WindowOpenContext<'_, K> {
    /// Where the function runs.
    pub fn runtime(&self) -> &RuntimeContext {
        self.runtime
    }

    /// Registers a state that a key has once, over all its windows (Flink's `globalState`). Keep
    /// the handle: it is how the state is used.
    ///
    /// # Errors
    /// If a state of that name is registered as another kind or type.
    pub fn global_state<D: StateDescriptor>(
        &mut self,
        descriptor: D,
    ) -> Result<D::State<()>, Failure> {
        Ok(self.states.state(descriptor)?)
    }

    /// Registers a state that a key has for each of its windows (Flink's `windowState`). It stays
    /// until the function clears it, for which `clear` is the place.
    ///
    /// # Errors
    /// If a state of that name is registered as another kind or type, and if the windows merge:
    /// nobody could say what becomes of two states of windows that have become one.
    pub fn window_state<D: StateDescriptor>(
        &mut self,
        descriptor: D,
    ) -> Result<D::State<Window>, Failure> {
        if self.merges {
            let refused = "Per-window state is not allowed when using merging windows.";
            return Err(Failure(refused.to_string()));
        }
        Ok(self.states.namespaced_state(descriptor)?)
    }
}

/// What a window function sees beside the records: Flink's `ProcessWindowFunction.Context`.
pub struct WindowContext<'a, K> {
    pub(super) key: &'a K,
    pub(super) window: Window,
    pub(super) now: Now,
    pub(super) states: &'a mut KeyedBackend<K>,
    pub(super) sides: SideOutputs,
}

impl<K> WindowContext<'_, K> {
    /// The window.
    pub fn window(&self) -> Window {
        self.window
    }

    /// How far event time is.
    pub fn current_watermark(&self) -> EventTime {
        self.now.watermark
    }

    /// What the node takes the time to be.
    pub fn current_processing_time(&self) -> EventTime {
        self.now.processing_time
    }

    /// Where the function's states are: what handles are used with. They are those of this key,
    /// and of this window if they are of windows.
    pub fn state(&mut self) -> &mut KeyedBackend<K> {
        self.states
    }

    /// Emits a record to a side output.
    pub fn output<X: Data>(&mut self, tag: &OutputTag<X>, value: X) {
        self.sides.emit(tag, value, Some(self.window.max_timestamp()), None);
    }
}

/// A window of a key, and what a function called for it may use.
pub(super) struct AtWindow<'a, K> {
    pub key: &'a K,
    pub hash_code: i32,
    pub window: Window,
    pub now: Now,
    pub states: &'a mut KeyedBackend<K>,
}

impl<K: Key> AtWindow<'_, K> {
    /// Calls a function with its key and window at work.
    pub fn call<T, R, O: WindowOutput<T, R>, X>(
        &mut self,
        output: &mut O,
        function: impl FnOnce(&mut WindowContext<'_, K>, &mut O) -> Result<X, Failure>,
    ) -> Result<X, Failure> {
        let Self { key, hash_code, window, now, states } = self;
        let (window, sides) = (*window, output.sides());
        if !states.has_states() {
            return function(&mut WindowContext { key, window, now: *now, states, sides }, output);
        }
        states.set_current_key(*hash_code, key)?;
        states.set_current_namespace(&window)?;
        let result =
            function(&mut WindowContext { key, window, now: *now, states, sides }, output)?;
        let group = states.key_group(*hash_code);
        for used in states.take_uses()? {
            output.observe(key, window, WindowChange::StateUsed { group, used: &used });
        }
        states.clear_current_key();
        Ok(result)
    }

    /// Tells what the window holds, if anybody wants to know.
    #[inline]
    pub fn tell_contents<T, F: WindowFunction<K, T>>(
        &self,
        _function: &F,
        contents: Option<&F::Contents>,
        output: &mut impl WindowOutput<T, F::Out>,
    ) {
        if output.watches() {
            self.tell_all(contents.map(F::show).as_deref(), output);
        }
    }

    /// Apart from the check, so that adding a record to a window stays small.
    #[cold]
    #[inline(never)]
    fn tell_all<T, R>(&self, contents: Option<&str>, output: &mut impl WindowOutput<T, R>) {
        let group = self.states.key_group(self.hash_code);
        output.observe(self.key, self.window, WindowChange::Contents { group, contents });
    }
}
