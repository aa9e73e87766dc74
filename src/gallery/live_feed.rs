//! Counts of what comes through a socket, which nobody keeps: what comes while the job is down is
//! lost.

use std::collections::BTreeMap;

use super::two_speed_sum::rate;
use super::{ArgumentError, ArgumentValue, Arguments, GalleryJob};
use crate::api::{ExpectedRows, Program, SourceOptions, StreamExecutionEnvironment};
use crate::base::SimDuration;

const COUNTS: [&str; 2] = ["key", "count"];
/// By then the job runs, if all goes well, so that it misses nothing.
const BEGINS: SimDuration = SimDuration::from_secs(1);
/// All of them are kept in memory.
const MOST: i64 = 10_000_000;

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let records = "how many records come, from the first second of the simulation on";
    let keys = "how many keys there are, which the records have in turn";
    let about = "How often each key comes through a socket that cannot be rewound.";
    GalleryJob::new("live-feed", about, live_feed)
        .optional("rate", ArgumentValue::Float(100.0), "how many records come in a second")
        .optional("records", ArgumentValue::Integer(1_000), records)
        .optional("keys", ArgumentValue::Integer(12), keys)
        .sink("counts", &COUNTS)
        .expecting(expected)
}

/// What a job counts that never fails.
fn expected(arguments: &Arguments) -> Result<ExpectedRows, ArgumentError> {
    let (records, keys) = records_and_keys(arguments)?;
    let mut counts = BTreeMap::<u64, u64>::new();
    for i in 0..records {
        *counts.entry(i % keys).or_default() += 1;
    }
    Ok(super::table("counts", counts))
}

/// How many records come, and how many keys they have.
fn records_and_keys(arguments: &Arguments) -> Result<(u64, u64), ArgumentError> {
    let records = arguments.integer("records")?;
    if !(0..=MOST).contains(&records) {
        return Err(ArgumentError::new("records", format!("there are 0 to {MOST} records")));
    }
    let keys = u64::try_from(arguments.integer("keys")?).ok().filter(|keys| *keys > 0);
    let keys = keys.ok_or_else(|| ArgumentError::new("keys", "there is at least one key"))?;
    Ok((records.unsigned_abs(), keys))
}

fn live_feed(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("live-feed");
    let rate = rate(arguments, "rate")?;
    let (records, keys) = records_and_keys(arguments)?;
    let comes = |i: u64| BEGINS + SimDuration::from_secs_f64(i as f64 / rate);
    let feed = (0..records).map(|i| (comes(i), (i % keys, 1_u64))).collect();
    env.socket_stream("feed", feed, SourceOptions::default())
        .uid("feed")
        .parallelism(1)
        .key_by_field(|(key, _)| key)
        .sum(|(_, count)| count)
        .uid("count")
        .upsert_to("counts", COUNTS, 1);
    super::finish(&env)
}
