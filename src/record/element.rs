//! One enum for everything that flows on an exchange: data or event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AnyBatch, CheckpointBarrier};
use crate::base::{CheckpointId, EventTime};

/// What flows between batches. An event cuts batches, so it keeps its place among the records
/// of its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamEvent {
    /// No record with this timestamp or an earlier one is expected any more.
    Watermark(EventTime),
    /// The channel falls idle or comes back.
    WatermarkStatus(WatermarkStatus),
    /// What is before it belongs to a checkpoint, what comes after does not.
    Barrier(CheckpointBarrier),
    /// A checkpoint of which the barrier will not come (Flink's `CancelCheckpointMarker`).
    CancelCheckpoint(CheckpointId),
    /// Nothing more will come on this channel (Flink's `EndOfData` and `EndOfPartitionEvent`).
    EndOfInput,
}

/// Whether a channel takes part in event time (Flink's `WatermarkStatus`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WatermarkStatus {
    /// Its watermarks count.
    #[default]
    Active,
    /// Nothing comes for the time being: nobody waits for its watermarks.
    Idle,
}

impl WatermarkStatus {
    /// The status as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Idle => "idle",
        }
    }
}

/// What an exchange carries in one buffer.
pub enum Element {
    /// Records.
    Data(Box<dyn AnyBatch>),
    /// An event.
    Event(StreamEvent),
}

impl Element {
    /// How many records it holds.
    pub fn records(&self) -> u64 {
        match self {
            Self::Data(batch) => batch.records() as u64,
            Self::Event(_) => 0,
        }
    }
}
