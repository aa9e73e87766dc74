//! The keyed state of an operator: its registered states, the key at work, and what is stored of it.
//!
//! An operator registers its states when it opens and keeps the handles. Before each record and
//! timer its task sets the key at work; a handle then finds the value of that key (and namespace).
//! The backend is one of two, and no program can tell which.
//!
//! Invariants: one name has one kind and one type; what was restored and not yet registered is kept
//! and is part of the next snapshot; `state_version` counts the changes that programs ask for, so
//! it is the same whichever backend.
//!
//! Previous: an operator. Next: the tables, then memory or [`LsmStore`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::scope::Scope;
use super::snapshot::{FilesSnapshot, KeyedSnapshot, StateMeta, StateSnapshot};
use super::stamped::Stamps;
use super::table::{Common, Imported, StateTable};
use super::ttl::Ttl;
use super::{LsmStore, Namespace, StateBackendKind, StateError};
use crate::base::EventTime;
use crate::record::format::{Schema, decode_prefix};
use crate::record::{Key, KeyGroup, KeyGroupRange, key_group};

/// Where the tables of a backend are.
#[derive(Clone)]
pub(super) enum Storage {
    Hashmap,
    Lsm(Arc<LsmStore>),
}

/// See the module.
pub struct KeyedBackend<K> {
    pub(super) scope: Scope<K>,
    pub(super) storage: Storage,
    pub(super) tables: Vec<Box<dyn StateTable<K>>>,
    names: BTreeMap<String, usize>,
    /// A name that the operator keeps for itself.
    reserved: Option<&'static str>,
    /// Restored, and not yet registered.
    unclaimed: BTreeMap<String, Unclaimed>,
    /// Tables that look for expired values with every record.
    cleaned_for_records: Vec<usize>,
    /// What was used since the key was put to work, if anybody wants to know.
    touched: Option<Touched>,
}

/// The states that were used for a key: each with how often state had been changed before.
#[derive(Default)]
struct Touched {
    uses: Vec<(usize, u64)>,
}

/// What became of a state while a function was called for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateUse {
    /// The state's name.
    pub state: Arc<str>,
    /// Whether it is kept apart by windows or the like.
    pub namespaced: bool,
    /// Whether it was changed.
    pub changed: bool,
    /// What it is now, shown to a person; none if there is nothing.
    pub value: Option<String>,
}

/// State that was restored and that nobody has registered since.
struct Unclaimed {
    part: StateSnapshot,
    /// Whether its entries are in the tree already.
    in_tree: bool,
}

/// A registered state as its handle knows it.
#[derive(Clone, Debug)]
pub struct Registered {
    index: usize,
    name: Arc<str>,
}

impl Registered {
    /// Of a handle that has not been registered.
    pub(super) fn nowhere() -> Self {
        Self { index: usize::MAX, name: Arc::from("(no name)") }
    }
}

impl<K: Key> KeyedBackend<K> {
    /// Objects in memory, for the keys of these groups.
    pub fn hashmap(max_parallelism: u32, range: KeyGroupRange) -> Self {
        Self::new(Scope::new(max_parallelism, range, false), Storage::Hashmap)
    }

    /// Serialized in a tree, for the keys of these groups.
    pub fn lsm(max_parallelism: u32, range: KeyGroupRange, store: Arc<LsmStore>) -> Self {
        Self::new(Scope::new(max_parallelism, range, true), Storage::Lsm(store))
    }

    fn new(scope: Scope<K>, storage: Storage) -> Self {
        Self {
            scope,
            storage,
            tables: Vec::new(),
            names: BTreeMap::new(),
            reserved: None,
            unclaimed: BTreeMap::new(),
            cleaned_for_records: Vec::new(),
            touched: None,
        }
    }

    /// Which backend it is.
    pub fn kind(&self) -> StateBackendKind {
        match self.storage {
            Storage::Hashmap => StateBackendKind::Hashmap,
            Storage::Lsm(_) => StateBackendKind::Lsm,
        }
    }

    /// Keeps a name from being registered.
    pub fn reserve(&mut self, name: &'static str) {
        self.reserved = Some(name);
    }

    /// Whether any state is registered.
    #[inline]
    pub fn has_states(&self) -> bool {
        !self.tables.is_empty()
    }

    /// Sets the namespace of all states that are kept apart by namespaces of this type.
    pub fn set_current_namespace<N: Namespace>(&mut self, namespace: &N) -> Result<(), StateError> {
        self.tables.iter_mut().try_for_each(|table| table.enter(namespace))
    }

    /// The key groups of this subtask.
    pub fn key_group_range(&self) -> KeyGroupRange {
        self.scope.range
    }

