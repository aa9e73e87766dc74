//! A fast source and a slow one into the same sums, which do not depend on how the two interleave.
//!
//! Whatever is counted twice, or not at all, shows in the sums: they are the job to look at when
//! something fails.

use std::collections::BTreeMap;

use super::{ArgumentError, ArgumentValue, Arguments, GalleryJob};
use crate::api::{DataStream, ExpectedRows, Program, SourceOptions, StreamExecutionEnvironment};
use crate::base::SimDuration;

const SUMS: [&str; 2] = ["key", "sum"];
const KEYS: u64 = 12;

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let records =
        "how many records each source has; record i has the key i modulo 12 and the value i + 1";
    GalleryJob::new("two-speed-sum", "The sums of a fast source and a slow one.", two_speed_sum)
        .optional("fast", ArgumentValue::Float(1_000.0), "records a second of the one source")
        .optional("slow", ArgumentValue::Float(250.0), "records a second of the other")
        .optional(
            "cost",
            ArgumentValue::Duration(SimDuration::ZERO),
            "what a record costs the sum; 0 for as others",
        )
        .optional("records", ArgumentValue::Integer(1_000), records)
        .sink("sums", &SUMS)
        .expecting(expected)
}

/// Both sources have the same records.
fn expected(arguments: &Arguments) -> Result<ExpectedRows, ArgumentError> {
    let mut sums = BTreeMap::<u64, u64>::new();
    for i in 0..count(arguments)? {
        *sums.entry(i % KEYS).or_default() += 2 * (i + 1);
    }
    Ok(super::table("sums", sums))
}

fn two_speed_sum(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("two-speed-sum");
    let fast = records(&env, arguments, "fast")?;
    let slow = records(&env, arguments, "slow")?;
    let sums = fast.union(&[&slow]).key_by_field(|(key, _)| key).sum(|(_, value)| value).uid("sum");
    let sums = match arguments.duration("cost")? {
        SimDuration::ZERO => sums,
        cost => sums.record_cost(cost),
    };
    sums.upsert_to("sums", SUMS, 1);
    super::finish(&env)
}

/// One of the two sources, named after the argument that says how fast it is.
fn records(
    env: &StreamExecutionEnvironment,
    arguments: &Arguments,
    name: &str,
) -> Result<DataStream<(u64, u64)>, ArgumentError> {
    let rate = rate(arguments, name)?;
    let count = count(arguments)?;
    let source =
        env.from_generator(name, count, SourceOptions::at_rate(rate), |i| (i % KEYS, i + 1));
    Ok(source.uid(name).parallelism(1))
}

/// How many records each source has.
fn count(arguments: &Arguments) -> Result<u64, ArgumentError> {
    u64::try_from(arguments.integer("records")?)
        .map_err(|_| ArgumentError::new("records", "a count is at least 0"))
}

/// Records per second, of a source that has its pace.
pub(super) fn rate(arguments: &Arguments, name: &str) -> Result<f64, ArgumentError> {
    let rate = arguments.float(name)?;
    match (1e-3..=1e9).contains(&rate) {
        true => Ok(rate),
        false => Err(ArgumentError::new(name, "a rate is from 0.001 to a billion")),
    }
}
