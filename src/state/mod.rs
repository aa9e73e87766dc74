//! Keyed state, by key group.

mod keyed_table;

pub use keyed_table::KeyedTable;
