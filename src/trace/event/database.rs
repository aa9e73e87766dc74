//! What happens in the database.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use crate::base::Name;

/// What the database does. All of it is durable when it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum DatabaseEvent {
    /// The database has read its redo log after a start and made its tables again.
    DatabaseRecovered {
        /// How many entries it has.
        entries: u64,
        /// How many bytes at its end were torn and are cut off.
        torn_bytes: u64,
        /// The transactions that are committed, or marked as written, of which the last may have been
        /// told to nobody yet.
        committed: Vec<Name>,
    },
    /// A table was changed at once, outside prepared transactions.
    TableChanged {
        /// The table.
        table: Name,
        /// How many rows were inserted, updated or deleted.
        rows: u32,
        /// The transaction that they are a part of, if a write-ahead sink has written them; else
        /// empty.
        part_of: Name,
    },
    /// A transaction is prepared: its changes are kept, and nobody sees them.
    TransactionPrepared {
        /// Its name.
        transaction: Name,
        /// The table.
        table: Name,
        /// How many changes it has.
        rows: u32,
    },
    /// A prepared transaction is committed: its changes are in their table.
    PreparedCommitted {
        /// Its name.
        transaction: Name,
    },
    /// A prepared transaction is rolled back: its changes are gone.
    PreparedRolledBack {
        /// Its name.
        transaction: Name,
    },
    /// It is noted that all of a transaction was written, outside prepared transactions.
    CommitMarked {
        /// Its name.
        transaction: Name,
    },
    /// A request is refused.
    DatabaseRefused {
        /// Why.
        cause: Name,
    },
    /// Somebody outside has asked a query.
    QueryAnswered {
        /// What the query is called.
        query: Name,
        /// The fields of the answer, rows behind one another.
        answer: Vec<String>,
        /// What it must be whenever it is asked; none if that is not known.
        expected: Vec<String>,
    },
}
