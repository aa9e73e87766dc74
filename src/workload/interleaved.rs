//! Generated records whose splits advance together.
//!
//! A source divides its records into splits of neighbours, one for each of its subtasks. Where
//! records follow event time, the second of two subtasks would begin in the middle of it and stay
//! half of all event time ahead of the first, so that every window of its half stays open until the
//! first has come to its end: what is measured then is how a job fares with skew. Here the splits
//! take turns, a block of records each, as the partitions of a log do into which one clock writes.

use crate::connector::Splits;
use crate::record::{BATCH_RECORDS, Data};

/// How many neighbouring records are of one split: as many as a source reads at a time.
const BLOCK: u64 = BATCH_RECORDS as u64;

/// See the module. With one split, the records in the order of their numbers.
pub(super) struct Interleaved<F> {
    /// Where each split begins, by the rule by which sources divide records, and where the last
    /// ends.
    begins: Vec<u64>,
    /// How many records of each split are in rounds of whole blocks. What is left after the last
    /// round is divided into neighbours.
    in_rounds: u64,
    function: F,
}

impl<F> Interleaved<F> {
    /// `count` records, the one with number `i` being `function(i)`, for a source that divides them
    /// into one split for each of its subtasks.
    pub(super) fn new(count: u64, parallelism: u32, function: F) -> Self {
        let splits = u64::from(parallelism);
        let begin = |split: u64| {
            let begin = u128::from(split) * u128::from(count) / u128::from(splits);
            u64::try_from(begin).expect("a split begins within the records")
        };
        let begins = (0..=splits).map(begin).collect();
        Self { begins, in_rounds: count / (BLOCK * splits) * BLOCK, function }
    }

    /// The number of the record at an offset, and how many of its neighbours follow it.
    fn place(&self, offset: u64) -> (u64, u64) {
        let next = self.begins.partition_point(|begin| *begin <= offset);
        let (split, splits) = (next as u64 - 1, self.begins.len() as u64 - 1);
        let within = offset - self.begins[next - 1];
        if within >= self.in_rounds {
            // Before it are the rounds of all splits, and what is left of the splits before its own.
            let number = offset + (splits - next as u64) * self.in_rounds;
            return (number, self.begins[next] - offset);
        }
        let (round, place) = (within / BLOCK, within % BLOCK);
        ((round * splits + split) * BLOCK + place, BLOCK - place)
    }
}

impl<T: Data, F: Fn(u64) -> T + Send + Sync> Splits<T> for Interleaved<F> {
    fn count(&self) -> u64 {
        *self.begins.last().expect("the last split has an end")
    }

    fn read(&self, offset: u64, count: usize, out: &mut Vec<T>) {
        let (mut offset, end) = (offset, offset + count as u64);
        while offset < end {
            let (number, neighbours) = self.place(offset);
            let neighbours = neighbours.min(end - offset);
            out.extend((number..number + neighbours).map(&self.function));
            offset += neighbours;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each subtask reads, a few hundred records at a time.
    fn read(count: u64, parallelism: u32) -> Vec<Vec<u64>> {
        let records = Interleaved::new(count, parallelism, |number| number);
        let begins = records.begins.windows(2);
        let subtask = |ends: &[u64]| {
            let mut out = Vec::new();
            let mut offset = ends[0];
            while offset < ends[1] {
                let most = (ends[1] - offset).min(300);
                records.read(offset, most as usize, &mut out);
                offset += most;
            }
            out
        };
        begins.map(subtask).collect()
    }

    #[test]
    fn every_record_is_read_once_and_subtasks_advance_together() {
        for parallelism in [1, 2, 3, 7] {
            for count in [0, 1, 2, 5, 1023, 1024, 1025, 2048, 2049, 10_000, 50_001] {
                let subtasks = read(count, parallelism);
                let what = format!("{count} records, {parallelism} subtasks");
                let mut all = subtasks.concat();
                all.sort_unstable();
                assert!(all.iter().copied().eq(0..count), "{what}");
                let round = BLOCK * u64::from(parallelism);
                for records in &subtasks {
                    assert!(records.is_sorted(), "{what}");
                    for (place, number) in (0..).zip(records) {
                        assert!(number / round <= place / BLOCK + 1, "{what}");
                        assert!(number / round + 1 >= place / BLOCK, "{what}");
                    }
                }
            }
        }
    }

    #[test]
    fn one_subtask_reads_records_in_their_order() {
        assert!(read(5_000, 1)[0].iter().copied().eq(0..5_000));
    }
}
