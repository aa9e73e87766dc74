//! Counts by key where one key has most of the records: however many subtasks there are, the one
//! that owns this key does nearly all the work.

use std::collections::BTreeMap;

use super::{ArgumentError, ArgumentValue, Arguments, GalleryJob};
use crate::api::{ExpectedRows, Program, SourceOptions, StreamExecutionEnvironment};
use crate::base::SimDuration;

const COUNTS: [&str; 2] = ["key", "count"];
/// The shares of keys are kept in every hundred records.
const HUNDRED: u64 = 100;
/// Odd and no multiple of five, so that a hundred steps of so many go once through a hundred places:
/// the records of the hot key lie among the others instead of in front of them.
const STEP: u64 = 37;

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let hot = "how many of every hundred records have the key 0; the others have the other keys";
    let cost = ArgumentValue::Duration(SimDuration::from_millis(1));
    let about = "How often each key occurs, where one occurs far more often than all others.";
    GalleryJob::new("skewed-counts", about, skewed_counts)
        .optional("records", ArgumentValue::Integer(2_000), "how many records there are")
        .optional("keys", ArgumentValue::Integer(20), "how many keys there are, at least 2")
        .optional("hot", ArgumentValue::Integer(90), hot)
        .optional("cost", cost, "what a record costs the count")
        .sink("counts", &COUNTS)
        .expecting(expected)
}

/// How keys are spread over the records.
#[derive(Clone, Copy)]
struct Skew {
    records: u64,
    keys: u64,
    hot: u64,
}

impl Skew {
    fn of(arguments: &Arguments) -> Result<Self, ArgumentError> {
        let whole = |name: &str, least: u64, most: u64| {
            let number = u64::try_from(arguments.integer(name)?).ok();
            let number = number.filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| ArgumentError::new(name, format!("it is {least} to {most}")))
        };
        Ok(Self {
            records: whole("records", 0, 1_000_000_000)?,
            keys: whole("keys", 2, 1_000_000)?,
            hot: whole("hot", 0, HUNDRED)?,
        })
    }

    /// The key of a record: 0 if it is hot, else one of the others in turn.
    fn key(self, record: u64) -> u64 {
        let place = record * STEP % HUNDRED;
        match place.checked_sub(self.hot) {
            None => 0,
            Some(place) => {
                let cold = record / HUNDRED * (HUNDRED - self.hot) + place;
                1 + cold % (self.keys - 1)
            }
        }
    }
}

/// Counted by a loop.
fn expected(arguments: &Arguments) -> Result<ExpectedRows, ArgumentError> {
    let skew = Skew::of(arguments)?;
    let mut counts = BTreeMap::<u64, u64>::new();
    for record in 0..skew.records {
        *counts.entry(skew.key(record)).or_default() += 1;
    }
    Ok(super::table("counts", counts))
}

fn skewed_counts(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("skewed-counts");
    env.set_parallelism(arguments.parallelism());
    let skew = Skew::of(arguments)?;
    env.from_generator("records", skew.records, SourceOptions::default(), move |record| {
        (skew.key(record), 1_u64)
    })
    .uid("records")
    .parallelism(1)
    .key_by_field(|(key, _)| key)
    .sum(|(_, count)| count)
    .uid("count")
    .record_cost(arguments.duration("cost")?)
    .upsert_to("counts", COUNTS, 1);
    super::finish(&env)
}
