//! Event times as people read them.

use crate::base::EventTime;

/// Moments from here on are shown as dates: 1980-01-01.
const DATES_FROM: i64 = 315_532_800_000;
/// Up to here: 2200-01-01.
const DATES_TO: i64 = 7_258_118_400_000;

/// An event time: as a date with its time of day where that is likely to be meant, as bare
/// milliseconds where the numbers are small, and in words at the ends of time.
///
/// ```
/// use weir::base::EventTime;
/// use weir::trace::moment;
///
/// assert_eq!(moment(EventTime(1_357_034_400_000)), "2013-01-01T10:00:00Z");
/// assert_eq!(moment(EventTime(1_357_034_399_999)), "2013-01-01T09:59:59.999Z");
/// assert_eq!(moment(EventTime(4_999)), "4999");
/// assert_eq!(moment(EventTime::MAX), "end of time");
/// ```
pub fn moment(time: EventTime) -> String {
    match time {
        EventTime::NONE => "none".to_string(),
        EventTime::MAX => "end of time".to_string(),
        EventTime(millis) if (DATES_FROM..DATES_TO).contains(&millis) => {
            let date = jiff::Timestamp::from_millisecond(millis);
            date.map_or_else(|_| millis.to_string(), |date| date.to_string())
        }
        EventTime(millis) => millis.to_string(),
    }
}
