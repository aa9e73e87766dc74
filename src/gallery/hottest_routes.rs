//! The hottest routes of the last hour, every few minutes.
//!
//! Two steps, since a window of one route knows nothing of the other routes: sliding windows count
//! the flights of each route, and what they have counted is gathered by the end of the window. The
//! second step needs to know when it has all counts of a window. All of them come before the
//! watermark that closed it, so a timer just after the window's end fires when none is missing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::data_file::read_records;
use super::flights::source_options;
use super::{ArgumentError, ArgumentKind, ArgumentValue, Arguments, GalleryJob, utc, window_size};
use crate::api::{Program, SlidingEventTimeWindows, StreamExecutionEnvironment};
use crate::base::{EventTime, SimDuration};
use crate::operator::{KeyedContext, KeyedOpenContext, KeyedProcessFunction};
use crate::record::{Collector, Failure};
use crate::state::{KeyedState, ListState, ListStateDescriptor};
use crate::time::WatermarkStrategy;
use crate::window::{AggregateFunction, ProcessClosure, WindowContext};

const HOTTEST: [&str; 4] = ["window_end", "rank", "route", "flights"];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let minutes = |minutes: u64| ArgumentValue::Duration(SimDuration::from_secs(minutes * 60));
    let about = "The routes with most departures in the last hour, every five minutes.";
    GalleryJob::new("hottest-routes", about, hottest_routes)
        .argument("input", ArgumentKind::File, "departures as CSV")
        .optional("top", ArgumentValue::Integer(3), "how many routes are named")
        .optional("window", minutes(60), "how long a window is")
        .optional("slide", minutes(5), "how long after a window the next one begins")
        .optional(
            "rate",
            ArgumentValue::Float(5_000.0),
            "departures per second of simulated time; 0 for as fast as they can be processed",
        )
        .optional(
            "out-of-orderness",
            minutes(0),
            "how far behind the latest a departure may be; the data are in order",
        )
        .sink("hottest", &HOTTEST)
}

/// A departure, as far as the job wants to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flight {
    /// When it left.
    #[serde(with = "utc")]
    dep: EventTime,
    origin: String,
    dest: String,
}

fn hottest_routes(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("hottest-routes");
    let flights = read_records::<Flight>(arguments, "input")?;
    let top = usize::try_from(arguments.integer("top")?).ok().filter(|top| *top > 0);
    let top = top.ok_or_else(|| ArgumentError::new("top", "at least one route is named"))?;
    let (window, slide) = (window_size(arguments, "window")?, window_size(arguments, "slide")?);
    let out_of_orderness = arguments.duration("out-of-orderness")?;
    let strategy = WatermarkStrategy::for_bounded_out_of_orderness(out_of_orderness)
        .with_timestamp_assigner(|flight: &Flight, _| flight.dep);

    env.from_source("departures", Arc::new(flights), source_options(arguments)?, strategy)
        .uid("departures")
        .parallelism(1)
        .key_by(|flight| format!("{}-{}", flight.origin, flight.dest))
        .window(SlidingEventTimeWindows::of(window, slide))
        .aggregate_with(Count, ProcessClosure::new(with_window))
        .uid("windows")
        .key_by(|counted| counted.window_end.0)
        .process(TopRoutes { top, counted: ListState::default() })
        .uid("top")
        .write_to("hottest", HOTTEST);
    super::finish(&env)
}

/// How many flights there were: all that a window has to keep.
#[derive(Clone)]
struct Count;

impl AggregateFunction<Flight> for Count {
    type Accumulator = u64;
    type Out = u64;

    fn create_accumulator(&self) -> u64 {
        0
    }

    fn add(&self, flights: &mut u64, _: Flight) {
        *flights += 1;
    }

    fn get_result(&self, flights: &u64) -> u64 {
        *flights
    }

    fn merge(&self, flights: &mut u64, others: u64) {
        *flights += others;
    }
}

/// The flights of one route within one window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct RouteCount {
    window_end: EventTime,
    route: String,
    flights: u64,
}

#[expect(clippy::ptr_arg, reason = "a window function is shown its key, which is a String")]
fn with_window(
    route: &String,
    context: &mut WindowContext<'_, String>,
    counts: &[u64],
    out: &mut Collector<RouteCount>,
) {
    let window = context.window().time().expect("sliding windows are spans of time");
    for &flights in counts {
        out.collect(RouteCount { window_end: window.end, route: route.clone(), flights });
    }
}

/// Gathers the counts of a window and names the greatest. The key is the window's end.
#[derive(Clone)]
struct TopRoutes {
    top: usize,
    counted: ListState<RouteCount>,
}

/// A route among the hottest of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Hottest {
    #[serde(with = "utc")]
    window_end: EventTime,
    rank: u64,
    route: String,
    flights: u64,
}

impl KeyedProcessFunction<i64, RouteCount> for TopRoutes {
    type Out = Hottest;

    fn open(&mut self, context: &mut KeyedOpenContext<'_, i64>) -> Result<(), Failure> {
        self.counted = context.state(ListStateDescriptor::new("counted"))?;
        Ok(())
    }

    fn process_element(
        &mut self,
        counted: RouteCount,
        context: &mut KeyedContext<'_, i64>,
        _out: &mut Collector<Hottest>,
    ) -> Result<(), Failure> {
        // The same timer for all counts of the window: it fires once.
        context.register_event_time_timer(EventTime(counted.window_end.0 + 1));
        self.counted.add(context.state(), counted)?;
        Ok(())
    }

    fn on_timer(
        &mut self,
        _timestamp: EventTime,
        context: &mut KeyedContext<'_, i64>,
        out: &mut Collector<Hottest>,
    ) -> Result<(), Failure> {
        let mut counted: Vec<_> = self.counted.get(context.state())?.cloned().collect();
        self.counted.clear(context.state())?;
        counted.sort_by(|a, b| b.flights.cmp(&a.flights).then_with(|| a.route.cmp(&b.route)));
        for (rank, RouteCount { window_end, route, flights }) in (1..).zip(counted).take(self.top) {
            out.collect(Hottest { window_end, rank, route, flights });
        }
        Ok(())
    }
}
