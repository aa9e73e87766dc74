//! A JSON document within an event: text in the binary trace, nested in JSON.
//!
//! Text that would not come back to the byte (it is no JSON, is spaced differently, nests too
//! deep, or is itself a JSON string) stays text, so that nothing is lost either way.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

pub(in crate::trace) fn serialize<S: Serializer>(
    text: &str,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let document = if serializer.is_human_readable() { document(text) } else { None };
    match document {
        Some(document) => document.serialize(serializer),
        None => text.serialize(serializer),
    }
}

fn document(text: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(text).ok()?;
    let again = value.to_string();
    (!value.is_string() && again == text).then_some(value)
}

pub(in crate::trace) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    if !deserializer.is_human_readable() {
        return String::deserialize(deserializer);
    }
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        value @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_)) => serde_json::to_string(&value).map_err(D::Error::custom),
    }
}
