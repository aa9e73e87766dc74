//! The tree in its directory: addresses and values as bytes.
//!
//! What is written goes to a table in memory; when that has grown to its limit it becomes a file,
//! and files are merged level by level, at once and on the caller's own thread. So the files follow
//! from what was written and in which order. The directory belongs to the store, which makes it
//! when something is first written and removes it in the end.
//!
//! Invariants: nothing is written to disk when nothing has changed; no value of an earlier version
//! is kept longer than until files are merged.
//!
//! Previous: the caches of the states. Next: the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use lsm_tree::compaction::Leveled;
use lsm_tree::{AbstractTree, AnyTree, Cache, Config, Guard, SequenceNumberCounter, Slice};
use xxhash_rust::xxh3::xxh3_128;

use super::super::StateError;
use super::super::ttl::Ttl;
use super::expiry::{Expiry, ExpiryFactory};
use super::{LsmManifest, PREFIX, StateFile, prefix};
use crate::base::EventTime;
use crate::record::{KeyGroup, KeyGroupRange};

/// The sizes of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LsmOptions {
    /// How many bytes of decoded values the caches of all states may hold.
    pub cache_bytes: usize,
    /// How many bytes of changes are gathered in memory before they become a file.
    pub write_buffer_bytes: u64,
    /// How large a file grows when files are merged.
    pub table_bytes: u64,
    /// How many bytes of the files' blocks are kept in memory.
    pub block_cache_bytes: u64,
}

impl Default for LsmOptions {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            cache_bytes: 64 * 1024 * 1024,
            write_buffer_bytes: 8 * MIB,
            table_bytes: MIB,
            block_cache_bytes: 16 * MIB,
        }
    }
}

/// What has gone to and come from disk, for whoever charges a disk for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes of files that were written, by flushes and merges.
    pub bytes_written: u64,
    /// Bytes of values that were read past the cache, and of files that were merged.
    pub bytes_read: u64,
}

/// See the module.
pub struct LsmStore {
    directory: PathBuf,
    options: LsmOptions,
    tree: OnceLock<AnyTree>,
    seqno: SequenceNumberCounter,
    visible_seqno: SequenceNumberCounter,
    expiry: Arc<Expiry>,
    states: Mutex<BTreeMap<String, u16>>,
    caches: AtomicUsize,
    bytes_written: AtomicU64,
    /// Bytes of files that were flushed since files were last merged.
    unmerged: AtomicU64,
    bytes_read: AtomicU64,
}

/// The tree takes addresses of 16 bits.
pub(super) fn check_length(address: &[u8]) -> Result<(), StateError> {
    let fits = address.len() <= usize::from(u16::MAX);
    if fits { Ok(()) } else { Err(StateError::KeyTooLong(address.len())) }
}

/// Files by number, with their lengths.
type Tables = BTreeMap<u64, u64>;

fn table_name(id: u64) -> String {
    format!("tables/{id}")
}

/// Merging goes on until the levels are in shape, but not for ever.
const MOST_MERGES: usize = 64;
/// So many files are merged into the next level if they are as large as full write buffers,
const FULL_FILES: u8 = 4;
/// and so many if they are smaller.
const SMALL_FILES: u8 = 32;

impl LsmStore {
    /// A store in a directory that is its own from now on. What a manifest's files hold is found
    /// again if they are there; else the directory need not exist.
    pub fn open(
        directory: impl Into<PathBuf>,
        options: LsmOptions,
        restored: Option<&LsmManifest>,
    ) -> Result<Arc<Self>, StateError> {
        let store = Self {
            directory: directory.into(),
            options,
            tree: OnceLock::new(),
            seqno: SequenceNumberCounter::default(),
            visible_seqno: SequenceNumberCounter::default(),
            expiry: Arc::default(),
            states: Mutex::new(restored.map(|it| it.states.clone()).unwrap_or_default()),
            caches: AtomicUsize::new(0),
            bytes_written: AtomicU64::new(0),
            unmerged: AtomicU64::new(0),
            bytes_read: AtomicU64::new(0),
        };
        if restored.is_some_and(|manifest| !manifest.files.is_empty()) {
            let highest = store.tree()?.get_highest_seqno().unwrap_or(0);
            store.seqno.fetch_max(highest + 1);
            store.visible_seqno.fetch_max(highest + 1);
        }
        Ok(Arc::new(store))
    }

    /// The number of a state in addresses.
    pub(in super::super) fn register(&self, name: &str, ttl: Option<Ttl>) -> u16 {
        let mut states = self.states();
        let next = states.values().max().map_or(0, |highest| highest + 1);
        let state = *states.entry(name.to_string()).or_insert(next);
        if let Some(ttl) = ttl.filter(|ttl| ttl.cleanup.in_compaction) {
            self.expiry.register(state, ttl);
        }
        self.caches.fetch_add(1, Ordering::Relaxed);
        state
    }

