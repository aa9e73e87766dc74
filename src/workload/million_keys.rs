//! `million-keys`: random updates of a million keys.

use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap};

use super::interleaved::Interleaved;
use super::{Prepared, Processed, Size};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment};
use crate::trace::Level;

const DEFAULT_RECORDS: u64 = 10_000_000;
const DEFAULT_RECORDS_LSM: u64 = 3_000_000;
const KEYS: u64 = 1_000_000;

struct MillionKeys {
    backend: &'static str,
    records: u64,
    parallelism: u32,
}

pub(super) fn prepare(size: Size) -> Box<dyn Prepared> {
    let records = size.records.unwrap_or(DEFAULT_RECORDS);
    Box::new(MillionKeys { backend: "hashmap", records, parallelism: size.parallelism })
}

pub(super) fn prepare_lsm(size: Size) -> Box<dyn Prepared> {
    let records = size.records.unwrap_or(DEFAULT_RECORDS_LSM);
    Box::new(MillionKeys { backend: "lsm", records, parallelism: size.parallelism })
}

/// Keys in an order that no cache foresees.
fn record(offset: u64) -> (i64, i64) {
    let mixed = (offset ^ (offset >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (((mixed ^ (mixed >> 32)) % KEYS) as i64, offset as i64)
}

impl MillionKeys {
    fn program(&self) -> Program {
        let env = StreamExecutionEnvironment::new("million-keys");
        env.set_parallelism(self.parallelism).set_state_backend(self.backend);
        let options = SourceOptions { splits: None, ..SourceOptions::default() };
        let records = Arc::new(Interleaved::new(self.records, self.parallelism, record));
        env.from_splits("longs", records, options)
            .key_by_field(|(key, _)| key)
            .sum(|(_, value)| value)
            .discard();
        env.build().expect("the program is sound")
    }
}

impl Prepared for MillionKeys {
    fn engine(&self, level: Level) -> Processed {
        super::clusters::run(self.program(), self.parallelism, level);
        Processed { records: self.records, bytes: None }
    }

    fn hand_written(&self) -> Option<Processed> {
        let mut sums = HashMap::<i64, i64, DefaultHashBuilder>::default();
        for offset in 0..self.records {
            let (key, value) = record(offset);
            let sum = sums.entry(key).or_default();
            *sum += value;
            std::hint::black_box(*sum);
        }
        Some(Processed { records: self.records, bytes: None })
    }
}
