//! Made up data whose delays look like those of phones: most reports come at once, some seconds
//! later, and a few have waited for the end of a tunnel.

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::utc::START;
use super::{ArgumentError, ArgumentValue, Arguments, GalleryJob};
use crate::base::{EventTime, Seed, SimDuration};
use crate::connector::Timed;

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Report {
    /// Which one, in the order in which they happened.
    pub number: u64,
    /// When it happened.
    pub happened: EventTime,
}

/// Adds the arguments that say how many reports there are.
pub(super) fn with_reports(job: GalleryJob) -> GalleryJob {
    job.optional("seconds", ArgumentValue::Integer(60), "for how long reports happen").optional(
        "per-second",
        ArgumentValue::Integer(50),
        "how many reports happen in a second",
    )
}

/// The reports in the order in which they come. The same at every seed of the simulation: what
/// differs between two runs is then not the data.
pub(super) fn reports(arguments: &Arguments) -> Result<Timed<Report>, ArgumentError> {
    let positive = |name: &str| match arguments.integer(name)? {
        number @ 1..=10_000 => Ok(number as u64),
        _ => Err(ArgumentError::new(name, "it is between 1 and 10000")),
    };
    let (seconds, per_second) = (positive("seconds")?, positive("per-second")?);
    let mut random = Seed(1).stream("delays of reports");
    let mut delay = || match random.random_range(0..1_000) {
        0..900 => random.random_range(20..200),
        900..990 => random.random_range(200..2_000),
        _ => random.random_range(2_000..8_000),
    };
    let report = |number: u64| {
        let happened_ms = number * 1_000 / per_second;
        let due = SimDuration::from_millis(happened_ms + delay());
        (due, Report { number, happened: EventTime(START.0 + happened_ms as i64) })
    };
    let mut reports: Vec<_> = (0..seconds * per_second).map(report).collect();
    reports.sort_by_key(|(due, report)| (*due, report.number));
    Ok(Timed(reports))
}
