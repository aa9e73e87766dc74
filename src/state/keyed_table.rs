//! One value per key, in one hash table for all key groups of a subtask.
//!
//! A key's group follows from its Java hash, so it is worked out only when entries are listed; a
//! record costs one probe and no division. Invariant: no table's order is ever a contract, so
//! whoever lists entries gets them sorted by key group and key.

use hashbrown::HashTable;

use crate::record::{Key, KeyGroup, KeyGroupRange, key_group};

/// Keyed values of one subtask.
pub struct KeyedTable<K, V> {
    max_parallelism: u32,
    entries: HashTable<Entry<K, V>>,
}

struct Entry<K, V> {
    hash_code: i32,
    key: K,
    value: V,
}

/// Spreads a Java hash over all 64 bits. Keys of one subtask agree in a range of their murmur
/// hash's remainders, so the table must not probe by that one.
#[inline]
pub(super) fn spread(hash_code: i32) -> u64 {
    let product = u64::from(hash_code as u32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 32)
}

impl<K: Key, V> KeyedTable<K, V> {
    /// An empty table for keys that are divided into `max_parallelism` groups.
    pub fn new(max_parallelism: u32) -> Self {
        Self { max_parallelism, entries: HashTable::new() }
    }

    /// The value of the key that has this Java hash and for which `is_key` holds.
    #[inline]
    pub fn get_mut(&mut self, hash_code: i32, is_key: impl Fn(&K) -> bool) -> Option<&mut V> {
        self.entries
            .find_mut(spread(hash_code), |entry| entry.hash_code == hash_code && is_key(&entry.key))
            .map(|entry| &mut entry.value)
    }

    /// Adds a key that is not there.
    pub fn insert_new(&mut self, hash_code: i32, key: K, value: V) {
        self.entries.insert_unique(spread(hash_code), Entry { hash_code, key, value }, |entry| {
            spread(entry.hash_code)
        });
    }

    /// The entry of the key that has this Java hash and for which `is_key` holds.
    #[inline]
    pub fn entry_mut(
        &mut self,
        hash_code: i32,
        is_key: impl Fn(&K) -> bool,
    ) -> Option<(&K, &mut V)> {
        self.entries
            .find_mut(spread(hash_code), |entry| entry.hash_code == hash_code && is_key(&entry.key))
            .map(|entry| (&entry.key, &mut entry.value))
    }

    /// The same entry, with what `new` makes if there is none.
    #[inline]
    pub fn entry_or_insert(
        &mut self,
        hash_code: i32,
        is_key: impl Fn(&K) -> bool,
        new: impl FnOnce() -> (K, V),
    ) -> (&K, &mut V) {
        let entry = self
            .entries
            .entry(
                spread(hash_code),
                |entry| entry.hash_code == hash_code && is_key(&entry.key),
                |entry| spread(entry.hash_code),
            )
            .or_insert_with(|| {
                let (key, value) = new();
                Entry { hash_code, key, value }
            })
            .into_mut();
        (&entry.key, &mut entry.value)
    }

    /// Takes a key out.
    pub fn remove_entry(&mut self, hash_code: i32, is_key: impl Fn(&K) -> bool) -> Option<(K, V)> {
        let found = self.entries.find_entry(spread(hash_code), |entry| {
            entry.hash_code == hash_code && is_key(&entry.key)
        });
        let (Entry { key, value, .. }, _) = found.ok()?.remove();
        Some((key, value))
    }

    /// Forgets all keys.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Looks at places of the table from `cursor` on until it has found `count` entries or seen
    /// many empty ones, removes those for which `keep` does not hold, and moves the cursor on. Which
    /// entries these are follows from the table's history, so nothing that is seen may depend on it.
    pub(super) fn sweep(
        &mut self,
        cursor: &mut usize,
        count: usize,
        mut keep: impl FnMut(&mut V) -> bool,
    ) {
        let (mut found, places) = (0, self.entries.num_buckets());
        for _ in 0..places.min(16 * count) {
            if found == count {
                return;
            }
            *cursor = if *cursor + 1 < places { *cursor + 1 } else { 0 };
            if let Some(entry) = self.entries.get_bucket_mut(*cursor) {
                found += 1;
                if !keep(&mut entry.value)
                    && let Ok(entry) = self.entries.get_bucket_entry(*cursor)
                {
                    entry.remove();
                }
            }
        }
    }

    /// Shows every entry, by key group and then in the order of keys.
    pub fn visit_sorted(&mut self, visitor: &mut dyn FnMut(KeyGroup, &K, &mut V)) {
        self.visit_range(KeyGroupRange::of_subtask(0, 1, self.max_parallelism), visitor);
    }

    /// Shows the entries of some key groups, by key group and then in the order of keys.
    pub fn visit_range(
        &mut self,
        range: KeyGroupRange,
        visitor: &mut dyn FnMut(KeyGroup, &K, &mut V),
    ) {
        let max_parallelism = self.max_parallelism;
        let in_range = |entry: &'_ mut Entry<K, V>| {
            let group = key_group::assign(entry.hash_code, max_parallelism);
            range.contains(group).then_some(group)
        };
        let entries = self.entries.iter_mut();
        let mut entries: Vec<_> =
            entries.filter_map(|entry| Some((in_range(entry)?, entry))).collect();
        entries.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.key.compare(&y.key)));
        for (group, entry) in entries {
            visitor(group, &entry.key, &mut entry.value);
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_again_and_colliding_hashes_stay_apart() {
        let mut table = KeyedTable::<String, u32>::new(128);
        // In Java "Aa" and "BB" have the same hash code.
        for (value, key) in (0..).zip(["Aa", "BB", "", "x"]) {
            let key = key.to_string();
            assert_eq!(table.get_mut(key.hash_code(), |k| *k == key), None);
            table.insert_new(key.hash_code(), key, value);
        }
        *table.get_mut(2112, |key| key == "BB").unwrap() += 10;
        assert_eq!(table.get_mut(2112, |key| key == "Aa").copied(), Some(0));
        assert_eq!(table.get_mut(2112, |key| key == "BB").copied(), Some(11));
        assert_eq!(table.len(), 4);
        assert_eq!(table.remove_entry(2112, |key| key == "BB"), Some(("BB".to_string(), 11)));
        let mut listed = Vec::new();
        table.visit_sorted(&mut |group, key, _| listed.push((group, key.clone())));
        assert_eq!(listed.len(), 3);
        assert!(listed.is_sorted());
    }
}
