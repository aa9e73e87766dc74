//! Delays per airport and hour of the schedule.
//!
//! Flights leave in another order than the schedule's: a departure of event time 10:15 may come
//! behind one of 18:00. The watermark claims that nothing is further behind than
//! `out-of-orderness`; what is nevertheless makes its window fire again within `lateness`, and goes
//! to the sink `late` after that.

use serde::{Deserialize, Serialize};

use super::every_nth::EveryNth;
use super::flights::{Departure, read_departures, source_options};
use super::{ArgumentError, ArgumentKind, ArgumentValue, Arguments, GalleryJob, utc, window_size};
use crate::api::{Program, StreamExecutionEnvironment, TumblingEventTimeWindows};
use crate::base::EventTime;
use crate::record::{Collector, OutputTag};
use crate::time::WatermarkStrategy;
use crate::window::{AggregateFunction, ProcessClosure, WindowContext};

/// The columns of a departure.
pub(super) const DEPARTURE: [&str; 6] =
    ["sched_dep", "carrier", "flight", "origin", "dest", "dep_delay_min"];
const DELAYS: [&str; 4] = ["window_start", "origin", "flights", "total_delay_min"];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    GalleryJob::new("flight-delays", "Delays per airport and hour of the schedule.", flight_delays)
        .argument("input", ArgumentKind::File, "departures as CSV")
        .argument("window", ArgumentKind::Duration, "how long a window is")
        .argument(
            "out-of-orderness",
            ArgumentKind::Duration,
            "how far behind the latest schedule time a departure may be without being late",
        )
        .argument(
            "lateness",
            ArgumentKind::Duration,
            "for how long after its end a window takes late departures",
        )
        .optional(
            "rate",
            ArgumentValue::Float(5_000.0),
            "departures per second of simulated time; 0 for as fast as they can be processed",
        )
        .optional(
            "watermark-every",
            ArgumentValue::Integer(0),
            "after how many departures each a watermark comes; 0 for the auto-watermark interval",
        )
        .sink("delays", &DELAYS)
        .sink("late", &DEPARTURE)
}

/// Delays per airport and hour of the schedule.
fn flight_delays(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("flight-delays");
    let departures = read_departures(arguments)?;
    let (options, strategy) = (source_options(arguments)?, strategy(arguments)?);
    let late = OutputTag::<Departure>::new("late");

    let delays = env
        .from_source("departures", departures, options, strategy)
        .uid("departures")
        .parallelism(1)
        .key_by_field(|departure| &departure.origin)
        .window(TumblingEventTimeWindows::of(window_size(arguments, "window")?))
        .allowed_lateness(arguments.duration("lateness")?)
        .side_output_late_data(&late)
        .aggregate_with(
            FlightsAndDelay,
            ProcessClosure::new(
                |origin: &String,
                 context: &mut WindowContext<'_, _>,
                 totals: &[(u64, i64)],
                 out: &mut _| {
                    with_window(origin, context, totals, out);
                },
            ),
        )
        .uid("windows");
    // A window that fires again for a late departure replaces what it said before.
    delays.upsert_to("delays", DELAYS, 2);
    delays.get_side_output(&late).write_to("late", DEPARTURE);
    super::finish(&env)
}

/// Event time is the schedule's.
fn strategy(arguments: &Arguments) -> Result<WatermarkStrategy<Departure>, ArgumentError> {
    let out_of_orderness = arguments.duration("out-of-orderness")?;
    let every = u64::try_from(arguments.integer("watermark-every")?).map_err(|_| {
        ArgumentError::new("watermark-every", "a number of departures is at least 0")
    })?;
    let strategy = match every {
        0 => WatermarkStrategy::for_bounded_out_of_orderness(out_of_orderness),
        _ => WatermarkStrategy::for_generator(move || EveryNth::new(every, out_of_orderness)),
    };
    Ok(strategy.with_timestamp_assigner(|departure: &Departure, _| departure.sched_dep))
}

/// How many flights there were, and their delay in all. A delay that is not known counts as none.
#[derive(Clone)]
struct FlightsAndDelay;

impl AggregateFunction<Departure> for FlightsAndDelay {
    type Accumulator = (u64, i64);
    type Out = (u64, i64);

    fn create_accumulator(&self) -> (u64, i64) {
        (0, 0)
    }

    fn add(&self, (flights, delay): &mut (u64, i64), departure: Departure) {
        *flights += 1;
        *delay += departure.dep_delay_min.unwrap_or(0);
    }

    fn get_result(&self, accumulator: &(u64, i64)) -> (u64, i64) {
        *accumulator
    }

    fn merge(&self, (flights, delay): &mut (u64, i64), (more, longer): (u64, i64)) {
        *flights += more;
        *delay += longer;
    }
}

/// The delays at one airport within one window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Delays {
    #[serde(with = "utc")]
    window_start: EventTime,
    origin: String,
    flights: u64,
    total_delay_min: i64,
}

fn with_window(
    origin: &str,
    context: &mut WindowContext<'_, String>,
    totals: &[(u64, i64)],
    out: &mut Collector<Delays>,
) {
    let window = context.window().time().expect("tumbling windows are spans of time");
    for &(flights, total_delay_min) in totals {
        let (window_start, origin) = (window.start, origin.to_owned());
        out.collect(Delays { window_start, origin, flights, total_delay_min });
    }
}
