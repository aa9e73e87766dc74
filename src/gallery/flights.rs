//! Jobs over the departures from New York.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::data_file::{is_json_lines, read_records};
use super::{ArgumentError, ArgumentKind, ArgumentValue, Arguments, GalleryJob, utc};
use crate::api::{DataStream, ExpectedRows, Program, SourceOptions, StreamExecutionEnvironment};
use crate::base::EventTime;

/// A departure, as the data has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Departure {
    /// When it was to leave.
    #[serde(with = "utc")]
    pub sched_dep: EventTime,
    /// The airline's code.
    pub carrier: String,
    /// The flight's number.
    pub flight: u32,
    /// The airport it left.
    pub origin: String,
    /// The airport it went to.
    pub dest: String,
    /// How late it left, in minutes, if that is known.
    pub dep_delay_min: Option<i64>,
}

/// The departures of the file `input`, in the order in which they left.
pub(super) fn read_departures(arguments: &Arguments) -> Result<Arc<Vec<Departure>>, ArgumentError> {
    Ok(Arc::new(read_records(arguments, "input")?))
}

/// A source of the departures, `rate` per second of simulated time (0 for as fast as they can be
/// processed).
fn departures(
    env: &StreamExecutionEnvironment,
    arguments: &Arguments,
) -> Result<DataStream<Departure>, ArgumentError> {
    let departures = read_departures(arguments)?;
    let source = env.from_splits("departures", departures, source_options(arguments)?);
    Ok(source.uid("departures").parallelism(1))
}

pub(super) fn source_options(arguments: &Arguments) -> Result<SourceOptions, ArgumentError> {
    let rate = arguments.float("rate")?;
    if !rate.is_finite() || rate < 0.0 {
        return Err(ArgumentError::new("rate", "a rate is at least 0 (0 for unlimited)"));
    }
    Ok(SourceOptions { rate: (rate > 0.0).then_some(rate), ..SourceOptions::default() })
}

pub(super) fn with_input(job: GalleryJob, about: &str) -> GalleryJob {
    job.argument("input", ArgumentKind::File, about).optional(
        "rate",
        ArgumentValue::Float(0.0),
        "records per second of simulated time; 0 for as fast as they can be processed",
    )
}

/// How many flights each airline had: the job to begin with.
pub fn flights_per_carrier(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("flights-per-carrier");
    departures(&env, arguments)?
        .map(|departure| (departure.carrier, 1_u64))
        .uid("carriers")
        .key_by_field(|(carrier, _)| carrier)
        .sum(|(_, flights)| flights)
        .uid("count")
        .upsert_to("counts", ["carrier", "flights"], 1);
    super::finish(&env)
}

/// How many flights each airline had, counted line by line.
pub(super) fn expected_flights(arguments: &Arguments) -> Result<ExpectedRows, ArgumentError> {
    let bytes = arguments.file("input")?;
    if is_json_lines(arguments.path("input")?) {
        return expected_of_json_lines(&bytes);
    }
    let wrong = |error: csv::Error| ArgumentError::new("input", error.to_string());
    let mut lines = csv::Reader::from_reader(&bytes[..]);
    let header = lines.headers().map_err(wrong)?;
    let carrier = header.iter().position(|column| column == "carrier").unwrap_or_default();
    let mut flights = BTreeMap::<String, u64>::new();
    for line in lines.into_records() {
        let line = line.map_err(wrong)?;
        *flights.entry(line[carrier].to_owned()).or_default() += 1;
    }
    Ok(super::table("counts", flights))
}

/// The same, if each line is an object.
fn expected_of_json_lines(bytes: &[u8]) -> Result<ExpectedRows, ArgumentError> {
    let wrong = |error: serde_json::Error| ArgumentError::new("input", error.to_string());
    let mut flights = BTreeMap::<String, u64>::new();
    for departure in serde_json::Deserializer::from_slice(bytes).into_iter::<serde_json::Value>() {
        let departure = departure.map_err(wrong)?;
        let carrier = departure["carrier"].as_str().unwrap_or_default();
        *flights.entry(carrier.to_owned()).or_default() += 1;
    }
    Ok(super::table("counts", flights))
}

/// The longest delay at each airport of departure.
pub fn longest_delay(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("longest-delay");
    departures(&env, arguments)?
        .flat_map(|departure, out| {
            if let Some(delay) = departure.dep_delay_min {
                let Departure { origin, dest, carrier, flight, .. } = departure;
                out.collect((origin, delay, carrier, flight, dest));
            }
        })
        .uid("known-delays")
        .key_by_field(|(origin, ..)| origin)
        .max_by(|(_, delay, ..)| *delay)
        .uid("longest-delay")
        .upsert_to("longest", ["origin", "delay_min", "carrier", "flight", "dest"], 1);
    super::finish(&env)
}
