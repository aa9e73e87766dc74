//! Where an operator keeps what belongs to keys: the backend that the job asks for, opened once
//! for all that the operator stores, with what a checkpoint holds of it.
//!
//! Previous: the operators with keys. Next: [`KeyedBackend`] for the states of user functions,
//! [`BackendTable`] for what an operator keeps itself.

use std::fs;
use std::sync::Arc;

use super::OperatorContext;
use super::snapshots::{timer_groups, within};
use crate::checkpoint::OperatorSubtaskState;
use crate::record::{Data, Failure, Key, KeyGroupRange};
use crate::state::operator_state::OperatorStateBackend;
use crate::state::store_snapshot::{restore_store, snapshot_store};
use crate::state::{
    BackendTable, FilesSnapshot, KeyedBackend, KeyedSnapshot, KeyedTable, LsmOptions, LsmStore,
    LsmTable, StateBackendKind,
};
use crate::time::InternalTimerService;
use crate::trace::{Event, StateEvent};

/// See the module.
pub struct KeyedStorage {
    context: OperatorContext,
    range: KeyGroupRange,
    /// The tree, if state is serialized.
    store: Option<Arc<LsmStore>>,
    /// The tables that were opened: no state of a function has their names.
    tables: Vec<&'static str>,
}

impl KeyedStorage {
    /// Opens the backend for the key groups of the operator's subtask.
    pub fn open(context: &OperatorContext) -> Result<Self, Failure> {
        let store = match context.state_backend {
            StateBackendKind::Hashmap => None,
            StateBackendKind::Lsm => Some(open_tree(context)?),
        };
        let range = context.key_group_range();
        context.host.trace.record(Event::State(StateEvent::StateBackendOpened {
            job: context.job,
            subtask: context.subtask.clone(),
            operator: context.operator.clone(),
            backend: context.state_backend,
            first_key_group: range.start,
            last_key_group: range.end,
        }));
        Ok(Self { context: context.clone(), range, store, tables: Vec::new() })
    }

    /// The key groups that are taken over from a checkpoint.
    fn restored_range(&self) -> KeyGroupRange {
        self.context.snapshots.parts.key_groups.restored(self.range)
    }

    /// A backend for states that are registered by name. Tables are opened before.
    pub fn backend<K: Key>(&self) -> Result<KeyedBackend<K>, Failure> {
        let max_parallelism = self.context.max_parallelism;
        let mut backend = match &self.store {
            None => KeyedBackend::hashmap(max_parallelism, self.range),
            Some(store) => KeyedBackend::lsm(max_parallelism, self.range, store.clone()),
        };
        let Some(restored) = self.context.restored() else { return Ok(backend) };
        if let Some(files) = &restored.files {
            let mut files = files.clone();
            files.states.retain(|state| !self.tables.contains(&state.name.as_str()));
            backend.restore_files(&files)?;
        }
        if let Some(keyed) = &restored.keyed {
            let mut keyed = within(keyed, self.restored_range());
            keyed.states.retain(|state| !self.tables.contains(&state.meta.name.as_str()));
            backend.restore(&keyed)?;
        }
        Ok(backend)
    }

    /// A table of one value per key, stored under a name.
    pub fn table<K: Key, V: Data>(
        &mut self,
        name: &'static str,
    ) -> Result<BackendTable<K, V>, Failure> {
        let max_parallelism = self.context.max_parallelism;
        let mut table = match &self.store {
            None => BackendTable::Hashmap(KeyedTable::new(max_parallelism)),
            Some(store) => {
                let table = LsmTable::new(store.clone(), name, max_parallelism)?;
                BackendTable::Lsm(Box::new(table))
            }
        };
        self.tables.push(name);
        let keyed = self.context.restored().and_then(|restored| restored.keyed.as_ref());
        if let Some(state) = keyed.and_then(|keyed| keyed.state(name)) {
            restore_store(&mut table, self.restored_range(), state)?;
        }
        Ok(table)
    }

    /// Begins to gather the operator's state for a snapshot.
    pub fn snapshot(&self) -> Gathered<'_> {
        let state = self.context.empty_snapshot();
        Gathered { storage: self, state, keyed: None, state_version: 0 }
    }

    /// Whether state is handed in as files.
    fn as_files(&self) -> Option<&Arc<LsmStore>> {
        self.store.as_ref().filter(|_| self.context.snapshots.incremental)
    }
}

