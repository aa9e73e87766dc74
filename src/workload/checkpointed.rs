//! `checkpointed-count` and `checkpointed-million`: `tumbling-count` with a checkpoint every 500,000
//! records, beside the same without checkpoints.

use std::sync::Arc;
use std::time::Duration;

use super::interleaved::Interleaved;
use super::{Prepared, Processed, Size};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment, TumblingEventTimeWindows};
use crate::base::{EventTime, SimDuration};
use crate::checkpoint::CheckpointConfig;
use crate::time::WatermarkStrategy;
use crate::trace::Level;

const RECORDS: u64 = 10_000_000;
/// Every record of a million keys opens a window of its own.
const RECORDS_OF_A_MILLION: u64 = 2_000_000;
/// Ten records a millisecond.
const PER_MILLI: u64 = 10;
/// What a source of one subtask reads of records that cost a microsecond in 500,000 of them.
const INTERVAL: SimDuration = SimDuration::from_millis(500);

/// Key, timestamp, count.
type Record = (i64, i64, u64);

struct CheckpointedCount {
    record: fn(u64) -> Record,
    records: u64,
    parallelism: u32,
}

fn record<const KEYS: u64>(offset: u64) -> Record {
    ((offset.wrapping_mul(7919) % KEYS) as i64, (offset / PER_MILLI) as i64, 1)
}

fn prepare_with(record: fn(u64) -> Record, records: u64, size: Size) -> Box<dyn Prepared> {
    let records = size.records.unwrap_or(records);
    Box::new(CheckpointedCount { record, records, parallelism: size.parallelism })
}

pub(super) fn prepare(size: Size) -> Box<dyn Prepared> {
    prepare_with(record::<1_000>, RECORDS, size)
}

pub(super) fn prepare_million(size: Size) -> Box<dyn Prepared> {
    prepare_with(record::<1_000_000>, RECORDS_OF_A_MILLION, size)
}

impl CheckpointedCount {
    fn program(&self) -> Program {
        let env = StreamExecutionEnvironment::new("checkpointed count");
        env.set_parallelism(self.parallelism);
        let strategy = WatermarkStrategy::for_monotonous_timestamps()
            .with_timestamp_assigner(|record: &Record, _| EventTime(record.1));
        let records = Arc::new(Interleaved::new(self.records, self.parallelism, self.record));
        let options = SourceOptions { splits: None, ..SourceOptions::default() };
        env.from_source("records", records, options, strategy)
            .key_by_field(|(key, ..)| key)
            .window(TumblingEventTimeWindows::of(Duration::from_secs(10)))
            .sum(|(_, _, count)| count)
            .discard();
        env.build().expect("the program is sound")
    }
}

impl Prepared for CheckpointedCount {
    fn engine(&self, level: Level) -> Processed {
        let config = CheckpointConfig::every(INTERVAL);
        super::clusters::run_checkpointed(self.program(), self.parallelism, config, level);
        Processed { records: self.records, bytes: None }
    }

    /// Not by hand, but without checkpoints.
    fn hand_written(&self) -> Option<Processed> {
        super::clusters::run(self.program(), self.parallelism, Level::Off);
        Some(Processed { records: self.records, bytes: None })
    }
}
