//! What happens to event time and to windows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use crate::base::{EventTime, JobId, Name};
use crate::record::{RecordId, WatermarkStatus};

/// Event time of subtasks. That of single channels is with the channels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum TimeEvent {
    /// A subtask's input has come to a watermark: the least of its channels that count.
    WatermarkAdvanced {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// How far event time is, in milliseconds since 1970.
        watermark: EventTime,
    },
    /// All input of a subtask falls idle, or some of it comes back.
    WatermarkStatusChanged {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Whether it takes part in event time.
        status: WatermarkStatus,
    },
    /// A subtask sends a watermark to all its consumers along one edge.
    WatermarkEmitted {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The edge of the job graph.
        edge: u16,
        /// How far event time is.
        watermark: EventTime,
    },
    /// A subtask tells all its consumers along one edge that it falls idle or comes back.
    WatermarkStatusEmitted {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The edge of the job graph.
        edge: u16,
        /// Whether it takes part in event time.
        status: WatermarkStatus,
    },
    /// Records came after the watermark had closed all their windows.
    RecordsLate {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The operator's uid.
        operator: Name,
        /// How many of them.
        records: u32,
        /// What became of them.
        outcome: LateOutcome,
    },
    /// A source subtask is told how far it may read ahead of the others in its alignment group.
    AlignmentAnnounced {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The highest watermark that it may go beyond only by waiting.
        max_watermark: EventTime,
    },
    /// A source subtask stops reading a split that is ahead of its alignment group.
    SplitPaused {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The split.
        split: u16,
    },
    /// A source subtask reads a split again.
    SplitResumed {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The split.
        split: u16,
    },
}

impl TimeEvent {
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
            Self::WatermarkAdvanced { job, subtask, .. }
            | Self::WatermarkStatusChanged { job, subtask, .. }
            | Self::WatermarkEmitted { job, subtask, .. }
            | Self::WatermarkStatusEmitted { job, subtask, .. }
            | Self::RecordsLate { job, subtask, .. }
            | Self::AlignmentAnnounced { job, subtask, .. }
            | Self::SplitPaused { job, subtask, .. }
            | Self::SplitResumed { job, subtask, .. } => (*job, subtask),
        }
    }
}

/// What became of a late record.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumIter,
    IntoStaticStr,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum LateOutcome {
    /// It was dropped.
    #[default]
    Dropped,
    /// It went to the side output for late records.
    SideOutput,
}

/// When a window was evaluated, seen from event time.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumIter,
    IntoStaticStr,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum FiringTime {
    /// Before the watermark had passed its end.
    Early,
    /// As the watermark passed its end.
    #[default]
    OnTime,
    /// After that, as a rule once more, for a record that came late.
    Late,
}

/// A span of time, in milliseconds since 1970: the first moment within and the first after.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct Span {
    /// The first moment within.
    pub start: i64,
    /// The first moment after.
    pub end: i64,
}

/// Windows, each of one key of one operator. Kept at level `records` only. A window without a span
/// is the global one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum WindowEvent {
    /// A window's first record came.
    WindowCreated {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The operator's uid.
        operator: Name,
        /// The key, rendered.
        key: String,
        /// The window.
        window: Option<Span>,
    },
    /// Windows became one, together with that of a new record.
    WindowMerged {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The operator's uid.
        operator: Name,
        /// The key, rendered.
        key: String,
        /// What they became.
        window: Option<Span>,
        /// Which they were.
        merged: Vec<Span>,
    },
    /// A window was evaluated.
    WindowFired {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The operator's uid.
        operator: Name,
        /// The key, rendered.
        key: String,
        /// The window.
        window: Option<Span>,
        /// When, seen from event time; windows of processing time fire on time.
        timing: FiringTime,
    },
    /// A trigger threw a window's contents away.
    WindowPurged {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The operator's uid.
        operator: Name,
        /// The key, rendered.
        key: String,
        /// The window.
        window: Option<Span>,
    },
    /// A window's state was removed: its time is over.
    WindowCleaned {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The operator's uid.
        operator: Name,
        /// The key, rendered.
        key: String,
        /// The window.
        window: Option<Span>,
    },
    /// A record came after the watermark had closed all its windows.
    RecordLate {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The operator's uid.
        operator: Name,
        /// The record, rendered.
        value: String,
        /// Its identity.
        id: Option<RecordId>,
        /// Its event time.
        timestamp: EventTime,
        /// How far event time was.
        watermark: EventTime,
        /// What became of it.
        outcome: LateOutcome,
    },
}

impl WindowEvent {
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
            Self::WindowCreated { job, subtask, .. }
            | Self::WindowMerged { job, subtask, .. }
            | Self::WindowFired { job, subtask, .. }
            | Self::WindowPurged { job, subtask, .. }
            | Self::WindowCleaned { job, subtask, .. }
            | Self::RecordLate { job, subtask, .. } => (*job, subtask),
        }
    }
}