    fn states(&self) -> MutexGuard<'_, BTreeMap<String, u16>> {
        self.states.lock().expect("no holder of the lock panics")
    }

    /// How many bytes one state's cache may hold.
    #[inline]
    pub(super) fn cache_share(&self) -> usize {
        self.options.cache_bytes / self.caches.load(Ordering::Relaxed).max(1)
    }

    /// Tells the time, so that merging files leaves out what is expired.
    pub(in super::super) fn set_now(&self, now: EventTime) {
        self.expiry.set_now(now);
    }

    /// What has gone to and come from disk so far.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            bytes_written: self.bytes_written.load(Ordering::Relaxed),
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
        }
    }

    /// How many bytes the files have.
    pub fn disk_bytes(&self) -> u64 {
        self.tree.get().map_or(0, AbstractTree::disk_space)
    }

    fn tree(&self) -> Result<&AnyTree, StateError> {
        if let Some(tree) = self.tree.get() {
            return Ok(tree);
        }
        fs::create_dir_all(&self.directory)?;
        let (seqno, visible) = (self.seqno.clone(), self.visible_seqno.clone());
        let filter = Arc::new(ExpiryFactory(self.expiry.clone()));
        let tree = Config::new(&self.directory, seqno, visible)
            .use_cache(Arc::new(Cache::with_capacity_bytes(self.options.block_cache_bytes)))
            .with_compaction_filter_factory(Some(filter))
            .open()?;
        Ok(self.tree.get_or_init(|| tree))
    }

    fn next_seqno(&self) -> u64 {
        let seqno = self.seqno.next();
        self.visible_seqno.fetch_max(seqno + 1);
        seqno
    }

    /// What is at an address.
    pub(super) fn get(&self, address: &[u8]) -> Result<Option<Slice>, StateError> {
        let Some(tree) = self.tree.get() else { return Ok(None) };
        let found = tree.get(address, self.visible_seqno.get())?;
        if let Some(value) = &found {
            let bytes = address.len() + value.len();
            self.bytes_read.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        Ok(found)
    }

    /// What is at an address, for whoever only looks on: it costs nothing.
    pub(super) fn glance(&self, address: &[u8]) -> Result<Option<Slice>, StateError> {
        let Some(tree) = self.tree.get() else { return Ok(None) };
        Ok(tree.get(address, self.visible_seqno.get())?)
    }

    /// All whose address begins with `prefix`, for whoever only looks on: it costs nothing.
    pub(super) fn glance_all(&self, prefix: &[u8]) -> Result<Vec<(Slice, Slice)>, StateError> {
        let Some(tree) = self.tree.get() else { return Ok(Vec::new()) };
        let entries = tree.prefix(prefix, self.visible_seqno.get(), None);
        entries.map(|entry| Ok(entry.into_inner()?)).collect()
    }

    /// Puts a value at an address.
    pub(super) fn put(&self, address: &[u8], value: &[u8]) -> Result<(), StateError> {
        check_length(address)?;
        let (_, buffered) = self.tree()?.insert(address, value, self.next_seqno());
        self.flush_if_full(buffered)
    }

    /// Removes what is at an address.
    pub(super) fn delete(&self, address: &[u8]) -> Result<(), StateError> {
        let Some(tree) = self.tree.get() else { return Ok(()) };
        let (_, buffered) = tree.remove(address, self.next_seqno());
        self.flush_if_full(buffered)
    }

    /// Shows everything whose address begins with `prefix`, in the order of addresses.
    pub(super) fn scan<E: From<StateError>>(
        &self,
        prefix: &[u8],
        mut visitor: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(tree) = self.tree.get() else { return Ok(()) };
        for entry in tree.prefix(prefix, self.visible_seqno.get(), None) {
            let (address, value) = entry.into_inner().map_err(StateError::from)?;
            let bytes = address.len() + value.len();
            self.bytes_read.fetch_add(bytes as u64, Ordering::Relaxed);
            visitor(&address, &value)?;
        }
        Ok(())
    }

    /// Shows everything of a state by key group: what follows an address's beginning, and the value.
    pub(super) fn scan_state<E: From<StateError>>(
        &self,
        state: u16,
        range: KeyGroupRange,
        mut visitor: impl FnMut(KeyGroup, &[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.is_of_one_state() {
            return (range.start..=range.end).try_for_each(|group| {
                self.scan(&prefix(group, state), |address, value| {
                    visitor(group, &address[PREFIX..], value)
                })
            });
        }
        self.scan(&[], |address, value| {
            let group = KeyGroup::from_be_bytes([address[0], address[1]]);
            if range.contains(group) { visitor(group, &address[PREFIX..], value) } else { Ok(()) }
        })
    }

    /// The same of the state of this name.
    pub(in super::super) fn scan_named<E: From<StateError>>(
        &self,
        name: &str,
        range: KeyGroupRange,
        visitor: impl FnMut(KeyGroup, &[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.number(name).map_or(Ok(()), |state| self.scan_state(state, range, visitor))
    }

    /// Whether this is the store of one state only.
    fn is_of_one_state(&self) -> bool {
        self.states().len() == 1
    }

    /// Forgets everything of these states.
    pub(in super::super) fn clear(&self, states: &BTreeSet<u16>) -> Result<(), StateError> {
        let Some(tree) = self.tree.get() else { return Ok(()) };
        if self.states().values().all(|state| states.contains(state)) {
            return Ok(tree.clear()?);
        }
        let mut addresses = Vec::new();
        self.scan(&[], |address, _| {
            if states.contains(&u16::from_be_bytes([address[2], address[3]])) {
                addresses.push(address.to_vec());
            }
            Ok::<(), StateError>(())
        })?;
        addresses.iter().try_for_each(|address| self.delete(address))
    }

    /// The number of the state of this name.
    pub(in super::super) fn number(&self, name: &str) -> Option<u16> {
        self.states().get(name).copied()
    }

    #[inline]
    fn flush_if_full(&self, buffered: u64) -> Result<(), StateError> {
        if buffered < self.options.write_buffer_bytes { Ok(()) } else { self.flush() }
    }

    /// Makes a file of what was changed, if anything was, and brings the levels into shape.
    fn flush(&self) -> Result<(), StateError> {
        let Some(tree) = self.tree.get() else { return Ok(()) };
        if tree.rotate_memtable().is_none() {
            return Ok(());
        }
        let mut known = self.tables(tree, &Tables::new())?;
        let written = self.bytes_written.load(Ordering::Relaxed);
        tree.flush(&tree.get_flush_lock(), self.seqno.get())?;
        self.account(tree, &mut known)?;
        let flushed = self.bytes_written.load(Ordering::Relaxed) - written;
        let unmerged = self.unmerged.fetch_add(flushed, Ordering::Relaxed) + flushed;
        // Every merge is written again by the next incremental checkpoint. The small files of
        // checkpoints gather until merging them is worth it.
        let is_much = unmerged >= u64::from(FULL_FILES) * self.options.write_buffer_bytes;
        let levels = Leveled::default()
            .with_table_target_size(self.options.table_bytes)
            .with_l0_threshold(if is_much { FULL_FILES } else { SMALL_FILES });
        let levels = Arc::new(levels);
        for _ in 0..MOST_MERGES {
            let version = tree.current_version().id();
            tree.compact(levels.clone(), self.seqno.get())?;
            if tree.current_version().id() == version {
                break;
            }
            self.unmerged.store(0, Ordering::Relaxed);
            self.account(tree, &mut known)?;
        }
        Ok(())
    }

    /// The files of the tree, by number, with their lengths; those in `known` need not be asked for.
    fn tables(&self, tree: &AnyTree, known: &Tables) -> Result<Tables, StateError> {
        let mut tables = Tables::new();
        for table in tree.current_version().iter_tables() {
            let bytes = match known.get(&table.id()) {
                Some(bytes) => *bytes,
                None => fs::metadata(self.directory.join(table_name(table.id())))?.len(),
            };
            tables.insert(table.id(), bytes);
        }
        Ok(tables)
    }

    /// Counts what has been written and read since the files were those of `known`.
    fn account(&self, tree: &AnyTree, known: &mut Tables) -> Result<(), StateError> {
        let tables = self.tables(tree, known)?;
        let of_those_not_in = |these: &Tables, others: &Tables| {
            let missing = these.iter().filter(|(id, _)| !others.contains_key(id));
            missing.map(|(_, bytes)| bytes).sum::<u64>()
        };
        self.bytes_written.fetch_add(of_those_not_in(&tables, known), Ordering::Relaxed);
        self.bytes_read.fetch_add(of_those_not_in(known, &tables), Ordering::Relaxed);
        *known = tables;
        Ok(())
    }

    /// Writes all that is in memory to disk and says which files hold the state now.
    pub fn checkpoint(&self) -> Result<LsmManifest, StateError> {
        let states = self.states().clone();
        let Some(tree) = self.tree.get() else {
            return Ok(LsmManifest { states, files: Vec::new() });
        };
        self.flush()?;
        let version = tree.current_version();
        let mut files = Vec::new();
        for table in version.iter_tables() {
            let name = table_name(table.id());
            let bytes = fs::metadata(self.directory.join(&name))?.len();
            let checksum = table.checksum().into_u128();
            files.push(StateFile { name, bytes, checksum, shared: true });
        }
        for name in [format!("v{}", version.id()), "current".to_string()] {
            let contents = fs::read(self.directory.join(&name))?;
            let (bytes, checksum) = (contents.len() as u64, xxh3_128(&contents));
            files.push(StateFile { name, bytes, checksum, shared: false });
        }
        files.sort();
        Ok(LsmManifest { states, files })
    }

    /// Where the files are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

impl Drop for LsmStore {
    /// Removes the directory. If that fails, it is the machine's business and no one's state.
    fn drop(&mut self) {
        self.tree.take();
        let _ = fs::remove_dir_all(&self.directory);
    }
}
