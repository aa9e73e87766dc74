//! Sentences about timers and keyed state.

use super::escape::{brief, escape};
use super::event_time::span;
use super::moment;
use super::sentence::{VALUE_CHARS, execution};
use crate::base::TimeDomain;
use crate::trace::{Span, StateEvent, TimerEvent};

pub(super) fn timer(event: &TimerEvent) -> String {
    let which = execution(event.job(), event.subtask(), 0);
    let (operator, key, window, domain, timestamp, verb) = match event {
        TimerEvent::TimerRegistered { operator, key, window, domain, timestamp, .. } => {
            (operator, key, window, domain, timestamp, "is set")
        }
        TimerEvent::TimerDeleted { operator, key, window, domain, timestamp, .. } => {
            (operator, key, window, domain, timestamp, "is taken back")
        }
        TimerEvent::TimerFired { operator, key, window, domain, timestamp, .. } => {
            (operator, key, window, domain, timestamp, "fires")
        }
    };
    let kind = match domain {
        TimeDomain::EventTime => "timer",
        TimeDomain::ProcessingTime => "clock timer",
    };
    let (operator, key) = (escape(operator), brief(key, VALUE_CHARS));
    let window = of_window(window.as_ref());
    format!("{which}  {operator}: {kind} {} of key {key}{window} {verb}", moment(*timestamp))
}

pub(super) fn state(event: &StateEvent) -> String {
    let which = execution(event.job(), event.subtask(), 0);
    match event {
        StateEvent::StateBackendOpened {
            operator,
            backend,
            first_key_group,
            last_key_group,
            ..
        } => {
            let operator = escape(operator);
            format!(
                "{which}  {operator} keeps key groups {first_key_group} to {last_key_group} in the \
                 {backend} backend"
            )
        }
        StateEvent::StateRead { operator, key_group, key, state, window, value, .. } => {
            let place = place(operator, *key_group, (key, window.as_ref()), state);
            match value {
                Some(value) => format!("{which}  {place} is {}", brief(value, VALUE_CHARS)),
                None => format!("{which}  {place} is not there"),
            }
        }
        StateEvent::StateWritten { operator, key_group, key, state, window, value, .. } => {
            let place = place(operator, *key_group, (key, window.as_ref()), state);
            match value {
                Some(value) => format!("{which}  {place} becomes {}", brief(value, VALUE_CHARS)),
                None => format!("{which}  {place} is cleared"),
            }
        }
    }
}

fn place(operator: &str, group: u16, (key, window): (&str, Option<&Span>), state: &str) -> String {
    let (operator, key, state) = (escape(operator), brief(key, VALUE_CHARS), escape(state));
    format!("{operator}: {state} of key {key}{} in group {group}", of_window(window))
}

fn of_window(window: Option<&Span>) -> String {
    window.map_or_else(String::new, |it| format!(" in window {}", span(*it)))
}
