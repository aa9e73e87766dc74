//! One value per key, whatever holds it.
//!
//! An operator keeps everything it knows of a key in one value and changes it in place, so that a
//! record costs one look-up. A backend of objects hands out the object itself; a serialized
//! backend hands out the decoded value in its write-back cache.
//!
//! Invariant: values are listed by key group and then in the order of keys, so that a snapshot
//! never shows the order of a hash table.

use super::KeyedTable;
use crate::record::{Key, KeyGroup};

/// Holds one value per key and hands it out for change in place.
pub trait KeyedStore<K, V> {
    /// The entry of the key with this Java hash for which `is_key` holds. `key` is that key, for a
    /// store that has to look for it in files.
    fn find(
        &mut self,
        hash_code: i32,
        is_key: impl Fn(&K) -> bool,
        key: impl FnOnce() -> K,
    ) -> Option<(&K, &mut V)>;

    /// The same entry, made with `value` if it is not there.
    fn find_or_insert(
        &mut self,
        hash_code: i32,
        is_key: impl Fn(&K) -> bool,
        key: impl FnOnce() -> K,
        value: impl FnOnce() -> V,
    ) -> (&K, &mut V);

    /// Forgets a key; false if it was not there.
    fn remove(&mut self, hash_code: i32, key: &K) -> bool;

    /// How many keys there are.
    fn count(&self) -> usize;

    /// Shows every entry, by key group and then in the order of keys.
    fn visit(&mut self, visitor: &mut dyn FnMut(KeyGroup, &K, &V));

    /// Forgets all keys.
    fn clear(&mut self);
}

impl<K: Key, V> KeyedStore<K, V> for KeyedTable<K, V> {
    #[inline]
    fn find(
        &mut self,
        hash_code: i32,
        is_key: impl Fn(&K) -> bool,
        _key: impl FnOnce() -> K,
    ) -> Option<(&K, &mut V)> {
        self.entry_mut(hash_code, is_key)
    }

    #[inline]
    fn find_or_insert(
        &mut self,
        hash_code: i32,
        is_key: impl Fn(&K) -> bool,
        key: impl FnOnce() -> K,
        value: impl FnOnce() -> V,
    ) -> (&K, &mut V) {
        self.entry_or_insert(hash_code, is_key, || (key(), value()))
    }

    fn remove(&mut self, hash_code: i32, key: &K) -> bool {
        self.remove_entry(hash_code, |found| found.same(key)).is_some()
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn visit(&mut self, visitor: &mut dyn FnMut(KeyGroup, &K, &V)) {
        self.visit_sorted(&mut |group, key, value| visitor(group, key, value));
    }

    fn clear(&mut self) {
        KeyedTable::clear(self);
    }
}
