//! Triggers: when a window is evaluated, and when its contents are thrown away.
//!
//! Flink's triggers are one closed enum; a user's own is a trait object. A trigger itself is
//! immutable: what it remembers of a window is in that window's [`TriggerState`], which is stored
//! with the window and merges with it.
//!
//! Invariant: a trigger sees only its own window, the time, and the timers of that window and key.
//!
//! Previous: [`super::operator`] asks. Next: what a trigger answers is done there.

mod context;
mod continuous;
mod custom;

use std::sync::Arc;
use std::time::Duration;

use super::WindowError;
use crate::base::EventTime;

pub use context::{TriggerContext, TriggerState, WindowTimers};
pub use custom::{CustomTrigger, CustomTriggerContext, decode_state};

/// What is to be done with a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerResult {
    /// Nothing.
    Continue,
    /// Evaluate it and keep the contents.
    Fire,
    /// Throw the contents away.
    Purge,
    /// Evaluate it and throw the contents away.
    FireAndPurge,
}

impl TriggerResult {
    /// Whether the window is evaluated.
    #[inline]
    pub fn is_fire(self) -> bool {
        match self {
            Self::Fire | Self::FireAndPurge => true,
            Self::Continue | Self::Purge => false,
        }
    }

    /// Whether the contents go.
    #[inline]
    pub fn is_purge(self) -> bool {
        match self {
            Self::Purge | Self::FireAndPurge => true,
            Self::Continue | Self::Fire => false,
        }
    }
}

/// How far apart two elements are.
pub type DeltaFunction<T> = Arc<dyn Fn(&T, &T) -> f64 + Send + Sync>;

/// Says when a window is evaluated.
pub enum Trigger<T> {
    /// When the watermark passes its end, and for each late record.
    EventTime,
    /// When the clock passes its end.
    ProcessingTime,
    /// When it has this many records, and again after as many more.
    Count(u64),
    /// Each time the watermark passes a multiple of this many milliseconds.
    ContinuousEventTime(i64),
    /// Each time the clock passes a multiple of this many milliseconds.
    ContinuousProcessingTime(i64),
    /// When an element is further than this from the last that did so.
    Delta(f64, DeltaFunction<T>),
    /// Never: that of global windows.
    Never,
    /// When event time passes the end of the window: of the global one, when all input has ended
    /// (`GlobalWindows.createWithEndOfStreamTrigger`).
    EndOfStream,
    /// When the other one does, and the contents go each time.
    Purging(Box<Trigger<T>>),
    /// A trigger of the user's own.
    Custom(Arc<dyn CustomTrigger<T>>),
}

impl<T> Clone for Trigger<T> {
    fn clone(&self) -> Self {
        match self {
            Self::EventTime => Self::EventTime,
            Self::ProcessingTime => Self::ProcessingTime,
            Self::Count(limit) => Self::Count(*limit),
            Self::ContinuousEventTime(interval) => Self::ContinuousEventTime(*interval),
            Self::ContinuousProcessingTime(interval) => Self::ContinuousProcessingTime(*interval),
            Self::Delta(threshold, delta) => Self::Delta(*threshold, delta.clone()),
            Self::Never => Self::Never,
            Self::EndOfStream => Self::EndOfStream,
            Self::Purging(inner) => Self::Purging(inner.clone()),
            Self::Custom(trigger) => Self::Custom(trigger.clone()),
        }
    }
}

impl<T: Clone> Trigger<T> {
    /// The same, with the contents thrown away at each evaluation.
    pub fn purging(self) -> Self {
        Self::Purging(Box::new(self))
    }

    /// Whether it makes sense.
    pub fn validate(&self) -> Result<(), WindowError> {
        match self {
            Self::ContinuousEventTime(interval) | Self::ContinuousProcessingTime(interval)
                if *interval <= 0 =>
            {
                Err(WindowError::TriggerInterval(*interval))
            }
            Self::Purging(inner) => inner.validate(),
            Self::EventTime
            | Self::ProcessingTime
            | Self::Count(_)
            | Self::ContinuousEventTime(_)
            | Self::ContinuousProcessingTime(_)
            | Self::Delta(..)
            | Self::Never
            | Self::EndOfStream
            | Self::Custom(_) => Ok(()),
        }
    }

    /// Evaluates each time the watermark passes a multiple of this span.
    pub fn continuous_event_time(interval: Duration) -> Self {
        Self::ContinuousEventTime(i64::try_from(interval.as_millis()).unwrap_or(i64::MAX))
    }

    /// Evaluates each time the clock passes a multiple of this span.
    pub fn continuous_processing_time(interval: Duration) -> Self {
        Self::ContinuousProcessingTime(i64::try_from(interval.as_millis()).unwrap_or(i64::MAX))
    }

    /// Whether windows that it watches may merge.
    pub fn can_merge(&self) -> bool {
        match self {
            Self::EventTime
            | Self::ProcessingTime
            | Self::Count(_)
            | Self::ContinuousEventTime(_)
            | Self::ContinuousProcessingTime(_) => true,
            Self::Delta(..) | Self::Never | Self::EndOfStream => false,
            Self::Purging(inner) => inner.can_merge(),
            Self::Custom(trigger) => trigger.can_merge(),
        }
    }

