//! State: what operators remember, by key and by subtask, and where it is.
//!
//! Keyed state is owned by key group. An operator that keeps one value per key and knows its type
//! is generic over a [`KeyedStore`]; user functions register descriptors with a [`KeyedBackend`] and
//! use handles. Both come in two kinds, objects in memory (`hashmap`) and serialized in a tree on
//! disk (`lsm`), which no program can tell apart. Everything here is pure but for the tree's own
//! directory: who uses it says which key is at work and what time it is.
//!
//! | file | what it is |
//! |---|---|
//! | `keyed_store`, `keyed_table` | one value per key, in place |
//! | `descriptor`, [`handle`] | the five kinds of keyed state as programs see them |
//! | `keyed_backend`, `scope` | the registered states, the key at work |
//! | `table`, `heap_cells`, `namespace` | the values of one state |
//! | [`lsm`] | the tree |
//! | [`ttl`], `stamped` | values that expire |
//! | [`snapshot`] | what is stored of keyed state |
//! | [`store_snapshot`] | the same of a [`KeyedStore`] |
//! | [`operator_state`] | state that has no key, and how rescaling deals it out |
//!
//! Previous: operators and windows. Next: memory, the disk, and checkpoints.

mod aggregate;
mod backend_table;
mod descriptor;
mod error;
pub mod handle;
mod heap_cells;
mod keyed_backend;
mod keyed_store;
mod keyed_table;
pub mod lsm;
mod namespace;
pub mod operator_state;
mod scope;
pub mod snapshot;
mod stamped;
pub mod store_snapshot;
mod table;
pub mod ttl;

pub use crate::base::{StateBackendKind, UnknownBackend};
pub use aggregate::AggregateFunction;
pub use backend_table::BackendTable;
pub use descriptor::{
    AggregatingStateDescriptor, ListStateDescriptor, MapStateDescriptor, ReduceFunction,
    ReducingStateDescriptor, StateKind, ValueStateDescriptor,
};
pub use error::StateError;
pub use handle::{
    AggregatingState, KeyedState, ListItems, ListState, MapState, ReducingState, StateDescriptor,
    ValueState,
};
pub use keyed_backend::{KeyedBackend, Registered, StateUse};
pub use keyed_store::KeyedStore;
pub use keyed_table::KeyedTable;
pub use lsm::{LsmManifest, LsmOptions, LsmStore, LsmTable, StateFile, Traffic};
pub use namespace::Namespace;
pub use snapshot::{FilesSnapshot, GroupSnapshot, KeyedSnapshot, StateMeta, StateSnapshot};
pub use ttl::{StateTtlConfig, StateVisibility, UpdateType};
