//! Which files a snapshot of the `lsm` backend consists of.
//!
//! A table file never changes once it is written, so a later snapshot that names the same file has
//! nothing to upload for it. Invariant: a manifest names every file that [`super::LsmStore::open`]
//! needs to find the state again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StateFile {
    /// Its path within the directory.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// The xxh3 hash of its contents.
    pub checksum: u128,
    /// Whether it holds state and never changes, so that snapshots can share it.
    pub shared: bool,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LsmManifest {
    /// The numbers of the states in addresses, by name.
    pub states: BTreeMap<String, u16>,
    /// The files, by name.
    pub files: Vec<StateFile>,
}

impl LsmManifest {
    /// How many bytes are in files that `earlier` does not have.
    pub fn new_bytes(&self, earlier: &Self) -> u64 {
        let new = self.files.iter().filter(|file| !earlier.files.contains(file));
        new.map(|file| file.bytes).sum()
    }
}
