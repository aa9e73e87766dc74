//! Where an operator keeps what belongs to keys: the backend that the job asks for, opened once
//! for all that the operator stores.
//!
//! Previous: the operators with keys. Next: [`KeyedBackend`] for the states of user functions,
//! [`BackendTable`] for what an operator keeps itself.

use std::sync::Arc;

use super::OperatorContext;
use crate::record::{Data, Failure, Key, KeyGroupRange};
use crate::state::{
    BackendTable, KeyedBackend, KeyedTable, LsmOptions, LsmStore, LsmTable, StateBackendKind,
};
use crate::trace::{Event, StateEvent};

/// See the module.
pub struct KeyedStorage {
    max_parallelism: u32,
    range: KeyGroupRange,
    /// The tree, if state is serialized.
    store: Option<Arc<LsmStore>>,
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
        Ok(Self { max_parallelism: context.max_parallelism, range, store })
    }

    /// A backend for states that are registered by name.
    pub fn backend<K: Key>(&self) -> KeyedBackend<K> {
        match &self.store {
            None => KeyedBackend::hashmap(self.max_parallelism, self.range),
            Some(store) => KeyedBackend::lsm(self.max_parallelism, self.range, store.clone()),
        }
    }

    /// A table of one value per key, stored under a name.
    pub fn table<K: Key, V: Data>(&self, name: &str) -> Result<BackendTable<K, V>, Failure> {
        Ok(match &self.store {
            None => BackendTable::Hashmap(KeyedTable::new(self.max_parallelism)),
            Some(store) => {
                let table = LsmTable::new(store.clone(), name, self.max_parallelism)?;
                BackendTable::Lsm(Box::new(table))
            }
        })
    }
}

/// A tree of its own for an operator.
fn open_tree(context: &OperatorContext) -> Result<Arc<LsmStore>, Failure> {
    let directory = context.host.scratch.directory().map_err(|error| {
        Failure(format!("there is no place for the files of the `lsm` backend: {error}"))
    })?;
    let store = LsmStore::open(directory, LsmOptions::default(), None)?;
    context.scratch.add(store.clone());
    Ok(store)
}
