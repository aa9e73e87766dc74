//! The state of a chain's operators on its way into a checkpoint and out of one.
//!
//! When the task takes a snapshot each operator hands in what belongs to it; when an operator is
//! built it finds here what a checkpoint holds for it. Shared by all operators of a chain.
//!
//! Previous: the task. Next: the checkpoint's files ([`crate::checkpoint`]).

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::OperatorContext;
use crate::base::CheckpointId;
use crate::checkpoint::{OperatorSubtaskState, SnapshotParts, TaskSnapshot, TimerGroup};
use crate::record::format::{decode, encode_into};
use crate::record::{Data, Failure, Key, KeyGroupRange};
use crate::state::operator_state::{
    OperatorSnapshot, OperatorStateBackend, OperatorStateHandle, OperatorStateMode,
};
use crate::state::{KeyedSnapshot, StateFile};
use crate::time::{InternalTimerService, KeyGroupTimers};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// A file of a serialized backend, by operator.
pub type FileKey = (String, StateFile);

/// A file of a serialized backend that a snapshot consists of.
pub struct LocalFile {
    /// The operator and the file.
    pub key: FileKey,
    /// What it holds; nothing if the checkpoint on which this one builds has it.
    pub contents: Option<Arc<[u8]>>,
}

/// What a checkpoint holds for a subtask.
#[derive(Default)]
pub struct RestoredState {
    /// Its own snapshot.
    pub snapshot: TaskSnapshot,
    /// The checkpoint.
    pub checkpoint: CheckpointId,
    /// The contents of the files of its serialized backends.
    pub backend_files: BTreeMap<FileKey, Arc<[u8]>>,
    /// Those of all subtasks, its own among them, by index: for state that all must have.
    pub siblings: Vec<TaskSnapshot>,
}

/// See the module.
pub struct Snapshots {
    /// What fills the seams of snapshots.
    pub parts: Arc<SnapshotParts>,
    /// Whether serialized backends hand in files and not entries.
    pub incremental: bool,
    restored: Option<RestoredState>,
    /// Files that the checkpoint on which the next builds has.
    known_files: RefCell<BTreeSet<FileKey>>,
    /// Whether files are left out, since the state is only looked at.
    looks_on: Cell<bool>,
    operators: RefCell<Vec<OperatorSubtaskState>>,
    files: RefCell<Vec<LocalFile>>,
}

impl Snapshots {
    /// For a chain that is restored, or begins anew.
    pub fn new(
        parts: Arc<SnapshotParts>,
        incremental: bool,
        restored: Option<RestoredState>,
    ) -> Rc<Self> {
        Rc::new(Self {
            parts,
            incremental,
            restored,
            known_files: RefCell::default(),
            looks_on: Cell::new(false),
            operators: RefCell::default(),
            files: RefCell::default(),
        })
    }

    /// For a chain that nobody checkpoints.
    pub fn none() -> Rc<Self> {
        Self::new(Arc::default(), false, None)
    }

    /// Begins to collect; the contents of `known` files are not needed.
    pub fn begin(&self, known: BTreeSet<FileKey>) {
        self.known_files.replace(known);
        self.looks_on.set(false);
    }

    /// Begins to collect for whoever only looks on: files are left out.
    pub fn begin_looking(&self) {
        self.looks_on.set(true);
    }

    /// Whether files are left out.
    pub fn looks_on(&self) -> bool {
        self.looks_on.get()
    }

    /// Takes what has been handed in: the operators from the head of the chain to its end.
    pub fn take(&self) -> (Vec<OperatorSubtaskState>, Vec<LocalFile>) {
        (self.operators.take(), self.files.take())
    }

    pub(super) fn hand_in(&self, state: OperatorSubtaskState) {
        if !state.is_empty() {
            self.operators.borrow_mut().push(state);
        }
    }

    /// Hands in a file, whose contents `read` gives if they are needed.
    pub(super) fn hand_in_file(
        &self,
        key: FileKey,
        read: impl FnOnce() -> Result<Vec<u8>, Failure>,
    ) -> Result<(), Failure> {
        let known = self.known_files.borrow().contains(&key);
        let contents = if known { None } else { Some(Arc::from(read()?)) };
        self.files.borrow_mut().push(LocalFile { key, contents });
        Ok(())
    }

    /// The checkpoint that the chain is restored from; 0 if it begins anew.
    pub fn restored_checkpoint(&self) -> CheckpointId {
        self.restored.as_ref().map_or(CheckpointId(0), |restored| restored.checkpoint)
    }

    /// What a checkpoint holds for an operator.
    pub fn restored(&self, operator: &str) -> Option<&OperatorSubtaskState> {
        self.restored.as_ref()?.snapshot.operator(operator)
    }

