//! What a sink has written: each row has a number, and how many there are is told with every
//! checkpoint and at the end.
//!
//! A checkpoint holds what was written up to it, so the trace alone says which rows an attempt that
//! goes back to it writes again, whatever the job computes.

use std::cell::{Cell, OnceCell};

use super::OperatorContext;
use crate::base::Name;
use crate::record::{ChainEvent, RowNumber};
use crate::trace::{Event, SinkEvent};

/// The rows that an attempt at a subtask has written.
#[derive(Debug, Default)]
pub struct RowCounter {
    sink: OnceCell<Name>,
    written: Cell<u64>,
}

impl OperatorContext {
    /// Says which sink it is that the operator writes.
    pub fn writes_to(&self, sink: &Name) {
        // It says the same again if it does so twice.
        let _ = self.rows.sink.set(sink.clone());
    }

    /// The number of the next row.
    pub fn next_row(&self) -> RowNumber {
        let written = &self.rows.written;
        let number = written.replace(written.get() + 1);
        RowNumber { job: self.job, subtask: self.index as u16, attempt: self.attempt, number }
    }

    /// Tells how many rows there are, if it is time.
    pub fn tell_rows(&self, event: &ChainEvent) {
        let checkpoint = match event {
            ChainEvent::Snapshot(_) if self.snapshots.looks_on() => return,
            ChainEvent::Snapshot(checkpoint) => Some(*checkpoint),
            ChainEvent::EndOfInput => None,
            ChainEvent::Watermark(_)
            | ChainEvent::WatermarkStatus(_)
            | ChainEvent::TimersDue
            | ChainEvent::BeforeBarrier
            | ChainEvent::Flush
            | ChainEvent::CheckpointComplete(_)
            | ChainEvent::CheckpointAborted(_) => return,
        };
        let Some(sink) = self.rows.sink.get() else { return };
        self.host.trace.record(Event::Sink(SinkEvent::RowsCounted {
            job: self.job,
            sink: sink.clone(),
            subtask: self.subtask.clone(),
            index: self.index as u16,
            attempt: self.attempt,
            checkpoint,
            rows: self.rows.written.get(),
        }));
    }
}
