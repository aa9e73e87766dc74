//! All that the database knows, folded from the entries of its redo log.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::engine::Engine;
use super::table::{Table, TableError};
use crate::base::Name;
use crate::host::DatabaseError;
use crate::record::Row;

/// Something that has changed, for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RedoEntry {
    /// An attempt at a sink's subtask has connected.
    Connected {
        /// The sink.
        sink: Name,
        /// The subtask.
        subtask: Name,
        /// The attempt.
        attempt: u32,
    },
    /// A table was changed.
    Executed {
        /// The table.
        table: Name,
        /// The changes.
        rows: Vec<Row>,
    },
    /// A transaction was prepared.
    Prepared {
        /// Its name.
        transaction: Name,
        /// The table.
        table: Name,
        /// The changes.
        rows: Vec<Row>,
    },
    /// A prepared transaction was committed.
    Committed {
        /// Its name.
        transaction: Name,
    },
    /// All of a transaction was written.
    Marked {
        /// Its name.
        transaction: Name,
    },
    /// A prepared transaction was rolled back.
    RolledBack {
        /// Its name.
        transaction: Name,
    },
}

impl RedoEntry {
    /// The transaction that is committed by this, if one is.
    pub fn committed(&self) -> Option<&Name> {
        match self {
            Self::Committed { transaction } | Self::Marked { transaction } => Some(transaction),
            Self::Connected { .. }
            | Self::Executed { .. }
            | Self::Prepared { .. }
            | Self::RolledBack { .. } => None,
        }
    }
}

/// Changes of a table that whoever queries it sees from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visible {
    /// The table.
    pub table: Name,
    /// The changes, each with its number in the table.
    pub rows: Vec<(u64, Row)>,
}

/// See the module.
pub struct DatabaseState {
    engine: Engine,
    /// By sink and subtask: the latest attempt that has connected.
    connected: BTreeMap<(Name, Name), u32>,
    /// Transactions of which it is noted that all was written.
    marked: BTreeSet<Name>,
    /// By table: how many changes it has seen.
    changes: BTreeMap<Name, u64>,
}

impl DatabaseState {
    /// A database with these tables, which are empty.
    pub fn new(tables: &[Table]) -> Result<Self, TableError> {
        let engine = Engine::open(tables)?;
        Ok(Self {
            engine,
            connected: BTreeMap::new(),
            marked: BTreeSet::new(),
            changes: BTreeMap::new(),
        })
    }

    /// Changes what an entry says; nothing if that is refused.
    pub fn apply(&mut self, entry: &RedoEntry) -> Result<Option<Visible>, DatabaseError> {
        match entry {
            RedoEntry::Connected { sink, subtask, attempt } => {
                let current = self.connected.entry((sink.clone(), subtask.clone())).or_default();
                *current = *attempt.max(current);
                Ok(None)
            }
            RedoEntry::Executed { table, rows } => {
                self.engine.execute(table, rows).map_err(DatabaseError::Sql)?;
                Ok(Some(self.number(table.clone(), rows.clone())))
            }
            RedoEntry::Prepared { transaction, table, rows } => {
                self.engine.prepare(transaction, table, rows).map_err(DatabaseError::Sql)?;
                Ok(None)
            }
            RedoEntry::Committed { transaction } => {
                let committed = self.engine.commit_prepared(transaction);
                match committed.map_err(DatabaseError::Sql)? {
                    None => Err(DatabaseError::UnknownTransaction(transaction.to_string())),
                    Some((table, rows)) => Ok(Some(self.number(table, rows))),
                }
            }
            RedoEntry::Marked { transaction } => {
                self.marked.insert(transaction.clone());
                Ok(None)
            }
            RedoEntry::RolledBack { transaction } => {
                self.engine.rollback_prepared(transaction).map_err(DatabaseError::Sql)?;
                Ok(None)
            }
        }
    }

    fn number(&mut self, table: Name, rows: Vec<Row>) -> Visible {
        let next = self.changes.entry(table.clone()).or_default();
        let first = *next;
        *next += rows.len() as u64;
        Visible { table, rows: (first..).zip(rows).collect() }
    }

    /// The latest attempt at a subtask that has connected.
    pub fn connected(&self, sink: &Name, subtask: &Name) -> u32 {
        self.connected.get(&(sink.clone(), subtask.clone())).copied().unwrap_or_default()
    }

    /// The table and the changes of a prepared transaction, if it is prepared.
    pub fn prepared(&self, transaction: &Name) -> Result<Option<(Name, Vec<Row>)>, DatabaseError> {
        self.engine.prepared(transaction).map_err(DatabaseError::Sql)
    }

    /// The names of prepared transactions.
    pub fn list_prepared(&self, prefix: &str) -> Result<Vec<Name>, DatabaseError> {
        self.engine.list_prepared(prefix).map_err(DatabaseError::Sql)
    }

    /// The names of transactions of which it is noted that all was written.
    pub fn list_marked(&self, prefix: &str) -> Vec<Name> {
        self.marked.iter().filter(|name| name.starts_with(prefix)).cloned().collect()
    }

    /// What a query says.
    pub fn query(&self, sql: &str) -> Result<Vec<Vec<String>>, DatabaseError> {
        self.engine.query(sql).map_err(DatabaseError::Sql)
    }
}
