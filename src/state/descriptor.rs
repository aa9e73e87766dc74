//! Descriptors: what a program says of a state when it registers it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AggregateFunction, Namespace, StateTtlConfig};
use crate::record::Data;
use std::marker::PhantomData;

/// The kinds of keyed state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StateKind {
    /// One value.
    Value,
    /// Values in order.
    List,
    /// Values by user keys.
    Map,
    /// Values reduced to one.
    Reducing,
    /// Values aggregated into an accumulator.
    Aggregating,
}

impl fmt::Display for StateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value => "value",
            Self::List => "list",
            Self::Map => "map",
            Self::Reducing => "reducing",
            Self::Aggregating => "aggregating",
        })
    }
}

/// A reduce function: the second value goes into the first.
pub type ReduceFunction<V> = Arc<dyn Fn(&mut V, V) + Send + Sync>;

/// Methods that all descriptors have.
macro_rules! common {
    ($name:ident<$($parameter:ident),*> where $($bounds:tt)*) => {
        impl<$($parameter),*> $name<$($parameter),*> where $($bounds)* {
            /// Lets values expire.
            #[must_use]
            pub fn enable_time_to_live(mut self, config: StateTtlConfig) -> Self {
                self.ttl = Some(config);
                self
            }

            /// Its name, unique within an operator.
            pub fn name(&self) -> &str {
                &self.name
            }
        }
    };
}

/// Describes a [`super::ValueState`].
#[derive(Clone, Debug)]
pub struct ValueStateDescriptor<V> {
    pub(super) name: String,
    pub(super) ttl: Option<StateTtlConfig>,
    value: PhantomData<fn() -> V>,
}

/// Describes a [`super::ListState`].
#[derive(Clone, Debug)]
pub struct ListStateDescriptor<V> {
    pub(super) name: String,
    pub(super) ttl: Option<StateTtlConfig>,
    value: PhantomData<fn() -> V>,
}

/// Describes a [`super::MapState`].
#[derive(Clone, Debug)]
pub struct MapStateDescriptor<U, V> {
    pub(super) name: String,
    pub(super) ttl: Option<StateTtlConfig>,
    entry: PhantomData<fn() -> (U, V)>,
}

/// Describes a [`super::ReducingState`].
#[derive(Clone)]
pub struct ReducingStateDescriptor<V> {
    pub(super) name: String,
    pub(super) ttl: Option<StateTtlConfig>,
    pub(super) reduce: ReduceFunction<V>,
}

/// Describes a [`super::AggregatingState`].
#[derive(Clone)]
pub struct AggregatingStateDescriptor<T, A> {
    pub(super) name: String,
    pub(super) ttl: Option<StateTtlConfig>,
    pub(super) function: Arc<A>,
    value: PhantomData<fn(T)>,
}

common!(ValueStateDescriptor<V> where V: Data);
common!(ListStateDescriptor<V> where V: Data);
common!(MapStateDescriptor<U, V> where U: Namespace, V: Data);
common!(ReducingStateDescriptor<V> where V: Data);
common!(AggregatingStateDescriptor<T, A> where A: AggregateFunction<T>);

impl<V: Data> ValueStateDescriptor<V> {
    /// State of one value.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ttl: None, value: PhantomData }
    }
}

impl<V: Data> ListStateDescriptor<V> {
    /// State of values in order.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ttl: None, value: PhantomData }
    }
}

impl<U: Namespace, V: Data> MapStateDescriptor<U, V> {
    /// State of values by user keys.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ttl: None, entry: PhantomData }
    }
}

impl<V: Data> ReducingStateDescriptor<V> {
    /// State of values that are reduced to one.
    pub fn new(
        name: impl Into<String>,
        reduce: impl Fn(&mut V, V) + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), ttl: None, reduce: Arc::new(reduce) }
    }
}

impl<T, A: AggregateFunction<T>> AggregatingStateDescriptor<T, A> {
    /// State of values that are aggregated.
    pub fn new(name: impl Into<String>, function: A) -> Self {
        Self { name: name.into(), ttl: None, function: Arc::new(function), value: PhantomData }
    }
}
