//! Keyed state, by key group.

mod keyed_store;
mod keyed_table;

pub use keyed_store::KeyedStore;
pub use keyed_table::KeyedTable;
