//! One value per key in whichever backend the job has.
//!
//! A closed enum and not a trait object: with objects in memory a record costs a branch that is
//! always foreseen, and no call.

use super::{KeyedStore, KeyedTable, LsmTable};
use crate::record::{Data, Key, KeyGroup};

/// See the module.
pub enum BackendTable<K, V> {
    /// Objects in memory.
    Hashmap(KeyedTable<K, V>),
    /// Serialized, behind a cache.
    Lsm(Box<LsmTable<K, V>>),
}

impl<K: Key, V: Data> KeyedStore<K, V> for BackendTable<K, V> {
    #[inline]
    fn find(
        &mut self,
        hash_code: i32,
        is_key: impl Fn(&K) -> bool,
        key: impl FnOnce() -> K,
    ) -> Option<(&K, &mut V)> {
        match self {
            Self::Hashmap(table) => table.find(hash_code, is_key, key),
            Self::Lsm(table) => table.find(hash_code, is_key, key),
        }
    }

    #[inline]
    fn find_or_insert(
        &mut self,
        hash_code: i32,
        is_key: impl Fn(&K) -> bool,
        key: impl FnOnce() -> K,
        value: impl FnOnce() -> V,
    ) -> (&K, &mut V) {
        match self {
            Self::Hashmap(table) => table.find_or_insert(hash_code, is_key, key, value),
            Self::Lsm(table) => table.find_or_insert(hash_code, is_key, key, value),
        }
    }

    fn remove(&mut self, hash_code: i32, key: &K) -> bool {
        match self {
            Self::Hashmap(table) => table.remove(hash_code, key),
            Self::Lsm(table) => table.remove(hash_code, key),
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Hashmap(table) => table.count(),
            Self::Lsm(table) => table.count(),
        }
    }

    fn visit(&mut self, visitor: &mut dyn FnMut(KeyGroup, &K, &V)) {
        match self {
            Self::Hashmap(table) => table.visit(visitor),
            Self::Lsm(table) => table.visit(visitor),
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Hashmap(table) => table.clear(),
            Self::Lsm(table) => table.clear(),
        }
    }
}
