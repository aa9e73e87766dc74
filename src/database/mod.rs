//! What the database knows and decides; pure. The tables are real ones, of SQLite in memory. What
//! survives a crash is the redo log: an entry for every change, from which the tables are made
//! again when the database starts.
//!
//! SQLite has one writer and no two-phase commit. So the changes of a prepared transaction wait in
//! a table of their own, and are applied and removed in one transaction of SQLite when they are
//! committed.
//!
//! Invariant: the tables are a function of the entries. Nothing that SQL can ask for depends on
//! time or chance; such functions are refused.
//!
//! Previous: [`crate::runtime`], which makes entries durable. Next: SQLite.

mod engine;
mod state;
mod table;

pub use engine::Engine;
pub use state::{DatabaseState, RedoEntry, Visible};
pub use table::{Column, SqlType, Table, TableError};
