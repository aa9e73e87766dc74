//! The source operator: reads its subtask's splits, at a rate in simulated time.
//!
//! Previous: [`super::Splits`]. Next: the chain behind the source, or its writer
//! ([`crate::network`]).

use std::sync::Arc;

use super::Splits;
use crate::base::SimTime;
use crate::operator::{Cost, OperatorContext, SourceFactory, SourceReader, SourceStatus};
use crate::record::{AnyOutput, Batch, Data, Failure, Fanout, LatencyMarker, Output, RecordId};
use crate::trace::{Event, RecordEvent};

/// A source that ends.
pub struct BoundedSource<T> {
    splits: Arc<dyn Splits<T>>,
    /// How many splits the records are divided into: one for each subtask if unset.
    split_count: Option<u16>,
    /// Records per second of simulated time, over all splits.
    rate: Option<f64>,
    /// Which of the job's sources this is.
    source: u16,
}

impl<T: Data> BoundedSource<T> {
    /// A source over `splits`, divided into `split_count` of them, or one for each subtask.
    pub fn new(
        splits: Arc<dyn Splits<T>>,
        split_count: Option<u16>,
        rate: Option<f64>,
        source: u16,
    ) -> Self {
        Self { splits, split_count, rate, source }
    }
}

impl<T: Data> SourceFactory for BoundedSource<T> {
    fn build(
        &self,
        context: &OperatorContext,
        outputs: Vec<Box<dyn AnyOutput>>,
    ) -> Box<dyn SourceReader> {
        let count = self.splits.count();
        let splits = self.split_count.unwrap_or(context.parallelism as u16);
        let begin = |split: u16| {
            let begin = u128::from(split) * u128::from(count) / u128::from(splits);
            u64::try_from(begin).expect("a split begins within the records")
        };
        let own =
            (0..splits).filter(|split| u32::from(*split) % context.parallelism == context.index);
        let mut pending: Vec<Split> = own
            .map(|number| {
                let (start, end) = (begin(number), begin(number + 1));
                Split { number, start, next: start, end }
            })
            .collect();
        pending.reverse();
        let readers = context.parallelism.min(u32::from(splits));
        Box::new(Reader {
            context: context.clone(),
            source: self.source,
            splits: self.splits.clone(),
            pending,
            nanos_per_record: self.rate.map(|rate| f64::from(readers) * 1e9 / rate),
            started: None,
            emitted: 0,
            output: Fanout::join(outputs),
            cost: context.cost(),
        })
    }
}

/// Neighbouring records, read so far up to `next`.
struct Split {
    number: u16,
    start: u64,
    next: u64,
    end: u64,
}

/// One subtask of a [`BoundedSource`].
pub struct Reader<T> {
    context: OperatorContext,
    source: u16,
    splits: Arc<dyn Splits<T>>,
    /// The splits that are not yet read, the current one last.
    pending: Vec<Split>,
    nanos_per_record: Option<f64>,
    started: Option<SimTime>,
    emitted: u64,
    output: Box<dyn Output<T>>,
    cost: Cost,
}

impl<T: Data> Reader<T> {
    /// When the record after `emitted` others is due.
    fn due(&self, started: SimTime, nanos_per_record: f64, emitted: u64) -> SimTime {
        SimTime(started.0.saturating_add((emitted as f64 * nanos_per_record) as u64))
    }

    /// How many records are due, or when the next one is.
    fn due_now(&mut self, now: SimTime) -> Result<usize, SimTime> {
        let most = self.context.batch_records;
        let Some(nanos_per_record) = self.nanos_per_record else { return Ok(most) };
        let started = *self.started.get_or_insert(now);
        let next = self.due(started, nanos_per_record, self.emitted);
        if next > now {
            return Err(next);
        }
        let elapsed = now.since(started).as_nanos() as f64;
        let due = ((elapsed / nanos_per_record) as u64).saturating_add(1);
        Ok(due.saturating_sub(self.emitted).clamp(1, most as u64) as usize)
    }

    fn record(&self, batch: &Batch<T>) {
        self.context.host.trace.record(Event::Record(RecordEvent::RecordsEmitted {
            job: self.context.job,
            subtask: self.context.subtask.clone(),
            operator: self.context.operator.clone(),
            ids: batch.ids.clone().unwrap_or_default(),
            values: batch.values.iter().map(|value| format!("{value:?}")).collect(),
        }));
    }
}

impl<T: Data> SourceReader for Reader<T> {
    fn poll_next(&mut self, now: SimTime) -> Result<SourceStatus, Failure> {
        while self.pending.last().is_some_and(|split| split.next == split.end) {
            self.pending.pop();
        }
        if self.pending.is_empty() {
            return Ok(SourceStatus::EndOfInput);
        }
        let due = match self.due_now(now) {
            Ok(due) => due,
            Err(next) => return Ok(SourceStatus::NothingUntil(next)),
        };
        let Some(split) = self.pending.last_mut() else { return Ok(SourceStatus::EndOfInput) };
        let count = (split.end - split.next).min(due as u64) as usize;
        let mut batch = Batch::from(Vec::with_capacity(count));
        self.splits.read(split.next, count, &mut batch.values);
        if self.context.identities {
            let (source, number, first) = (self.source, split.number, split.next - split.start);
            let id = |index| RecordId { source, split: number, offset: first + index };
            batch.ids = Some((0..count as u64).map(id).collect());
        }
        batch.markers.push(LatencyMarker { marked: now });
        split.next += count as u64;
        self.emitted += count as u64;
        self.context.meter.count_in(count);
        self.cost.charge(count);
        if self.context.identities {
            self.record(&batch);
        }
        self.output.collect_batch(batch)?;
        Ok(SourceStatus::MoreAvailable)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.output.flush()
    }

    fn end_of_input(&mut self) -> Result<(), Failure> {
        self.output.end_of_input()
    }
}
