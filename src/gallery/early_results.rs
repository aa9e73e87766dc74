//! Early approximate results: a window that must wait long for its last reports says every while
//! what it has so far.
//!
//! The sink `results` shows the latest word of each window. The sink `firings` holds every one of
//! them, in hindsight, against the whole: how many percent of the reports it had, and how long
//! after the window's first report and end it came.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::reports::{Report, reports, with_reports};
use super::{ArgumentError, ArgumentValue, Arguments, GalleryJob, utc, window_size};
use crate::api::{
    GlobalWindows, Program, SourceOptions, StreamExecutionEnvironment, TumblingEventTimeWindows,
};
use crate::base::{EventTime, SimDuration};
use crate::record::{Collector, OutputTag};
use crate::time::WatermarkStrategy;
use crate::window::{
    CustomTrigger, CustomTriggerContext, NullKey, Trigger, TriggerResult, WindowContext,
};

const RESULTS: [&str; 3] = ["window_start", "reports", "so_far"];
const FIRINGS: [&str; 6] =
    ["window_start", "fired", "reports", "percent", "after_first_ms", "after_end_ms"];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let seconds = |seconds| ArgumentValue::Duration(SimDuration::from_secs(seconds));
    let about = "Windows that say early what they have so far.";
    with_reports(GalleryJob::new("early-results", about, early_results))
        .optional("window", seconds(10), "how long a window is")
        .optional("out-of-orderness", seconds(8), "how far behind the latest a report may be")
        .optional("early", seconds(2), "how often a window fires early; 0 for never")
        .sink("results", &RESULTS)
        .sink("firings", &FIRINGS)
}

fn early_results(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("early-results");
    let out_of_orderness = arguments.duration("out-of-orderness")?;
    let strategy = WatermarkStrategy::for_bounded_out_of_orderness(out_of_orderness)
        .with_timestamp_assigner(|report: &Report, _| report.happened);
    let window = window_size(arguments, "window")?;
    let late = OutputTag::<(Report, EventTime)>::new("late");

    let firings = env
        .from_source("reports", Arc::new(reports(arguments)?), SourceOptions::default(), strategy)
        .uid("reports")
        .parallelism(1)
        .process(|report: Report, context, out| {
            out.collect((report, context.current_processing_time()));
        })
        .uid("arrivals")
        .parallelism(1)
        .window_all(TumblingEventTimeWindows::of(window))
        .trigger(trigger(arguments.duration("early")?)?)
        .side_output_late_data(&late)
        .apply_all(firing)
        .uid("windows");
    let so_far = firings
        .map(|firing| (utc::text(firing.window_start), firing.reports, firing.fired.to_string()));
    so_far.uid("so-far").upsert_to("results", RESULTS, 1);

    // Only when all has come is it known how much there was.
    let window_ms = window.as_millis() as i64;
    let late = firings.get_side_output(&late).map(move |(report, _)| {
        let start = report.happened.0 - report.happened.0.rem_euclid(window_ms);
        Firing { window_start: EventTime(start), late: 1, ..Firing::default() }
    });
    firings
        .union(&[&late.parallelism(1).uid("late")])
        .key_by(|firing| firing.window_start.0)
        .window(GlobalWindows::create_with_end_of_stream_trigger())
        .apply(|_, _, firings, out| in_hindsight(firings, out))
        .uid("hindsight")
        .write_to("firings", FIRINGS);
    super::finish(&env)
}

/// A window's evaluation, or a report that came too late for any.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Firing {
    window_start: EventTime,
    fired: String,
    reports: u64,
    late: u64,
    after_first_ms: i64,
    after_end_ms: i64,
}

