//! What operators tell the trace of timers and keyed state, at level `records`.

use std::fmt;

use super::OperatorContext;
use crate::base::TimeDomain;
use crate::record::KeyGroup;
use crate::state::StateUse;
use crate::time::{Timer, TimerChange};
use crate::trace::{Event, Level, Span, StateEvent, TimerEvent};

impl OperatorContext {
    /// Whether the trace wants to know of records, timers and state.
    pub(super) fn tells_records(&self) -> bool {
        self.host.trace.level() >= Level::Records
    }

    /// Tells what became of a timer.
    pub(super) fn tell_timer<K: fmt::Debug, N>(
        &self,
        key_group: KeyGroup,
        timer: &Timer<K, N>,
        window: Option<Span>,
        (domain, change): (TimeDomain, TimerChange),
    ) {
        let (job, subtask, operator) = (self.job, self.subtask.clone(), self.operator.clone());
        let (key, timestamp) = (format!("{:?}", timer.key), timer.timestamp);
        self.host.trace.record(Event::Timer(match change {
            TimerChange::Registered => TimerEvent::TimerRegistered {
                job,
                subtask,
                operator,
                key_group,
                key,
                window,
                domain,
                timestamp,
            },
            TimerChange::Deleted => TimerEvent::TimerDeleted {
                job,
                subtask,
                operator,
                key_group,
                key,
                window,
                domain,
                timestamp,
            },
            TimerChange::Fired => TimerEvent::TimerFired {
                job,
                subtask,
                operator,
                key_group,
                key,
                window,
                domain,
                timestamp,
            },
        }));
    }

    /// Tells how a state of a key was used.
    pub(super) fn tell_state(
        &self,
        key_group: KeyGroup,
        key: &dyn fmt::Debug,
        window: Option<Span>,
        used: StateUse,
    ) {
        let (job, subtask, operator) = (self.job, self.subtask.clone(), self.operator.clone());
        let StateUse { state, namespaced: _, changed, value } = used;
        let (key, state) = (format!("{key:?}"), state.to_string());
        self.host.trace.record(Event::State(if changed {
            StateEvent::StateWritten {
                job,
                subtask,
                operator,
                key_group,
                key,
                state,
                window,
                value,
            }
        } else {
            StateEvent::StateRead { job, subtask, operator, key_group, key, state, window, value }
        }));
    }
}
