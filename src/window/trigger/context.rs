//! What a trigger sees and remembers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::EventTime;
use crate::window::Window;

/// What a trigger remembers of one window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TriggerState<T> {
    /// Nothing.
    #[default]
    Empty,
    /// How many elements have come since the last evaluation.
    Count(u64),
    /// When the next evaluation is due.
    FireAt(EventTime),
    /// The element that distances are measured from.
    Last(Box<T>),
    /// The named values of a user's trigger, serialized.
    Named(BTreeMap<String, Vec<u8>>),
}

impl<T> TriggerState<T> {
    /// Whether there is nothing to remember.
    #[inline]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Count(_) | Self::FireAt(_) | Self::Last(_) => false,
            Self::Named(values) => values.is_empty(),
        }
    }

    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Count(count) => *count,
            Self::Empty | Self::FireAt(_) | Self::Last(_) | Self::Named(_) => 0,
        }
    }

    pub(super) fn fire_at(&self) -> Option<EventTime> {
        match self {
            Self::FireAt(time) => Some(*time),
            Self::Empty | Self::Count(_) | Self::Last(_) | Self::Named(_) => None,
        }
    }

    pub(super) fn last(&self) -> Option<&T> {
        match self {
            Self::Last(element) => Some(element),
            Self::Empty | Self::Count(_) | Self::FireAt(_) | Self::Named(_) => None,
        }
    }

    pub(super) fn into_named(self) -> BTreeMap<String, Vec<u8>> {
        match self {
            Self::Named(values) => values,
            Self::Empty | Self::Count(_) | Self::FireAt(_) | Self::Last(_) => BTreeMap::new(),
        }
    }

    pub(super) fn named(&self) -> Option<&BTreeMap<String, Vec<u8>>> {
        match self {
            Self::Named(values) => Some(values),
            Self::Empty | Self::Count(_) | Self::FireAt(_) | Self::Last(_) => None,
        }
    }

    /// The named values, made if this state is not of that kind.
    pub(super) fn named_mut(&mut self) -> &mut BTreeMap<String, Vec<u8>> {
        if self.named().is_none() {
            *self = Self::Named(BTreeMap::new());
        }
        match self {
            Self::Named(values) => values,
            Self::Empty | Self::Count(_) | Self::FireAt(_) | Self::Last(_) => {
                unreachable!("it has just been made")
            }
        }
    }
}

/// The timers of one window of one key.
pub trait WindowTimers {
    /// Has the trigger called when the watermark passes `time`.
    fn register_event_time(&mut self, time: EventTime);
    /// Has the trigger called when the clock passes `time`.
    fn register_processing_time(&mut self, time: EventTime);
    /// Takes that back.
    fn delete_event_time(&mut self, time: EventTime);
    /// Takes that back.
    fn delete_processing_time(&mut self, time: EventTime);
}

/// What a trigger sees.
pub struct TriggerContext<'a, T> {
    /// The window.
    pub window: Window,
    /// How far event time is.
    pub current_watermark: EventTime,
    /// What the node takes the time to be.
    pub current_processing_time: EventTime,
    /// The window's timers.
    pub timers: &'a mut dyn WindowTimers,
    /// What the trigger remembers of the window.
    pub state: &'a mut TriggerState<T>,
}
