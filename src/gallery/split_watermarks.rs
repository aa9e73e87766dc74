//! Where watermarks are made: in the source, for each split, or behind it, for all of them
//! together.
//!
//! The departures are divided into splits that are read side by side, as the partitions of a log
//! are. Each split is nearly in order, but they are days apart.

use serde::{Deserialize, Serialize};

use super::flight_delays::DEPARTURE;
use super::flights::{Departure, read_departures, source_options};
use super::{ArgumentError, ArgumentKind, ArgumentValue, Arguments, GalleryJob, utc, window_size};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment, TumblingEventTimeWindows};
use crate::base::EventTime;
use crate::record::OutputTag;
use crate::time::WatermarkStrategy;

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let about = "Departures of several splits, with watermarks per split or for all together.";
    GalleryJob::new("split-watermarks", about, split_watermarks)
        .argument("input", ArgumentKind::File, "departures as CSV")
        .argument("splits", ArgumentKind::Integer, "into how many splits they are divided")
        .argument(
            "per-split",
            ArgumentKind::Boolean,
            "whether the source makes watermarks for each split",
        )
        .argument("window", ArgumentKind::Duration, "how long a window is")
        .argument(
            "out-of-orderness",
            ArgumentKind::Duration,
            "how far behind the latest schedule time a departure may be without being late",
        )
        .optional(
            "rate",
            ArgumentValue::Float(5_000.0),
            "departures per second of simulated time; 0 for as fast as they can be processed",
        )
        .sink("flights", &["window_start", "flights"])
        .sink("late", &DEPARTURE)
}

/// How many flights a window has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flights {
    #[serde(with = "utc")]
    window_start: EventTime,
    flights: u64,
}

fn split_watermarks(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("split-watermarks");
    let splits = u16::try_from(arguments.integer("splits")?).ok().filter(|splits| *splits > 0);
    let splits = splits.ok_or_else(|| {
        ArgumentError::new("splits", format!("there are 1 to {} splits", u16::MAX))
    })?;
    let options = source_options(arguments)?;
    let options = SourceOptions { splits: Some(splits), side_by_side: true, ..options };
    let departures = read_departures(arguments)?;
    let out_of_orderness = arguments.duration("out-of-orderness")?;
    let strategy = WatermarkStrategy::for_bounded_out_of_orderness(out_of_orderness)
        .with_timestamp_assigner(|departure: &Departure, _| departure.sched_dep);
    let late = OutputTag::<Departure>::new("late");

    let departures = match arguments.boolean("per-split")? {
        true => env.from_source("departures", departures, options, strategy).uid("departures"),
        false => {
            let read = env.from_splits("departures", departures, options).uid("departures");
            read.assign_timestamps_and_watermarks(strategy).uid("assign")
        }
    };
    let flights = departures
        .window_all(TumblingEventTimeWindows::of(window_size(arguments, "window")?))
        .side_output_late_data(&late)
        .apply_all(|context, departures, out| {
            let window = context.window().time().expect("tumbling windows are spans of time");
            let flights = departures.len() as u64;
            out.collect(Flights { window_start: window.start, flights });
        })
        .uid("windows");
    flights.write_to("flights", ["window_start", "flights"]).parallelism(1);
    flights.get_side_output(&late).write_to("late", DEPARTURE).parallelism(1);
    super::finish(&env)
}
