//! One enum for everything that flows on an exchange: data or event.

use serde::{Deserialize, Serialize};

use super::AnyBatch;

/// What flows between batches. An event cuts batches, so it keeps its place among the records
/// of its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamEvent {
    /// Nothing more will come on this channel (Flink's `EndOfData` and `EndOfPartitionEvent`).
    EndOfInput,
}

/// Whether a channel takes part in event time (Flink's `WatermarkStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WatermarkStatus {
    /// Its watermarks count.
    Active,
    /// Nothing comes for the time being: nobody waits for its watermarks.
    Idle,
}

/// What an exchange carries in one buffer.
pub enum Element {
    /// Records.
    Data(Box<dyn AnyBatch>),
    /// An event.
    Event(StreamEvent),
}
