//! Event times as people read them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::base::EventTime;

/// Moments from here on are shown as dates: 1980-01-01.
const DATES_FROM: i64 = 315_532_800_000;
/// Up to here: 2200-01-01.
const DATES_TO: i64 = 7_258_118_400_000;

/// The date of an event time, where one is likely to be meant.
fn date(time: EventTime) -> Option<Timestamp> {
    (DATES_FROM..DATES_TO)
        .contains(&time.0)
        .then(|| Timestamp::from_millisecond(time.0).expect("these years are within its range"))
}

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
        time => date(time).map_or_else(|| time.0.to_string(), |date| date.to_string()),
    }
}

/// An event time in at most so many columns if it can be: without the year if need be, then
/// without the day. The shortest form may still take more.
///
/// ```
/// use weir::base::EventTime;
/// use weir::trace::moment_within;
///
/// let ten = EventTime(1_357_034_400_000);
/// assert_eq!(moment_within(ten, 20), "2013-01-01T10:00:00Z");
/// assert_eq!(moment_within(ten, 19), "01-01 10:00");
/// assert_eq!(moment_within(ten, 10), "10:00");
/// assert_eq!(moment_within(EventTime(ten.0 + 5_250), 8), "10:00:05.250");
/// assert_eq!(moment_within(EventTime::MAX, 8), "end");
/// ```
pub fn moment_within(time: EventTime, columns: usize) -> String {
    let whole = moment(time);
    if whole.len() <= columns {
        return whole;
    }
    match (time, date(time)) {
        (EventTime::MAX, _) => "end".to_string(),
        (_, None) => whole,
        (_, Some(date)) => {
            let date = Offset::UTC.to_datetime(date);
            let clock = clock(date);
            let with_day = format!("{:02}-{:02} {clock}", date.month(), date.day());
            if with_day.len() <= columns { with_day } else { clock }
        }
    }
}

/// A time of day, as exact as it need be.
fn clock(date: DateTime) -> String {
    let (hour, minute, second) = (date.hour(), date.minute(), date.second());
    match (second, date.millisecond()) {
        (0, 0) => format!("{hour:02}:{minute:02}"),
        (_, 0) => format!("{hour:02}:{minute:02}:{second:02}"),
        (_, millis) => format!("{hour:02}:{minute:02}:{second:02}.{millis:03}"),
    }
}
