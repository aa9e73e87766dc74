//! Small tables of records that come at moments of their own, so that each can be followed.

use serde::Deserialize;

use super::data_file::read_records;
use super::{ArgumentError, Arguments};
use crate::base::SimDuration;
use crate::connector::Timed;
use crate::record::Data;

/// When a line of a table comes, in seconds after the start of its source.
#[derive(Deserialize)]
struct Arrival {
    arrives_s: f64,
}

/// The records of the file `argument`, each due when its column `arrives_s` says.
pub(super) fn timed_table<T: Data>(
    arguments: &Arguments,
    argument: &str,
) -> Result<Timed<T>, ArgumentError> {
    timed_table_at_speed(arguments, argument, 1.0)
}

/// The same, so many times as fast.
pub(super) fn timed_table_at_speed<T: Data>(
    arguments: &Arguments,
    argument: &str,
    speed: f64,
) -> Result<Timed<T>, ArgumentError> {
    let path = arguments.path(argument)?;
    let wrong = |message: String| ArgumentError::new(argument, format!("{path}, {message}"));
    let arrivals = read_records::<Arrival>(arguments, argument)?;
    let records = read_records::<T>(arguments, argument)?;
    let mut timed = Vec::with_capacity(records.len());
    for (arrival, record) in arrivals.iter().zip(records) {
        let due = SimDuration::try_from_secs_f64(arrival.arrives_s / speed)
            .map_err(|_| wrong(format!("{record:?} arrives at no time")))?;
        timed.push((due, record));
    }
    timed.sort_by_key(|(due, _)| *due);
    Ok(Timed(timed))
}
