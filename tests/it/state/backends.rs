//! Backends to test, in directories that vanish with them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use weir::record::{Key, KeyGroupRange};
use weir::state::{KeyedBackend, LsmOptions, LsmStore, StateBackendKind};

/// A directory of its own; where there is one in memory, there, since files are synced often.
pub fn directory() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a directory can be made").keep()
}

/// Sizes at which a handful of values already leaves the cache and becomes files that are merged.
pub fn small() -> LsmOptions {
    LsmOptions {
        cache_bytes: 1000,
        write_buffer_bytes: 2000,
        table_bytes: 1000,
        block_cache_bytes: 100_000,
    }
}

/// A store that removes its directory.
pub fn lsm_store(options: LsmOptions) -> Arc<LsmStore> {
    LsmStore::open(directory(), options, None).unwrap()
}

/// The backend of one subtask.
pub fn backend<K: Key>(
    kind: StateBackendKind,
    range: KeyGroupRange,
    max_parallelism: u32,
) -> KeyedBackend<K> {
    match kind {
        StateBackendKind::Hashmap => KeyedBackend::hashmap(max_parallelism, range),
        StateBackendKind::Lsm => KeyedBackend::lsm(max_parallelism, range, lsm_store(small())),
    }
}

/// The backend of the only subtask.
pub fn only<K: Key>(kind: StateBackendKind) -> KeyedBackend<K> {
    backend(kind, KeyGroupRange::of_subtask(0, 1, 128), 128)
}

/// Both.
pub const KINDS: [StateBackendKind; 2] = [StateBackendKind::Hashmap, StateBackendKind::Lsm];
