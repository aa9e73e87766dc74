//! A write-ahead sink (Flink's `GenericWriteAheadSink`): results are part of the checkpoint, and
//! written when it is complete.
//!
//! Whoever is restored does not know how much of them was written. So, when all is, that is noted
//! (`CheckpointCommitter`), and what is noted is not written again. Its weakness, as in Flink: who
//! fails between the first row and the note writes rows twice.
//!
//! Previous: [`TwoPhaseCommitSink`](crate::connector::TwoPhaseCommitSink), of whose protocol this is
//! the case in which the first phase happens in the state alone. Next: the database.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::access;
use crate::base::Name;
use crate::checkpoint::seams::CommitterCheck;
use crate::connector::{CommitOutcome, Done, SinkRow, TwoPhaseCommit};
use crate::host::{DatabaseAccess, DatabaseAnswer, DatabaseError, DatabaseRequest, DatabaseWriter};
use crate::operator::OperatorContext;
use crate::record::{Failure, Row};

/// So many rows are written at once.
const CHUNK: usize = 20;

/// Results that wait for their checkpoint, as they are in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRows {
    /// What they are called.
    pub name: Name,
    /// The results.
    pub rows: Vec<Row>,
}

/// See the module.
pub struct WriteAheadTable {
    access: Rc<dyn DatabaseAccess>,
    table: Name,
    writer: DatabaseWriter,
    committer: Arc<dyn CommitterCheck>,
    connected: Rc<Cell<bool>>,
    current: Option<PendingRows>,
}

impl WriteAheadTable {
    /// One subtask's part in it.
    pub fn open(context: &OperatorContext, table: &Name) -> Result<Self, Failure> {
        let access = access(context)?;
        let writer = DatabaseWriter {
            sink: table.clone(),
            subtask: context.subtask.clone(),
            attempt: context.attempt,
        };
        let committer = context.snapshots.parts.committer.clone();
        let (table, connected) = (table.clone(), Rc::default());
        Ok(Self { access, table, writer, committer, connected, current: None })
    }
}

/// What is left to do, one request after the other.
struct Writing {
    access: Rc<dyn DatabaseAccess>,
    left: VecDeque<DatabaseRequest>,
    done: Done<CommitOutcome>,
}

impl Writing {
    fn go_on(mut self) {
        let Some(request) = self.left.pop_front() else {
            return (self.done)(CommitOutcome::Committed);
        };
        let access = self.access.clone();
        let then = move |result: Result<DatabaseAnswer, DatabaseError>| match result {
            Ok(_) => self.go_on(),
            Err(DatabaseError::TimedOut | DatabaseError::Locked) => {
                (self.done)(CommitOutcome::Unknown);
            }
            Err(error) => (self.done)(CommitOutcome::Lost(error.to_string())),
        };
        access.ask(request, Box::new(then));
    }
}

impl TwoPhaseCommit for WriteAheadTable {
    type Transaction = PendingRows;

    fn name(&self, transaction: &PendingRows) -> Name {
        transaction.name.clone()
    }

    fn begin(&mut self, name: &Name) {
        self.current = Some(PendingRows { name: name.clone(), rows: Vec::new() });
    }

    fn write(&mut self, rows: Vec<SinkRow>) -> Result<(), Failure> {
        let Some(current) = &mut self.current else {
            return Err(Failure("a transaction is written to that was not begun".to_owned()));
        };
        current.rows.extend(rows.into_iter().map(|SinkRow { row, .. }| row));
        Ok(())
    }

    /// All that is needed is in the state.
    fn pre_commit(&mut self, done: Done<Result<PendingRows, Failure>>) {
        if let Some(current) = self.current.take() {
            done(Ok(current));
        }
    }

    fn commit(&mut self, transaction: &PendingRows, done: Done<CommitOutcome>) {
        let table = self.table.clone();
        let execute = |rows: &[Row]| DatabaseRequest::Execute {
            writer: self.writer.clone(),
            part_of: transaction.name.clone(),
            table: table.clone(),
            rows: rows.into(),
        };
        let name = transaction.name.clone();
        let mark = DatabaseRequest::MarkCommitted { transaction: name.clone() };
        let left = transaction.rows.chunks(CHUNK).map(execute).chain([mark]).collect();
        let writing = Writing { access: self.access.clone(), left, done };
        let committer = self.committer.clone();
        let asked = DatabaseRequest::ListCommitted { prefix: name.clone() };
        let look = move |result: Result<DatabaseAnswer, DatabaseError>| match result {
            Ok(DatabaseAnswer::Transactions(noted)) => {
                match committer.is_written(noted.contains(&name)) {
                    true => (writing.done)(CommitOutcome::Committed),
                    false => writing.go_on(),
                }
            }
            Ok(_) | Err(_) => (writing.done)(CommitOutcome::Unknown),
        };
        if self.connected.get() {
            return self.access.ask(asked, Box::new(look));
        }
        // Before that, an earlier attempt could still be writing, and note it, behind the question.
        let (access, connected) = (self.access.clone(), self.connected.clone());
        let then = move |result: Result<DatabaseAnswer, DatabaseError>| {
            connected.set(result.is_ok());
            match result {
                Ok(_) => access.ask(asked, Box::new(look)),
                Err(error) => look(Err(error)),
            }
        };
        let writer = self.writer.clone();
        self.access.ask(DatabaseRequest::Connect { writer }, Box::new(then));
    }

    fn abort(&mut self, _transaction: &PendingRows, done: Done<()>) {
        done(());
    }
}
