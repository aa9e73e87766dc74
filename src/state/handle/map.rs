//! Values by user keys, per key.

use std::marker::PhantomData;
use std::sync::Arc;

use super::{KeyedState, Registered, StateDescriptor, meta, same_names};
use crate::record::format::Schema;
use crate::record::{Data, Key};
use crate::state::heap_cells::HeapCells;
use crate::state::keyed_backend::Storage;
use crate::state::lsm::LsmCells;
use crate::state::scope::Scope;
use crate::state::snapshot::StateMeta;
use crate::state::stamped::Stamped;
use crate::state::table::{Common, MapCells, MapTable};
use crate::state::ttl::Ttl;
use crate::state::{KeyedBackend, MapStateDescriptor, Namespace, StateError, StateKind};

/// Values by user keys, per key (and namespace). Each entry expires for itself.
///
/// Unlike Flink: entries come in the order of user keys, with either backend, and a map of which
/// nothing can be seen is empty. There the order is that of a hash map or of serialized bytes, and
/// expired entries count until something removes them.
#[derive(Clone, Debug)]
pub struct MapState<U, V, N = ()> {
    registered: Registered,
    entry: PhantomData<fn() -> (U, V)>,
    namespace: PhantomData<fn() -> N>,
}

impl<U, V, N> Default for MapState<U, V, N> {
    /// A handle that is not registered: using it is an error.
    fn default() -> Self {
        Self { registered: Registered::nowhere(), entry: PhantomData, namespace: PhantomData }
    }
}

type Table<K, N, U, V> = MapTable<K, N, U, V>;

impl<U: Namespace, V: Data> StateDescriptor for MapStateDescriptor<U, V> {
    type State<N: Namespace> = MapState<U, V, N>;

    fn register<K: Key, N: Namespace>(
        self,
        backend: &mut KeyedBackend<K>,
    ) -> Result<MapState<U, V, N>, StateError> {
        let ttl = Ttl::of(self.ttl.as_ref());
        let meta = StateMeta {
            user_key: Some(Schema::of::<U>()),
            ..meta::<K, N, V>(&self.name, StateKind::Map, ttl)
        };
        if let Some(registered) = backend.registered(&meta, ttl)? {
            backend.untouched::<Table<K, N, U, V>>(&registered).map_err(|_| same_names(&meta))?;
            return Ok(MapState { registered, entry: PhantomData, namespace: PhantomData });
        }
        let common = Common { name: Arc::from(self.name.as_str()), meta, ttl };
        let cells = match &backend.storage {
            Storage::Hashmap => MapCells::Heap(HeapCells::new(backend.scope.max_parallelism)),
            Storage::Lsm(store) => {
                let number = store.register(&common.name, ttl);
                MapCells::Lsm(LsmCells::new(store.clone(), number, common.stamps()))
            }
        };
        let table = Box::new(Table::<K, N, U, V>::new(common, cells));
        let registered = backend.add_table(table)?;
        Ok(MapState { registered, entry: PhantomData, namespace: PhantomData })
    }
}

