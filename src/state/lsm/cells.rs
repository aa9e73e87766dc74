//! The values of one registered state in the `lsm` backend.

use std::collections::BTreeMap;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::super::StateError;
use super::super::stamped::{Stamps, Stored};
use super::cache::{Origin, SlotId, WriteBack, WriteBackCache};
use super::store::{LsmStore, check_length};
use super::{PREFIX, prefix};
use crate::record::KeyGroup;

/// Values of one kind by address.
pub(in super::super) struct LsmCells<W> {
    cache: WriteBackCache<Box<[u8]>, W>,
    tree: Tree,
}

/// Where the values of one state go when they leave the cache.
struct Tree {
    store: Arc<LsmStore>,
    state: u16,
    stamps: Stamps,
    buffer: Vec<u8>,
}

/// Why a search has ended before everything was seen.
enum Ended {
    Found,
    Failed(StateError),
}

impl From<StateError> for Ended {
    fn from(error: StateError) -> Self {
        Self::Failed(error)
    }
}

impl<W: Stored> WriteBack<Box<[u8]>, W> for Tree {
    type Error = StateError;

    fn limit(&self) -> usize {
        self.store.cache_share()
    }

    fn size(&mut self, address: &Box<[u8]>, value: &W) -> usize {
        address.len() + value.size()
    }

    fn write(&mut self, address: &Box<[u8]>, value: &W) -> Result<(), StateError> {
        self.buffer.clear();
        value.encode(self.stamps, &mut self.buffer)?;
        self.store.put(address, &self.buffer)
    }
}

impl<W: Stored> LsmCells<W> {
    /// The values of a state that has this number.
    pub fn new(store: Arc<LsmStore>, state: u16, stamps: Stamps) -> Self {
        let tree = Tree { store, state, stamps, buffer: Vec::new() };
        Self { cache: WriteBackCache::new(), tree }
    }

    /// Begins an address.
    #[inline]
    pub fn begin_address(&self, group: KeyGroup, address: &mut Vec<u8>) {
        address.clear();
        address.extend_from_slice(&prefix(group, self.tree.state));
    }

    #[inline]
    fn cached(&self, hash: u64, address: &[u8]) -> Option<SlotId> {
        self.cache.find(hash, |found| **found == *address)
    }

    /// The slot of an address, filled from the tree if it has something there.
    #[inline]
    fn load(&mut self, hash: u64, address: &[u8]) -> Result<Option<SlotId>, StateError> {
        match self.cached(hash, address) {
            Some(slot) => Ok(Some(slot)),
            None => self.load_from_tree(hash, address),
        }
    }

    #[inline(never)]
    fn load_from_tree(&mut self, hash: u64, address: &[u8]) -> Result<Option<SlotId>, StateError> {
        check_length(address)?;
        let Some(bytes) = self.tree.store.get(address)? else { return Ok(None) };
        let value = W::decode(&bytes, self.tree.stamps)?;
        self.insert(hash, address, value, Origin::Tree).map(Some)
    }

    fn insert(
        &mut self,
        hash: u64,
        address: &[u8],
        value: W,
        origin: Origin,
    ) -> Result<SlotId, StateError> {
        check_length(address)?;
        self.cache.insert(hash, (address.into(), value), origin, &mut self.tree)
    }

    /// The value at an address, to read.
    #[inline]
    pub fn peek(&mut self, address: &[u8]) -> Result<Option<&W>, StateError> {
        let slot = self.load(xxh3_64(address), address)?;
        Ok(slot.map(|slot| self.cache.read(slot).1))
    }

    /// The value at an address as a person sees it. Neither cache nor tree remember the look, so that
    /// a run that is watched is the same as one that is not.
    pub fn show(&self, address: &[u8]) -> Result<Option<String>, StateError> {
        if let Some(slot) = self.cached(xxh3_64(address), address) {
            return Ok(Some(self.cache.glance(slot).show()));
        }
        let Some(bytes) = self.tree.store.glance(address)? else { return Ok(None) };
        Ok(Some(W::decode(&bytes, self.tree.stamps)?.show()))
    }