    /// Judges after an element has come into the window.
    pub fn on_element(
        &self,
        element: &T,
        timestamp: EventTime,
        context: &mut TriggerContext<'_, T>,
    ) -> TriggerResult {
        let end = context.window.max_timestamp();
        match self {
            Self::EventTime => {
                if end <= context.current_watermark {
                    return TriggerResult::Fire;
                }
                context.timers.register_event_time(end);
                TriggerResult::Continue
            }
            Self::ProcessingTime => {
                context.timers.register_processing_time(end);
                TriggerResult::Continue
            }
            Self::Count(limit) => {
                let count = context.state.count() + 1;
                if count >= *limit {
                    *context.state = TriggerState::Empty;
                    return TriggerResult::Fire;
                }
                *context.state = TriggerState::Count(count);
                TriggerResult::Continue
            }
            Self::ContinuousEventTime(interval) => {
                continuous::on_element_event_time(*interval, timestamp, context)
            }
            Self::ContinuousProcessingTime(interval) => {
                continuous::on_element_processing_time(*interval, context)
            }
            Self::Delta(threshold, delta) => {
                let fires = match context.state.last() {
                    None => false,
                    Some(last) if delta(last, element) > *threshold => true,
                    Some(_) => return TriggerResult::Continue,
                };
                *context.state = TriggerState::Last(Box::new(element.clone()));
                if fires { TriggerResult::Fire } else { TriggerResult::Continue }
            }
            Self::Never => TriggerResult::Continue,
            Self::EndOfStream => {
                context.timers.register_event_time(end);
                TriggerResult::Continue
            }
            Self::Purging(inner) => purge(inner.on_element(element, timestamp, context)),
            Self::Custom(trigger) => {
                trigger.on_element(element, timestamp, &mut CustomTriggerContext::new(context))
            }
        }
    }

    /// Judges when an event-time timer of the window fires.
    pub fn on_event_time(
        &self,
        time: EventTime,
        context: &mut TriggerContext<'_, T>,
    ) -> TriggerResult {
        match self {
            Self::EventTime | Self::EndOfStream => {
                if time == context.window.max_timestamp() {
                    TriggerResult::Fire
                } else {
                    TriggerResult::Continue
                }
            }
            Self::ContinuousEventTime(interval) => {
                continuous::on_event_time(*interval, time, context)
            }
            Self::ProcessingTime
            | Self::Count(_)
            | Self::ContinuousProcessingTime(_)
            | Self::Delta(..)
            | Self::Never => TriggerResult::Continue,
            Self::Purging(inner) => purge(inner.on_event_time(time, context)),
            Self::Custom(trigger) => {
                trigger.on_event_time(time, &mut CustomTriggerContext::new(context))
            }
        }
    }

    /// Judges when a processing-time timer of the window fires.
    pub fn on_processing_time(
        &self,
        time: EventTime,
        context: &mut TriggerContext<'_, T>,
    ) -> TriggerResult {
        match self {
            Self::ProcessingTime => TriggerResult::Fire,
            Self::ContinuousProcessingTime(interval) => {
                continuous::on_processing_time(*interval, time, context)
            }
            Self::EventTime
            | Self::EndOfStream
            | Self::Count(_)
            | Self::ContinuousEventTime(_)
            | Self::Delta(..)
            | Self::Never => TriggerResult::Continue,
            Self::Purging(inner) => purge(inner.on_processing_time(time, context)),
            Self::Custom(trigger) => {
                trigger.on_processing_time(time, &mut CustomTriggerContext::new(context))
            }
        }
    }

    /// Takes the states of merged windows into this window's, and registers what it needs.
    pub fn on_merge(&self, merged: Vec<TriggerState<T>>, context: &mut TriggerContext<'_, T>) {
        let end = context.window.max_timestamp();
        match self {
            Self::EventTime => {
                if end > context.current_watermark {
                    context.timers.register_event_time(end);
                }
            }
            Self::ProcessingTime => {
                if end > context.current_processing_time {
                    context.timers.register_processing_time(end);
                }
            }
            Self::Count(_) => {
                let before = context.state.count();
                let count = merged.iter().fold(before, |sum, state| sum + state.count());
                if count > 0 {
                    *context.state = TriggerState::Count(count);
                }
            }
            Self::ContinuousEventTime(_) => {
                if let Some(next) = continuous::merge(&merged, context) {
                    context.timers.register_event_time(next);
                }
            }
            Self::ContinuousProcessingTime(_) => {
                if let Some(next) = continuous::merge(&merged, context) {
                    context.timers.register_processing_time(next);
                }
            }
            Self::Delta(..) | Self::Never | Self::EndOfStream => {
                unreachable!("merging windows are built only with triggers that can merge")
            }
            Self::Purging(inner) => inner.on_merge(merged, context),
            Self::Custom(trigger) => {
                let merged = merged.into_iter().map(TriggerState::into_named).collect();
                trigger.on_merge(merged, &mut CustomTriggerContext::new(context));
            }
        }
    }

    /// Forgets the window: its state and its timers go.
    pub fn clear(&self, context: &mut TriggerContext<'_, T>) {
        let end = context.window.max_timestamp();
        match self {
            Self::EventTime => context.timers.delete_event_time(end),
            Self::ProcessingTime => context.timers.delete_processing_time(end),
            Self::ContinuousEventTime(_) => {
                if let Some(next) = context.state.fire_at() {
                    context.timers.delete_event_time(next);
                }
            }
            Self::ContinuousProcessingTime(_) => {
                if let Some(next) = context.state.fire_at() {
                    context.timers.delete_processing_time(next);
                }
            }
            Self::Count(_) | Self::Delta(..) | Self::Never | Self::EndOfStream => {}
            Self::Purging(inner) => return inner.clear(context),
            Self::Custom(trigger) => trigger.clear(&mut CustomTriggerContext::new(context)),
        }
        *context.state = TriggerState::Empty;
    }
}

fn purge(result: TriggerResult) -> TriggerResult {
    if result.is_fire() { TriggerResult::FireAndPurge } else { result }
}
