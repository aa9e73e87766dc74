//! Namespaces: what state is kept apart by within a key, such as a window.
//!
//! Nearly all state has the namespace `()`, so the one value of a key lies in its table entry
//! itself; only a second namespace makes a map of them.

use std::any::Any;
use std::collections::BTreeMap;

use crate::record::Data;

/// Whatever may keep state of one key apart.
pub trait Namespace: Data + Ord {}

impl<N: Data + Ord> Namespace for N {}

/// The namespace that needs not be set, if there is one: `()`.
pub(super) fn only<N: Namespace>() -> Option<N> {
    (&() as &dyn Any).downcast_ref::<N>().cloned()
}

/// The values of one key. Invariant: there is at least one, but for a moment.
pub(super) enum Namespaces<N, W> {
    One(N, W),
    Many(BTreeMap<N, W>),
}

impl<N: Namespace, W> Namespaces<N, W> {
    #[inline]
    pub fn get_mut(&mut self, namespace: &N) -> Option<&mut W> {
        match self {
            Self::One(found, value) if found == namespace => Some(value),
            Self::One(..) => None,
            Self::Many(values) => values.get_mut(namespace),
        }
    }

    #[inline]
    pub fn get_or_insert_with(&mut self, namespace: &N, value: impl FnOnce() -> W) -> &mut W {
        if let Self::One(found, _) = self
            && found != namespace
        {
            self.spread();
        }
        match self {
            Self::One(_, value) => value,
            Self::Many(values) => values.entry(namespace.clone()).or_insert_with(value),
        }
    }

    /// Makes a map of the one value.
    fn spread(&mut self) {
        if let Self::One(..) = self
            && let Self::One(namespace, value) =
                std::mem::replace(self, Self::Many(BTreeMap::new()))
            && let Self::Many(values) = self
        {
            values.insert(namespace, value);
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, namespace: &N) -> Option<W> {
        match self {
            Self::One(found, _) if found != namespace => None,
            Self::One(..) => {
                self.spread();
                self.remove(namespace)
            }
            Self::Many(values) => values.remove(namespace),
        }
    }

    pub fn is_empty(&self) -> bool {
        match self {
            Self::One(..) => false,
            Self::Many(values) => values.is_empty(),
        }
    }

    /// Shows every value, in the order of namespaces.
    pub fn visit(&mut self, mut visitor: impl FnMut(&N, &mut W)) {
        match self {
            Self::One(namespace, value) => visitor(namespace, value),
            Self::Many(values) => {
                for (namespace, value) in values {
                    visitor(namespace, value);
                }
            }
        }
    }

    /// Keeps the values for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&mut W) -> bool) {
        match self {
            Self::One(_, value) => {
                if !keep(value) {
                    *self = Self::Many(BTreeMap::new());
                }
            }
            Self::Many(values) => values.retain(|_, value| keep(value)),
        }
    }
}
