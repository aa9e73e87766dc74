//! What happens to timers and keyed state.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use super::Span;
use crate::base::{EventTime, JobId, Name, StateBackendKind, TimeDomain};
use crate::record::KeyGroup;
use crate::trace::Level;

/// Timers of keys. Kept at level `records` only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum TimerEvent {
    /// A function has a timer set for its key.
    TimerRegistered {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The operator's uid.
        operator: Name,
        /// The key group.
        key_group: KeyGroup,
        /// The key, rendered.
        key: String,
        /// The window that it is set for, if it is a window's.
        window: Option<Span>,
        /// By whose time it fires.
        domain: TimeDomain,
        /// When it fires, in milliseconds since 1970.
        timestamp: EventTime,
    },
    /// A function takes a timer back.
    TimerDeleted {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The operator's uid.
        operator: Name,
        /// The key group.
        key_group: KeyGroup,
        /// The key, rendered.
        key: String,
        /// The window that it is set for, if it is a window's.
        window: Option<Span>,
        /// By whose time it would have fired.
        domain: TimeDomain,
        /// When it would have fired.
        timestamp: EventTime,
    },
    /// A timer fires.
    TimerFired {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The operator's uid.
        operator: Name,
        /// The key group.
        key_group: KeyGroup,
        /// The key, rendered.
        key: String,
        /// The window that it is set for, if it is a window's.
        window: Option<Span>,
        /// By whose time it fires.
        domain: TimeDomain,
        /// When it was to fire.
        timestamp: EventTime,
    },
}

/// Keyed state as functions and operators use it. Its uses are kept at level `records` only.
/// However often a function touches a state for one record or timer, it is told of once, with the
/// value that it leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum StateEvent {
    /// An operator has a place for its keyed state.
    StateBackendOpened {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The operator's uid.
        operator: Name,
        /// What kind of place it is.
        backend: StateBackendKind,
        /// The first of the key groups whose state is there.
        first_key_group: KeyGroup,
        /// The last of them.
        last_key_group: KeyGroup,
    },
    /// A function has read a state of its key and not changed it.
    StateRead {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The operator's uid.
        operator: Name,
        /// The key group.
        key_group: KeyGroup,
        /// The key, rendered.
        key: String,
        /// The state's name.
        state: String,
        /// The window that it belongs to, if it is a window's.
        window: Option<Span>,
        /// Its value, rendered; none if there is none.
        value: Option<String>,
    },
    /// A function has changed a state of its key.
    StateWritten {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The operator's uid.
        operator: Name,
        /// The key group.
        key_group: KeyGroup,
        /// The key, rendered.
        key: String,
        /// The state's name.
        state: String,
        /// The window that it belongs to, if it is a window's.
        window: Option<Span>,
        /// The value that it leaves, rendered; none if it was cleared.
        value: Option<String>,
    },
}

impl TimerEvent {
    /// The job.
    pub fn job(&self) -> JobId {
        self.of().0
    }

    /// The subtask.
    pub fn subtask(&self) -> &Name {
        self.of().1
    }

    fn of(&self) -> (JobId, &Name) {
        match self {
            Self::TimerRegistered { job, subtask, .. }
            | Self::TimerDeleted { job, subtask, .. }
            | Self::TimerFired { job, subtask, .. } => (*job, subtask),
        }
    }
}

impl StateEvent {
    /// The lowest level at which the event is kept.
    pub fn level(&self) -> Level {
        match self {
            Self::StateBackendOpened { .. } => Level::Control,
            Self::StateRead { .. } | Self::StateWritten { .. } => Level::Records,
        }
    }

    /// The job.
    pub fn job(&self) -> JobId {
        self.of().0
    }

    /// The subtask.
    pub fn subtask(&self) -> &Name {
        self.of().1
    }

    fn of(&self) -> (JobId, &Name) {
        match self {
            Self::StateBackendOpened { job, subtask, .. }
            | Self::StateRead { job, subtask, .. }
            | Self::StateWritten { job, subtask, .. } => (*job, subtask),
        }
    }
}