    /// The same of every value whose address begins with `beginning`, by what follows it.
    pub fn show_all(&self, beginning: &[u8]) -> Result<BTreeMap<Vec<u8>, String>, StateError> {
        let mut shown = BTreeMap::new();
        for (address, bytes) in self.tree.store.glance_all(beginning)? {
            let value = W::decode(&bytes, self.tree.stamps)?.show();
            shown.insert(address[beginning.len()..].to_vec(), value);
        }
        for (address, value) in self.cache.glance_all() {
            if let Some(rest) = address.strip_prefix(beginning) {
                shown.insert(rest.to_vec(), value.show());
            }
        }
        Ok(shown)
    }

    /// The value at an address, to change.
    #[inline]
    pub fn change(&mut self, address: &[u8]) -> Result<Option<&mut W>, StateError> {
        let slot = self.load(xxh3_64(address), address)?;
        match slot {
            Some(slot) => Ok(Some(self.cache.change(slot, &mut self.tree)?.1)),
            None => Ok(None),
        }
    }

    /// The same, with what `make` makes if there is none.
    #[inline]
    pub fn change_or_insert(
        &mut self,
        address: &[u8],
        make: impl FnOnce() -> W,
    ) -> Result<&mut W, StateError> {
        let hash = xxh3_64(address);
        let slot = match self.load(hash, address)? {
            Some(slot) => slot,
            None => self.insert(hash, address, make(), Origin::New)?,
        };
        Ok(self.cache.change(slot, &mut self.tree)?.1)
    }

    /// Puts a value at an address, whatever was there.
    #[inline]
    pub fn put(&mut self, address: &[u8], value: W) -> Result<(), StateError> {
        let hash = xxh3_64(address);
        match self.cached(hash, address) {
            Some(slot) => *self.cache.change(slot, &mut self.tree)?.1 = value,
            None => {
                self.insert(hash, address, value, Origin::Unknown)?;
            }
        }
        Ok(())
    }

    /// Takes the value at an address out.
    pub fn remove(&mut self, address: &[u8]) -> Result<Option<W>, StateError> {
        let Some(slot) = self.load(xxh3_64(address), address)? else { return Ok(None) };
        let (_, value, stored) = self.cache.remove(slot);
        if stored {
            self.tree.store.delete(address)?;
        }
        Ok(Some(value))
    }

    /// Shows every value whose address begins with `beginning`, in the order of addresses.
    pub fn scan(
        &mut self,
        beginning: &[u8],
        mut visitor: impl FnMut(&[u8], W) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let stamps = self.tree.stamps;
        self.scan_bytes(beginning, |address, bytes| visitor(address, W::decode(bytes, stamps)?))
    }

    /// The same, without reading what the values are.
    pub fn scan_bytes(
        &mut self,
        beginning: &[u8],
        visitor: impl FnMut(&[u8], &[u8]) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        self.write_back()?;
        self.tree.store.scan(beginning, visitor)
    }

    /// Shows all of a key group: what follows the address's beginning, and the stored value.
    pub fn scan_group(
        &mut self,
        group: KeyGroup,
        mut visitor: impl FnMut(&[u8], &[u8]) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let beginning = prefix(group, self.tree.state);
        self.scan_bytes(&beginning, |address, value| visitor(&address[PREFIX..], value))
    }

    /// Whether there is a value for which `counts` holds among those whose address begins with
    /// `beginning`. Looks no further than the first.
    pub fn any(
        &mut self,
        beginning: &[u8],
        counts: impl Fn(&W) -> bool,
    ) -> Result<bool, StateError> {
        self.write_back()?;
        let stamps = self.tree.stamps;
        let looked = self.tree.store.scan(beginning, |_, bytes| {
            let value = W::decode(bytes, stamps).map_err(StateError::from)?;
            if counts(&value) { Err(Ended::Found) } else { Ok(()) }
        });
        match looked {
            Ok(()) => Ok(false),
            Err(Ended::Found) => Ok(true),
            Err(Ended::Failed(error)) => Err(error),
        }
    }

    /// Puts stored bytes at an address that is not in the cache.
    pub fn put_bytes(&mut self, address: &[u8], value: &[u8]) -> Result<(), StateError> {
        self.tree.store.put(address, value)
    }

    /// Writes all changes to the tree.
    pub fn write_back(&mut self) -> Result<(), StateError> {
        self.cache.write_back(&mut self.tree)
    }

    /// Forgets the cache, with all changes.
    pub fn forget(&mut self) {
        self.cache.clear();
    }

    /// How many bytes the cache holds.
    pub fn cached_bytes(&self) -> usize {
        self.cache.bytes()
    }
}
