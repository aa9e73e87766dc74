//! The values of one registered state in the `hashmap` backend.

use super::KeyedTable;
use super::namespace::{Namespace, Namespaces};
use crate::record::{Key, KeyGroup, KeyGroupRange};

/// One value per key and namespace.
pub(super) struct HeapCells<K, N, W> {
    table: KeyedTable<K, Namespaces<N, W>>,
    /// How far the search for expired values has come.
    cursor: usize,
}

impl<K: Key, N: Namespace, W> HeapCells<K, N, W> {
    pub fn new(max_parallelism: u32) -> Self {
        Self { table: KeyedTable::new(max_parallelism), cursor: 0 }
    }

    #[inline]
    pub fn get_mut(&mut self, hash_code: i32, key: &K, namespace: &N) -> Option<&mut W> {
        self.table.get_mut(hash_code, |found| found.same(key))?.get_mut(namespace)
    }

    #[inline]
    pub fn get_or_insert_with(
        &mut self,
        hash_code: i32,
        key: &K,
        namespace: &N,
        value: impl FnOnce() -> W,
    ) -> &mut W {
        // A key that is not there is made with the value, one that is there may lack the namespace.
        let mut value = Some(value);
        let mut make = || (value.take().expect("it is made once"))();
        let (_, values) = self.table.entry_or_insert(
            hash_code,
            |found| found.same(key),
            || (key.clone(), Namespaces::One(namespace.clone(), make())),
        );
        values.get_or_insert_with(namespace, make)
    }

    pub fn remove(&mut self, hash_code: i32, key: &K, namespace: &N) -> Option<W> {
        let values = self.table.get_mut(hash_code, |found| found.same(key))?;
        let value = values.remove(namespace);
        if values.is_empty() {
            self.table.remove_entry(hash_code, |found| found.same(key));
        }
        value
    }

    /// Shows the values of these groups, by group and then in the order of keys and namespaces.
    pub fn visit(
        &mut self,
        range: KeyGroupRange,
        mut visitor: impl FnMut(KeyGroup, &K, &N, &mut W),
    ) {
        self.table.visit_range(range, &mut |group, key, values| {
            values.visit(|namespace, value| visitor(group, key, namespace, value));
        });
    }

    /// Looks at so many keys and removes values that `is_expired` says are.
    pub fn clean(&mut self, keys: usize, mut is_expired: impl FnMut(&mut W) -> bool) {
        self.table.sweep(&mut self.cursor, keys, |values| {
            values.retain(|value| !is_expired(value));
            !values.is_empty()
        });
    }

    pub fn clear(&mut self) {
        self.table.clear();
    }
}
