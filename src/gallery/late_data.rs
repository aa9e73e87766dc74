//! What becomes of late records, with so few of them that each can be followed.
//!
//! The data are a table: which record comes when, and when it happened. A watermark follows every
//! record. A record that comes before its window has fired is on time; one that comes within
//! `lateness` after that makes the window fire again; what comes later goes to the sink `late`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::every_nth::watermark_per_record;
use super::timed_table::timed_table;
use super::{ArgumentError, ArgumentKind, Arguments, GalleryJob, utc, window_size};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment, TumblingEventTimeWindows};
use crate::base::EventTime;
use crate::record::{Collector, OutputTag};
use crate::window::{NullKey, WindowContext};

const FIRINGS: [&str; 5] = ["window_start", "fired", "counted", "records", "watermark"];
const RESULTS: [&str; 2] = ["window_start", "counted"];
const LATE: [&str; 5] = ["record", "happened", "window_end", "closed_at", "watermark"];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let about = "A table of records through all three stages of lateness.";
    GalleryJob::new("late-data", about, late_data)
        .argument("input", ArgumentKind::File, "records as CSV: record,arrives_s,happened")
        .argument("window", ArgumentKind::Duration, "how long a window is")
        .argument(
            "out-of-orderness",
            ArgumentKind::Duration,
            "how far behind the latest so far a record may be",
        )
        .argument(
            "lateness",
            ArgumentKind::Duration,
            "for how long after its end a window takes late records",
        )
        .sink("firings", &FIRINGS)
        .sink("results", &RESULTS)
        .sink("late", &LATE)
}

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    record: String,
    #[serde(with = "utc")]
    happened: EventTime,
}

/// A record with the watermark that it met at the windows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Arrived {
    record: String,
    happened: EventTime,
    met: EventTime,
}

fn late_data(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("late-data");
    let (window, lateness) = (window_size(arguments, "window")?, arguments.duration("lateness")?);
    let out_of_orderness = arguments.duration("out-of-orderness")?;
    let strategy = watermark_per_record(out_of_orderness, |line: &Line| line.happened);
    let lines = Arc::new(timed_table::<Line>(arguments, "input")?);
    let late = OutputTag::<Arrived>::new("late");

    let firings = env
        .from_source("lines", lines, SourceOptions::default(), strategy)
        .uid("lines")
        .parallelism(1)
        .process(|Line { record, happened, .. }, context, out| {
            out.collect(Arrived { record, happened, met: context.current_watermark() });
        })
        .uid("arrivals")
        .parallelism(1)
        .window_all(TumblingEventTimeWindows::of(window))
        .allowed_lateness(lateness)
        .side_output_late_data(&late)
        .apply_all(firing)
        .uid("windows");
    firings.write_to("firings", FIRINGS);
    let latest =
        firings.map(|Firing { window_start, counted, .. }| (utc::text(window_start), counted));
    latest.uid("latest").upsert_to("results", RESULTS, 1);
    let (window_ms, lateness_ms) = (window.as_millis() as i64, lateness.as_millis() as i64);
    let explained = firings.get_side_output(&late).map(move |arrived: Arrived| {
        let start = arrived.happened.0 - arrived.happened.0.rem_euclid(window_ms);
        let window_end = EventTime(start + window_ms);
        let closed_at = EventTime(window_end.0 - 1 + lateness_ms);
        let Arrived { record, happened, met: watermark } = arrived;
        Late { record, happened, window_end, closed_at, watermark }
    });
    explained.uid("explain").write_to("late", LATE);
    super::finish(&env)
}

/// An evaluation of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Firing {
    #[serde(with = "utc")]
    window_start: EventTime,
    fired: String,
    counted: u64,
    records: String,
    #[serde(with = "utc")]
    watermark: EventTime,
}

/// A window that holds a record which met a watermark beyond its end has fired before.
fn firing(
    context: &mut WindowContext<'_, NullKey>,
    arrived: &[Arrived],
    out: &mut Collector<Firing>,
) {
    let window = context.window().time().expect("tumbling windows are spans of time");
    let again = arrived.iter().any(|arrived| arrived.met >= window.max_timestamp());
    let records: Vec<&str> = arrived.iter().map(|arrived| arrived.record.as_str()).collect();
    out.collect(Firing {
        window_start: window.start,
        fired: if again { "again, late" } else { "on time" }.to_string(),
        counted: arrived.len() as u64,
        records: records.join(" "),
        watermark: context.current_watermark(),
    });
}

/// A record that found its window closed, and why: the watermark that it met had reached the
/// moment at which the window closes for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Late {
    record: String,
    #[serde(with = "utc")]
    happened: EventTime,
    #[serde(with = "utc")]
    window_end: EventTime,
    #[serde(with = "utc")]
    closed_at: EventTime,
    #[serde(with = "utc")]
    watermark: EventTime,
}
