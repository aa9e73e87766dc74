//! One value per key in the `lsm` backend, for operators that are generic over their store.
//!
//! A key that is in the cache is found by its Java hash alone, so that a record of a hot key costs
//! no encoding. Invariant: `keys` is the number of keys, in the cache and in the tree.
//!
//! A store has no way to report that the disk below it is gone, or that a key is longer than the tree
//! takes; the table panics then, as a process does whose memory is gone.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cache::{Origin, SlotId, WriteBack, WriteBackCache};
use super::prefix;
use super::store::{LsmStore, check_length};
use crate::record::format::{decode, decode_prefix, encode_into, encoded_len};
use crate::record::{Data, Key, KeyGroup, KeyGroupRange, key_group};
use crate::state::{KeyedStore, StateError, keyed_table};

/// See the module.
pub struct LsmTable<K, V> {
    cache: WriteBackCache<K, V>,
    tree: Tree,
    keys: usize,
}

/// Where values go when they leave the cache.
struct Tree {
    store: Arc<LsmStore>,
    state: u16,
    max_parallelism: u32,
    address: Vec<u8>,
    buffer: Vec<u8>,
}

impl Tree {
    /// Makes the address of a key.
    fn address<K: Key>(&mut self, key: &K) -> Result<(), StateError> {
        let group = key_group::assign(key.hash_code(), self.max_parallelism);
        self.address.clear();
        self.address.extend_from_slice(&prefix(group, self.state));
        encode_into(key, &mut self.address)?;
        check_length(&self.address)
    }
}

impl<K: Key, V: Data> WriteBack<K, V> for Tree {
    type Error = StateError;

    fn limit(&self) -> usize {
        self.store.cache_share()
    }

    fn size(&mut self, key: &K, value: &V) -> usize {
        encoded_len(key).unwrap_or(0) + encoded_len(value).unwrap_or(0)
    }

    fn write(&mut self, key: &K, value: &V) -> Result<(), StateError> {
        self.address(key)?;
        self.buffer.clear();
        encode_into(value, &mut self.buffer)?;
        self.store.put(&self.address, &self.buffer)
    }
}

/// What storage gives. Panics, with what is wrong, if it gives nothing.
fn whole<T>(result: Result<T, StateError>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

impl<K: Key, V: Data> LsmTable<K, V> {
    /// The table of this name, with what the store already has of it.
    pub fn new(store: Arc<LsmStore>, name: &str, max_parallelism: u32) -> Result<Self, StateError> {
        let state = store.register(name, None);
        let (address, buffer) = (Vec::new(), Vec::new());
        let tree = Tree { store, state, max_parallelism, address, buffer };
        let mut table = Self { cache: WriteBackCache::new(), tree, keys: 0 };
        let mut keys = 0;
        table.scan(|_, _, _| {
            keys += 1;
            Ok(())
        })?;
        table.keys = keys;
        Ok(table)
    }

    /// Shows all that is stored, by key group: the key's bytes and the value's.
    fn scan(
        &mut self,
        mut visitor: impl FnMut(KeyGroup, &[u8], &[u8]) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        self.write_back()?;
        let range = KeyGroupRange::of_subtask(0, 1, self.tree.max_parallelism);
        self.tree.store.scan_state(self.tree.state, range, &mut visitor)
    }

    /// Writes all changes to the tree.
    pub fn write_back(&mut self) -> Result<(), StateError> {
        self.cache.write_back(&mut self.tree)
    }

    /// How many bytes the cache holds.
    pub fn cached_bytes(&self) -> usize {
        self.cache.bytes()
    }

    #[inline]
    fn cached(&self, hash_code: i32, is_key: impl Fn(&K) -> bool) -> Option<SlotId> {
        self.cache.find(keyed_table::spread(hash_code), is_key)
    }

    #[inline(never)]
    fn load(&mut self, hash_code: i32, key: K) -> Result<Result<SlotId, K>, StateError> {
        self.tree.address(&key)?;
        let Some(bytes) = self.tree.store.get(&self.tree.address)? else { return Ok(Err(key)) };
        let value = decode(&bytes)?;
        self.insert(hash_code, key, value, Origin::Tree).map(Ok)
    }

    fn insert(
        &mut self,
        hash_code: i32,
        key: K,
        value: V,
        origin: Origin,
    ) -> Result<SlotId, StateError> {
        let hash = keyed_table::spread(hash_code);
        self.cache.insert(hash, (key, value), origin, &mut self.tree)
    }
}

impl<K: Key, V: Data> KeyedStore<K, V> for LsmTable<K, V> {
    #[inline]
    fn find(
        &mut self,
        hash_code: i32,
        is_key: impl Fn(&K) -> bool,
        key: impl FnOnce() -> K,
    ) -> Option<(&K, &mut V)> {
        let slot = match self.cached(hash_code, is_key) {
            Some(slot) => slot,
            None => whole(self.load(hash_code, key().canonical())).ok()?,
        };
        Some(whole(self.cache.change(slot, &mut self.tree)))
    }

    #[inline]
    fn find_or_insert(
        &mut self,
        hash_code: i32,
        is_key: impl Fn(&K) -> bool,
        key: impl FnOnce() -> K,
        value: impl FnOnce() -> V,
    ) -> (&K, &mut V) {
        let slot = match self.cached(hash_code, is_key) {
            Some(slot) => slot,
            None => whole(self.load(hash_code, key().canonical())).unwrap_or_else(|key| {
                self.keys += 1;
                whole(self.insert(hash_code, key, value(), Origin::New))
            }),
        };
        whole(self.cache.change(slot, &mut self.tree))
    }

    fn remove(&mut self, hash_code: i32, key: &K) -> bool {
        let slot = match self.cached(hash_code, |found| found.same(key)) {
            Some(slot) => slot,
            None => match whole(self.load(hash_code, key.clone().canonical())) {
                Ok(slot) => slot,
                Err(_) => return false,
            },
        };
        let (key, _, stored) = self.cache.remove(slot);
        if stored {
            whole(self.tree.address(&key));
            whole(self.tree.store.delete(&self.tree.address));
        }
        self.keys -= 1;
        true
    }

    fn count(&self) -> usize {
        self.keys
    }

    fn visit(&mut self, visitor: &mut dyn FnMut(KeyGroup, &K, &V)) {
        let mut entries: Vec<(KeyGroup, K, V)> = Vec::new();
        let mut show = |entries: &mut Vec<(KeyGroup, K, V)>| {
            entries.sort_by(|(_, a, _), (_, b, _)| a.compare(b));
            for (group, key, value) in entries.drain(..) {
                visitor(group, &key, &value);
            }
        };
        let seen = self.scan(|group, key, value| {
            if entries.last().is_some_and(|(last, _, _)| *last != group) {
                show(&mut entries);
            }
            entries.push((group, decode_prefix(key)?.0, decode(value)?));
            Ok(())
        });
        whole(seen);
        show(&mut entries);
    }

    fn clear(&mut self) {
        self.cache.clear();
        self.keys = 0;
        whole(self.tree.store.clear(&BTreeSet::from([self.tree.state])));
    }
}
