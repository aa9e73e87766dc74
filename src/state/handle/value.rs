//! One value per key.

use std::marker::PhantomData;

use super::cell::{ValueTable, before_change, read};
use super::{KeyedState, Registered, StateDescriptor, meta, register_cells};
use crate::record::{Data, Key};
use crate::state::stamped::Stamped;
use crate::state::ttl::Ttl;
use crate::state::{KeyedBackend, Namespace, StateError, StateKind, ValueStateDescriptor};

/// One value per key (and namespace).
#[derive(Clone, Debug)]
pub struct ValueState<V, N = ()> {
    registered: Registered,
    types: PhantomData<fn() -> (V, N)>,
}

impl<V, N> Default for ValueState<V, N> {
    /// A handle that is not registered: using it is an error.
    fn default() -> Self {
        Self { registered: Registered::nowhere(), types: PhantomData }
    }
}

impl<V: Data> StateDescriptor for ValueStateDescriptor<V> {
    type State<N: Namespace> = ValueState<V, N>;

    fn register<K: Key, N: Namespace>(
        self,
        backend: &mut KeyedBackend<K>,
    ) -> Result<ValueState<V, N>, StateError> {
        let ttl = Ttl::of(self.ttl.as_ref());
        let meta = meta::<K, N, V>(&self.name, StateKind::Value, ttl);
        let registered = register_cells::<K, N, Stamped<V>>(backend, meta, ttl)?;
        Ok(ValueState { registered, types: PhantomData })
    }
}

impl<V: Data, N: Namespace> ValueState<V, N> {
    /// The value.
    #[inline]
    pub fn value<'b, K: Key>(
        &self,
        backend: &'b mut KeyedBackend<K>,
    ) -> Result<Option<&'b V>, StateError> {
        let (table, scope) = backend.table::<ValueTable<K, N, V>>(&self.registered)?;
        read(table, scope)
    }

    /// The value, to change in place.
    #[inline]
    pub fn value_mut<'b, K: Key>(
        &self,
        backend: &'b mut KeyedBackend<K>,
    ) -> Result<Option<&'b mut V>, StateError> {
        let (table, scope) = backend.table::<ValueTable<K, N, V>>(&self.registered)?;
        before_change(table, scope)?;
        Ok(table.change(scope)?.map(|cell| {
            cell.updated = scope.now;
            &mut cell.value
        }))
    }

    /// The value, to change in place; made if there is none.
    #[inline]
    pub fn value_or_insert_with<'b, K: Key>(
        &self,
        backend: &'b mut KeyedBackend<K>,
        make: impl FnOnce() -> V,
    ) -> Result<&'b mut V, StateError> {
        let (table, scope) = backend.table::<ValueTable<K, N, V>>(&self.registered)?;
        before_change(table, scope)?;
        let now = scope.now;
        let cell = table.change_or_insert(scope, || Stamped::new(make(), now))?;
        cell.updated = now;
        Ok(&mut cell.value)
    }

    /// Sets the value.
    #[inline]
    pub fn update<K: Key>(
        &self,
        backend: &mut KeyedBackend<K>,
        value: V,
    ) -> Result<(), StateError> {
        let (table, scope) = backend.table::<ValueTable<K, N, V>>(&self.registered)?;
        table.clean_for_access(scope);
        scope.state_version += 1;
        table.put(scope, Stamped::new(value, scope.now))
    }
}

impl<V: Data, N: Namespace> KeyedState for ValueState<V, N> {
    type Namespace = N;

    fn registered(&self) -> &Registered {
        &self.registered
    }

    fn set_namespace<K: Key>(
        &self,
        backend: &mut KeyedBackend<K>,
        namespace: N,
    ) -> Result<(), StateError> {
        let (table, _) = backend.untouched::<ValueTable<K, N, V>>(&self.registered)?;
        table.set_namespace(namespace)
    }

    fn clear<K: Key>(&self, backend: &mut KeyedBackend<K>) -> Result<(), StateError> {
        let (table, scope) = backend.table::<ValueTable<K, N, V>>(&self.registered)?;
        scope.state_version += 1;
        table.remove(scope).map(drop)
    }
}
