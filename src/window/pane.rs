//! All windows of one key, as one value.
//!
//! A keyed store holds one of these per key, so that a record costs one look-up, and a serialized
//! backend one value. Panes are few: a key seldom has more windows open than a record belongs to.
//!
//! Invariants: panes are sorted by window; a pane has contents or trigger state, else it is
//! removed; of merging windows the contents are with the state window's pane and the trigger's
//! state with that of the window itself.

use serde::{Deserialize, Serialize};

use super::{MergingWindowSet, TriggerState, Window};

/// What is kept of one window of one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pane<C, T> {
    /// The window.
    pub window: Window,
    /// What its records have come to so far, or the records themselves.
    pub contents: Option<C>,
    /// What the trigger remembers.
    pub trigger: TriggerState<T>,
    /// Whether the timers for the window's end and its cleanup are registered and have not fired,
    /// so that a record in time need not register them again.
    pub registered: bool,
}

/// All windows of one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyWindows<C, T> {
    pub(super) panes: Vec<Pane<C, T>>,
    pub(super) merging: MergingWindowSet,
}

impl<C, T> Default for KeyWindows<C, T> {
    fn default() -> Self {
        Self { panes: Vec::new(), merging: MergingWindowSet::default() }
    }
}

impl<C, T> KeyWindows<C, T> {
    /// The panes, sorted by window.
    pub fn panes(&self) -> &[Pane<C, T>] {
        &self.panes
    }

    /// The windows in flight, if they merge.
    pub fn merging(&self) -> &MergingWindowSet {
        &self.merging
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.panes.is_empty() && self.merging.is_empty()
    }

    #[inline]
    fn place(&self, window: Window) -> Result<usize, usize> {
        match self.panes.last() {
            Some(last) if last.window == window => Ok(self.panes.len() - 1),
            Some(last) if last.window < window => Err(self.panes.len()),
            Some(_) | None => self.panes.binary_search_by_key(&window, |pane| pane.window),
        }
    }

    /// The pane of a window.
    #[inline]
    pub(super) fn find(&mut self, window: Window) -> Option<&mut Pane<C, T>> {
        let place = self.place(window).ok()?;
        Some(&mut self.panes[place])
    }

    /// The pane of a window, made if there is none.
    #[inline]
    pub(super) fn pane(&mut self, window: Window) -> &mut Pane<C, T> {
        let place = match self.place(window) {
            Ok(place) => place,
            Err(place) => {
                let pane = Pane {
                    window,
                    contents: None,
                    trigger: TriggerState::Empty,
                    registered: false,
                };
                if self.panes.is_empty() {
                    // Most keys have one window open, and a vector begins with room for four.
                    self.panes.reserve_exact(1);
                }
                self.panes.insert(place, pane);
                place
            }
        };
        &mut self.panes[place]
    }

    /// Takes the contents of a window out.
    pub(super) fn take_contents(&mut self, window: Window) -> Option<C> {
        let contents = self.find(window)?.contents.take();
        self.prune(window);
        contents
    }

    /// Takes the trigger's state of a window out.
    pub(super) fn take_trigger(&mut self, window: Window) -> TriggerState<T> {
        self.find(window).map(|pane| std::mem::take(&mut pane.trigger)).unwrap_or_default()
    }

    /// Puts the trigger's state of a window back.
    pub(super) fn put_trigger(&mut self, window: Window, state: TriggerState<T>) {
        if state.is_empty() {
            self.prune(window);
        } else {
            self.pane(window).trigger = state;
        }
    }

    /// Removes a window's pane if nothing is in it.
    pub(super) fn prune(&mut self, window: Window) {
        if let Ok(place) = self.place(window) {
            let pane = &self.panes[place];
            if pane.contents.is_none() && pane.trigger.is_empty() {
                self.panes.remove(place);
            }
        }
    }
}
