//! Which events a fault or a note waits for.

use std::collections::BTreeMap;

use serde_json::Value;

/// An event's kind and the values that some of its fields must have, by JSON name (`node` is
/// the node on which it happens).
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// The kind, such as `buffer-sent`.
    pub kind: String,
    /// The fields.
    pub fields: BTreeMap<String, Value>,
}
