//! Rows: records as the outside world sees them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RecordId;
use crate::base::JobId;

/// What a row does to a table (Flink's `RowKind`).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// Adds a row.
    Insert,
    /// Is about to be replaced by the row behind it.
    UpdateBefore,
    /// Replaces the row of the same key, or adds it.
    UpdateAfter,
    /// Removes the row of the same key.
    Delete,
}

impl RowKind {
    /// Flink's short form.
    pub fn short(self) -> &'static str {
        match self {
            Self::Insert => "+I",
            Self::UpdateBefore => "-U",
            Self::UpdateAfter => "+U",
            Self::Delete => "-D",
        }
    }
}

/// Which of the rows of a sink one is: what makes it itself, whoever shows it and however often.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct RowNumber {
    /// The job.
    pub job: JobId,
    /// The subtask of the sink, from 0.
    pub subtask: u16,
    /// Which attempt at it has written the row.
    pub attempt: u32,
    /// How many rows this attempt had written before.
    pub number: u64,
}

/// A row that a sink writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// What it does.
    pub kind: RowKind,
    /// Its fields, as text, one for each column of the sink.
    pub fields: Vec<String>,
    /// The record it comes from, where the run keeps identities.
    pub id: Option<RecordId>,
    /// Which of the rows of its sink it is; none if no sink of a job has written it.
    pub number: Option<RowNumber>,
}