fn firing(
    context: &mut WindowContext<'_, NullKey>,
    arrived: &[(Report, EventTime)],
    out: &mut Collector<Firing>,
) {
    let window = context.window().time().expect("tumbling windows are spans of time");
    let now = context.current_processing_time();
    let first = arrived.iter().map(|(_, arrived)| arrived.0).min().unwrap_or(now.0);
    let over = context.current_watermark() >= window.max_timestamp();
    out.collect(Firing {
        window_start: window.start,
        fired: if over { "on time" } else { "early" }.to_string(),
        reports: arrived.len() as u64,
        late: 0,
        after_first_ms: now.0 - first,
        after_end_ms: now.0 - window.end.0,
    });
}

fn in_hindsight(firings: &[Firing], out: &mut Collector<Judged>) {
    let counted = firings.iter().map(|firing| firing.reports).max().unwrap_or(0);
    let whole = counted + firings.iter().map(|firing| firing.late).sum::<u64>();
    for firing in firings.iter().filter(|firing| firing.late == 0) {
        out.collect(Judged {
            window_start: firing.window_start,
            fired: firing.fired.clone(),
            reports: firing.reports,
            percent: format!("{:.1}", firing.reports as f64 * 100.0 / whole as f64),
            after_first_ms: firing.after_first_ms,
            after_end_ms: firing.after_end_ms,
        });
    }
}

/// A window's evaluation, seen from the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Judged {
    #[serde(with = "utc")]
    window_start: EventTime,
    fired: String,
    reports: u64,
    percent: String,
    after_first_ms: i64,
    after_end_ms: i64,
}

fn trigger(early: Duration) -> Result<Trigger<(Report, EventTime)>, ArgumentError> {
    if early.is_zero() {
        return Ok(Trigger::EventTime);
    }
    if early < Duration::from_millis(1) {
        return Err(ArgumentError::new("early", "clocks count milliseconds"));
    }
    Ok(Trigger::Custom(Arc::new(EarlyFirings { every_ms: early.as_millis() as i64 })))
}

/// The event-time trigger, which also fires at an interval of the clock until the watermark has
/// passed the window's end. (Flink's `ContinuousProcessingTimeTrigger` alone would never say the
/// final word: it looks at nothing but the clock.)
struct EarlyFirings {
    every_ms: i64,
}

/// The state in which the trigger keeps when it fires next.
const NEXT: &str = "next";

impl EarlyFirings {
    fn register_next(&self, from: EventTime, context: &mut CustomTriggerContext<'_>) {
        let next = EventTime(from.0 + self.every_ms);
        context.set_state(NEXT, &next);
        context.register_processing_time_timer(next);
    }

    fn forget_next(context: &mut CustomTriggerContext<'_>) {
        if let Some(next) = context.state::<EventTime>(NEXT) {
            context.delete_processing_time_timer(next);
            context.clear_state(NEXT);
        }
    }
}

impl<T> CustomTrigger<T> for EarlyFirings {
    fn on_element(
        &self,
        _element: &T,
        _timestamp: EventTime,
        context: &mut CustomTriggerContext<'_>,
    ) -> TriggerResult {
        let end = context.window().max_timestamp();
        if end <= context.current_watermark() {
            return TriggerResult::Fire;
        }
        context.register_event_time_timer(end);
        if context.state::<EventTime>(NEXT).is_none() {
            self.register_next(context.current_processing_time(), context);
        }
        TriggerResult::Continue
    }

    fn on_event_time(
        &self,
        time: EventTime,
        context: &mut CustomTriggerContext<'_>,
    ) -> TriggerResult {
        if time != context.window().max_timestamp() {
            return TriggerResult::Continue;
        }
        Self::forget_next(context);
        TriggerResult::Fire
    }

    fn on_processing_time(
        &self,
        time: EventTime,
        context: &mut CustomTriggerContext<'_>,
    ) -> TriggerResult {
        if context.state::<EventTime>(NEXT) != Some(time) {
            return TriggerResult::Continue;
        }
        self.register_next(time, context);
        TriggerResult::Fire
    }

    fn clear(&self, context: &mut CustomTriggerContext<'_>) {
        context.delete_event_time_timer(context.window().max_timestamp());
        Self::forget_next(context);
    }
}