/// The state of an operator with keys, as it is gathered.
pub struct Gathered<'a> {
    storage: &'a KeyedStorage,
    state: OperatorSubtaskState,
    keyed: Option<KeyedSnapshot>,
    state_version: u64,
}

impl Gathered<'_> {
    fn keyed(&mut self) -> &mut KeyedSnapshot {
        let max_parallelism = self.storage.context.max_parallelism;
        let empty = || KeyedSnapshot { max_parallelism, state_version: 0, states: Vec::new() };
        self.keyed.get_or_insert_with(empty)
    }

    /// Adds a table of the operator's own.
    pub fn table<K: Key, V: Data>(
        mut self,
        name: &str,
        table: &mut BackendTable<K, V>,
    ) -> Result<Self, Failure> {
        match (self.storage.as_files(), table) {
            (Some(_), BackendTable::Lsm(table)) => table.write_back()?,
            (_, table) => {
                let state = snapshot_store(name, table)?;
                self.keyed().states.push(state);
            }
        }
        Ok(self)
    }

    /// Adds the states of the operator's function.
    pub fn backend<K: Key>(mut self, backend: &mut KeyedBackend<K>) -> Result<Self, Failure> {
        if self.storage.as_files().is_some() {
            self.state_version += backend.state_version();
            let looks_on = self.storage.context.snapshots.looks_on();
            self.state.files = if looks_on { None } else { backend.files_snapshot()? };
            return Ok(self);
        }
        let snapshot = backend.snapshot()?;
        let keyed = self.keyed();
        keyed.state_version += snapshot.state_version;
        keyed.states.extend(snapshot.states);
        Ok(self)
    }

    /// Adds timers.
    pub fn timers<K: Key, N: Data + PartialEq>(
        mut self,
        timers: &InternalTimerService<K, N>,
    ) -> Result<Self, Failure> {
        self.state.timers = timers_of(timers, &self.storage.context)?;
        Ok(self)
    }

    /// Adds state without keys.
    pub fn operator_state(mut self, backend: &OperatorStateBackend) -> Result<Self, Failure> {
        self.state.operator_state = backend.snapshot()?;
        Ok(self)
    }

    /// Hands the state in.
    pub fn hand_in(mut self) -> Result<(), Failure> {
        let context = &self.storage.context;
        if let Some(store) = self.storage.as_files()
            && !context.snapshots.looks_on()
        {
            let files = match self.state.files.take() {
                Some(files) => files,
                None => FilesSnapshot {
                    max_parallelism: context.max_parallelism,
                    state_version: self.state_version,
                    states: Vec::new(),
                    manifest: store.checkpoint()?,
                },
            };
            for file in &files.manifest.files {
                let key = (context.operator.to_string(), file.clone());
                context.snapshots.hand_in_file(key, || {
                    let contents = fs::read(store.directory().join(&file.name));
                    contents.map_err(|error| Failure(format!("{}: {error}", file.name)))
                })?;
            }
            self.state.files = Some(files);
        }
        if let Some(mut keyed) = self.keyed.take() {
            keyed.states.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
            self.state.keyed = Some(keyed);
        }
        context.hand_in(self.state);
        Ok(())
    }
}

fn timers_of<K: Key, N: Data + PartialEq>(
    timers: &InternalTimerService<K, N>,
    context: &OperatorContext,
) -> Result<Vec<crate::checkpoint::TimerGroup>, Failure> {
    timer_groups(timers, context.max_parallelism)
}

/// A tree of its own for an operator, with the files that a checkpoint holds of it.
fn open_tree(context: &OperatorContext) -> Result<Arc<LsmStore>, Failure> {
    let unusable = |error: std::io::Error| {
        Failure(format!("there is no place for the files of the `lsm` backend: {error}"))
    };
    let directory = context.host.scratch.directory().map_err(unusable)?;
    let files = context.restored().and_then(|restored| restored.files.as_ref());
    if let Some(files) = files {
        for file in &files.manifest.files {
            let key = (context.operator.to_string(), file.clone());
            let Some(contents) = context.snapshots.restored_file(&key) else {
                return Err(Failure(format!("the checkpoint has no file {}", file.name)));
            };
            let path = directory.join(&file.name);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(unusable)?;
            }
            fs::write(path, contents).map_err(unusable)?;
        }
    }
    let manifest = files.map(|files| &files.manifest);
    let store = LsmStore::open(directory, LsmOptions::default(), manifest)?;
    context.scratch.add(store.clone());
    Ok(store)
}
