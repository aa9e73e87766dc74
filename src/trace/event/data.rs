//! What happens to channels, records and rows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use crate::base::{CheckpointId, EventTime, JobId, Name, SimTime};
use crate::record::{RecordId, Row, RowNumber, WatermarkStatus};
use crate::trace::Level;

/// Channels. A channel goes from one subtask to another along one edge of the job graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum ExchangeEvent {
    /// A consumer has connected to its producer's subpartition.
    PartitionRequested {
        /// The job.
        job: JobId,
        /// The edge of the job graph, by its place there.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// The credit it starts with, in buffers.
        credit: u32,
    },
    /// A producer sends a buffer.
    BufferSent {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// The buffer's number on its channel, from 1.
        seq: u64,
        /// How many records it holds; none if it was sent for its latency markers alone.
        records: u32,
        /// Buffers that wait behind it.
        backlog: u32,
        /// Credit left.
        credit: u32,
    },
    /// A consumer takes a buffer from its input gate.
    BufferConsumed {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// The buffer's number on its channel.
        seq: u64,
        /// How many records it holds; none if it was sent for its latency markers alone.
        records: u32,
    },
    /// A consumer grants a producer more credit.
    CreditAdded {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// How many buffers more.
        credit: u32,
    },
    /// A producer sends a watermark, in the channel's order.
    WatermarkSent {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// Its number on the channel.
        seq: u64,
        /// How far event time is.
        watermark: EventTime,
    },
    /// A consumer takes a watermark from its input gate.
    WatermarkReceived {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// Its number on the channel.
        seq: u64,
        /// How far event time is.
        watermark: EventTime,
    },
    /// A producer tells that a channel falls idle or comes back, in the channel's order.
    WatermarkStatusSent {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// Its number on the channel.
        seq: u64,
        /// Whether the channel takes part in event time.
        status: WatermarkStatus,
    },
    /// A consumer learns that a channel falls idle or comes back.
    WatermarkStatusReceived {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// Its number on the channel.
        seq: u64,
        /// Whether the channel takes part in event time.
        status: WatermarkStatus,
    },
    /// A producer sends the end of its output, in the channel's order.
    EndOfInputSent {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// Its number on the channel.
        seq: u64,
    },
    /// A consumer has read all of a channel.
    EndOfInputReceived {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// Its number on the channel.
        seq: u64,
    },
}

impl ExchangeEvent {
    pub(super) fn level(&self) -> Level {
        match self {
            Self::BufferSent { .. }
            | Self::BufferConsumed { .. }
            | Self::CreditAdded { .. }
            | Self::WatermarkSent { .. }
            | Self::WatermarkReceived { .. }
            | Self::WatermarkStatusSent { .. }
            | Self::WatermarkStatusReceived { .. } => Level::Records,
            Self::PartitionRequested { .. }
            | Self::EndOfInputSent { .. }
            | Self::EndOfInputReceived { .. } => Level::Control,
        }
    }
}

/// Records on their way. Kept at level `records` only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum RecordEvent {
    /// A source emits records.
    RecordsEmitted {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The source operator's uid.
        operator: Name,
        /// The records' identities.
        ids: Vec<RecordId>,
        /// The records, rendered.
        values: Vec<String>,
    },
    /// Records leave a subtask in one buffer.
    RecordsSent {
        /// The job.
        job: JobId,
        /// The edge of the job graph.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// The buffer they are in.
        seq: u64,
        /// The records' identities.
        ids: Vec<RecordId>,
        /// The records, rendered.
        values: Vec<String>,
    },
}

/// Rows of one attempt at a subtask of a sink, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowRange {
    /// The first.
    pub first: RowNumber,
    /// How many there are.
    pub rows: u32,
}

/// What the outside world sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum SinkEvent {
    /// A subtask opens a sink. What earlier attempts at it still write is refused from now on.
    WriterOpened {
        /// The sink.
        sink: Name,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
    },
    /// Rows of an attempt that has been replaced are refused.
    WriteRefused {
        /// The sink.
        sink: Name,
        /// The subtask that would have written them.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// How many rows.
        rows: u32,
    },
    /// Rows became visible.
    RowsVisible {
        /// The sink.
        sink: Name,
        /// The subtask that wrote them.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// How many rows.
        rows: u32,
        /// The sum of their hashes: equal for equal rows in any order.
        hash: u64,
        /// Which rows of the sink these are, in their order; none if no job has written them.
        numbers: Vec<RowRange>,
        /// The rows themselves, if it is known what the sink must show, or if they replace each
        /// other.
        shown: Vec<Row>,
    },
    /// How many rows an attempt at a subtask of a sink has written: up to a checkpoint, or in all.
    RowsCounted {
        /// The job.
        job: JobId,
        /// The sink.
        sink: Name,
        /// The subtask.
        subtask: Name,
        /// Its index, from 0.
        index: u16,
        /// Which attempt.
        attempt: u32,
        /// The checkpoint; none at the end of its input.
        checkpoint: Option<CheckpointId>,
        /// How many rows.
        rows: u64,
    },
    /// A sink of a job, told before anything else of the job.
    SinkDeclared {
        /// The sink.
        sink: Name,
        /// How many leading columns are the key, if rows of one key replace each other.
        key_columns: Option<u16>,
    },
    /// The rows themselves, just before they become visible.
    RowsWritten {
        /// The sink.
        sink: Name,
        /// The subtask that wrote them.
        subtask: Name,
        /// The rows.
        rows: Vec<Row>,
    },
    /// Latency markers reached a sink.
    LatencyMeasured {
        /// The subtask that received them.
        subtask: Name,
        /// When each of them left its source.
        marked: Vec<SimTime>,
    },
    /// What a sink must show in the end, told before anything else of its job.
    RowsExpected {
        /// The sink.
        sink: Name,
        /// How many leading columns are the key, if rows of one key replace each other.
        key_columns: Option<u16>,
        /// The rows, as their fields: the last one of each key, or all rows in any order.
        rows: Vec<Vec<String>>,
    },
}