    /// Puts a key to work. `hash_code` is its Java hash.
    #[inline]
    pub fn set_current_key(&mut self, hash_code: i32, key: &K) -> Result<(), StateError> {
        self.set_current_key_by(hash_code, |current| current.same(key), || key.clone())
    }

    /// Puts the key to work for which `is_key` holds. `key` is that key, which is asked for only if
    /// another was at work before: a run of records of one key costs no copies of it.
    #[inline]
    pub fn set_current_key_by(
        &mut self,
        hash_code: i32,
        is_key: impl FnOnce(&K) -> bool,
        key: impl FnOnce() -> K,
    ) -> Result<(), StateError> {
        self.scope.set_key(hash_code, is_key, key)?;
        for index in &self.cleaned_for_records {
            self.tables[*index].clean_for_record(&self.scope);
        }
        Ok(())
    }

    /// Ends work for a key; keyed state is out of reach until the next.
    pub fn clear_current_key(&mut self) {
        self.scope.clear_key();
    }

    /// The key at work.
    pub fn current_key(&self) -> Option<&K> {
        self.scope.key("").ok().map(|current| &current.key)
    }

    /// Tells the processing time, by which values expire. It never goes back, whatever a clock does:
    /// what has expired once stays so, or it could be seen how far cleaning up has come.
    #[inline]
    pub fn set_processing_time(&mut self, now: EventTime) {
        let now = self.scope.now.max(now);
        self.scope.now = now;
        if let Storage::Lsm(store) = &self.storage {
            store.set_now(now);
        }
    }

    /// How often state was changed, over all restarts.
    pub fn state_version(&self) -> u64 {
        self.scope.state_version
    }

    /// How many bytes of decoded values are cached.
    pub fn cached_bytes(&self) -> usize {
        self.tables.iter().map(|table| table.cached_bytes()).sum()
    }

    /// The handle's place of a state that has this meta, if it is registered already.
    pub(super) fn registered(
        &self,
        meta: &StateMeta,
        ttl: Option<Ttl>,
    ) -> Result<Option<Registered>, StateError> {
        if ttl.is_some_and(|ttl| !ttl.is_positive()) {
            return Err(StateError::TtlNotPositive(meta.name.clone()));
        }
        if self.reserved.is_some_and(|reserved| reserved == meta.name) {
            return Err(StateError::Reserved(meta.name.clone()));
        }
        let Some(&index) = self.names.get(&meta.name) else { return Ok(None) };
        let common = self.tables[index].common();
        let name = meta.name.clone();
        if common.meta.kind != meta.kind {
            let (registered, wanted) = (common.meta.kind, meta.kind);
            return Err(StateError::KindDiffers { name, registered, wanted });
        }
        if common.meta.difference(meta).is_some() {
            let (registered, wanted) = (common.meta.types(), meta.types());
            return Err(StateError::TypeDiffers { name, registered, wanted });
        }
        if common.ttl != ttl {
            return Err(StateError::TtlDiffers(name));
        }
        Ok(Some(Registered { index, name: common.name.clone() }))
    }

    /// Takes a table in, and fills it with what was restored of its name.
    pub(super) fn add_table(
        &mut self,
        mut table: Box<dyn StateTable<K>>,
    ) -> Result<Registered, StateError> {
        let (name, index) = (table.common().name.clone(), self.tables.len());
        if let Some(restored) = self.unclaimed.get(&*name) {
            let meta = &table.common().meta;
            if restored.in_tree && restored.part.meta.stamped != meta.stamped {
                return Err(StateError::TtlDiffers(name.to_string()));
            }
            fill(&mut *table, &restored.part, self.scope.now)?;
            self.unclaimed.remove(&*name);
        }
        if table
            .common()
            .ttl
            .and_then(|ttl| ttl.cleanup.incremental)
            .is_some_and(|it| it.run_for_every_record)
        {
            self.cleaned_for_records.push(index);
        }
        self.names.insert(name.to_string(), index);
        self.tables.push(table);
        Ok(Registered { index, name })
    }

    /// Remembers from now on which states are used, for [`Self::take_uses`].
    pub fn watch_uses(&mut self) {
        self.touched = Some(Touched::default());
    }

