//! A sink of one's own that writes at once (Flink's `RichSinkFunction`).
//!
//! What it writes becomes visible when the batch has been looked at in which it does so, and no
//! failure takes it back. What it holds back it must write when it is flushed: before each
//! checkpoint, which knows nothing of it, and at the end. So no row is lost, and after a failure
//! those since the last checkpoint are written again, unless rows of one key replace each other. A
//! sink that is to show each row once takes part in a two-phase commit
//! ([`TwoPhaseCommit`](super::TwoPhaseCommit)).
//!
//! Previous: the chain in front. Next: a [`Publisher`], the way outside.

use serde::Serialize;

use super::publisher::Publisher;
use super::rows::{numbered, row_fields};
use crate::base::{EventTime, Name};
use crate::operator::{Closure, Cost, Function, OperatorContext, RuntimeContext};
use crate::record::{Batch, ChainEvent, Data, Failure, Output, RecordId, Row, RowKind};

/// What is done to the records that reach a sink of one's own. A closure of a record and a
/// [`SinkContext`] is one, as [`Closure`]; see [`DataStream::add_sink`].
///
/// [`DataStream::add_sink`]: ../api/struct.DataStream.html#method.add_sink
pub trait SinkFunction<T>: Function {
    /// Called once before the first record.
    fn open(&mut self, _context: &RuntimeContext) -> Result<(), Failure> {
        Ok(())
    }

    /// Takes a record: writes any number of rows, now or when it is flushed.
    fn invoke(&mut self, value: T, context: &mut SinkContext<'_>) -> Result<(), Failure>;

    /// Writes what was held back, before a checkpoint and after the last record.
    fn flush(&mut self, _context: &mut SinkContext<'_>) -> Result<(), Failure> {
        Ok(())
    }

    /// Called once, after the last record and the last flush.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

impl<T, F> SinkFunction<T> for Closure<F>
where
    F: FnMut(T, &mut SinkContext<'_>) -> Result<(), Failure> + Function,
{
    fn invoke(&mut self, value: T, context: &mut SinkContext<'_>) -> Result<(), Failure> {
        (self.0)(value, context)
    }
}

/// What a sink writes to, and what it may know (Flink's `SinkFunction.Context`).
pub struct SinkContext<'a> {
    table: &'a Table,
    operator: &'a OperatorContext,
    rows: Vec<Row>,
    timestamp: Option<EventTime>,
    id: Option<RecordId>,
    current_watermark: EventTime,
    current_processing_time: EventTime,
}

/// What the sink looks like from outside.
struct Table {
    sink: Name,
    columns: usize,
    /// Whether rows of one key replace each other.
    is_keyed: bool,
}

impl SinkContext<'_> {
    /// Writes a row: a tuple or a struct with a field for each column of the sink. Where the sink has
    /// a key, it takes the place of the row with its key.
    ///
    /// # Errors
    /// If it has more or fewer fields, or some that are no text.
    pub fn write(&mut self, row: &impl Serialize) -> Result<(), Failure> {
        let kind = if self.table.is_keyed { RowKind::UpdateAfter } else { RowKind::Insert };
        self.add(kind, row)
    }

    /// Removes the row with the key of this one.
    ///
    /// # Errors
    /// If the sink has no key, or `row` is none of its rows.
    pub fn delete(&mut self, row: &impl Serialize) -> Result<(), Failure> {
        if !self.table.is_keyed {
            let sink = &self.table.sink;
            return Err(Failure(format!("sink `{sink}` has no key by which a row is removed")));
        }
        self.add(RowKind::Delete, row)
    }

    fn add(&mut self, kind: RowKind, row: &impl Serialize) -> Result<(), Failure> {
        let fields = row_fields(&self.table.sink, self.table.columns, row)?;
        self.rows.push(numbered(self.operator, kind, fields, self.id));
        Ok(())
    }

    /// The record's event time, if it has one; none while the sink is flushed.
    pub fn timestamp(&self) -> Option<EventTime> {
        self.timestamp.filter(|timestamp| *timestamp != EventTime::NONE)
    }

    /// How far event time is; [`EventTime::NONE`] before the first watermark.
    pub fn current_watermark(&self) -> EventTime {
        self.current_watermark
    }

    /// What the node takes the time to be.
    pub fn current_processing_time(&self) -> EventTime {
        self.current_processing_time
    }
}

/// One subtask of a sink of one's own.
pub struct FunctionSink<F> {
    context: OperatorContext,
    table: Table,
    publisher: Publisher,
    function: F,
    closed: bool,
    current_watermark: EventTime,
    cost: Cost,
}

impl<F> FunctionSink<F> {
    /// Opens `function`, which writes rows of so many columns to the sink of that name. If
    /// `is_keyed`, rows of one key replace each other.
    pub fn open<T>(
        context: &OperatorContext,
        (sink, columns, is_keyed): (Name, usize, bool),
        mut function: F,
    ) -> Result<Self, Failure>
    where
        F: SinkFunction<T>,
    {
        let publisher = Publisher::open(context, &sink);
        function.open(&context.runtime())?;
        Ok(Self {
            context: context.clone(),
            table: Table { sink, columns, is_keyed },
            publisher,
            function,
            closed: false,
            current_watermark: EventTime::NONE,
            cost: context.cost(),
        })
    }

    /// Has the function write. What it has written when it fails is written all the same.
    fn with<R>(
        &mut self,
        write: impl FnOnce(&mut F, &mut SinkContext<'_>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let mut context = SinkContext {
            table: &self.table,
            operator: &self.context,
            rows: Vec::new(),
            timestamp: None,
            id: None,
            current_watermark: self.current_watermark,
            current_processing_time: self.context.host.clock.processing_time(),
        };
        let result = write(&mut self.function, &mut context);
        self.context.meter.count_out(context.rows.len());
        self.publisher.publish(context.rows);
        result
    }
}

impl<T: Data, F: SinkFunction<T>> Output<T> for FunctionSink<F> {
    fn collect_batch(&mut self, mut batch: Batch<T>) -> Result<(), Failure> {
        self.cost.charge(batch.len());
        let values = std::mem::take(&mut batch.values);
        if !values.is_empty() {
            self.with(|function, context| {
                for (index, value) in values.into_iter().enumerate() {
                    (context.timestamp, context.id) = (batch.timestamp(index), batch.id(index));
                    function.invoke(value, context)?;
                }
                Ok(())
            })?;
        }
        self.publisher.measure(&batch.markers);
        Ok(())
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        match event {
            ChainEvent::Watermark(watermark) => self.current_watermark = watermark,
            // One that has ended may yet wait for a last checkpoint.
            ChainEvent::BeforeBarrier if self.closed => {}
            ChainEvent::BeforeBarrier => self.with(F::flush)?,
            ChainEvent::EndOfInput => {
                self.with(F::flush)?;
                self.function.close()?;
                self.closed = true;
            }
            ChainEvent::WatermarkStatus(_)
            | ChainEvent::TimersDue
            | ChainEvent::Snapshot(_)
            | ChainEvent::Flush
            | ChainEvent::CheckpointComplete(_)
            | ChainEvent::CheckpointAborted(_) => {}
        }
        // Behind the flush: its rows are among those that come before the checkpoint.
        self.context.tell_rows(&event);
        Ok(())
    }
}
