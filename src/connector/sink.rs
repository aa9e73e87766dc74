//! The sink operator: the end of a record's way.
//!
//! Previous: the chain in front. Next: a [`Publisher`], the way outside.
//!
//! A sink writes at once and promises nothing about failures: what is written twice is seen
//! twice, unless rows of one key replace each other.

use std::marker::PhantomData;

use super::publisher::Publisher;
use super::rows::{fields, numbered};
use crate::base::Name;
use crate::operator::{Cost, OperatorContext};
use crate::record::{Batch, ChainEvent, Data, Failure, Output, Row, RowKind};

/// How a sink writes records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkFormat {
    /// As rows of this many columns.
    Rows {
        /// The number of columns.
        columns: usize,
        /// What a row does to the table.
        kind: RowKind,
    },
    /// Each as one field of JSON, from which the record can be had back.
    Records,
    /// As lines, with the subtask in front if there are several, like Flink's `print()`.
    Lines,
    /// Not at all, like Flink's `DiscardingSink`.
    Discard,
}

/// One subtask of a sink.
pub struct SinkWriter<T> {
    context: OperatorContext,
    sink: Name,
    publisher: Publisher,
    format: SinkFormat,
    cost: Cost,
    records: PhantomData<fn(T)>,
}

impl<T: Data> SinkWriter<T> {
    /// Writes into the sink of that name.
    pub fn new(context: &OperatorContext, sink: Name, format: SinkFormat) -> Self {
        let (publisher, cost) = (Publisher::open(context, &sink), context.cost());
        Self { context: context.clone(), sink, publisher, format, cost, records: PhantomData }
    }

    fn rows(&self, batch: &Batch<T>) -> Result<Vec<Row>, Failure> {
        let (kind, fields) = match self.format {
            SinkFormat::Rows { columns, kind } => (kind, fields(&self.sink, columns, batch)?),
            SinkFormat::Records => (RowKind::Insert, self.records(&batch.values)?),
            SinkFormat::Lines => {
                let lines = batch.values.iter().map(|record| vec![self.line(record)]);
                (RowKind::Insert, lines.collect())
            }
            SinkFormat::Discard => return Ok(Vec::new()),
        };
        let row = |(index, fields)| numbered(&self.context, kind, fields, batch.id(index));
        Ok(fields.into_iter().enumerate().map(row).collect())
    }

    fn records(&self, records: &[T]) -> Result<Vec<Vec<String>>, Failure> {
        let written = |record: &T| match serde_json::to_string(record) {
            Ok(text) => Ok(vec![text]),
            Err(error) => Err(Failure(format!("sink `{}`: {record:?}: {error}", self.sink))),
        };
        records.iter().map(written).collect()
    }

    fn line(&self, record: &T) -> String {
        match self.context.parallelism {
            1 => format!("{record:?}"),
            _ => format!("{}> {record:?}", self.context.index + 1),
        }
    }
}

impl<T: Data> Output<T> for SinkWriter<T> {
    fn collect_batch(&mut self, batch: Batch<T>) -> Result<(), Failure> {
        self.cost.charge(batch.len());
        self.context.meter.count_out(batch.len());
        let rows = self.rows(&batch)?;
        self.publisher.publish(rows);
        self.publisher.measure(&batch.markers);
        Ok(())
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.context.tell_rows(&event);
        match event {
            // Every row is visible as soon as it is written: nothing waits to be told.
            ChainEvent::Watermark(_)
            | ChainEvent::WatermarkStatus(_)
            | ChainEvent::TimersDue
            | ChainEvent::BeforeBarrier
            | ChainEvent::Snapshot(_)
            | ChainEvent::Flush
            | ChainEvent::CheckpointComplete(_)
            | ChainEvent::CheckpointAborted(_)
            | ChainEvent::EndOfInput => Ok(()),
        }
    }
}
