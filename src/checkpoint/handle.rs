//! Where the parts of a checkpoint are: handles of subtasks, and the metadata that names them all.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_128;

use crate::base::{CheckpointId, SubtaskId};
use crate::record::CheckpointKind;
use crate::record::format::{FormatError, Schema, from_document_as, to_document_as};

/// A file of durable storage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileHandle {
    /// Where it is.
    pub path: String,
    /// How long it is.
    pub bytes: u64,
    /// The xxh3 hash of what it holds.
    pub checksum: u128,
}

impl FileHandle {
    /// Of a file that will hold `contents`.
    pub fn of(path: String, contents: &[u8]) -> Self {
        Self { path, bytes: contents.len() as u64, checksum: xxh3_128(contents) }
    }

    /// Whether these are its contents.
    pub fn verify(&self, contents: &[u8]) -> Result<(), DamagedFile> {
        let Self { path, bytes, checksum } = self;
        if contents.len() as u64 != *bytes {
            let (path, found) = (path.clone(), contents.len() as u64);
            return Err(DamagedFile::Length { path, expected: *bytes, found });
        }
        if xxh3_128(contents) != *checksum {
            return Err(DamagedFile::Checksum(path.clone()));
        }
        Ok(())
    }
}

/// A file does not hold what was stored in it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DamagedFile {
    /// It has another length.
    #[error("{path} is damaged: {found} bytes where {expected} were stored")]
    Length {
        /// The file.
        path: String,
        /// How long it was.
        expected: u64,
        /// How long it is.
        found: u64,
    },
    /// It has other contents.
    #[error("{0} is damaged: its checksum is another")]
    Checksum(String),
    /// It is not what it should be.
    #[error("{path} is damaged: {error}")]
    Format {
        /// The file.
        path: String,
        /// What is wrong.
        error: FormatError,
    },
}

/// Where bytes are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateHandle {
    /// In a file.
    File(FileHandle),
    /// With the handle itself (Flink's `ByteStreamStateHandle`).
    Memory(Arc<[u8]>),
}

impl StateHandle {
    /// How many bytes.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::File(file) => file.bytes,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }
}

/// A file of a serialized backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackendFile {
    /// The operator's uid.
    pub operator: String,
    /// What the backend calls it.
    pub name: String,
    /// Where it is.
    pub handle: StateHandle,
}

/// All that a subtask has stored in a checkpoint (Flink's `TaskStateSnapshot`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubtaskState {
    /// Its [`super::TaskSnapshot`].
    pub snapshot: StateHandle,
    /// Its [`super::ChannelState`], if barriers have overtaken anything.
    pub channel_state: Option<StateHandle>,
    /// The files of its serialized backends.
    pub backend_files: Vec<BackendFile>,
    /// Whether it has state that all subtasks must have after a restart.
    pub has_union: bool,
}

impl SubtaskState {
    fn handles(&self) -> impl Iterator<Item = &StateHandle> {
        let backend_files = self.backend_files.iter().map(|file| &file.handle);
        [&self.snapshot].into_iter().chain(&self.channel_state).chain(backend_files)
    }

    /// All files that it consists of.
    pub fn files(&self) -> impl Iterator<Item = &FileHandle> {
        self.handles().filter_map(|handle| match handle {
            StateHandle::File(file) => Some(file),
            StateHandle::Memory(_) => None,
        })
    }

    /// How large it is.
    pub fn bytes(&self) -> u64 {
        self.handles().map(StateHandle::bytes).sum()
    }
}

/// A checkpoint from which a job can be restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletedCheckpoint {
    /// Its number.
    pub id: CheckpointId,
    /// How its barriers travelled.
    pub kind: CheckpointKind,
    /// When it began, in milliseconds of the coordinator's clock.
    pub timestamp: i64,
    /// What each subtask has stored.
    pub subtasks: BTreeMap<SubtaskId, SubtaskState>,
    /// The subtasks that had finished by then.
    pub finished: Vec<SubtaskId>,
}

static METADATA: LazyLock<Schema> = LazyLock::new(Schema::of::<CompletedCheckpoint>);

impl CompletedCheckpoint {
    /// The checkpoint as its metadata file holds it: a checksum and a document.
    pub fn to_bytes(&self) -> Vec<u8> {
        let document = to_document_as(&METADATA, self).expect("metadata is plain data");
        let mut bytes = xxh3_128(&document).to_le_bytes().to_vec();
        bytes.extend_from_slice(&document);
        bytes
    }

    /// The checkpoint that a metadata file at `path` holds.
    pub fn from_bytes(path: &str, bytes: &[u8]) -> Result<Self, DamagedFile> {
        let damaged = || DamagedFile::Checksum(path.to_string());
        let (checksum, document) = bytes.split_first_chunk::<16>().ok_or_else(damaged)?;
        if xxh3_128(document).to_le_bytes() != *checksum {
            return Err(damaged());
        }
        let path = path.to_string();
        from_document_as(&METADATA, document).map_err(|error| DamagedFile::Format { path, error })
    }

    /// All files that it consists of, but for its metadata.
    pub fn files(&self) -> impl Iterator<Item = &FileHandle> {
        self.subtasks.values().flat_map(SubtaskState::files)
    }

    /// How large it is.
    pub fn bytes(&self) -> u64 {
        self.subtasks.values().map(SubtaskState::bytes).sum()
    }
}
