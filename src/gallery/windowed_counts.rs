//! Counts in windows of a stream that is in order: no record is late, however fast the splits are
//! read, so that the counts are the same in every run.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::two_speed_sum::rate;
use super::utc::{self, START};
use super::{ArgumentError, ArgumentValue, Arguments, GalleryJob, window_size};
use crate::api::{
    ExpectedRows, Program, SourceOptions, StreamExecutionEnvironment, TumblingEventTimeWindows,
};
use crate::base::{EventTime, SimDuration};
use crate::connector::Generator;
use crate::record::Collector;
use crate::time::WatermarkStrategy;
use crate::window::WindowContext;

const COUNTS: [&str; 3] = ["key", "window", "count"];
const SPLITS: u64 = 4;
/// How far apart in event time the records of a split are, in milliseconds.
const STEP: u64 = 10;

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let records =
        "how many records there are, in 4 splits, in each of them 10 ms of event time apart";
    let keys = "how many keys there are, which the records have in turn";
    let second = ArgumentValue::Duration(SimDuration::from_secs(1));
    let about = "How often each key occurs in each window of a stream that is in order.";
    GalleryJob::new("windowed-counts", about, windowed_counts)
        .optional("rate", ArgumentValue::Float(400.0), "records a second, of all splits together")
        .optional("records", ArgumentValue::Integer(2_000), records)
        .optional("keys", ArgumentValue::Integer(12), keys)
        .optional("window", second, "how long a window is")
        .sink("counts", &COUNTS)
        .expecting(expected)
}

fn expected(arguments: &Arguments) -> Result<ExpectedRows, ArgumentError> {
    let (records, keys) = records_and_keys(arguments)?;
    let size = window_size(arguments, "window")?.as_millis() as i64;
    let mut counts = BTreeMap::<(u64, i64), u64>::new();
    for i in 0..records {
        let occurred = START.0 + ((i - start_of_split(i, records)) * STEP) as i64;
        *counts.entry((i % keys, occurred - occurred.rem_euclid(size))).or_default() += 1;
    }
    let row = |((key, window), count): ((u64, i64), u64)| {
        vec![key.to_string(), utc::text(EventTime(window)), count.to_string()]
    };
    Ok(BTreeMap::from([("counts".to_owned(), counts.into_iter().map(row).collect())]))
}

/// A key, and when it occurred.
type Occurrence = (u64, EventTime);

/// How often a key has occurred in the window that begins then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Count {
    key: u64,
    #[serde(with = "utc")]
    window: EventTime,
    count: u64,
}

fn windowed_counts(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("windowed-counts");
    let (records, keys) = records_and_keys(arguments)?;
    let options = SourceOptions {
        splits: Some(SPLITS as u16),
        side_by_side: true,
        ..SourceOptions::at_rate(rate(arguments, "rate")?)
    };
    let strategy = WatermarkStrategy::for_monotonous_timestamps()
        .with_timestamp_assigner(|(_, occurred): &Occurrence, _| *occurred);
    let occurrence = move |i: u64| {
        let place = i - start_of_split(i, records);
        (i % keys, EventTime(START.0 + (place * STEP) as i64))
    };
    env.from_source("records", Arc::new(Generator::new(records, occurrence)), options, strategy)
        .uid("records")
        .key_by_field(|(key, _)| key)
        .window(TumblingEventTimeWindows::of(window_size(arguments, "window")?))
        .apply(
            |key: &u64,
             context: &mut WindowContext<'_, _>,
             occurred: &[Occurrence],
             out: &mut Collector<_>| {
                let window =
                    context.window().time().expect("tumbling windows are spans of time").start;
                out.collect(Count { key: *key, window, count: occurred.len() as u64 });
            },
        )
        .uid("count")
        .upsert_to("counts", COUNTS, 2);
    super::finish(&env)
}

/// How many records there are, and how many keys.
fn records_and_keys(arguments: &Arguments) -> Result<(u64, u64), ArgumentError> {
    let most = 1_u64 << 40;
    let records = u64::try_from(arguments.integer("records")?).ok().filter(|it| *it <= most);
    let records = records
        .ok_or_else(|| ArgumentError::new("records", format!("there are 0 to {most} records")))?;
    let keys = u64::try_from(arguments.integer("keys")?).ok().filter(|keys| *keys > 0);
    let keys = keys.ok_or_else(|| ArgumentError::new("keys", "there is at least one key"))?;
    Ok((records, keys))
}

/// Where the split begins that record `i` belongs to.
fn start_of_split(i: u64, records: u64) -> u64 {
    let starts = (0..SPLITS).map(|split| split * records / SPLITS);
    starts.take_while(|start| *start <= i).last().unwrap_or(0)
}
