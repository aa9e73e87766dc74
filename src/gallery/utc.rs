//! Event times as people write them: `2013-01-01T10:00:00Z`.
//!
//! The functions `serialize` and `deserialize` are for `#[serde(with = "utc")]`.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

use crate::base::EventTime;

/// The time as text. What lies beyond the calendar, such as the end of time, stays a number.
pub(super) fn text(time: EventTime) -> String {
    match Timestamp::from_millisecond(time.0) {
        Ok(timestamp) => timestamp.to_string(),
        Err(_) => time.0.to_string(),
    }
}

/// The time that `text` says.
pub(super) fn parse(text: &str) -> Result<EventTime, String> {
    match text.parse::<Timestamp>() {
        Ok(timestamp) => Ok(EventTime(timestamp.as_millisecond())),
        Err(error) => text.parse().map(EventTime).map_err(|_| error.to_string()),
    }
}

pub(super) fn serialize<S: Serializer>(time: &EventTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text(*time))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<EventTime, D::Error> {
    parse(&String::deserialize(from)?).map_err(D::Error::custom)
}
