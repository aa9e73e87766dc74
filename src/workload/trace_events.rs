//! `trace-events`: a job of which the trace tells much, at each level of the trace.

use std::sync::Arc;
use std::time::Duration;

use super::{Prepared, Processed, Size, clusters};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment, TumblingEventTimeWindows};
use crate::base::{EventTime, SimDuration};
use crate::checkpoint::CheckpointConfig;
use crate::cluster;
use crate::connector::Generator;
use crate::time::WatermarkStrategy;
use crate::trace::{Level, TraceFile};

const DEFAULT_RECORDS: u64 = 100_000;
const KEYS: u64 = 100;
/// Records of a second of simulated time, and of event time.
const RATE: u64 = 1_000;
const INTERVAL: SimDuration = SimDuration::from_millis(50);

/// Key, timestamp, count.
type Record = (i64, i64, u64);

struct TraceEvents {
    records: u64,
    parallelism: u32,
    /// How many events a trace of level `control` has.
    control: u64,
    /// How many events a trace of level `records` has.
    all: u64,
}

/// Runs the job once: the events of each level are the same ones in each of its runs.
pub(super) fn prepare(size: Size) -> Box<dyn Prepared> {
    let records = size.records.unwrap_or(DEFAULT_RECORDS);
    let mut prepared = TraceEvents { records, parallelism: size.parallelism, control: 0, all: 0 };
    let options = clusters::options(size.parallelism, Level::Records);
    let options = options.with_checkpoints(CheckpointConfig::every(INTERVAL));
    let report = cluster::execute(options, prepared.program()).expect("the cluster is sound");
    let trace = report.trace.expect("at level records a trace is kept");
    let trace = TraceFile::parse(trace).expect("what a run has kept is a trace");
    (prepared.control, prepared.all) = (report.events, trace.trailer().kept);
    Box::new(prepared)
}

fn record(offset: u64) -> Record {
    ((offset.wrapping_mul(7919) % KEYS) as i64, (offset * 1_000 / RATE) as i64, 1)
}

impl TraceEvents {
    fn program(&self) -> Program {
        let env = StreamExecutionEnvironment::new("told of at length");
        env.set_parallelism(self.parallelism);
        let strategy = WatermarkStrategy::for_monotonous_timestamps()
            .with_timestamp_assigner(|record: &Record, _| EventTime(record.1));
        let records = Arc::new(Generator::new(self.records, record));
        let options = SourceOptions { splits: None, ..SourceOptions::at_rate(RATE as f64) };
        env.from_source("records", records, options, strategy)
            .key_by_field(|(key, ..)| key)
            .window(TumblingEventTimeWindows::of(Duration::from_secs(1)))
            .sum(|(_, _, count)| count)
            .discard();
        env.build().expect("the program is sound")
    }
}

impl Prepared for TraceEvents {
    fn engine(&self, level: Level) -> Processed {
        let config = CheckpointConfig::every(INTERVAL);
        clusters::run_checkpointed(self.program(), self.parallelism, config, level);
        let records = match level {
            Level::Off | Level::Control => self.control,
            Level::Records => self.all,
        };
        Processed { records, bytes: None }
    }

    fn hand_written(&self) -> Option<Processed> {
        None
    }
}
