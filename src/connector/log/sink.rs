//! A sink that appends to a topic of the log (Flink's `KafkaSink`).
//!
//! Previous: the chain in front. Next: a [`Producer`]; with exactly-once delivery by way of
//! [`TransactionalLog`](super::TransactionalLog).

use std::collections::BTreeMap;
use std::rc::Rc;
use std::str::FromStr;

use xxhash_rust::xxh3::xxh3_64;

use super::{Producer, access};
use crate::base::{Name, SimDuration};
use crate::connector::{RowFormat, SinkRow};
use crate::host::LogRecord;
use crate::operator::{Cost, OperatorContext, OutsideShare};
use crate::record::{Batch, ChainEvent, Data, Failure, Output};

/// What a sink promises (Flink's `DeliveryGuarantee`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeliveryGuarantee {
    /// Each record once: it is written in transactions that are committed with checkpoints.
    ExactlyOnce,
    /// Each record, perhaps more than once: a checkpoint waits until all before it is written.
    #[default]
    AtLeastOnce,
    /// Nothing: a checkpoint waits for nothing.
    None,
}

impl FromStr for DeliveryGuarantee {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "exactly-once" => Ok(Self::ExactlyOnce),
            "at-least-once" => Ok(Self::AtLeastOnce),
            "none" => Ok(Self::None),
            _ => Err("a delivery is exactly-once, at-least-once or none".to_owned()),
        }
    }
}

/// What is written, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSink {
    /// The topic, which is also what the sink is called.
    pub topic: Name,
    /// How many partitions it has.
    pub partitions: u16,
    /// What its fields are called. The first is the key: records of one key go into one partition.
    pub columns: Vec<String>,
    /// What it promises.
    pub delivery: DeliveryGuarantee,
    /// After how long an open transaction is aborted (`transaction.timeout.ms`).
    pub transaction_timeout: SimDuration,
}

impl LogSink {
    /// A sink that writes at least once into a topic of one partition.
    pub fn to<C: Into<String>>(topic: &str, columns: impl IntoIterator<Item = C>) -> Self {
        Self {
            topic: topic.into(),
            partitions: 1,
            columns: columns.into_iter().map(Into::into).collect(),
            delivery: DeliveryGuarantee::default(),
            transaction_timeout: SimDuration::from_secs(3_600),
        }
    }

    /// With so many partitions.
    #[must_use]
    pub fn partitions(self, partitions: u16) -> Self {
        Self { partitions, ..self }
    }

    /// With this promise.
    #[must_use]
    pub fn delivery(self, delivery: DeliveryGuarantee) -> Self {
        Self { delivery, ..self }
    }

    /// With transactions that are aborted after this span.
    #[must_use]
    pub fn transaction_timeout(self, transaction_timeout: SimDuration) -> Self {
        Self { transaction_timeout, ..self }
    }

    /// How records become rows.
    pub fn format<T: Data>(&self) -> RowFormat<T> {
        RowFormat::append(&self.topic, self.columns.len())
    }

    /// Hands rows to a producer, each for the partition of its key.
    pub(super) fn send(&self, producer: &Producer, rows: Vec<SinkRow>) {
        let mut by_partition = BTreeMap::<u16, Vec<LogRecord>>::new();
        for SinkRow { row, timestamp } in rows {
            let key = row.fields.first().map(String::as_str).unwrap_or_default();
            let partition = (xxh3_64(key.as_bytes()) % u64::from(self.partitions)) as u16;
            by_partition.entry(partition).or_default().push(LogRecord { row, timestamp });
        }
        for (partition, records) in by_partition {
            producer.send(partition, records);
        }
    }
}

/// One subtask of a sink that writes without transactions.
pub struct LogWriter<T> {
    context: OperatorContext,
    sink: LogSink,
    format: RowFormat<T>,
    producer: Producer,
    share: Rc<OutsideShare>,
    cost: Cost,
}

impl<T: Data> LogWriter<T> {
    /// Connects to the log.
    pub fn open(context: &OperatorContext, sink: LogSink) -> Result<Self, Failure> {
        let work = context.outside_work.clone();
        let on_change = Rc::new(move || work.wake());
        let topic = (sink.topic.clone(), sink.partitions);
        context.writes_to(&sink.topic);
        Ok(Self {
            context: context.clone(),
            producer: Producer::new(&access(context)?, topic, None, on_change),
            format: sink.format(),
            sink,
            share: Rc::new(context.outside_work.share()),
            cost: context.cost(),
        })
    }

    fn check(&self) -> Result<(), Failure> {
        let topic = &self.sink.topic;
        let failed = |error| Err(Failure(format!("sink `{topic}`: {error}")));
        self.producer.error().map_or(Ok(()), failed)
    }
}

impl<T> Drop for LogWriter<T> {
    fn drop(&mut self) {
        self.producer.close();
    }
}

impl<T: Data> Output<T> for LogWriter<T> {
    fn collect_batch(&mut self, batch: Batch<T>) -> Result<(), Failure> {
        self.cost.charge(batch.len());
        self.context.meter.count_out(batch.len());
        self.check()?;
        self.sink.send(&self.producer, self.format.rows(&self.context, &batch)?);
        self.share.set_full(self.producer.is_full());
        Ok(())
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.context.tell_rows(&event);
        match event {
            ChainEvent::TimersDue => {
                self.check()?;
                self.share.set_full(self.producer.is_full());
            }
            ChainEvent::Snapshot(_) if self.context.snapshots.looks_on() => {}
            ChainEvent::Snapshot(checkpoint) => {
                if self.sink.delivery == DeliveryGuarantee::AtLeastOnce {
                    let work = self.context.outside_work.clone();
                    let operator = self.context.operator.clone();
                    work.begin_part();
                    // One that cannot be flushed fails the task.
                    self.producer.flush(move |result| {
                        if result.is_ok() {
                            work.prepared(checkpoint, &operator, Vec::new());
                        }
                    });
                }
            }
            // What is on its way is waited for, whatever was promised.
            ChainEvent::EndOfInput => {
                self.share.set_uncommitted(true);
                let (share, work) = (self.share.clone(), self.context.outside_work.clone());
                self.producer.flush(move |result| {
                    // What cannot be flushed fails the task.
                    share.set_uncommitted(result.is_err());
                    work.wake();
                });
            }
            ChainEvent::Watermark(_)
            | ChainEvent::WatermarkStatus(_)
            | ChainEvent::BeforeBarrier
            | ChainEvent::CheckpointComplete(_)
            | ChainEvent::CheckpointAborted(_)
            | ChainEvent::Flush => {}
        }
        Ok(())
    }
}
