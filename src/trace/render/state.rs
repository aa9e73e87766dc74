//! Sentences about timers and keyed state.

use super::escape::{brief, escape};
use super::moment;
use super::sentence::{VALUE_CHARS, execution};
use crate::base::TimeDomain;
use crate::trace::{StateEvent, TimerEvent};

pub(super) fn timer(event: &TimerEvent) -> String {
    let which = execution(event.job(), event.subtask(), 0);
    let (operator, key, domain, timestamp, verb) = match event {
        TimerEvent::TimerRegistered { operator, key, domain, timestamp, .. } => {
            (operator, key, domain, timestamp, "is set")
        }
        TimerEvent::TimerDeleted { operator, key, domain, timestamp, .. } => {
            (operator, key, domain, timestamp, "is taken back")
        }
        TimerEvent::TimerFired { operator, key, domain, timestamp, .. } => {
            (operator, key, domain, timestamp, "fires")
        }
    };
    let kind = match domain {
        TimeDomain::EventTime => "timer",
        TimeDomain::ProcessingTime => "clock timer",
    };
    let (operator, key) = (escape(operator), brief(key, VALUE_CHARS));
    format!("{which}  {operator}: {kind} {} of key {key} {verb}", moment(*timestamp))
}

pub(super) fn state(event: &StateEvent) -> String {
    let which = execution(event.job(), event.subtask(), 0);
    match event {
        StateEvent::StateRead { operator, key_group, key, state, value, .. } => {
            let place = place(operator, *key_group, key, state);
            match value {
                Some(value) => format!("{which}  {place} is {}", brief(value, VALUE_CHARS)),
                None => format!("{which}  {place} is not there"),
            }
        }
        StateEvent::StateWritten { operator, key_group, key, state, value, .. } => {
            let place = place(operator, *key_group, key, state);
            match value {
                Some(value) => format!("{which}  {place} becomes {}", brief(value, VALUE_CHARS)),
                None => format!("{which}  {place} is cleared"),
            }
        }
    }
}

fn place(operator: &str, key_group: u16, key: &str, state: &str) -> String {
    let (operator, key, state) = (escape(operator), brief(key, VALUE_CHARS), escape(state));
    format!("{operator}: {state} of key {key} in group {key_group}")
}
