//! Evictors: which elements leave a window's contents before or after it is evaluated.
//!
//! Previous: a trigger has fired. Next: the window function sees what is left, and that is what
//! the window holds from then on.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{DeltaFunction, Window};
use crate::base::EventTime;

/// The elements of a window with their timestamps, in order of arrival.
///
/// Invariant: there are as many timestamps as values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elements<T> {
    values: Vec<T>,
    timestamps: Vec<EventTime>,
}

impl<T> Default for Elements<T> {
    fn default() -> Self {
        Self { values: Vec::new(), timestamps: Vec::new() }
    }
}

impl<T> Elements<T> {
    /// The elements.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Their timestamps; [`EventTime::NONE`] where there is none.
    pub fn timestamps(&self) -> &[EventTime] {
        &self.timestamps
    }

    /// Keeps the elements for which `keep` holds, asked in order.
    pub fn retain(&mut self, mut keep: impl FnMut(&T, EventTime) -> bool) {
        let Self { values, timestamps } = self;
        let marks: Vec<bool> =
            values.iter().zip(timestamps.iter()).map(|(value, &time)| keep(value, time)).collect();
        let mut left = marks.iter();
        values.retain(|_| *left.next().expect("there is a mark for each element"));
        let mut left = marks.iter();
        timestamps.retain(|_| *left.next().expect("there is a mark for each element"));
    }

    pub(super) fn push(&mut self, value: T, timestamp: EventTime) {
        self.values.push(value);
        self.timestamps.push(timestamp);
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.values.append(&mut other.values);
        self.timestamps.append(&mut other.timestamps);
    }

    fn remove_first(&mut self, count: usize) {
        self.values.drain(..count);
        self.timestamps.drain(..count);
    }
}

/// An evictor of the user's own.
pub trait CustomEvictor<T>: Send + Sync {
    /// Takes elements out before the window is evaluated.
    fn evict_before(&self, elements: &mut Elements<T>, window: Window);
    /// Takes elements out after the window was evaluated.
    fn evict_after(&self, elements: &mut Elements<T>, window: Window);
}

/// Which elements leave.
pub enum Eviction<T> {
    /// All but the last so many.
    Count(usize),
    /// Those this many milliseconds or more before the latest.
    Time(i64),
    /// Those this far or further from the last.
    Delta(f64, DeltaFunction<T>),
    /// Whichever the user says, both before and after.
    Custom(Arc<dyn CustomEvictor<T>>),
}

impl<T> Clone for Eviction<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Count(limit) => Self::Count(*limit),
            Self::Time(span) => Self::Time(*span),
            Self::Delta(threshold, delta) => Self::Delta(*threshold, delta.clone()),
            Self::Custom(evictor) => Self::Custom(evictor.clone()),
        }
    }
}

/// When they leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EvictionOrder {
    /// Before the window is evaluated.
    #[default]
    Before,
    /// After it.
    After,
}

/// Takes elements out of windows.
pub struct Evictor<T> {
    eviction: Eviction<T>,
    order: EvictionOrder,
}

impl<T> Clone for Evictor<T> {
    fn clone(&self) -> Self {
        Self { eviction: self.eviction.clone(), order: self.order }
    }
}

impl<T> Evictor<T> {
    /// Evicts those that are this span or more before the latest.
    pub fn time(span: Duration, order: EvictionOrder) -> Self {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        Self::new(Eviction::Time(millis), order)
    }

    /// Evicts before or after evaluation.
    pub fn new(eviction: Eviction<T>, order: EvictionOrder) -> Self {
        Self { eviction, order }
    }

    pub(super) fn evict_before(&self, elements: &mut Elements<T>, window: Window) {
        match (&self.eviction, self.order) {
            (Eviction::Custom(evictor), _) => evictor.evict_before(elements, window),
            (_, EvictionOrder::Before) => self.evict(elements),
            (_, EvictionOrder::After) => {}
        }
    }

    pub(super) fn evict_after(&self, elements: &mut Elements<T>, window: Window) {
        match (&self.eviction, self.order) {
            (Eviction::Custom(evictor), _) => evictor.evict_after(elements, window),
            (_, EvictionOrder::After) => self.evict(elements),
            (_, EvictionOrder::Before) => {}
        }
    }

    fn evict(&self, elements: &mut Elements<T>) {
        match &self.eviction {
            Eviction::Count(limit) => {
                elements.remove_first(elements.values.len().saturating_sub(*limit));
            }
            Eviction::Time(span) => {
                // As in Flink, the first element tells whether elements have timestamps at all.
                if elements.timestamps.first().is_none_or(|first| *first == EventTime::NONE) {
                    return;
                }
                let latest = elements.timestamps.iter().max().expect("there is a first one");
                let cutoff = EventTime(latest.0.saturating_sub(*span));
                elements.retain(|_, timestamp| timestamp > cutoff);
            }
            Eviction::Delta(threshold, delta) => {
                let distances: Vec<f64> = match elements.values.last() {
                    None => return,
                    Some(last) => elements.values.iter().map(|value| delta(value, last)).collect(),
                };
                let mut distances = distances.into_iter();
                elements.retain(|_, _| {
                    let distance = distances.next().expect("there is a distance for each element");
                    // Java's `>=` is false for NaN, and so is Rust's: such an element stays.
                    !matches!(
                        distance.partial_cmp(threshold),
                        Some(std::cmp::Ordering::Greater | std::cmp::Ordering::Equal)
                    )
                });
            }
            Eviction::Custom(_) => {}
        }
    }
}
