//! The log as what takes part in a two-phase commit.
//!
//! Previous: [`TwoPhaseCommitSink`](crate::connector::TwoPhaseCommitSink). Next: the log, whose
//! transactions of the same names these are.

use std::cell::RefCell;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::sink::LogSink;
use super::{Producer, access};
use crate::base::Name;
use crate::connector::{CommitOutcome, Done, SinkRow, TwoPhaseCommit};
use crate::host::{LogAccess, LogError, ProducerIdentity, TransactionResult};
use crate::operator::OperatorContext;
use crate::record::Failure;

/// A transaction of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogTransaction {
    /// Its transactional id.
    pub transactional_id: String,
    /// The producer that has written it, and only that may commit it.
    pub producer: ProducerIdentity,
}

/// See the module.
pub struct TransactionalLog {
    access: Rc<dyn LogAccess>,
    sink: LogSink,
    on_change: Rc<dyn Fn()>,
    current: Option<(Name, Producer)>,
    /// Those that still send what belongs to the last barriers.
    preparing: Vec<Producer>,
}

impl TransactionalLog {
    /// One subtask's part in it.
    pub fn open(
        context: &OperatorContext,
        sink: &LogSink,
        on_change: Rc<dyn Fn()>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            access: access(context)?,
            sink: sink.clone(),
            on_change,
            current: None,
            preparing: Vec::new(),
        })
    }
}

impl Drop for TransactionalLog {
    /// A transaction of a task that is gone must not be begun any more: nobody would end it.
    fn drop(&mut self) {
        let current = self.current.iter().map(|(_, producer)| producer);
        current.chain(&self.preparing).for_each(Producer::close);
    }
}

/// Initializes each of these transactional ids, which aborts its transaction, one after the other.
fn abort_all(
    access: &Rc<dyn LogAccess>,
    sink: LogSink,
    mut left: Vec<Name>,
    aborted: Rc<RefCell<Vec<Name>>>,
    done: Done<Result<Vec<Name>, Failure>>,
) {
    let Some(name) = left.pop() else { return done(Ok(aborted.take())) };
    let (next, timeout) = (access.clone(), sink.transaction_timeout);
    let of = name.clone();
    let then = move |result: Result<ProducerIdentity, LogError>| match result {
        Err(error) => done(Err(Failure(format!("transaction {of} was left open: {error}")))),
        Ok(_) => {
            aborted.borrow_mut().push(of);
            abort_all(&next, sink, left, aborted, done);
        }
    };
    access.init_producer(Some(&name), timeout, Box::new(then));
}

impl TwoPhaseCommit for TransactionalLog {
    type Transaction = LogTransaction;

    fn name(&self, transaction: &LogTransaction) -> Name {
        transaction.transactional_id.as_str().into()
    }

    fn begin(&mut self, name: &Name) {
        let transactional = Some((name.clone(), self.sink.transaction_timeout));
        let topic = (self.sink.topic.clone(), self.sink.partitions);
        let producer = Producer::new(&self.access, topic, transactional, self.on_change.clone());
        self.current = Some((name.clone(), producer));
    }

    fn write(&mut self, rows: Vec<SinkRow>) -> Result<(), Failure> {
        self.check()?;
        let Some((_, producer)) = &self.current else {
            return Err(Failure("a transaction is written to that was not begun".to_owned()));
        };
        self.sink.send(producer, rows);
        Ok(())
    }

    fn check(&self) -> Result<(), Failure> {
        let error = self.current.as_ref().and_then(|(name, it)| Some((name, it.error()?)));
        error.map_or(Ok(()), |(name, error)| Err(Failure(format!("transaction {name}: {error}"))))
    }

    fn is_full(&self) -> bool {
        self.current.as_ref().is_some_and(|(_, producer)| producer.is_full())
    }

    fn pre_commit(&mut self, done: Done<Result<LogTransaction, Failure>>) {
        let Some((name, producer)) = self.current.take() else { return };
        self.preparing.retain(|preparing| !preparing.is_flushed());
        self.preparing.push(producer.clone());
        producer.flush(move |result| {
            done(match result {
                Ok(producer) => Ok(LogTransaction { transactional_id: name.to_string(), producer }),
                Err(error) => Err(Failure(format!("transaction {name}: {error}"))),
            });
        });
    }

    fn commit(&mut self, transaction: &LogTransaction, done: Done<CommitOutcome>) {
        let LogTransaction { transactional_id, producer } = transaction;
        let then = move |result| {
            done(match result {
                Ok(()) => CommitOutcome::Committed,
                Err(LogError::TimedOut) => CommitOutcome::Unknown,
                Err(error) => CommitOutcome::Lost(error.to_string()),
            });
        };
        let commit = TransactionResult::Commit;
        self.access.end_transaction(transactional_id, *producer, commit, Box::new(then));
    }

    fn abort(&mut self, transaction: &LogTransaction, done: Done<()>) {
        let LogTransaction { transactional_id, producer } = transaction;
        let abort = TransactionResult::Abort;
        let then = move |_: Result<(), LogError>| done(());
        self.access.end_transaction(transactional_id, *producer, abort, Box::new(then));
    }

    fn abort_lingering(
        &mut self,
        prefix: &str,
        belongs: Box<dyn Fn(&str) -> bool>,
        done: Done<Result<Vec<Name>, Failure>>,
    ) {
        let (access, sink) = (self.access.clone(), self.sink.clone());
        let then = move |open: Result<Vec<Name>, LogError>| match open {
            Err(error) => done(Err(Failure(format!("which transactions are open? {error}")))),
            Ok(mut open) => {
                open.retain(|name| belongs(name));
                open.reverse();
                abort_all(&access, sink, open, Rc::default(), done);
            }
        };
        self.access.unfenced_transactions(prefix, Box::new(then));
    }
}
