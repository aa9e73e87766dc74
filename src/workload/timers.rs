//! `timers`: timers registered in random order of time, and fired.

use std::collections::BinaryHeap;
use std::hint::black_box;

use super::{Prepared, Processed, Size};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment};
use crate::base::EventTime;
use crate::operator::{KeyedContext, KeyedProcessFunction};
use crate::record::{Collector, Failure};
use crate::trace::Level;

const DEFAULT_RECORDS: u64 = 1_000_000;
const KEYS: u64 = 100_000;

struct Timers {
    records: u64,
    parallelism: u32,
}

pub(super) fn prepare(size: Size) -> Box<dyn Prepared> {
    let records = size.records.unwrap_or(DEFAULT_RECORDS);
    Box::new(Timers { records, parallelism: size.parallelism })
}

/// Key and time: times in an order that no heap likes.
fn record(offset: u64) -> (i64, i64) {
    let mixed = offset.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((offset % KEYS) as i64, (mixed >> 34) as i64)
}

/// Registers a timer for each record.
#[derive(Clone)]
struct OnTime;

impl KeyedProcessFunction<i64, (i64, i64)> for OnTime {
    type Out = i64;

    fn process_element(
        &mut self,
        value: (i64, i64),
        context: &mut KeyedContext<'_, i64>,
        _out: &mut Collector<i64>,
    ) -> Result<(), Failure> {
        context.register_event_time_timer(EventTime(value.1));
        Ok(())
    }

    fn on_timer(
        &mut self,
        timestamp: EventTime,
        _context: &mut KeyedContext<'_, i64>,
        out: &mut Collector<i64>,
    ) -> Result<(), Failure> {
        out.collect(timestamp.0);
        Ok(())
    }
}

impl Timers {
    fn program(&self) -> Program {
        let env = StreamExecutionEnvironment::new("timers");
        env.set_parallelism(self.parallelism);
        let options = SourceOptions { splits: None, ..SourceOptions::default() };
        env.from_generator("times", self.records, options, record)
            .key_by_field(|(key, _)| key)
            .process(OnTime)
            .discard();
        env.build().expect("the program is sound")
    }
}

impl Prepared for Timers {
    fn engine(&self, level: Level) -> Processed {
        super::clusters::run(self.program(), self.parallelism, level);
        Processed { records: self.records, bytes: None }
    }

    fn hand_written(&self) -> Option<Processed> {
        let mut heap = BinaryHeap::new();
        for offset in 0..self.records {
            let (key, time) = record(offset);
            heap.push((std::cmp::Reverse(time), key));
        }
        while let Some(timer) = heap.pop() {
            black_box(timer);
        }
        Some(Processed { records: self.records, bytes: None })
    }
}
