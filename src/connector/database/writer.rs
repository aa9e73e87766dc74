//! A sink that changes a table at once, in batches (Flink's `JdbcSink`).
//!
//! One batch is underway at a time, and what comes meanwhile is the next: so what is written again
//! after an unknown outcome is what was written last, and a table with a key ends in the last row
//! of each key. A table without one may have a batch twice.
//!
//! Previous: the chain in front. Next: the node's way to the database.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::{DatabaseSink, access};
use crate::base::{CheckpointId, Name};
use crate::connector::{DeliveryGuarantee, RowFormat, SinkRow};
use crate::host::{DatabaseAccess, DatabaseAnswer, DatabaseError, DatabaseRequest, DatabaseWriter};
use crate::operator::{Cost, OperatorContext, OutsideShare};
use crate::record::{Batch, ChainEvent, Data, Failure, Output, Row};

/// So many rows that wait are enough.
const FULL: usize = 5_000;

/// One subtask of the sink.
pub struct TableWriter<T> {
    context: OperatorContext,
    sink: DatabaseSink<T>,
    format: RowFormat<T>,
    access: Rc<dyn DatabaseAccess>,
    writer: DatabaseWriter,
    share: OutsideShare,
    /// What has become of the request that was underway.
    answered: Rc<RefCell<Option<Result<DatabaseAnswer, DatabaseError>>>>,
    /// How many rows the request that is underway writes.
    underway: Option<u64>,
    waiting: Vec<Row>,
    /// How many rows have come, and how many of them are written.
    taken: u64,
    written: u64,
    /// Checkpoints that wait until so many rows are written.
    flushes: VecDeque<(CheckpointId, u64)>,
    cost: Cost,
}

impl<T: Data> TableWriter<T> {
    /// Connects to the database.
    pub fn open(context: &OperatorContext, sink: &DatabaseSink<T>) -> Result<Self, Failure> {
        let writer = DatabaseWriter {
            sink: sink.table.name.clone(),
            subtask: context.subtask.clone(),
            attempt: context.attempt,
        };
        context.writes_to(&sink.table.name);
        let mut this = Self {
            context: context.clone(),
            sink: sink.clone(),
            format: sink.format(),
            access: access(context)?,
            share: context.outside_work.share(),
            answered: Rc::default(),
            underway: None,
            waiting: Vec::new(),
            taken: 0,
            written: 0,
            flushes: VecDeque::new(),
            cost: context.cost(),
            writer: writer.clone(),
        };
        this.ask(DatabaseRequest::Connect { writer }, 0);
        Ok(this)
    }

    fn table(&self) -> &Name {
        &self.sink.table.name
    }

    fn ask(&mut self, request: DatabaseRequest, rows: u64) {
        self.underway = Some(rows);
        let (answered, work) = (self.answered.clone(), self.context.outside_work.clone());
        let done = move |answer| {
            *answered.borrow_mut() = Some(answer);
            work.wake();
        };
        self.access.ask(request, Box::new(done));
    }

    /// Sends what waits, if nothing is underway.
    fn send(&mut self) {
        if self.underway.is_none() && !self.waiting.is_empty() {
            let rows = std::mem::take(&mut self.waiting);
            let (count, writer) = (rows.len() as u64, self.writer.clone());
            let (table, rows) = (self.table().clone(), rows.into());
            let part_of = Name::default();
            self.ask(DatabaseRequest::Execute { writer, part_of, table, rows }, count);
        }
        self.share.set_full(self.waiting.len() >= FULL);
    }

    fn on_answer(&mut self) -> Result<(), Failure> {
        let Some(answer) = self.answered.borrow_mut().take() else { return Ok(()) };
        if let Err(error) = answer {
            return Err(Failure(format!("sink `{}`: {error}", self.table())));
        }
        self.written += self.underway.take().unwrap_or_default();
        while let Some(&(checkpoint, rows)) = self.flushes.front()
            && rows <= self.written
        {
            self.flushes.pop_front();
            let operator = &self.context.operator;
            self.context.outside_work.prepared(checkpoint, operator, Vec::new());
        }
        self.send();
        self.say_uncommitted();
        Ok(())
    }

    fn say_uncommitted(&self) {
        self.share.set_uncommitted(self.written < self.taken);
    }
}

impl<T: Data> Output<T> for TableWriter<T> {
    fn collect_batch(&mut self, batch: Batch<T>) -> Result<(), Failure> {
        self.cost.charge(batch.len());
        self.context.meter.count_out(batch.len());
        let rows = self.format.rows(&self.context, &batch)?;
        self.taken += rows.len() as u64;
        self.waiting.extend(rows.into_iter().map(|SinkRow { row, .. }| row));
        self.send();
        self.say_uncommitted();
        Ok(())
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.context.tell_rows(&event);
        match event {
            ChainEvent::TimersDue => self.on_answer()?,
            ChainEvent::Snapshot(_) if self.context.snapshots.looks_on() => {}
            ChainEvent::Snapshot(checkpoint) => {
                let promises = self.sink.delivery != DeliveryGuarantee::None;
                if promises && self.written < self.taken {
                    self.context.outside_work.begin_part();
                    self.flushes.push_back((checkpoint, self.taken));
                }
            }
            ChainEvent::Watermark(_)
            | ChainEvent::WatermarkStatus(_)
            | ChainEvent::BeforeBarrier
            | ChainEvent::CheckpointComplete(_)
            | ChainEvent::CheckpointAborted(_)
            | ChainEvent::EndOfInput
            | ChainEvent::Flush => {}
        }
        Ok(())
    }
}
