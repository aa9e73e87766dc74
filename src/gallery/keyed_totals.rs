//! Totals by key: the plainest use of keyed state. It runs on either state backend and must come to
//! the same.

use std::collections::BTreeMap;

use super::{ArgumentError, ArgumentKind, Arguments, GalleryJob};
use crate::api::{ExpectedRows, Program, SourceOptions, StreamExecutionEnvironment};
use crate::operator::{KeyedContext, KeyedOpenContext, KeyedProcessFunction};
use crate::record::{Collector, Failure};
use crate::state::{ValueState, ValueStateDescriptor};

const TOTALS: [&str; 2] = ["key", "total"];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let records =
        "how many records there are; record i has the value i and the key i modulo `keys`";
    GalleryJob::new("keyed-totals", "The sum of the values of each key.", keyed_totals)
        .argument("records", ArgumentKind::Integer, records)
        .argument("keys", ArgumentKind::Integer, "how many keys there are")
        .sink("totals", &TOTALS)
        .expecting(expected)
}

fn expected(arguments: &Arguments) -> Result<ExpectedRows, ArgumentError> {
    let (records, keys) = records_and_keys(arguments)?;
    let mut totals = BTreeMap::<u64, u64>::new();
    for i in 0..records {
        *totals.entry(i % keys).or_default() += i;
    }
    Ok(super::table("totals", totals))
}

fn keyed_totals(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("keyed-totals");
    let (records, keys) = records_and_keys(arguments)?;
    let options = SourceOptions { splits: None, ..SourceOptions::default() };
    env.from_generator("records", records, options, move |i| (i % keys, i))
        .uid("records")
        .key_by_field(|(key, _)| key)
        .process(Totals::default())
        .uid("add")
        .upsert_to("totals", TOTALS, 1);
    super::finish(&env)
}

/// How many records there are, and how many keys.
fn records_and_keys(arguments: &Arguments) -> Result<(u64, u64), ArgumentError> {
    let records = u64::try_from(arguments.integer("records")?)
        .map_err(|_| ArgumentError::new("records", "a count is at least 0"))?;
    let keys = u64::try_from(arguments.integer("keys")?).ok().filter(|keys| *keys > 0);
    Ok((records, keys.ok_or_else(|| ArgumentError::new("keys", "there is at least one key"))?))
}

/// Adds each value to the total of its key.
#[derive(Clone, Default)]
struct Totals {
    total: ValueState<u64>,
}

impl KeyedProcessFunction<u64, (u64, u64)> for Totals {
    type Out = (u64, u64);

    fn open(&mut self, context: &mut KeyedOpenContext<'_, u64>) -> Result<(), Failure> {
        self.total = context.state(ValueStateDescriptor::new("total"))?;
        Ok(())
    }

    fn process_element(
        &mut self,
        (key, value): (u64, u64),
        context: &mut KeyedContext<'_, u64>,
        out: &mut Collector<(u64, u64)>,
    ) -> Result<(), Failure> {
        let total = self.total.value_or_insert_with(context.state(), || 0)?;
        *total += value;
        out.collect((key, *total));
        Ok(())
    }
}