impl<U: Namespace, V: Data, N: Namespace> MapState<U, V, N> {
    /// The value of a user key.
    #[inline]
    pub fn get<'b, K: Key>(
        &self,
        backend: &'b mut KeyedBackend<K>,
        user_key: &U,
    ) -> Result<Option<&'b V>, StateError> {
        let (table, scope) = backend.table::<Table<K, N, U, V>>(&self.registered)?;
        table.clean_for_access(scope);
        if let Some(ttl) = table.ttl() {
            let updated = table.peek(scope, user_key)?.map(|value| value.updated);
            let Some(updated) = updated else { return Ok(None) };
            if ttl.is_expired(updated, scope.now) {
                let removed = table.remove(scope, user_key)?;
                table.parting = removed.filter(|_| ttl.returns_expired);
                return Ok(table.parting.as_ref().map(|value| &value.value));
            }
            if ttl.renews_on_read
                && let Some(value) = table.change(scope, user_key)?
            {
                value.updated = scope.now;
            }
        }
        Ok(table.peek(scope, user_key)?.map(|value| &value.value))
    }

    /// Whether a user key has a value.
    pub fn contains<K: Key>(
        &self,
        backend: &mut KeyedBackend<K>,
        user_key: &U,
    ) -> Result<bool, StateError> {
        Ok(self.get(backend, user_key)?.is_some())
    }

    /// The value of a user key, to change in place; made if there is none.
    #[inline]
    pub fn value_or_insert_with<'b, K: Key>(
        &self,
        backend: &'b mut KeyedBackend<K>,
        user_key: &U,
        make: impl FnOnce() -> V,
    ) -> Result<&'b mut V, StateError> {
        let (table, scope) = backend.table::<Table<K, N, U, V>>(&self.registered)?;
        table.clean_for_access(scope);
        let seen = match (table.ttl(), table.peek(scope, user_key)?) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(ttl), Some(value)) => !ttl.is_hidden(value.updated, scope.now),
        };
        scope.state_version += 1;
        if !seen {
            table.put(scope, user_key.clone(), Stamped::new(make(), scope.now))?;
        }
        let value = table.change(scope, user_key)?.expect("it is there or was just put");
        value.updated = scope.now;
        Ok(&mut value.value)
    }

    /// Sets the value of a user key.
    #[inline]
    pub fn put<K: Key>(
        &self,
        backend: &mut KeyedBackend<K>,
        user_key: U,
        value: V,
    ) -> Result<(), StateError> {
        let (table, scope) = backend.table::<Table<K, N, U, V>>(&self.registered)?;
        table.clean_for_access(scope);
        scope.state_version += 1;
        table.put(scope, user_key, Stamped::new(value, scope.now))
    }

    /// Removes the value of a user key.
    pub fn remove<K: Key>(
        &self,
        backend: &mut KeyedBackend<K>,
        user_key: &U,
    ) -> Result<(), StateError> {
        let (table, scope) = backend.table::<Table<K, N, U, V>>(&self.registered)?;
        table.clean_for_access(scope);
        scope.state_version += 1;
        table.remove(scope, user_key).map(drop)
    }

    /// Shows all entries in the order of user keys. Showing may renew them, or remove them.
    pub fn for_each<K: Key>(
        &self,
        backend: &mut KeyedBackend<K>,
        mut visitor: impl FnMut(&U, &V),
    ) -> Result<(), StateError> {
        let (table, scope) = backend.table::<Table<K, N, U, V>>(&self.registered)?;
        table.clean_for_access(scope);
        let Some(ttl) = table.ttl() else {
            return table.visit(scope, |user_key, value| visitor(user_key, &value.value));
        };
        let (mut expired, mut renewed) = (Vec::new(), Vec::new());
        table.visit(scope, |user_key, value| {
            if ttl.is_expired(value.updated, scope.now) {
                expired.push(user_key.clone());
            } else if ttl.renews_on_read {
                renewed.push(user_key.clone());
            }
            if !ttl.is_hidden(value.updated, scope.now) {
                visitor(user_key, &value.value);
            }
        })?;
        for user_key in expired {
            table.remove(scope, &user_key)?;
        }
        renew(table, scope, &renewed)
    }

    /// All entries in the order of user keys.
    pub fn entries<K: Key>(
        &self,
        backend: &mut KeyedBackend<K>,
    ) -> Result<Vec<(U, V)>, StateError> {
        let mut entries = Vec::new();
        self.for_each(backend, |user_key, value| entries.push((user_key.clone(), value.clone())))?;
        Ok(entries)
    }

    /// All user keys in order.
    pub fn keys<K: Key>(&self, backend: &mut KeyedBackend<K>) -> Result<Vec<U>, StateError> {
        let mut keys = Vec::new();
        self.for_each(backend, |user_key, _| keys.push(user_key.clone()))?;
        Ok(keys)
    }

    /// All values in the order of user keys.
    pub fn values<K: Key>(&self, backend: &mut KeyedBackend<K>) -> Result<Vec<V>, StateError> {
        let mut values = Vec::new();
        self.for_each(backend, |_, value| values.push(value.clone()))?;
        Ok(values)
    }

    /// Whether there is no entry.
    pub fn is_empty<K: Key>(&self, backend: &mut KeyedBackend<K>) -> Result<bool, StateError> {
        let (table, scope) = backend.table::<Table<K, N, U, V>>(&self.registered)?;
        table.clean_for_access(scope);
        let ttl = table.ttl();
        let is_hidden =
            |value: &Stamped<V>| ttl.is_some_and(|ttl| ttl.is_hidden(value.updated, scope.now));
        Ok(!table.any(scope, |value| !is_hidden(value))?)
    }
}

fn renew<K: Key, N: Namespace, U: Namespace, V: Data>(
    table: &mut Table<K, N, U, V>,
    scope: &Scope<K>,
    user_keys: &[U],
) -> Result<(), StateError> {
    for user_key in user_keys {
        if let Some(value) = table.change(scope, user_key)? {
            value.updated = scope.now;
        }
    }
    Ok(())
}

impl<U: Namespace, V: Data, N: Namespace> KeyedState for MapState<U, V, N> {
    type Namespace = N;

    fn registered(&self) -> &Registered {
        &self.registered
    }

    fn set_namespace<K: Key>(
        &self,
        backend: &mut KeyedBackend<K>,
        namespace: N,
    ) -> Result<(), StateError> {
        let (table, _) = backend.untouched::<Table<K, N, U, V>>(&self.registered)?;
        table.set_namespace(namespace)
    }

    fn clear<K: Key>(&self, backend: &mut KeyedBackend<K>) -> Result<(), StateError> {
        let (table, scope) = backend.table::<Table<K, N, U, V>>(&self.registered)?;
        scope.state_version += 1;
        table.clear(scope)
    }
}
