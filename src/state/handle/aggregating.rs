//! Values aggregated into one accumulator per key.

use std::marker::PhantomData;
use std::sync::Arc;

use super::cell::{ValueTable, before_change, read};
use super::{KeyedState, Registered, StateDescriptor, meta, register_cells};
use crate::record::Key;
use crate::state::stamped::Stamped;
use crate::state::ttl::Ttl;
use crate::state::{
    AggregateFunction, AggregatingStateDescriptor, KeyedBackend, Namespace, StateError, StateKind,
};

/// Values aggregated into one accumulator per key (and namespace).
pub struct AggregatingState<T, A, N = ()> {
    registered: Registered,
    function: Arc<A>,
    types: PhantomData<fn(T) -> N>,
}

impl<T, A, N> Clone for AggregatingState<T, A, N> {
    fn clone(&self) -> Self {
        let (registered, function) = (self.registered.clone(), self.function.clone());
        Self { registered, function, types: PhantomData }
    }
}

impl<T, A: Default, N> Default for AggregatingState<T, A, N> {
    /// A handle that is not registered: using it is an error.
    fn default() -> Self {
        let function = Arc::new(A::default());
        Self { registered: Registered::nowhere(), function, types: PhantomData }
    }
}

impl<T, A: AggregateFunction<T>> StateDescriptor for AggregatingStateDescriptor<T, A> {
    type State<N: Namespace> = AggregatingState<T, A, N>;

    fn register<K: Key, N: Namespace>(
        self,
        backend: &mut KeyedBackend<K>,
    ) -> Result<AggregatingState<T, A, N>, StateError> {
        let ttl = Ttl::of(self.ttl.as_ref());
        let meta = meta::<K, N, A::Accumulator>(&self.name, StateKind::Aggregating, ttl);
        let registered = register_cells::<K, N, Stamped<A::Accumulator>>(backend, meta, ttl)?;
        Ok(AggregatingState { registered, function: self.function, types: PhantomData })
    }
}

impl<T, A: AggregateFunction<T>, N: Namespace> AggregatingState<T, A, N> {
    /// The result of the values so far; nothing if there were none.
    pub fn get<K: Key>(&self, backend: &mut KeyedBackend<K>) -> Result<Option<A::Out>, StateError> {
        let (table, scope) = backend.table::<ValueTable<K, N, A::Accumulator>>(&self.registered)?;
        let accumulator = read(table, scope)?;
        Ok(accumulator.map(|accumulator| self.function.get_result(accumulator)))
    }

    /// Takes a value in.
    #[inline]
    pub fn add<K: Key>(&self, backend: &mut KeyedBackend<K>, value: T) -> Result<(), StateError> {
        let (table, scope) = backend.table::<ValueTable<K, N, A::Accumulator>>(&self.registered)?;
        before_change(table, scope)?;
        let now = scope.now;
        let first = || Stamped::new(self.function.create_accumulator(), now);
        let cell = table.change_or_insert(scope, first)?;
        self.function.add(&mut cell.value, value);
        cell.updated = now;
        Ok(())
    }
}

impl<T, A: AggregateFunction<T>, N: Namespace> KeyedState for AggregatingState<T, A, N> {
    type Namespace = N;

    fn registered(&self) -> &Registered {
        &self.registered
    }

    fn set_namespace<K: Key>(
        &self,
        backend: &mut KeyedBackend<K>,
        namespace: N,
    ) -> Result<(), StateError> {
        let (table, _) = backend.untouched::<ValueTable<K, N, A::Accumulator>>(&self.registered)?;
        table.set_namespace(namespace)
    }

    fn clear<K: Key>(&self, backend: &mut KeyedBackend<K>) -> Result<(), StateError> {
        let (table, scope) = backend.table::<ValueTable<K, N, A::Accumulator>>(&self.registered)?;
        scope.state_version += 1;
        table.remove(scope).map(drop)
    }
}
