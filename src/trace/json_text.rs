//! A JSON document within an event: text in the binary trace, nested in JSON.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

pub(super) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        let value: Value = serde_json::from_str(text).map_err(S::Error::custom)?;
        value.serialize(serializer)
    } else {
        text.serialize(serializer)
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    if deserializer.is_human_readable() {
        let value = Value::deserialize(deserializer)?;
        serde_json::to_string(&value).map_err(D::Error::custom)
    } else {
        String::deserialize(deserializer)
    }
}
