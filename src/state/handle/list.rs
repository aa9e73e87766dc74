//! Values in order, per key.

use std::marker::PhantomData;

use super::{KeyedState, Registered, StateDescriptor, meta, register_cells};
use crate::base::EventTime;
use crate::record::{Data, Key};
use crate::state::stamped::Stamped;
use crate::state::table::CellTable;
use crate::state::ttl::Ttl;
use crate::state::{KeyedBackend, ListStateDescriptor, Namespace, StateError, StateKind};

/// Values in order, per key (and namespace). Each element expires for itself.
#[derive(Clone, Debug)]
pub struct ListState<V, N = ()> {
    registered: Registered,
    types: PhantomData<fn() -> (V, N)>,
}

impl<V, N> Default for ListState<V, N> {
    /// A handle that is not registered: using it is an error.
    fn default() -> Self {
        Self { registered: Registered::nowhere(), types: PhantomData }
    }
}

type Table<K, N, V> = CellTable<K, N, Vec<Stamped<V>>>;

impl<V: Data> StateDescriptor for ListStateDescriptor<V> {
    type State<N: Namespace> = ListState<V, N>;

    fn register<K: Key, N: Namespace>(
        self,
        backend: &mut KeyedBackend<K>,
    ) -> Result<ListState<V, N>, StateError> {
        let ttl = Ttl::of(self.ttl.as_ref());
        let meta = meta::<K, N, V>(&self.name, StateKind::List, ttl);
        let registered = register_cells::<K, N, Vec<Stamped<V>>>(backend, meta, ttl)?;
        Ok(ListState { registered, types: PhantomData })
    }
}

/// The elements of a list that can be seen.
#[derive(Clone, Debug)]
pub struct ListItems<'a, V> {
    items: std::slice::Iter<'a, Stamped<V>>,
    hides: Option<(Ttl, EventTime)>,
}

impl<'a, V> Iterator for ListItems<'a, V> {
    type Item = &'a V;

    fn next(&mut self) -> Option<&'a V> {
        let hides = self.hides;
        let is_seen =
            |item: &&Stamped<V>| !hides.is_some_and(|(ttl, now)| ttl.is_hidden(item.updated, now));
        self.items.find(is_seen).map(|item| &item.value)
    }
}

impl<V: Data, N: Namespace> ListState<V, N> {
    /// The elements; none if there is no list.
    pub fn get<'b, K: Key>(
        &self,
        backend: &'b mut KeyedBackend<K>,
    ) -> Result<ListItems<'b, V>, StateError> {
        let (table, scope) = backend.table::<Table<K, N, V>>(&self.registered)?;
        table.clean_for_access(scope);
        let Some(ttl) = table.ttl() else {
            let items = table.peek(scope)?.map_or(&[][..], Vec::as_slice).iter();
            return Ok(ListItems { items, hides: None });
        };
        let now = scope.now;
        let expired = |item: &Stamped<V>| ttl.is_expired(item.updated, now);
        let all_expired = table.peek(scope)?.is_some_and(|list| list.iter().all(expired));
        if all_expired {
            table.parting = table.remove(scope)?.filter(|_| ttl.returns_expired);
        } else if ttl.renews_on_read {
            // What has expired is seen a last time, if at all, while what is stored forgets it.
            table.parting = table.peek(scope)?.cloned();
            if let Some(list) = table.change(scope)? {
                list.retain(|item| !expired(item));
                list.iter_mut().for_each(|item| item.updated = now);
            }
        } else {
            let items = table.peek(scope)?.map_or(&[][..], Vec::as_slice).iter();
            return Ok(ListItems { items, hides: Some((ttl, now)) });
        }
        let items = table.parting.as_ref().map_or(&[][..], Vec::as_slice).iter();
        Ok(ListItems { items, hides: Some((ttl, now)) })
    }

    /// Appends an element.
    #[inline]
    pub fn add<K: Key>(&self, backend: &mut KeyedBackend<K>, value: V) -> Result<(), StateError> {
        self.add_all(backend, [value])
    }

    /// Appends elements.
    #[inline]
    pub fn add_all<K: Key>(
        &self,
        backend: &mut KeyedBackend<K>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<(), StateError> {
        let (table, scope) = backend.table::<Table<K, N, V>>(&self.registered)?;
        table.clean_for_access(scope);
        scope.state_version += 1;
        let (now, ttl) = (scope.now, table.ttl());
        let mut values = values.into_iter().map(|value| Stamped::new(value, now)).peekable();
        if values.peek().is_some() {
            let list = table.change_or_insert(scope, Vec::new)?;
            if let Some(ttl) = ttl {
                drop_expired_half(list, &ttl, now);
            }
            list.extend(values);
        }
        Ok(())
    }

    /// Replaces the elements. Without any there is no list any more.
    pub fn update<K: Key>(
        &self,
        backend: &mut KeyedBackend<K>,
        values: impl IntoIterator<Item = V>,
    ) -> Result<(), StateError> {
        let (table, scope) = backend.table::<Table<K, N, V>>(&self.registered)?;
        table.clean_for_access(scope);
        scope.state_version += 1;
        let now = scope.now;
        let list: Vec<_> = values.into_iter().map(|value| Stamped::new(value, now)).collect();
        if list.is_empty() { table.remove(scope).map(drop) } else { table.put(scope, list) }
    }
}

/// Forgets the oldest elements when half of a list and more are expired and cannot be seen, so that
/// one that is added to for ever does not grow for ever, and adding costs the same however long it is.
fn drop_expired_half<V>(list: &mut Vec<Stamped<V>>, ttl: &Ttl, now: EventTime) {
    let half = list.len().div_ceil(2);
    if half > 0 && ttl.is_hidden(list[half - 1].updated, now) {
        list.retain(|item| !ttl.is_hidden(item.updated, now));
    }
}

impl<V: Data, N: Namespace> KeyedState for ListState<V, N> {
    type Namespace = N;

    fn registered(&self) -> &Registered {
        &self.registered
    }

    fn set_namespace<K: Key>(
        &self,
        backend: &mut KeyedBackend<K>,
        namespace: N,
    ) -> Result<(), StateError> {
        let (table, _) = backend.untouched::<Table<K, N, V>>(&self.registered)?;
        table.set_namespace(namespace)
    }

    fn clear<K: Key>(&self, backend: &mut KeyedBackend<K>) -> Result<(), StateError> {
        let (table, scope) = backend.table::<Table<K, N, V>>(&self.registered)?;
        scope.state_version += 1;
        table.remove(scope).map(drop)
    }
}
