//! Which events a fault or a note waits for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Event;
use super::json::{known_kind, unknown_field};
use super::kinds::{FieldType, suggestion};

/// An event's kind and the values that some of its fields must have, by JSON name (`node` is
/// the node on which it happens).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// The kind, such as `buffer-sent`.
    pub kind: String,
    /// The fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Value>,
}

impl Pattern {
    /// Whether `event`, happening on the node of that name, fits. Cheap unless the kind does.
    pub fn matches(&self, event: &Event, node: &str) -> bool {
        if event.kind() != self.kind {
            return false;
        }
        if self.fields.get("node").is_some_and(|wanted| wanted.as_str() != Some(node)) {
            return false;
        }
        let mut own = self.fields.iter().filter(|(name, _)| *name != "node").peekable();
        if own.peek().is_none() {
            return true;
        }
        let fields = event.fields();
        own.all(|(name, wanted)| fields.get(name) == Some(wanted))
    }

    /// Whether any event could fit; if not, says why and what may have been meant.
    pub fn check(&self) -> Result<(), String> {
        let info = known_kind(&self.kind)?;
        for (name, value) in &self.fields {
            let holds = if name == "node" {
                &FieldType::Text
            } else {
                let field = info.fields.iter().find(|field| field.name == *name);
                &field.ok_or_else(|| unknown_field(info, name))?.holds
            };
            check_value(name, holds, value)?;
        }
        Ok(())
    }
}

fn check_value(name: &str, holds: &FieldType, value: &Value) -> Result<(), String> {
    let fits = match holds {
        FieldType::Integer => value.is_i64() || value.is_u64(),
        FieldType::Text => value.is_string(),
        FieldType::OneOf(words) => {
            value.as_str().is_some_and(|word| words.iter().any(|w| w == word))
        }
        FieldType::List(_) | FieldType::Document => {
            return Err(format!("`{name}` is a {holds}, on which a pattern cannot wait"));
        }
    };
    if fits {
        return Ok(());
    }
    let mut message = match holds {
        FieldType::OneOf(words) => format!("`{name}` must be one of {}", words.join(", ")),
        FieldType::Integer => format!("`{name}` must be a whole number"),
        FieldType::Text | FieldType::List(_) | FieldType::Document => {
            format!("`{name}` must be text")
        }
    };
    message.push_str(&format!(", not {value}"));
    if let (FieldType::OneOf(words), Some(wrong)) = (holds, value.as_str()) {
        message.push_str(&suggestion(wrong, words.iter().map(String::as_str)));
    }
    Err(message)
}
