//! Where keyed state lives, by name.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A state backend.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum StateBackendKind {
    /// Objects in memory: fast, and as large as memory.
    #[default]
    Hashmap,
    /// Serialized, in a log-structured merge tree on disk with a cache of objects: as large as the
    /// disk, and its snapshots can share files.
    Lsm,
}

/// A name that no backend has.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "there is no state backend \"{0}\"; the backends are `hashmap` (also called `memory` and \
     `filesystem`) and `lsm` (also called `rocksdb`)"
)]
pub struct UnknownBackend(String);

impl FromStr for StateBackendKind {
    type Err = UnknownBackend;

    fn from_str(name: &str) -> Result<Self, UnknownBackend> {
        match name {
            "hashmap" | "memory" | "filesystem" => Ok(Self::Hashmap),
            "lsm" | "rocksdb" => Ok(Self::Lsm),
            unknown => Err(UnknownBackend(unknown.to_string())),
        }
    }
}

impl fmt::Display for StateBackendKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hashmap => "hashmap",
            Self::Lsm => "lsm",
        })
    }
}
