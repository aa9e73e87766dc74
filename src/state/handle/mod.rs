//! Handles: what an operator keeps of a registered state, and uses with its backend.
//!
//! Flink's state objects hold their backend; here a handle is only the state's place in it, and each
//! use names the backend. Values are changed in place where they can be. Every handle is of the
//! current key, and of the namespace that [`KeyedState::set_namespace`] has set.

mod aggregating;
mod cell;
mod list;
mod map;
mod reducing;
mod value;

pub use aggregating::AggregatingState;
pub use list::{ListItems, ListState};
pub use map::MapState;
pub use reducing::ReducingState;
pub use value::ValueState;

use std::sync::Arc;

use super::heap_cells::HeapCells;
use super::keyed_backend::{Registered, Storage};
use super::lsm::LsmCells;
use super::snapshot::StateMeta;
use super::stamped::Stored;
use super::table::{CellTable, Cells, Common};
use super::ttl::Ttl;
use super::{KeyedBackend, Namespace, StateError, StateKind};
use crate::record::format::Schema;
use crate::record::{Data, Key, KeyGroup, KeyGroupRange};

/// What registers as a state.
pub trait StateDescriptor {
    /// The handle.
    type State<N: Namespace>;

    /// Registers it.
    fn register<K: Key, N: Namespace>(
        self,
        backend: &mut KeyedBackend<K>,
    ) -> Result<Self::State<N>, StateError>;
}

/// What all handles are.
pub trait KeyedState {
    /// What the state is kept apart by within a key.
    type Namespace: Namespace;

    /// Its place in its backend.
    fn registered(&self) -> &Registered;

    /// Sets the namespace that the state is used for from now on.
    fn set_namespace<K: Key>(
        &self,
        backend: &mut KeyedBackend<K>,
        namespace: Self::Namespace,
    ) -> Result<(), StateError>;

    /// Forgets the state of the current key and namespace.
    fn clear<K: Key>(&self, backend: &mut KeyedBackend<K>) -> Result<(), StateError>;
}

impl<K: Key> KeyedBackend<K> {
    /// Registers a state, or finds it if that has been done.
    pub fn state<D: StateDescriptor>(&mut self, descriptor: D) -> Result<D::State<()>, StateError> {
        descriptor.register(self)
    }

    /// Registers a state that is kept apart by namespaces within each key.
    pub fn namespaced_state<N: Namespace, D: StateDescriptor>(
        &mut self,
        descriptor: D,
    ) -> Result<D::State<N>, StateError> {
        descriptor.register(self)
    }

    /// The keys of some key groups for which a state has anything, by key group and in order.
    pub fn keys_and_namespaces<S: KeyedState>(
        &mut self,
        state: &S,
        range: KeyGroupRange,
    ) -> Result<Vec<(KeyGroup, K, S::Namespace)>, StateError> {
        self.keys_of(state.registered(), range)
    }

    /// Does something for each key of this subtask for which a state has anything, with that key
    /// at work: Flink's `applyToKeyedState`.
    pub fn apply_to_all_keys<S: KeyedState>(
        &mut self,
        state: &S,
        mut function: impl FnMut(&mut Self, &K) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let before = self.current_key().cloned();
        let mut keys = self.keys_and_namespaces(state, self.key_group_range())?;
        keys.dedup_by(|(_, a, _), (_, b, _)| a.same(b));
        for (_, key, _) in keys {
            self.set_current_key(key.hash_code(), &key)?;
            function(self, &key)?;
        }
        self.clear_current_key();
        before.map_or(Ok(()), |key| self.set_current_key(key.hash_code(), &key))
    }
}

/// What a state of these types is.
fn meta<K: Key, N: Namespace, V: Data>(name: &str, kind: StateKind, ttl: Option<Ttl>) -> StateMeta {
    StateMeta {
        name: name.to_string(),
        kind,
        stamped: ttl.is_some(),
        key: Schema::of::<K>(),
        namespace: Schema::of::<N>(),
        user_key: None,
        value: Schema::of::<V>(),
    }
}

/// Registers a state that has one `W` per key and namespace.
fn register_cells<K: Key, N: Namespace, W: Stored>(
    backend: &mut KeyedBackend<K>,
    meta: StateMeta,
    ttl: Option<Ttl>,
) -> Result<Registered, StateError> {
    if let Some(registered) = backend.registered(&meta, ttl)? {
        backend.untouched::<CellTable<K, N, W>>(&registered).map_err(|_| same_names(&meta))?;
        return Ok(registered);
    }
    let common = Common { name: Arc::from(meta.name.as_str()), meta, ttl };
    let cells = match &backend.storage {
        Storage::Hashmap => Cells::Heap(HeapCells::new(backend.scope.max_parallelism)),
        Storage::Lsm(store) => {
            let number = store.register(&common.name, ttl);
            Cells::Lsm(LsmCells::new(store.clone(), number, common.stamps()))
        }
    };
    backend.add_table(Box::new(CellTable::<K, N, W>::new(common, cells)))
}

/// Two Rust types that look the same and are not.
fn same_names(meta: &StateMeta) -> StateError {
    StateError::TypeDiffers {
        name: meta.name.clone(),
        registered: meta.types(),
        wanted: format!("another Rust type of the same shape, {}", meta.types()),
    }
}
