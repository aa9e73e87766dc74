//! Values reduced to one per key.

use std::marker::PhantomData;
use std::sync::Arc;

use super::cell::{ValueTable, before_change, read};
use super::{KeyedState, Registered, StateDescriptor, meta, register_cells};
use crate::record::{Data, Key};
use crate::state::stamped::Stamped;
use crate::state::ttl::Ttl;
use crate::state::{
    KeyedBackend, Namespace, ReduceFunction, ReducingStateDescriptor, StateError, StateKind,
};

/// Values reduced to one per key (and namespace).
#[derive(Clone)]
pub struct ReducingState<V, N = ()> {
    registered: Registered,
    reduce: ReduceFunction<V>,
    types: PhantomData<fn() -> (V, N)>,
}

impl<V: 'static, N> Default for ReducingState<V, N> {
    /// A handle that is not registered: using it is an error.
    fn default() -> Self {
        Self {
            registered: Registered::nowhere(),
            reduce: Arc::new(|_, _| unreachable!("there is no state to reduce")),
            types: PhantomData,
        }
    }
}

impl<V: Data> StateDescriptor for ReducingStateDescriptor<V> {
    type State<N: Namespace> = ReducingState<V, N>;

    fn register<K: Key, N: Namespace>(
        self,
        backend: &mut KeyedBackend<K>,
    ) -> Result<ReducingState<V, N>, StateError> {
        let ttl = Ttl::of(self.ttl.as_ref());
        let meta = meta::<K, N, V>(&self.name, StateKind::Reducing, ttl);
        let registered = register_cells::<K, N, Stamped<V>>(backend, meta, ttl)?;
        Ok(ReducingState { registered, reduce: self.reduce, types: PhantomData })
    }
}

impl<V: Data, N: Namespace> ReducingState<V, N> {
    /// What the values were reduced to.
    pub fn get<'b, K: Key>(
        &self,
        backend: &'b mut KeyedBackend<K>,
    ) -> Result<Option<&'b V>, StateError> {
        let (table, scope) = backend.table::<ValueTable<K, N, V>>(&self.registered)?;
        read(table, scope)
    }

    /// Takes a value in.
    #[inline]
    pub fn add<K: Key>(&self, backend: &mut KeyedBackend<K>, value: V) -> Result<(), StateError> {
        let (table, scope) = backend.table::<ValueTable<K, N, V>>(&self.registered)?;
        before_change(table, scope)?;
        let (now, mut value) = (scope.now, Some(value));
        let first = || Stamped::new(value.take().expect("it is given once"), now);
        let cell = table.change_or_insert(scope, first)?;
        if let Some(value) = value {
            (self.reduce)(&mut cell.value, value);
            cell.updated = now;
        }
        Ok(())
    }
}

impl<V: Data, N: Namespace> KeyedState for ReducingState<V, N> {
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
