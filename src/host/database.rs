//! A node's way to the database: tables that are changed by keys, and transactions that are
//! prepared in a first step and committed in a second (`PREPARE TRANSACTION` and
//! `COMMIT PREPARED`, XA's `prepare` and `commit`).

use std::sync::Arc;

use thiserror::Error;

use crate::base::Name;
use crate::record::Row;

/// One subtask's way to the database, such as its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseWriter {
    /// The sink.
    pub sink: Name,
    /// The subtask.
    pub subtask: Name,
    /// Which attempt at it.
    pub attempt: u32,
}

/// What the database is asked. To ask the same again changes nothing more, but for rows that are
/// inserted into a table without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseRequest {
    /// A subtask begins to write. What earlier attempts at it still write is refused from now on.
    Connect {
        /// Who.
        writer: DatabaseWriter,
    },
    /// Changes a table at once, in one transaction.
    Execute {
        /// Who writes.
        writer: DatabaseWriter,
        /// The transaction that this is a part of, if a write-ahead sink writes; else empty.
        part_of: Name,
        /// The table.
        table: Name,
        /// What is inserted, updated or deleted, in order.
        rows: Arc<[Row]>,
    },
    /// Prepares a transaction: its changes are durable and not visible.
    Prepare {
        /// The transaction.
        transaction: Name,
        /// The table.
        table: Name,
        /// What will be inserted, updated or deleted, in order.
        rows: Arc<[Row]>,
    },
    /// Commits a prepared transaction.
    CommitPrepared {
        /// Which.
        transaction: Name,
    },
    /// Forgets a prepared transaction, if there is one.
    RollbackPrepared {
        /// Which.
        transaction: Name,
    },
    /// Which transactions are prepared?
    ListPrepared {
        /// How their names begin.
        prefix: Name,
    },
    /// Notes that all of a transaction was written (Flink's `CheckpointCommitter`).
    MarkCommitted {
        /// Which.
        transaction: Name,
    },
    /// Which transactions are so marked?
    ListCommitted {
        /// How their names begin.
        prefix: Name,
    },
    /// What does a query say?
    Query {
        /// In SQL; it must not change anything.
        sql: Name,
    },
}

/// What it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseAnswer {
    /// It is done, and durable.
    Done,
    /// The names of transactions.
    Transactions(Vec<Name>),
    /// The rows of a query.
    Rows(Vec<Vec<String>>),
}

/// Why it refuses.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DatabaseError {
    /// There is no such prepared transaction: it was committed, or rolled back, or never there.
    #[error("XAER_NOTA: there is no prepared transaction {0}")]
    UnknownTransaction(String),
    /// Another transaction of that name is prepared.
    #[error("XAER_DUPID: another transaction {0} is prepared")]
    TransactionExists(String),
    /// Another attempt at the subtask has connected since.
    #[error("the connection was closed: a later attempt has connected")]
    Disconnected,
    /// Somebody else has a lock.
    #[error("database is locked")]
    Locked,
    /// What was asked for is wrong.
    #[error("{0}")]
    Sql(String),
    /// Nobody has answered for so long that it was given up.
    #[error("the database did not answer")]
    TimedOut,
}

/// Called once, with what became of a request.
pub type DatabaseDone = Box<dyn FnOnce(Result<DatabaseAnswer, DatabaseError>)>;

/// See the module. Requests are repeated until they are answered or given up.
pub trait DatabaseAccess {
    /// Asks something.
    fn ask(&self, request: DatabaseRequest, done: DatabaseDone);
}
