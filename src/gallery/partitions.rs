//! Two partitions, of which the second is slow or silent: how far event time is depends on the one
//! that is furthest behind.
//!
//! Both have sixty readings. The first has one a second. The second has one a second for ten
//! seconds, then none for `silence`, and catches up with the rest until the minute is over. Its
//! readings happened `behind` before they come.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::utc::{self, START};
use super::{ArgumentError, ArgumentValue, Arguments, GalleryJob, window_size};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment, TumblingEventTimeWindows};
use crate::base::{EventTime, SimDuration};
use crate::connector::Timed;
use crate::record::OutputTag;
use crate::time::WatermarkStrategy;

const RESULTS: [&str; 4] = ["window_start", "first", "second", "after_end_ms"];
const LATE: [&str; 3] = ["partition", "happened", "watermark"];
const READINGS: u64 = 60;
/// How many readings of the second partition come before it falls silent.
const BEFORE_SILENCE: u64 = 10;

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let second = SimDuration::from_secs;
    GalleryJob::new("partitions", "Two partitions, one of them slow or silent.", partitions)
        .optional(
            "silence",
            ArgumentValue::Duration(SimDuration::ZERO),
            "for how long the second partition is silent, from its eleventh second on",
        )
        .optional(
            "behind",
            ArgumentValue::Duration(SimDuration::ZERO),
            "how long ago the readings of the second partition happened when they come",
        )
        .optional(
            "idleness",
            ArgumentValue::Duration(SimDuration::ZERO),
            "after how long a silent partition counts as idle; 0 for never",
        )
        .optional("window", ArgumentValue::Duration(second(10)), "how long a window is")
        .sink("results", &RESULTS)
        .sink("late", &LATE)
}

/// What a partition says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Reading {
    partition: u8,
    happened: EventTime,
}

/// All readings, those of the first partition before those of the second.
fn readings(arguments: &Arguments) -> Result<Timed<Reading>, ArgumentError> {
    let (silence, behind) = (arguments.duration("silence")?, arguments.duration("behind")?);
    let rest = SimDuration::from_secs(READINGS - BEFORE_SILENCE);
    let catching_up = rest
        .checked_sub(silence)
        .ok_or_else(|| ArgumentError::new("silence", "the silence lasts at most 50 s"))?;
    let reading = |partition, due: SimDuration, behind: SimDuration| {
        let happened = START.0 + due.as_millis() as i64 - behind.as_millis() as i64;
        (due, Reading { partition, happened: EventTime(happened) })
    };
    let first = (0..READINGS).map(|n| reading(1, SimDuration::from_secs(n), SimDuration::ZERO));
    let second = (0..READINGS).map(|n| {
        let due = match n.checked_sub(BEFORE_SILENCE) {
            None => SimDuration::from_secs(n),
            Some(n) => {
                let caught_up = catching_up * n as u32 / (READINGS - BEFORE_SILENCE) as u32;
                SimDuration::from_secs(BEFORE_SILENCE) + silence + caught_up
            }
        };
        reading(2, due, behind)
    });
    Ok(Timed(first.chain(second).collect()))
}

/// How many readings of each partition a window has, and how long after its end that was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Counted {
    #[serde(with = "utc")]
    window_start: EventTime,
    first: u64,
    second: u64,
    after_end_ms: i64,
}

/// A reading that came too late, and the watermark that it met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Late {
    partition: u8,
    #[serde(with = "utc")]
    happened: EventTime,
    #[serde(with = "utc")]
    watermark: EventTime,
}

fn partitions(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("partitions");
    let mut strategy = WatermarkStrategy::for_monotonous_timestamps()
        .with_timestamp_assigner(|reading: &Reading, _| reading.happened);
    let idleness = arguments.duration("idleness")?;
    if !idleness.is_zero() {
        strategy = strategy.with_idleness(idleness);
    }
    let options = SourceOptions { splits: Some(2), side_by_side: true, rate: None };
    let late = OutputTag::<Reading>::new("late");

    let counted = env
        .from_source("readings", Arc::new(readings(arguments)?), options, strategy)
        .uid("readings")
        .window_all(TumblingEventTimeWindows::of(window_size(arguments, "window")?))
        .side_output_late_data(&late)
        .apply_all(|context, readings, out| {
            let window = context.window().time().expect("tumbling windows are spans of time");
            let of = |partition| readings.iter().filter(|it| it.partition == partition).count();
            out.collect(Counted {
                window_start: window.start,
                first: of(1) as u64,
                second: of(2) as u64,
                after_end_ms: context.current_processing_time().0 - window.end.0,
            });
        })
        .uid("windows");
    counted.write_to("results", RESULTS).parallelism(1);
    // Beside the windows, the late readings meet the watermark that closed theirs.
    let late = counted.get_side_output(&late).process(|reading: Reading, context, out| {
        let Reading { partition, happened } = reading;
        out.collect(Late { partition, happened, watermark: context.current_watermark() });
    });
    late.parallelism(1).uid("explain").write_to("late", LATE).parallelism(1);
    super::finish(&env)
}