    /// The states that were used since the last call, in the order of their first use, as they are
    /// now. The key must still be at work.
    pub fn take_uses(&mut self) -> Result<Vec<StateUse>, StateError> {
        let Some(Touched { uses }) = self.touched.as_mut().map(std::mem::take) else {
            return Ok(Vec::new());
        };
        let mut changed = BTreeMap::<usize, bool>::new();
        let mut order = Vec::new();
        for (place, &(index, before)) in uses.iter().enumerate() {
            let after =
                uses.get(place + 1).map_or(self.scope.state_version, |(_, version)| *version);
            let known = changed.entry(index).or_insert_with(|| {
                order.push(index);
                false
            });
            *known |= after > before;
        }
        let shown = order.into_iter().map(|index| {
            let table = &mut self.tables[index];
            let state = table.common().name.clone();
            let namespaced = table.common().meta.namespace != Schema::of::<()>();
            let (changed, value) = (changed[&index], table.show(&self.scope)?);
            Ok(StateUse { state, namespaced, changed, value })
        });
        shown.collect()
    }

    /// The group of the key with this Java hash.
    pub fn key_group(&self, hash_code: i32) -> KeyGroup {
        key_group::assign(hash_code, self.scope.max_parallelism)
    }

    /// The group of the key at work.
    pub fn current_key_group(&self) -> Option<KeyGroup> {
        self.scope.key("").ok().map(|current| current.group)
    }

