//! Triggers that fire again and again: Flink's `ContinuousEventTimeTrigger` and
//! `ContinuousProcessingTimeTrigger`.
//!
//! The state is when the next evaluation is due, never later than the window's last moment. When
//! windows merge, the earliest of their times counts.

use super::{TriggerContext, TriggerResult, TriggerState};
use crate::base::EventTime;

/// After an element, by event time.
pub(super) fn on_element_event_time<T>(
    interval: i64,
    timestamp: EventTime,
    context: &mut TriggerContext<'_, T>,
) -> TriggerResult {
    let end = context.window.max_timestamp();
    if end <= context.current_watermark {
        return TriggerResult::Fire;
    }
    context.timers.register_event_time(end);
    if context.state.fire_at().is_none() {
        let next = remember_next(interval, last_multiple(timestamp, interval), context);
        context.timers.register_event_time(next);
    }
    TriggerResult::Continue
}

/// After an element, by the clock.
pub(super) fn on_element_processing_time<T>(
    interval: i64,
    context: &mut TriggerContext<'_, T>,
) -> TriggerResult {
    if context.state.fire_at().is_none() {
        let from = last_multiple(context.current_processing_time, interval);
        let next = remember_next(interval, from, context);
        context.timers.register_processing_time(next);
    }
    TriggerResult::Continue
}

/// At an event-time timer.
pub(super) fn on_event_time<T>(
    interval: i64,
    time: EventTime,
    context: &mut TriggerContext<'_, T>,
) -> TriggerResult {
    if time == context.window.max_timestamp() {
        return TriggerResult::Fire;
    }
    if context.state.fire_at() != Some(time) {
        return TriggerResult::Continue;
    }
    let next = remember_next(interval, time, context);
    context.timers.register_event_time(next);
    TriggerResult::Fire
}

/// At a processing-time timer.
///
/// Unlike Flink: at the window's last moment no further time is registered. There it is that moment
/// again, so that a window of event time which the clock has left behind is evaluated without end.
pub(super) fn on_processing_time<T>(
    interval: i64,
    time: EventTime,
    context: &mut TriggerContext<'_, T>,
) -> TriggerResult {
    if context.state.fire_at() != Some(time) {
        return TriggerResult::Continue;
    }
    if remember_next(interval, time, context) > time {
        let next = context.state.fire_at().expect("it has just been remembered");
        context.timers.register_processing_time(next);
    } else {
        *context.state = TriggerState::Empty;
    }
    TriggerResult::Fire
}

/// Takes the earliest time of all into the window's state.
pub(super) fn merge<T>(
    merged: &[TriggerState<T>],
    context: &mut TriggerContext<'_, T>,
) -> Option<EventTime> {
    let own = context.state.fire_at();
    let earliest = merged.iter().filter_map(TriggerState::fire_at).chain(own).min()?;
    *context.state = TriggerState::FireAt(earliest);
    Some(earliest)
}

/// Java's `%` truncates towards zero: before 1970 this is the next multiple, not the last.
fn last_multiple(time: EventTime, interval: i64) -> EventTime {
    EventTime(time.0 - time.0 % interval)
}

fn remember_next<T>(
    interval: i64,
    from: EventTime,
    context: &mut TriggerContext<'_, T>,
) -> EventTime {
    let next = EventTime(from.0.wrapping_add(interval)).min(context.window.max_timestamp());
    *context.state = TriggerState::FireAt(next);
    next
}
