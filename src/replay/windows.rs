//! Windows that hold state, by subtask.
//!
//! Known at level `records` only: see [`super::World::knows_records`].

use std::collections::BTreeMap;

use super::Seen;
use crate::base::{Name, SimTime};
use crate::trace::{FiringTime, Span, WindowEvent};

/// Which window of a subtask. They are in order of their times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowKey {
    /// The operator's uid.
    pub operator: Name,
    /// The window; none is the global one.
    pub window: Option<Span>,
    /// The key, rendered.
    pub key: String,
}

/// A window that has not been cleaned up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenWindow {
    /// When its first record came.
    pub opened: SimTime,
    /// How many others it has taken in, growing.
    pub merged: u32,
    /// How often it fired before event time had passed its end.
    pub early: u32,
    /// How often it fired as event time passed its end.
    pub on_time: u32,
    /// How often it fired again for late records.
    pub late: u32,
    /// How often its trigger emptied it.
    pub purged: u32,
    /// Whether there is anything in it since it was last emptied.
    pub holds: bool,
}

impl OpenWindow {
    fn at(opened: SimTime) -> Self {
        Self { opened, merged: 0, early: 0, on_time: 0, late: 0, purged: 0, holds: true }
    }

    /// Whether it has fired.
    pub fn has_fired(&self) -> bool {
        self.early > 0 || self.on_time > 0 || self.late > 0
    }

    /// Grows by another, which is no longer a window of its own.
    fn take_in(&mut self, other: Self) {
        self.opened = self.opened.min(other.opened);
        self.merged = self.merged.saturating_add(other.merged).saturating_add(1);
        self.early = self.early.saturating_add(other.early);
        self.on_time = self.on_time.saturating_add(other.on_time);
        self.late = self.late.saturating_add(other.late);
        self.purged = self.purged.saturating_add(other.purged);
        self.holds |= other.holds;
    }
}

/// The open windows of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Windows(BTreeMap<Name, BTreeMap<WindowKey, OpenWindow>>);

impl Windows {
    /// Those of a subtask, in order of their operators and times.
    pub fn of(&self, subtask: &str) -> impl Iterator<Item = (&WindowKey, &OpenWindow)> {
        self.0.get(subtask).into_iter().flatten()
    }

    /// A window of a subtask.
    pub fn get(&self, subtask: &str, key: &WindowKey) -> Option<&OpenWindow> {
        self.0.get(subtask)?.get(key)
    }

    /// How many a subtask has.
    pub fn count(&self, subtask: &str) -> usize {
        self.0.get(subtask).map_or(0, BTreeMap::len)
    }

    /// Forgets what an ended execution of `subtask` held.
    pub(super) fn reset(&mut self, subtask: &Name) {
        self.0.remove(subtask);
    }

    pub(super) fn apply(&mut self, at: SimTime, event: &WindowEvent) -> Seen {
        let subtask = event.subtask();
        let mut open = self.0.remove(subtask).unwrap_or_default();
        let seen = apply(&mut open, at, event);
        if !open.is_empty() {
            self.0.insert(subtask.clone(), open);
        }
        seen
    }
}

fn apply(open: &mut BTreeMap<WindowKey, OpenWindow>, at: SimTime, event: &WindowEvent) -> Seen {
    let named = |operator: &Name, window: Option<Span>, key: &String| WindowKey {
        operator: operator.clone(),
        window,
        key: key.clone(),
    };
    match event {
        WindowEvent::WindowCreated { operator, key, window, .. } => {
            open.entry(named(operator, *window, key)).or_insert(OpenWindow::at(at)).holds = true;
        }
        WindowEvent::WindowMerged { operator, key, window, merged, .. } => {
            let mut parts = merged.iter().map(|part| {
                let part = open.remove(&named(operator, Some(*part), key));
                part.unwrap_or(OpenWindow::at(at))
            });
            let mut grown = parts.next().unwrap_or(OpenWindow::at(at));
            parts.for_each(|part| grown.take_in(part));
            open.insert(named(operator, *window, key), grown);
        }
        WindowEvent::WindowFired { operator, key, window, timing, .. } => {
            let fired = open.entry(named(operator, *window, key)).or_insert(OpenWindow::at(at));
            let times = match timing {
                FiringTime::Early => &mut fired.early,
                FiringTime::OnTime => &mut fired.on_time,
                FiringTime::Late => &mut fired.late,
            };
            *times = times.saturating_add(1);
        }
        WindowEvent::WindowPurged { operator, key, window, .. } => {
            let purged = open.entry(named(operator, *window, key)).or_insert(OpenWindow::at(at));
            purged.purged = purged.purged.saturating_add(1);
            purged.holds = false;
        }
        WindowEvent::WindowCleaned { operator, key, window, .. } => {
            let cleaned = open.remove(&named(operator, *window, key));
            return if cleaned.is_some() { Seen::Yes } else { Seen::No };
        }
        // How many came late is told at every level, by an event of its own.
        WindowEvent::RecordLate { .. } => return Seen::No,
    }
    Seen::Yes
}