    pub(super) fn restored_file(&self, key: &FileKey) -> Option<&Arc<[u8]>> {
        self.restored.as_ref()?.backend_files.get(key)
    }

    /// The operator state of each subtask's instance of an operator, by index.
    fn siblings<'a>(&'a self, operator: &'a str) -> impl Iterator<Item = &'a OperatorSnapshot> {
        let siblings = self.restored.iter().flat_map(|restored| &restored.siblings);
        siblings.filter_map(move |it| it.operator(operator)).map(|state| &state.operator_state)
    }
}

impl OperatorContext {
    /// What a checkpoint holds for this operator.
    pub fn restored(&self) -> Option<&OperatorSubtaskState> {
        self.snapshots.restored(&self.operator)
    }

    /// This operator's state, with nothing in it yet.
    pub fn empty_snapshot(&self) -> OperatorSubtaskState {
        OperatorSubtaskState { operator: self.operator.to_string(), ..Default::default() }
    }

    /// Hands in this operator's state.
    pub fn hand_in(&self, state: OperatorSubtaskState) {
        self.snapshots.hand_in(state);
    }

    /// The operator state that this subtask starts with: its own, and what all subtasks share.
    pub(super) fn operator_state(&self) -> Result<OperatorStateBackend, Failure> {
        let mut backend = OperatorStateBackend::new();
        let Some(own) = self.restored() else { return Ok(backend) };
        let is_union = |mode| mode == OperatorStateMode::Union;
        restore(&mut backend, &own.operator_state, |mode| !is_union(mode))?;
        for sibling in self.snapshots.siblings(&self.operator) {
            restore(&mut backend, sibling, is_union)?;
        }
        Ok(backend)
    }

    /// Takes the timers over that a checkpoint holds.
    pub(super) fn restore_timers<K: Key, N: Data + PartialEq>(
        &self,
        timers: &mut InternalTimerService<K, N>,
    ) -> Result<(), Failure> {
        let Some(restored) = self.restored() else { return Ok(()) };
        let parts = &self.snapshots.parts;
        if !parts.timers.restores() {
            return Ok(());
        }
        let range = parts.key_groups.restored(self.key_group_range());
        let mut groups = Vec::new();
        for group in &restored.timers {
            let timers: KeyGroupTimers<K, N> =
                decode(&group.bytes).map_err(|error| Failure(error.to_string()))?;
            groups.push(timers);
        }
        timers.restore(range, groups);
        Ok(())
    }
}

/// Takes those states of a snapshot in whose mode is wanted.
fn restore(
    backend: &mut OperatorStateBackend,
    snapshot: &OperatorSnapshot,
    wanted: impl Fn(OperatorStateMode) -> bool,
) -> Result<(), Failure> {
    let OperatorStateHandle { handle, mut states } = snapshot.handle("");
    states.retain(|_, info| wanted(info.mode));
    Ok(backend.restore(snapshot, &OperatorStateHandle { handle, states })?)
}

/// Timers as they are stored.
pub(super) fn timer_groups<K: Key, N: Data + PartialEq>(
    timers: &InternalTimerService<K, N>,
    max_parallelism: u32,
) -> Result<Vec<TimerGroup>, Failure> {
    let groups = timers.snapshot(max_parallelism).into_iter().map(|group| {
        let failed = |error: crate::record::format::FormatError| Failure(error.to_string());
        let KeyGroupTimers { key_group, event_time, processing_time } = &group;
        let mut stored = TimerGroup { key_group: *key_group, ..TimerGroup::default() };
        let bytes = &mut stored.bytes;
        // The group as the format writes it, part by part, so that each timer is written once.
        encode_into(key_group, bytes).map_err(failed)?;
        for (domain, timers) in [(0, event_time), (1, processing_time)] {
            encode_into(&(timers.len() as u64), bytes).map_err(failed)?;
            for timer in timers {
                let before = bytes.len();
                encode_into(timer, bytes).map_err(failed)?;
                let digest = xxh3_128_with_seed(&bytes[before..], domain);
                stored.digest = stored.digest.wrapping_add(digest);
            }
            stored.timers += timers.len() as u64;
        }
        Ok(stored)
    });
    groups.collect()
}

/// Those key groups of a snapshot that lie in a range.
pub(super) fn within(snapshot: &KeyedSnapshot, range: KeyGroupRange) -> KeyedSnapshot {
    let mut snapshot = snapshot.clone();
    for state in &mut snapshot.states {
        state.groups.retain(|group| range.contains(group.key_group));
    }
    snapshot
}
