//! The database as what takes part in a two-phase commit (Flink's `JdbcXaSinkFunction`).
//!
//! What is written is kept here until the barrier, and sent with the request to prepare it.
//!
//! Previous: [`TwoPhaseCommitSink`](crate::connector::TwoPhaseCommitSink). Next: the database, whose
//! prepared transactions of the same names these are.

use std::cell::RefCell;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::access;
use crate::base::Name;
use crate::connector::{CommitOutcome, Done, SinkRow, TwoPhaseCommit};
use crate::host::{DatabaseAccess, DatabaseAnswer, DatabaseError, DatabaseRequest};
use crate::operator::OperatorContext;
use crate::record::{Failure, Row};

/// A prepared transaction of the database, which anybody may commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseTransaction {
    /// Its name.
    pub name: Name,
}

/// See the module.
pub struct TransactionalDatabase {
    access: Rc<dyn DatabaseAccess>,
    table: Name,
    current: Option<(Name, Vec<Row>)>,
}

impl TransactionalDatabase {
    /// One subtask's part in it.
    pub fn open(context: &OperatorContext, table: &Name) -> Result<Self, Failure> {
        Ok(Self { access: access(context)?, table: table.clone(), current: None })
    }
}

/// Rolls these transactions back, one after the other.
fn roll_back_all(
    access: &Rc<dyn DatabaseAccess>,
    mut left: Vec<Name>,
    gone: Rc<RefCell<Vec<Name>>>,
    done: Done<Result<Vec<Name>, Failure>>,
) {
    let Some(transaction) = left.pop() else { return done(Ok(gone.take())) };
    let (next, of) = (access.clone(), transaction.clone());
    let then = move |result: Result<DatabaseAnswer, DatabaseError>| match result {
        Err(error) => done(Err(Failure(format!("transaction {of} was left prepared: {error}")))),
        Ok(_) => {
            gone.borrow_mut().push(of);
            roll_back_all(&next, left, gone, done);
        }
    };
    access.ask(DatabaseRequest::RollbackPrepared { transaction }, Box::new(then));
}

impl TwoPhaseCommit for TransactionalDatabase {
    type Transaction = DatabaseTransaction;

    fn name(&self, transaction: &DatabaseTransaction) -> Name {
        transaction.name.clone()
    }

    fn begin(&mut self, name: &Name) {
        self.current = Some((name.clone(), Vec::new()));
    }

    fn write(&mut self, rows: Vec<SinkRow>) -> Result<(), Failure> {
        let Some((_, written)) = &mut self.current else {
            return Err(Failure("a transaction is written to that was not begun".to_owned()));
        };
        written.extend(rows.into_iter().map(|SinkRow { row, .. }| row));
        Ok(())
    }

    fn pre_commit(&mut self, done: Done<Result<DatabaseTransaction, Failure>>) {
        let Some((name, rows)) = self.current.take() else { return };
        let (transaction, table) = (name.clone(), self.table.clone());
        let request = DatabaseRequest::Prepare { transaction, table, rows: rows.into() };
        let then = move |result: Result<DatabaseAnswer, DatabaseError>| {
            done(match result {
                Ok(_) => Ok(DatabaseTransaction { name }),
                Err(error) => Err(Failure(format!("transaction {name}: {error}"))),
            });
        };
        self.access.ask(request, Box::new(then));
    }

    /// That there is no such transaction means that it was committed before: whoever asks twice,
    /// since the first answer was lost, or since the job was restored, is told so (`XAER_NOTA`).
    fn commit(&mut self, transaction: &DatabaseTransaction, done: Done<CommitOutcome>) {
        let request = DatabaseRequest::CommitPrepared { transaction: transaction.name.clone() };
        let then = move |result: Result<DatabaseAnswer, DatabaseError>| {
            done(match result {
                Ok(_) | Err(DatabaseError::UnknownTransaction(_)) => CommitOutcome::Committed,
                Err(DatabaseError::TimedOut | DatabaseError::Locked) => CommitOutcome::Unknown,
                Err(error) => CommitOutcome::Lost(error.to_string()),
            });
        };
        self.access.ask(request, Box::new(then));
    }

    fn abort(&mut self, transaction: &DatabaseTransaction, done: Done<()>) {
        let request = DatabaseRequest::RollbackPrepared { transaction: transaction.name.clone() };
        self.access.ask(request, Box::new(move |_| done(())));
    }

    fn abort_lingering(
        &mut self,
        prefix: &str,
        belongs: Box<dyn Fn(&str) -> bool>,
        done: Done<Result<Vec<Name>, Failure>>,
    ) {
        let access = self.access.clone();
        let then = move |answer: Result<DatabaseAnswer, DatabaseError>| match answer {
            Err(error) => done(Err(Failure(format!("which transactions are prepared? {error}")))),
            Ok(DatabaseAnswer::Transactions(mut prepared)) => {
                prepared.retain(|name| belongs(name));
                prepared.reverse();
                roll_back_all(&access, prepared, Rc::default(), done);
            }
            Ok(_) => done(Ok(Vec::new())),
        };
        let request = DatabaseRequest::ListPrepared { prefix: prefix.into() };
        self.access.ask(request, Box::new(then));
    }
}
