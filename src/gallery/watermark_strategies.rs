//! Too eager and too lazy watermarks, side by side over the same stream.
//!
//! Each strategy counts the same reports in the same windows. The sink `comparison` holds what it
//! costs to wait against what it costs not to: how long after the end of a window its count came,
//! and how many reports were counted by then.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::reports::{Report, reports, with_reports};
use super::{ArgumentError, ArgumentValue, Arguments, GalleryJob, window_size};
use crate::api::{
    DataStream, Program, SourceOptions, StreamExecutionEnvironment, TumblingEventTimeWindows,
};
use crate::base::{EventTime, SimDuration};
use crate::record::OutputTag;
use crate::time::WatermarkStrategy;

const COMPARISON: [&str; 7] = [
    "strategy",
    "windows",
    "on_time",
    "late",
    "on_time_percent",
    "mean_latency_ms",
    "max_latency_ms",
];
const STRATEGIES: [(&str, u64, &str); 3] = [
    ("eager", 0, "how long the eager strategy waits"),
    ("balanced", 2, "how long the balanced strategy waits"),
    ("lazy", 10, "how long the lazy strategy waits"),
];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let about = "Latency against correctness: three watermark strategies over the same stream.";
    let mut job = with_reports(GalleryJob::new("watermark-strategies", about, compare));
    for (strategy, seconds, about) in STRATEGIES {
        let span = SimDuration::from_secs(seconds);
        job = job.optional(strategy, ArgumentValue::Duration(span), about);
    }
    let second = SimDuration::from_secs(1);
    job.optional("window", ArgumentValue::Duration(second), "how long a window is")
        .sink("comparison", &COMPARISON)
}

fn compare(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("watermark-strategies");
    let window = window_size(arguments, "window")?;
    let reports = env
        .from_splits("reports", Arc::new(reports(arguments)?), SourceOptions::default())
        .uid("reports")
        .parallelism(1);
    let mut measured = Vec::new();
    for (name, ..) in STRATEGIES {
        let out_of_orderness = arguments.duration(name)?;
        measured.extend(measure(&reports, name, out_of_orderness, window));
    }
    let (first, others) = measured.split_first().expect("there are strategies");
    first
        .union(&others.iter().collect::<Vec<_>>())
        .key_by_field(|measured| &measured.strategy)
        .reduce(|all: Measured, one| all.plus(&one))
        .uid("totals")
        .map(Measured::compared)
        .uid("compare")
        .upsert_to("comparison", COMPARISON, 1);
    super::finish(&env)
}

/// Counts reports by one strategy; what is measured of on-time windows and of late reports.
fn measure(
    reports: &DataStream<Report>,
    name: &'static str,
    out_of_orderness: SimDuration,
    window: SimDuration,
) -> [DataStream<Measured>; 2] {
    let strategy = WatermarkStrategy::for_bounded_out_of_orderness(out_of_orderness)
        .with_timestamp_assigner(|report: &Report, _| report.happened);
    let late = OutputTag::<Report>::new("late");
    let windows = reports
        .assign_timestamps_and_watermarks(strategy)
        .uid(&format!("{name}-watermarks"))
        .parallelism(1)
        .window_all(TumblingEventTimeWindows::of(window))
        .side_output_late_data(&late)
        .apply_all(move |context, reports, out| {
            let window = context.window().time().expect("tumbling windows are spans of time");
            let latency = context.current_processing_time().0 - window.end.0;
            // What only the end of all input closes says nothing about the strategy.
            let judged = context.current_watermark() != EventTime::MAX;
            out.collect(Measured {
                strategy: name.to_string(),
                windows: 1,
                on_time: reports.len() as u64,
                late: 0,
                latencies: u64::from(judged),
                latency_ms: if judged { latency } else { 0 },
                max_latency_ms: if judged { latency } else { 0 },
            });
        })
        .uid(&format!("{name}-windows"));
    let late = windows.get_side_output(&late).map(move |_| Measured {
        strategy: name.to_string(),
        late: 1,
        ..Measured::default()
    });
    [windows, late.parallelism(1).uid(&format!("{name}-late"))]
}

/// What has been measured of a strategy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Measured {
    strategy: String,
    windows: u64,
    on_time: u64,
    late: u64,
    /// How many latencies were measured, and what they come to.
    latencies: u64,
    latency_ms: i64,
    max_latency_ms: i64,
}

impl Measured {
    fn plus(self, other: &Self) -> Self {
        Self {
            strategy: self.strategy,
            windows: self.windows + other.windows,
            on_time: self.on_time + other.on_time,
            late: self.late + other.late,
            latencies: self.latencies + other.latencies,
            latency_ms: self.latency_ms + other.latency_ms,
            max_latency_ms: self.max_latency_ms.max(other.max_latency_ms),
        }
    }

    fn compared(self) -> Compared {
        let share = self.on_time as f64 / (self.on_time + self.late) as f64;
        let latencies = i64::try_from(self.latencies.max(1)).expect("there are few windows");
        Compared {
            strategy: self.strategy,
            windows: self.windows,
            on_time: self.on_time,
            late: self.late,
            on_time_percent: format!("{:.2}", share * 100.0),
            mean_latency_ms: self.latency_ms / latencies,
            max_latency_ms: self.max_latency_ms,
        }
    }
}

/// A row of the comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Compared {
    strategy: String,
    windows: u64,
    on_time: u64,
    late: u64,
    on_time_percent: String,
    mean_latency_ms: i64,
    max_latency_ms: i64,
}
