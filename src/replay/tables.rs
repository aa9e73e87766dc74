//! The database: its tables, what is prepared and not yet in them, and what queries were answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Seen;
use crate::base::{Name, SimTime};
use crate::trace::DatabaseEvent;

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// How many rows of it were inserted, updated or deleted.
    pub changes: u64,
    /// How many transactions have changed it, those without a name included.
    pub transactions: u64,
}

/// A transaction that is prepared: its changes are kept, and nobody sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The table.
    pub table: Name,
    /// How many changes it has.
    pub rows: u32,
    /// When it was prepared.
    pub since: SimTime,
}

/// What somebody outside was answered, the last time a query was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// When.
    pub at: SimTime,
    /// The fields of the answer, rows behind one another.
    pub answer: Arc<[String]>,
    /// What it must be whenever it is asked; none if that is not known.
    pub expected: Arc<[String]>,
    /// How often it was asked.
    pub asked: u64,
    /// How often the answer was not what it must be.
    pub wrong: u64,
}

impl Answer {
    /// Whether this answer is what it must be, if that is known.
    pub fn is_right(&self) -> Option<bool> {
        (!self.expected.is_empty()).then(|| self.answer == self.expected)
    }
}

/// A request that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseRefusal {
    /// When.
    pub at: SimTime,
    /// Why.
    pub cause: Name,
}

/// The database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Database {
    /// Its tables, by name.
    pub tables: BTreeMap<Name, Table>,
    /// Prepared transactions, by name.
    pub prepared: BTreeMap<Name, Prepared>,
    /// How many prepared transactions were committed.
    pub committed: u64,
    /// How many were rolled back.
    pub rolled_back: u64,
    /// How many transactions of write-ahead sinks are marked as written.
    pub marked: u64,
    /// The last request that was refused, such as for a lock.
    pub refusal: Option<DatabaseRefusal>,
    /// How many requests were refused.
    pub refused: u64,
    /// Queries of somebody outside, by name.
    pub queries: BTreeMap<Name, Answer>,
    /// How often the database has read its redo log again.
    pub recovered: u64,
}

impl Database {
    fn change(&mut self, table: &Name, rows: u32) {
        let table = self.tables.entry(table.clone()).or_default();
        table.changes = table.changes.saturating_add(u64::from(rows));
        table.transactions += 1;
    }

    fn commit(&mut self, transaction: &Name) -> Seen {
        let Some(prepared) = self.prepared.remove(transaction) else { return Seen::No };
        self.committed += 1;
        self.change(&prepared.table, prepared.rows);
        Seen::Yes
    }

    pub(super) fn apply(&mut self, at: SimTime, event: &DatabaseEvent) -> Seen {
        match event {
            DatabaseEvent::DatabaseRecovered { committed, .. } => {
                self.recovered += 1;
                for transaction in committed {
                    self.commit(transaction);
                }
            }
            DatabaseEvent::TableChanged { table, rows, .. } => self.change(table, *rows),
            DatabaseEvent::TransactionPrepared { transaction, table, rows } => {
                // A table that nobody has changed yet is one all the same.
                self.tables.entry(table.clone()).or_default();
                let prepared = Prepared { table: table.clone(), rows: *rows, since: at };
                self.prepared.insert(transaction.clone(), prepared);
            }
            DatabaseEvent::PreparedCommitted { transaction } => return self.commit(transaction),
            DatabaseEvent::PreparedRolledBack { transaction } => {
                if self.prepared.remove(transaction).is_none() {
                    return Seen::No;
                }
                self.rolled_back += 1;
            }
            DatabaseEvent::CommitMarked { .. } => self.marked += 1,
            DatabaseEvent::DatabaseRefused { cause } => {
                self.refused += 1;
                self.refusal = Some(DatabaseRefusal { at, cause: cause.clone() });
            }
            DatabaseEvent::QueryAnswered { query, answer, expected } => {
                let known = self.queries.entry(query.clone()).or_default();
                known.at = at;
                known.asked += 1;
                known.answer = answer.as_slice().into();
                known.expected = expected.as_slice().into();
                known.wrong += u64::from(known.is_right() == Some(false));
            }
        }
        Seen::Yes
    }
}
