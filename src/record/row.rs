//! Rows: records as the outside world sees them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RecordId;

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

/// A row that a sink writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// What it does.
    pub kind: RowKind,
    /// Its fields, as text, one for each column of the sink.
    pub fields: Vec<String>,
    /// The record it comes from, where the run keeps identities.
    pub id: Option<RecordId>,
}
