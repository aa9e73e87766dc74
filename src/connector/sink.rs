//! The sink operator: the end of a record's way.
//!
//! Previous: the chain in front. Next: the world outside ([`crate::host::Outside`]).
//!
//! A sink writes at once and promises nothing about failures: what is written twice is seen
//! twice, unless rows of one key replace each other.

use std::marker::PhantomData;

use super::rows::fields;
use crate::base::Name;
use crate::host::Writer;
use crate::operator::{Cost, OperatorContext};
use crate::record::{
    Batch, ChainEvent, Data, Failure, LatencyMarker, Output, RecordId, Row, RowKind,
};
use crate::trace::{Event, Level, SinkEvent};

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

fn writer<'a>(context: &'a OperatorContext, sink: &'a str) -> Writer<'a> {
    Writer { sink, subtask: &context.subtask, attempt: context.attempt }
}

/// One subtask of a sink.
pub struct SinkWriter<T> {
    context: OperatorContext,
    sink: Name,
    format: SinkFormat,
    cost: Cost,
    records: PhantomData<fn(T)>,
}

impl<T: Data> SinkWriter<T> {
    /// Writes into the sink of that name.
    pub fn new(context: &OperatorContext, sink: Name, format: SinkFormat) -> Self {
        let cost = context.cost();
        context.host.outside.open(writer(context, &sink));
        context.writes_to(&sink);
        Self { context: context.clone(), sink, format, cost, records: PhantomData }
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
        let row = |(index, fields)| {
            let (id, number) = (batch.id(index).and_then(RecordId::known), self.context.next_row());
            Row { kind, fields, id, number: Some(number) }
        };
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

    /// Measures how long latency markers were on their way.
    fn measure(&self, markers: &[LatencyMarker]) {
        let host = &self.context.host;
        let now = host.clock.now();
        for marker in markers {
            host.outside.measure(&self.sink, now.since(marker.marked));
        }
        if host.trace.level() >= Level::Records && !markers.is_empty() {
            host.trace.record(Event::Sink(SinkEvent::LatencyMeasured {
                subtask: self.context.subtask.clone(),
                marked: markers.iter().map(|marker| marker.marked).collect(),
            }));
        }
    }
}

impl<T: Data> Output<T> for SinkWriter<T> {
    fn collect_batch(&mut self, batch: Batch<T>) -> Result<(), Failure> {
        self.cost.charge(batch.len());
        self.context.meter.count_out(batch.len());
        let rows = self.rows(&batch)?;
        if !rows.is_empty() {
            self.context.host.outside.publish(writer(&self.context, &self.sink), rows);
        }
        self.measure(&batch.markers);
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
