//! Jobs about event time where it enters: at sources.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::{ArgumentError, ArgumentKind, ArgumentValue, Arguments, GalleryJob};
use crate::api::{DataStream, Program, SourceOptions, StreamExecutionEnvironment};
use crate::base::EventTime;
use crate::connector::Generator;
use crate::operator::{ProcessContext, ProcessFunction};
use crate::record::{Collector, Failure};
use crate::time::WatermarkStrategy;

/// How far apart in event time a source's readings are, in milliseconds.
const STEP: u64 = 10;

/// The job with its arguments and sinks.
pub(super) fn aligned_sources_job() -> GalleryJob {
    let whether = "whether the sources wait for each other";
    let drift = "how far a source may be ahead of the slowest, in event time";
    let interval = "how often the sources report, and are told how far they may go";
    GalleryJob::new(
        "aligned-sources",
        "A fast and a slow source are counted together, second by second of event time.",
        aligned_sources,
    )
    .argument("records", ArgumentKind::Integer, "how many readings each source has, 10 ms apart")
    .argument("fast", ArgumentKind::Float, "how many readings a second one source can read")
    .argument("slow", ArgumentKind::Float, "how many readings a second the other can read")
    .optional("aligned", ArgumentValue::Boolean(true), whether)
    .optional("drift", ArgumentValue::Duration(Duration::from_secs(1)), drift)
    .optional("interval", ArgumentValue::Duration(Duration::from_millis(200)), interval)
    .sink("counts", &["source", "second_ms", "readings"])
    .sink("held", &["source", "readings"])
}

/// Which source a reading is from, and when it was taken.
type Reading = (String, EventTime);

/// Two sources of the same span of event time, of which one can be read faster. How many readings
/// each has in every second does not depend on how fast they are read; how many of them must be
/// kept until their second is over does.
fn aligned_sources(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("aligned-sources");
    let fast = readings(&env, arguments, "fast")?;
    let slow = readings(&env, arguments, "slow")?;
    let both = fast.union(&[&slow]);
    both.map(|(source, taken)| (source, taken.0 - taken.0.rem_euclid(1000), 1_u64))
        .uid("readings")
        .key_by_field(|(source, ..)| source)
        .time_window(Duration::from_secs(1))
        .sum(|(.., readings)| readings)
        .uid("count")
        .write_to("counts", ["source", "second_ms", "readings"]);
    both.process_with(MostHeld::default()).uid("most-held").parallelism(1).upsert_to(
        "held",
        ["source", "readings"],
        1,
    );
    super::finish(&env)
}

/// One of the two sources, named after the argument that says how fast it can be read.
fn readings(
    env: &StreamExecutionEnvironment,
    arguments: &Arguments,
    name: &'static str,
) -> Result<DataStream<Reading>, ArgumentError> {
    let per_second = arguments.float(name)?;
    if !(1e-3..=1e9).contains(&per_second) {
        return Err(ArgumentError::new(name, "a rate is from 0.001 to a billion"));
    }
    let records = u64::try_from(arguments.integer("records")?)
        .map_err(|_| ArgumentError::new("records", "a count is at least 0"))?;
    let mut strategy = WatermarkStrategy::for_monotonous_timestamps()
        .with_timestamp_assigner(|(_, taken): &Reading, _| *taken);
    if arguments.boolean("aligned")? {
        let (drift, interval) = (arguments.duration("drift")?, arguments.duration("interval")?);
        strategy = strategy.with_watermark_alignment_every("readings", drift, interval);
    }
    let reading = move |n: u64| (name.to_string(), EventTime((n * STEP) as i64));
    let splits = Arc::new(Generator::new(records, reading));
    // What was there before the job is read as fast as it can be; a rate would hold it back.
    let cost = Duration::from_secs_f64(1.0 / per_second);
    let source = env.from_source(name, splits, SourceOptions::default(), strategy);
    Ok(source.uid(name).parallelism(1).record_cost(cost))
}

/// The most readings of each source that had to be kept at once, since event time was not yet
/// beyond them.
#[derive(Clone, Default)]
struct MostHeld {
    sources: BTreeMap<String, Held>,
}

#[derive(Clone, Default)]
struct Held {
    now: VecDeque<EventTime>,
    most: usize,
}

impl ProcessFunction<Reading> for MostHeld {
    type Out = (String, u64);

    fn process_element(
        &mut self,
        (source, taken): Reading,
        context: &mut ProcessContext<'_>,
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure> {
        let held = self.sources.entry(source.clone()).or_default();
        while held.now.front().is_some_and(|earlier| *earlier <= context.current_watermark()) {
            held.now.pop_front();
        }
        held.now.push_back(taken);
        if held.now.len() > held.most {
            held.most = held.now.len();
            out.collect((source, held.most as u64));
        }
        Ok(())
    }
}