    /// The table of a handle, and for whom it is used.
    #[inline]
    pub(super) fn table<T: 'static>(
        &mut self,
        handle: &Registered,
    ) -> Result<(&mut T, &mut Scope<K>), StateError> {
        if let Some(touched) = &mut self.touched {
            touched.uses.push((handle.index, self.scope.state_version));
        }
        self.untouched(handle)
    }

    /// The same, for what is no use of the state.
    #[inline]
    pub(super) fn untouched<T: 'static>(
        &mut self,
        handle: &Registered,
    ) -> Result<(&mut T, &mut Scope<K>), StateError> {
        let table = self.tables.get_mut(handle.index);
        let table = table.filter(|table| Arc::ptr_eq(&table.common().name, &handle.name));
        let table = table.and_then(|table| table.as_any().downcast_mut());
        let unregistered = || StateError::Unregistered(handle.name.to_string());
        Ok((table.ok_or_else(unregistered)?, &mut self.scope))
    }

    /// All state of the subtask.
    pub fn snapshot(&mut self) -> Result<KeyedSnapshot, StateError> {
        self.snapshot_range(self.scope.range)
    }

    /// The state of some of its key groups.
    pub fn snapshot_range(&mut self, range: KeyGroupRange) -> Result<KeyedSnapshot, StateError> {
        let mut states = Vec::new();
        for table in &mut self.tables {
            let mut state = StateSnapshot::empty(table.common().meta.clone());
            table.export(range, &self.scope, &mut |group, address, value| {
                Ok(state.push(group, address, value)?)
            })?;
            states.push(state);
        }
        for unclaimed in self.unclaimed.values() {
            states.push(self.unclaimed_within(unclaimed, range)?);
        }
        states.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
        let (max_parallelism, state_version) =
            (self.scope.max_parallelism, self.scope.state_version);
        Ok(KeyedSnapshot { max_parallelism, state_version, states })
    }

    /// The part of it that lies in `range`. What is in the tree only is in the order of its bytes,
    /// since nobody has said how its keys compare.
    fn unclaimed_within(
        &self,
        unclaimed: &Unclaimed,
        range: KeyGroupRange,
    ) -> Result<StateSnapshot, StateError> {
        let groups = unclaimed.part.within(range).cloned().collect();
        let mut state = StateSnapshot { meta: unclaimed.part.meta.clone(), groups };
        if let (true, Storage::Lsm(store)) = (unclaimed.in_tree, &self.storage) {
            store.scan_named(&state.meta.name.clone(), range, |group, address, value| {
                Ok::<(), StateError>(state.push(group, address, value)?)
            })?;
        }
        Ok(state)
    }

    /// The files that hold the state by now; nothing if it is in memory.
    pub fn files_snapshot(&mut self) -> Result<Option<FilesSnapshot>, StateError> {
        let Storage::Lsm(store) = &self.storage else { return Ok(None) };
        for table in &mut self.tables {
            table.write_back()?;
        }
        let registered = self.tables.iter().map(|table| table.common().meta.clone());
        let unclaimed = self.unclaimed.values().map(|it| it.part.meta.clone());
        let mut states: Vec<StateMeta> = registered.chain(unclaimed).collect();
        states.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Some(FilesSnapshot {
            max_parallelism: self.scope.max_parallelism,
            state_version: self.scope.state_version,
            states,
            manifest: store.checkpoint()?,
        }))
    }

    /// Takes over what the files of a snapshot hold, with which the store has been opened, before
    /// any state is registered.
    pub fn restore_files(&mut self, snapshot: &FilesSnapshot) -> Result<(), StateError> {
        self.check_max_parallelism(snapshot.max_parallelism)?;
        self.scope.state_version = self.scope.state_version.max(snapshot.state_version);
        for meta in &snapshot.states {
            let unclaimed = Unclaimed { part: StateSnapshot::empty(meta.clone()), in_tree: true };
            self.unclaimed.insert(meta.name.clone(), unclaimed);
        }
        Ok(())
    }

    fn check_max_parallelism(&self, snapshot: u32) -> Result<(), StateError> {
        let operator = self.scope.max_parallelism;
        if snapshot == operator {
            return Ok(());
        }
        Err(StateError::MaxParallelismDiffers { snapshot, operator })
    }

    /// Takes those key groups of a snapshot that are of this subtask, for states that are
    /// registered and for those that will be.
    pub fn restore(&mut self, snapshot: &KeyedSnapshot) -> Result<(), StateError> {
        self.check_max_parallelism(snapshot.max_parallelism)?;
        self.scope.state_version = self.scope.state_version.max(snapshot.state_version);
        for state in &snapshot.states {
            let groups = state.within(self.scope.range).cloned().collect();
            let part = StateSnapshot { meta: state.meta.clone(), groups };
            match self.names.get(&state.meta.name) {
                Some(&index) => fill(&mut *self.tables[index], &part, self.scope.now)?,
                None => self.keep_unclaimed(part)?,
            }
        }
        Ok(())
    }

    fn keep_unclaimed(&mut self, part: StateSnapshot) -> Result<(), StateError> {
        let name = part.meta.name.clone();
        let Some(kept) = self.unclaimed.get_mut(&name) else {
            self.unclaimed.insert(name, Unclaimed { part, in_tree: false });
            return Ok(());
        };
        if let Some(difference) = kept.part.meta.difference(&part.meta) {
            return Err(StateError::Changed { name, difference });
        }
        kept.part.groups.extend(part.groups);
        kept.part.groups.sort_by_key(|group| group.key_group);
        Ok(())
    }

    /// The digest of each state and key group that has entries.
    pub fn digests(&mut self) -> Result<BTreeMap<(String, KeyGroup), u128>, StateError> {
        let snapshot = self.snapshot()?;
        let digests = snapshot.states.iter().flat_map(|state| {
            let name = &state.meta.name;
            state.groups.iter().map(|group| ((name.clone(), group.key_group), group.digest))
        });
        Ok(digests.collect())
    }

    /// The keys that a state has anything for, by key group and in order, with namespaces.
    pub(super) fn keys_of<N: super::Namespace>(
        &mut self,
        handle: &Registered,
        range: KeyGroupRange,
    ) -> Result<Vec<(KeyGroup, K, N)>, StateError> {
        let unregistered = || StateError::Unregistered(handle.name.to_string());
        let table = self.tables.get_mut(handle.index);
        let table = table.filter(|table| Arc::ptr_eq(&table.common().name, &handle.name));
        let table = table.ok_or_else(unregistered)?;
        let mut keys: Vec<(KeyGroup, K, N)> = Vec::new();
        table.export(range, &self.scope, &mut |group, address, _| {
            let (key, rest) = decode_prefix::<K>(address)?;
            let (namespace, _) = decode_prefix::<N>(rest)?;
            let is_last =
                |(_, last, found): &(KeyGroup, K, N)| last.same(&key) && *found == namespace;
            if !keys.last().is_some_and(is_last) {
                keys.push((group, key, namespace));
            }
            Ok(())
        })?;
        Ok(keys)
    }

    /// Forgets all state; what is registered stays so.
    pub fn clear(&mut self) -> Result<(), StateError> {
        self.scope.state_version += 1;
        let registered = self.names.keys().cloned();
        let names: Vec<String> = registered.chain(self.unclaimed.keys().cloned()).collect();
        self.unclaimed.clear();
        for table in &mut self.tables {
            table.forget();
        }
        match &self.storage {
            Storage::Hashmap => Ok(()),
            Storage::Lsm(store) => {
                store.clear(&names.iter().filter_map(|name| store.number(name)).collect())
            }
        }
    }
}

/// Fills a table with what a snapshot has of it.
fn fill<K: 'static>(
    table: &mut dyn StateTable<K>,
    restored: &StateSnapshot,
    now: EventTime,
) -> Result<(), StateError> {
    let Common { meta, .. } = table.common();
    if let Some(difference) = restored.meta.difference(meta) {
        return Err(StateError::Changed { name: meta.name.clone(), difference });
    }
    let stamps = if restored.meta.stamped { Stamps::Stored } else { Stamps::Absent(now) };
    for group in &restored.groups {
        for entry in group.entries() {
            let (address, value) = entry?;
            table.import(Imported { group: group.key_group, address, value, stamps })?;
        }
    }
    Ok(())
}
