//! `tumbling-count`, `sliding-count` and `session-count`: records counted per key and window.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use super::interleaved::Interleaved;
use super::{Prepared, Processed, Size};
use crate::api::{
    DataStream, EventTimeSessionWindows, Program, SlidingEventTimeWindows, SourceOptions,
    StreamExecutionEnvironment, TumblingEventTimeWindows, Windows,
};
use crate::base::EventTime;
use crate::time::WatermarkStrategy;
use crate::trace::Level;

const DEFAULT_RECORDS: u64 = 10_000_000;
const KEYS: u64 = 1000;
/// Ten records a millisecond.
const PER_MILLI: u64 = 10;
/// Every so many milliseconds of sessions comes a pause.
const SESSION_MS: u64 = 10_000;
const PAUSE_MS: u64 = 5_000;

/// Key, timestamp, count.
type Record = (i64, i64, u64);

#[derive(Clone, Copy)]
enum Shape {
    Tumbling,
    Sliding,
    Session,
}

struct WindowedCount {
    shape: Shape,
    backend: &'static str,
    records: u64,
    parallelism: u32,
}

fn prepare(shape: Shape, backend: &'static str, size: Size) -> Box<dyn Prepared> {
    let records = size.records.unwrap_or(DEFAULT_RECORDS);
    Box::new(WindowedCount { shape, backend, records, parallelism: size.parallelism })
}

pub(super) fn prepare_tumbling(size: Size) -> Box<dyn Prepared> {
    prepare(Shape::Tumbling, "hashmap", size)
}

pub(super) fn prepare_tumbling_lsm(size: Size) -> Box<dyn Prepared> {
    prepare(Shape::Tumbling, "lsm", size)
}

pub(super) fn prepare_sliding(size: Size) -> Box<dyn Prepared> {
    prepare(Shape::Sliding, "hashmap", size)
}

pub(super) fn prepare_session(size: Size) -> Box<dyn Prepared> {
    prepare(Shape::Session, "hashmap", size)
}

fn record(offset: u64) -> Record {
    ((offset.wrapping_mul(7919) % KEYS) as i64, (offset / PER_MILLI) as i64, 1)
}

/// The same with pauses, so that sessions end.
fn paused(offset: u64) -> Record {
    let (key, timestamp, count) = record(offset);
    let pauses = timestamp as u64 / SESSION_MS;
    (key, timestamp + (pauses * PAUSE_MS) as i64, count)
}

impl WindowedCount {
    fn source(&self, env: &StreamExecutionEnvironment) -> DataStream<Record> {
        let strategy = WatermarkStrategy::for_monotonous_timestamps()
            .with_timestamp_assigner(|record: &Record, _| EventTime(record.1));
        let options = SourceOptions { splits: None, ..SourceOptions::default() };
        match self.shape {
            Shape::Tumbling | Shape::Sliding => {
                let records = Arc::new(Interleaved::new(self.records, self.parallelism, record));
                env.from_source("records", records, options, strategy)
            }
            Shape::Session => {
                let records = Arc::new(Interleaved::new(self.records, self.parallelism, paused));
                env.from_source("records", records, options, strategy)
            }
        }
    }

    fn windows(&self) -> Windows {
        match self.shape {
            Shape::Tumbling => TumblingEventTimeWindows::of(Duration::from_secs(10)),
            Shape::Sliding => {
                SlidingEventTimeWindows::of(Duration::from_secs(10), Duration::from_secs(1))
            }
            Shape::Session => EventTimeSessionWindows::with_gap(Duration::from_secs(1)),
        }
    }

    fn program(&self) -> Program {
        let env = StreamExecutionEnvironment::new("windowed count");
        env.set_parallelism(self.parallelism).set_state_backend(self.backend);
        self.source(&env)
            .key_by_field(|(key, ..)| key)
            .window(self.windows())
            .sum(|(_, _, count)| count)
            .discard();
        env.build().expect("the program is sound")
    }

    /// Counts in an array per window that is open, and emits whole arrays.
    fn count_aligned(&self, size: i64, slide: i64) {
        let open = (size / slide) as usize;
        let mut panes = vec![vec![0_u64; KEYS as usize]; open];
        let mut current = 0;
        for offset in 0..self.records {
            let (key, timestamp, count) = record(offset);
            let newest = timestamp / slide;
            while current < newest {
                current += 1;
                let over = (current as usize) % open;
                black_box(&panes[over]);
                panes[over].fill(0);
            }
            for pane in &mut panes {
                pane[key as usize] += count;
            }
        }
        black_box(&panes);
    }

    fn count_sessions(&self) {
        let mut sessions = vec![(i64::MIN, 0_u64); KEYS as usize];
        for offset in 0..self.records {
            let (key, timestamp, count) = paused(offset);
            let (last, sum) = &mut sessions[key as usize];
            if timestamp - *last >= 1_000 {
                black_box(*sum);
                *sum = 0;
            }
            *last = timestamp;
            *sum += count;
        }
        black_box(&sessions);
    }
}

impl Prepared for WindowedCount {
    fn engine(&self, level: Level) -> Processed {
        super::clusters::run(self.program(), self.parallelism, level);
        Processed { records: self.records, bytes: None }
    }

    fn hand_written(&self) -> Option<Processed> {
        match self.shape {
            Shape::Tumbling => self.count_aligned(10_000, 10_000),
            Shape::Sliding => self.count_aligned(10_000, 1_000),
            Shape::Session => self.count_sessions(),
        }
        Some(Processed { records: self.records, bytes: None })
    }
}
