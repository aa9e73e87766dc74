//! A task's first step after a restart: it fetches what a checkpoint holds for it.
//!
//! Previous: the JobMaster, which says where that is. Next: the chain, whose operators take it over.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::{Mail, RestoreState, TaskRestore};
use crate::base::SimTime;
use crate::checkpoint::{
    ChannelState, DamagedFile, FileHandle, StateHandle, SubtaskState, TaskSnapshot,
};
use crate::host::{DurableStorage, Host, Signal, StorageError};
use crate::operator::{FileKey, RestoredState};
use crate::record::format::FormatError;
use crate::trace::StoredFile;

/// What a task begins with.
#[derive(Default)]
pub(super) struct Restored {
    /// For its operators.
    pub(super) state: RestoredState,
    /// For its channels.
    pub(super) channels: ChannelState,
    /// The files that were read.
    pub(super) files: Vec<StoredFile>,
    /// The files of its serialized backends.
    pub(super) backend_files: BTreeMap<FileKey, StateHandle>,
    /// Whether it had finished.
    pub(super) finished: bool,
}

/// The same but for what its operators take over.
pub(super) struct RestoredRest {
    pub(super) channels: ChannelState,
    pub(super) files: Vec<StoredFile>,
    pub(super) backend_files: BTreeMap<FileKey, StateHandle>,
    pub(super) finished: bool,
}

impl Restored {
    /// What operators take over, and the rest.
    pub(super) fn split(self) -> (RestoredState, RestoredRest) {
        let Self { state, channels, files, backend_files, finished } = self;
        (state, RestoredRest { channels, files, backend_files, finished })
    }
}

/// Why it cannot begin.
pub(super) enum RestoreError {
    /// It was cancelled meanwhile.
    Canceled,
    /// The checkpoint is damaged, or not there.
    Unusable(String),
    /// Storage cannot be reached.
    Unreachable(String),
}

impl From<StorageError> for RestoreError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::NotFound(_) => Self::Unusable(error.to_string()),
            StorageError::Refused { .. } | StorageError::Unreachable(_) => {
                Self::Unreachable(error.to_string())
            }
        }
    }
}

impl From<DamagedFile> for RestoreError {
    fn from(error: DamagedFile) -> Self {
        Self::Unusable(error.to_string())
    }
}

/// What has come of the files that were asked for, by path.
type Fetched = BTreeMap<String, Result<Arc<[u8]>, StorageError>>;

/// Fetches all files that hold state of the subtask.
pub(super) async fn fetch(
    host: &Host,
    storage: Option<&Rc<dyn DurableStorage>>,
    restore: &TaskRestore,
    (signal, mail): (&Signal, &Mail),
) -> Result<Restored, RestoreError> {
    let RestoreState::Stored { own, siblings } = &restore.state else {
        return Ok(Restored { finished: true, ..Restored::default() });
    };
    let siblings_files = siblings.iter().filter_map(|handle| match handle {
        StateHandle::File(file) => Some(file),
        StateHandle::Memory(_) => None,
    });
    let mut files: Vec<&FileHandle> = own.files().chain(siblings_files).collect();
    files.sort();
    files.dedup();
    let fetched: Rc<RefCell<Fetched>> = Rc::default();
    if let Some(storage) = storage {
        for file in &files {
            let (fetched, signal, path) = (fetched.clone(), signal.clone(), file.path.clone());
            let done = move |result| {
                fetched.borrow_mut().insert(path, result);
                signal.notify();
            };
            storage.get(&file.path, Box::new(done));
        }
    }
    while fetched.borrow().len() < files.len() {
        super::waiting::wait(host, signal, SimTime::MAX).await;
        if mail.cancelled.get() {
            return Err(RestoreError::Canceled);
        }
    }
    let mut contents = BTreeMap::new();
    for file in &files {
        let bytes = fetched.borrow_mut().remove(&file.path).expect("all have come")?;
        file.verify(&bytes)?;
        contents.insert(file.path.as_str(), bytes);
    }
    let mut restored = assemble(own, siblings, &contents, &files)?;
    restored.state.checkpoint = restore.checkpoint;
    Ok(restored)
}

/// Puts together what the files hold.
fn assemble(
    own: &SubtaskState,
    siblings: &[StateHandle],
    contents: &BTreeMap<&str, Arc<[u8]>>,
    files: &[&FileHandle],
) -> Result<Restored, RestoreError> {
    let bytes = |handle: &StateHandle| match handle {
        StateHandle::File(file) => contents[file.path.as_str()].clone(),
        StateHandle::Memory(bytes) => bytes.clone(),
    };
    let snapshot = parse(&own.snapshot, &bytes(&own.snapshot), TaskSnapshot::from_bytes)?;
    let channels = match &own.channel_state {
        Some(handle) => parse(handle, &bytes(handle), ChannelState::from_bytes)?,
        None => ChannelState::default(),
    };
    let siblings = siblings.iter().map(|it| parse(it, &bytes(it), TaskSnapshot::from_bytes));
    let siblings = siblings.collect::<Result<Vec<_>, _>>()?;
    let (mut backend_files, mut handles) = (BTreeMap::new(), BTreeMap::new());
    for file in &own.backend_files {
        let known = snapshot.operator(&file.operator).and_then(|state| state.files.as_ref());
        let known = known.and_then(|it| it.manifest.files.iter().find(|it| it.name == file.name));
        let Some(known) = known else {
            let (operator, name) = (&file.operator, &file.name);
            let reason = format!("the snapshot of {operator} does not know the file {name}");
            return Err(RestoreError::Unusable(reason));
        };
        let key = (file.operator.clone(), known.clone());
        backend_files.insert(key.clone(), bytes(&file.handle));
        handles.insert(key, file.handle.clone());
    }
    let state = RestoredState { snapshot, backend_files, siblings, ..RestoredState::default() };
    let files = files.iter().map(|file| stored_file(file)).collect();
    Ok(Restored { state, channels, files, backend_files: handles, finished: false })
}

fn parse<T>(
    handle: &StateHandle,
    bytes: &[u8],
    parse: impl Fn(&[u8]) -> Result<T, FormatError>,
) -> Result<T, RestoreError> {
    let path = match handle {
        StateHandle::File(file) => file.path.clone(),
        StateHandle::Memory(_) => "state in the memory of the JobManager".to_string(),
    };
    Ok(parse(bytes).map_err(|error| DamagedFile::Format { path, error })?)
}

/// A file as the trace has it.
pub(crate) fn stored_file(file: &FileHandle) -> StoredFile {
    StoredFile {
        path: file.path.as_str().into(),
        bytes: file.bytes,
        checksum: format!("{:032x}", file.checksum).into(),
    }
}
