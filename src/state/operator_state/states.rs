//! Handles of operator state.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use super::OperatorStateBackend;
use crate::record::Data;
use crate::state::{Namespace, StateError};

/// Where a state is in its backend.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub index: usize,
    pub name: Arc<str>,
}

impl Default for Place {
    /// Of a handle that is not registered: using it is an error.
    fn default() -> Self {
        Self { index: usize::MAX, name: Arc::from("") }
    }
}

/// Elements that belong to a subtask until the parallelism changes.
#[derive(Clone, Debug)]
pub struct OperatorListState<V> {
    pub(super) place: Place,
    pub(super) element: PhantomData<fn() -> V>,
}

impl<V> Default for OperatorListState<V> {
    fn default() -> Self {
        Self { place: Place::default(), element: PhantomData }
    }
}

impl<V: Data> OperatorListState<V> {
    /// The elements.
    pub fn get<'b>(&self, backend: &'b OperatorStateBackend) -> Result<&'b [V], StateError> {
        backend.get::<Vec<V>>(&self.place).map(Vec::as_slice)
    }

    /// The elements, to change in place.
    pub fn get_mut<'b>(
        &self,
        backend: &'b mut OperatorStateBackend,
    ) -> Result<&'b mut Vec<V>, StateError> {
        backend.get_mut(&self.place)
    }

    /// Appends an element.
    pub fn add(&self, backend: &mut OperatorStateBackend, value: V) -> Result<(), StateError> {
        self.get_mut(backend)?.push(value);
        Ok(())
    }

    /// Replaces the elements.
    pub fn update(
        &self,
        backend: &mut OperatorStateBackend,
        values: impl IntoIterator<Item = V>,
    ) -> Result<(), StateError> {
        *self.get_mut(backend)? = values.into_iter().collect();
        Ok(())
    }

    /// Forgets the elements.
    pub fn clear(&self, backend: &mut OperatorStateBackend) -> Result<(), StateError> {
        self.update(backend, [])
    }
}

/// A map that is the same in every subtask, as long as all make the same of the same broadcast
/// records.
#[derive(Clone, Debug)]
pub struct BroadcastState<U, V> {
    pub(super) place: Place,
    pub(super) entry: PhantomData<fn() -> (U, V)>,
}

/// The same map for whoever must not change it: the side that is not broadcast, of which each
/// subtask sees other records.
#[derive(Clone, Debug)]
pub struct ReadOnlyBroadcastState<U, V>(BroadcastState<U, V>);

impl<U, V> Default for BroadcastState<U, V> {
    fn default() -> Self {
        Self { place: Place::default(), entry: PhantomData }
    }
}

impl<U: Namespace, V: Data> BroadcastState<U, V> {
    /// The map, in the order of its keys.
    pub fn entries<'b>(
        &self,
        backend: &'b OperatorStateBackend,
    ) -> Result<&'b BTreeMap<U, V>, StateError> {
        backend.get(&self.place)
    }

    /// The value of a key.
    pub fn get<'b>(
        &self,
        backend: &'b OperatorStateBackend,
        key: &U,
    ) -> Result<Option<&'b V>, StateError> {
        Ok(self.entries(backend)?.get(key))
    }

    /// Whether a key has a value.
    pub fn contains(&self, backend: &OperatorStateBackend, key: &U) -> Result<bool, StateError> {
        Ok(self.entries(backend)?.contains_key(key))
    }

    /// The map, to change in place.
    pub fn entries_mut<'b>(
        &self,
        backend: &'b mut OperatorStateBackend,
    ) -> Result<&'b mut BTreeMap<U, V>, StateError> {
        backend.get_mut(&self.place)
    }

    /// Sets the value of a key.
    pub fn put(
        &self,
        backend: &mut OperatorStateBackend,
        key: U,
        value: V,
    ) -> Result<(), StateError> {
        self.entries_mut(backend)?.insert(key, value);
        Ok(())
    }

    /// Removes the value of a key.
    pub fn remove(&self, backend: &mut OperatorStateBackend, key: &U) -> Result<(), StateError> {
        self.entries_mut(backend)?.remove(key);
        Ok(())
    }

    /// Forgets all entries.
    pub fn clear(&self, backend: &mut OperatorStateBackend) -> Result<(), StateError> {
        self.entries_mut(backend)?.clear();
        Ok(())
    }

    /// The same map for whoever must not change it.
    pub fn read_only(&self) -> ReadOnlyBroadcastState<U, V> {
        ReadOnlyBroadcastState(Self { place: self.place.clone(), entry: PhantomData })
    }
}

impl<U: Namespace, V: Data> ReadOnlyBroadcastState<U, V> {
    /// The map, in the order of its keys.
    pub fn entries<'b>(
        &self,
        backend: &'b OperatorStateBackend,
    ) -> Result<&'b BTreeMap<U, V>, StateError> {
        self.0.entries(backend)
    }

    /// The value of a key.
    pub fn get<'b>(
        &self,
        backend: &'b OperatorStateBackend,
        key: &U,
    ) -> Result<Option<&'b V>, StateError> {
        self.0.get(backend, key)
    }

    /// Whether a key has a value.
    pub fn contains(&self, backend: &OperatorStateBackend, key: &U) -> Result<bool, StateError> {
        self.0.contains(backend, key)
    }
}
