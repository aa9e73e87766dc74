//! `keyed-sum`: longs summed under 1000 keys.

use std::sync::Arc;

use super::interleaved::Interleaved;
use super::{Prepared, Processed, Size};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment};
use crate::trace::Level;

const DEFAULT_RECORDS: u64 = 20_000_000;
const KEYS: u64 = 1000;

struct KeyedSum {
    records: u64,
    parallelism: u32,
}

pub(super) fn prepare(size: Size) -> Box<dyn Prepared> {
    let records = size.records.unwrap_or(DEFAULT_RECORDS);
    Box::new(KeyedSum { records, parallelism: size.parallelism })
}

fn record(offset: u64) -> (i64, i64) {
    ((offset.wrapping_mul(7919) % KEYS) as i64, offset as i64)
}

impl KeyedSum {
    fn program(&self) -> Program {
        let env = StreamExecutionEnvironment::new("keyed-sum");
        env.set_parallelism(self.parallelism);
        let options = SourceOptions { splits: None, ..SourceOptions::default() };
        let records = Arc::new(Interleaved::new(self.records, self.parallelism, record));
        env.from_splits("longs", records, options)
            .key_by_field(|(key, _)| key)
            .sum(|(_, value)| value)
            .discard();
        env.build().expect("the program is sound")
    }
}

impl Prepared for KeyedSum {
    fn engine(&self, level: Level) -> Processed {
        super::clusters::run(self.program(), self.parallelism, level);
        Processed { records: self.records, bytes: None }
    }

    fn hand_written(&self) -> Option<Processed> {
        let mut sums = vec![0_i64; KEYS as usize];
        for offset in 0..self.records {
            let (key, value) = record(offset);
            sums[key as usize] += value;
            // What the job emits per record, someone must look at.
            std::hint::black_box(sums[key as usize]);
        }
        Some(Processed { records: self.records, bytes: None })
    }
}
