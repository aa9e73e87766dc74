//! The same numbers in windows by the clocks of the TaskManagers and in windows by their own time.

use serde::{Deserialize, Serialize};

use super::utc::{self, START};
use super::{ArgumentError, ArgumentKind, ArgumentValue, Arguments, GalleryJob, window_size};
use crate::api::{
    DataStream, Program, SourceOptions, StreamExecutionEnvironment, TumblingEventTimeWindows,
    TumblingProcessingTimeWindows, WindowedStream,
};
use crate::base::{EventTime, Name, SimDuration};
use crate::operator::{KeySelector, MapFunction, RuntimeContext};
use crate::record::{Collector, Failure};
use crate::time::WatermarkStrategy;
use crate::window::WindowContext;

const COLUMNS: [&str; 4] = ["window_start", "key", "numbers", "subtask"];
/// Enough keys that every subtask has some.
const KEYS: u64 = 8;
const PER_SECOND: u64 = 100;

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let about = "The same numbers in windows by clocks and in windows by their own time.";
    let seconds = ArgumentValue::Duration(SimDuration::from_secs(2));
    GalleryJob::new("clocks", about, clocks)
        .argument("count", ArgumentKind::Integer, "how many numbers there are, 100 a second")
        .optional("window", seconds, "how long a window is")
        .sink("by-clock", &COLUMNS)
        .sink("by-event-time", &COLUMNS)
}

fn clocks(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("clocks");
    let count = super::numbers::count(arguments)?;
    let window = window_size(arguments, "window")?;
    let strategy = WatermarkStrategy::for_monotonous_timestamps().with_timestamp_assigner(
        |number: &u64, _| EventTime(START.0 + (number * 1_000 / PER_SECOND) as i64),
    );
    let numbers = env
        .from_generator("numbers", count, SourceOptions::at_rate(PER_SECOND as f64), |number| {
            number
        })
        .uid("numbers")
        .parallelism(1)
        .assign_timestamps_and_watermarks(strategy)
        .uid("timestamps")
        .parallelism(1);
    let keyed = numbers.key_by(|number| number % KEYS);
    let by_clock = keyed.window(TumblingProcessingTimeWindows::of(window));
    counted(by_clock, "clock").write_to("by-clock", COLUMNS);
    let by_event_time = keyed.window(TumblingEventTimeWindows::of(window));
    counted(by_event_time, "event-time").write_to("by-event-time", COLUMNS);
    super::finish(&env)
}

fn counted<S: KeySelector<u64, Key = u64>>(
    windows: WindowedStream<u64, S>,
    uid: &str,
) -> DataStream<Counted> {
    let count =
        |key: &u64, context: &mut WindowContext<'_, _>, numbers: &[u64], out: &mut Collector<_>| {
            let window = context.window().time().expect("tumbling windows are spans of time");
            out.collect((window.start, *key, numbers.len() as u64));
        };
    let counted = windows.apply(count).uid(uid);
    counted.map_with(WithSubtask { subtask: "".into() }).uid(&format!("{uid}-subtask"))
}

/// How many numbers a window has, and which subtask has counted them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Counted {
    #[serde(with = "utc")]
    window_start: EventTime,
    key: u64,
    numbers: u64,
    subtask: Name,
}

#[derive(Clone)]
struct WithSubtask {
    subtask: Name,
}

impl MapFunction<(EventTime, u64, u64)> for WithSubtask {
    type Out = Counted;

    fn open(&mut self, context: &RuntimeContext) -> Result<(), Failure> {
        self.subtask = context.subtask.clone();
        Ok(())
    }

    fn map(&mut self, (window_start, key, numbers): (EventTime, u64, u64)) -> Counted {
        Counted { window_start, key, numbers, subtask: self.subtask.clone() }
    }
}
