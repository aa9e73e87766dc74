//! Event times as people write them: `2013-01-01T10:00:00Z`.
//!
//! The functions `serialize` and `deserialize` are for `#[serde(with = "utc")]`.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

use crate::base::EventTime;

/// What the clocks of a simulation show at its start, if they are right: 2024-01-01T00:00:00Z. Made
/// up data begins here, so that event time can be held against what a clock shows.
pub(super) const START: EventTime = EventTime(1_704_067_200_000);
const NONE: &str = "none";
const END: &str = "end of time";

/// The time as text: in words at the ends of time, and as milliseconds beyond the calendar.
pub(super) fn text(time: EventTime) -> String {
    match (time, Timestamp::from_millisecond(time.0)) {
        (EventTime::NONE, _) => NONE.to_string(),
        (EventTime::MAX, _) => END.to_string(),
        (_, Ok(timestamp)) => timestamp.to_string(),
        (EventTime(millis), Err(_)) => millis.to_string(),
    }
}

/// The time that `text` says.
fn parse(text: &str) -> Result<EventTime, String> {
    match (text, text.parse::<Timestamp>()) {
        (NONE, _) => Ok(EventTime::NONE),
        (END, _) => Ok(EventTime::MAX),
        (_, Ok(timestamp)) => Ok(EventTime(timestamp.as_millisecond())),
        (millis, Err(error)) => millis.parse().map(EventTime).map_err(|_| error.to_string()),
    }
}

pub(super) fn serialize<S: Serializer>(time: &EventTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text(*time))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<EventTime, D::Error> {
    parse(&String::deserialize(from)?).map_err(D::Error::custom)
}
