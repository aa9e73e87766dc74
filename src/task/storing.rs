//! The asynchronous part of a snapshot: its files go to storage while the task goes on, and when no
//! crash can take them the checkpoint is acknowledged.
//!
//! Previous: [`super::checkpoints`], which has taken the snapshot. Next: durable storage, then the
//! JobMaster.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::checkpoints::file_digest;
use super::restoring::stored_file;
use super::stream_task::StreamTask;
use super::underway::Underway;
use super::{TaskAcknowledgement, TaskUpdate};
use crate::base::CheckpointId;
use crate::checkpoint::{
    BackendFile, ChannelState, CheckpointFailure, CheckpointStorage, FileHandle, StateHandle,
    StoredChannel,
};
use crate::host::StorageError;
use crate::operator::{FileKey, LocalFile};
use crate::trace::{ChannelCut, ChannelRange, CheckpointEvent, StateDigest};

impl StreamTask {
    /// Begins to store a part of a snapshot.
    pub(super) fn store(
        &self,
        checkpoint: CheckpointId,
        path: &str,
        contents: Arc<[u8]>,
        underway: &mut Underway,
    ) -> StateHandle {
        let (Some(storage), Some(CheckpointStorage::Filesystem)) =
            (&self.checkpoints.storage, self.config().map(|config| config.storage))
        else {
            return StateHandle::Memory(contents);
        };
        let handle = FileHandle::of(path.to_owned(), &contents);
        underway.files += 1;
        underway.metrics.stored_bytes += handle.bytes;
        underway.written.push(path.to_owned());
        let (mail, signal) = (self.mail.clone(), self.signal.clone());
        let done = move |result| {
            mail.stored.borrow_mut().push_back((checkpoint, result));
            signal.notify();
        };
        storage.put(path, contents, Box::new(done));
        StateHandle::File(handle)
    }

    pub(super) fn store_backend_files(
        &mut self,
        checkpoint: CheckpointId,
        files: Vec<LocalFile>,
        known: &BTreeMap<FileKey, StateHandle>,
        underway: &mut Underway,
        digests: &mut Vec<StateDigest>,
    ) {
        let mut stored = BTreeMap::new();
        for LocalFile { key, contents } in files {
            let (operator, file) = &key;
            let handle = match (contents, known.get(&key)) {
                (None, Some(handle)) => handle.clone(),
                (Some(contents), _) => {
                    let name = self.name();
                    let path = if file.shared {
                        let job = self.job();
                        format!("job-{job}/shared/{name}/chk-{checkpoint}/{operator}/{}", file.name)
                    } else {
                        format!("{}/{name}.{operator}.{}", self.folder(checkpoint), file.name)
                    };
                    self.store(checkpoint, &path, contents, underway)
                }
                (None, None) => unreachable!("contents are left out only of files that are known"),
            };
            if let StateHandle::File(FileHandle { bytes, checksum, .. }) = &handle {
                digests.push(file_digest(operator, &file.name, *bytes, *checksum));
            }
            let (operator, name) = (operator.clone(), file.name.clone());
            let backend_file = BackendFile { operator, name, handle: handle.clone() };
            underway.state.backend_files.push(backend_file);
            stored.insert(key, handle);
        }
        self.checkpoints.backend_files.insert(checkpoint, stored);
    }

    /// Begins to store the snapshot itself.
    pub(super) fn store_snapshot(
        &self,
        checkpoint: CheckpointId,
        contents: Arc<[u8]>,
        underway: &mut Underway,
    ) {
        let file = format!("{}/{}", self.folder(checkpoint), self.name());
        underway.state.snapshot = self.store(checkpoint, &file, contents, underway);
    }

    /// A sink has prepared outside what belongs to a checkpoint, and says how to commit it.
    pub(super) fn on_prepared(&mut self, checkpoint: CheckpointId, operator: &str, bytes: Vec<u8>) {
        let Some(mut underway) = self.checkpoints.underway.remove(&checkpoint) else { return };
        underway.outside.parts -= 1;
        if let Some(snapshot) = &mut underway.outside.waiting {
            snapshot.add_prepared(operator, bytes);
        }
        if underway.outside.parts == 0
            && let Some(snapshot) = underway.outside.waiting.take()
        {
            self.store_snapshot(checkpoint, snapshot.to_bytes().into(), &mut underway);
        }
        self.checkpoints.underway.insert(checkpoint, underway);
        self.advance(checkpoint);
    }

    /// A file is stored, or cannot be.
    pub(super) fn on_stored(&mut self, checkpoint: CheckpointId, result: Result<(), StorageError>) {
        match result {
            Ok(()) => {
                if let Some(underway) = self.checkpoints.underway.get_mut(&checkpoint) {
                    underway.files -= 1;
                }
                self.advance(checkpoint);
            }
            Err(error) => {
                if self.forget(checkpoint) {
                    let failure = CheckpointFailure::AsyncException;
                    self.decline(checkpoint, failure, error.to_string());
                }
            }
        }
    }

    /// Goes on with a snapshot as far as that is possible.
    pub(super) fn advance(&mut self, checkpoint: CheckpointId) {
        let Some(mut underway) = self.checkpoints.underway.remove(&checkpoint) else { return };
        if underway.can_hand_over() {
            self.store_channel_state(checkpoint, &mut underway);
            if let Some(too_large) = self.too_large(&underway.state) {
                return self.decline(checkpoint, CheckpointFailure::Declined, too_large);
            }
        }
        let durable = underway.is_stored();
        let hurried = underway.overtaking.handed_over
            && !self.checkpoints.parts.acknowledging.waits_for_storage();
        if (durable || hurried) && !underway.acknowledged {
            underway.acknowledged = true;
            self.acknowledge(checkpoint, &mut underway);
        }
        if !durable {
            self.checkpoints.underway.insert(checkpoint, underway);
        }
    }

    fn store_channel_state(&self, checkpoint: CheckpointId, underway: &mut Underway) {
        underway.overtaking.handed_over = true;
        let mut state = std::mem::take(&mut underway.overtaking.state);
        if !self.checkpoints.parts.channel_state.keeps() {
            state = ChannelState::default();
        }
        let bytes = if state.is_empty() { Vec::new() } else { state.to_bytes() };
        underway.metrics.in_flight_bytes = bytes.len() as u64;
        if underway.unaligned || !state.is_empty() {
            self.tell(CheckpointEvent::ChannelStateCollected {
                job: self.job(),
                subtask: self.name(),
                attempt: self.attempt(),
                checkpoint,
                inputs: self.input_ranges(&state),
                outputs: self.output_ranges(&state),
                bytes: bytes.len() as u64,
            });
        }
        if !state.is_empty() {
            let path = format!("{}/{}.channels", self.folder(checkpoint), self.name());
            underway.state.channel_state =
                Some(self.store(checkpoint, &path, bytes.into(), underway));
        }
    }

    pub(super) fn input_ranges(&self, state: &ChannelState) -> Vec<ChannelRange> {
        let range = |stored: &StoredChannel| ChannelRange {
            edge: self.gate.edge(stored.channel as usize),
            peer: self.gate.producer(stored.channel as usize).clone(),
            from: stored.from,
            to: stored.to(),
        };
        state.inputs.iter().map(range).filter(|range| range.to > range.from).collect()
    }

    pub(super) fn output_ranges(&self, state: &ChannelState) -> Vec<ChannelRange> {
        let channels: Vec<ChannelCut> = self.output_cuts().into_iter().flatten().collect();
        let range = |stored: &StoredChannel| {
            let ChannelCut { edge, peer, .. } = channels[stored.channel as usize].clone();
            ChannelRange { edge, peer, from: stored.from, to: stored.to() }
        };
        state.outputs.iter().map(range).filter(|range| range.to > range.from).collect()
    }

    fn acknowledge(&self, checkpoint: CheckpointId, underway: &mut Underway) {
        underway.metrics.async_us = self.host.clock.now().since(underway.since).as_micros() as u64;
        let Underway { state, metrics, .. } = underway;
        self.tell(CheckpointEvent::SnapshotStored {
            job: self.job(),
            subtask: self.name(),
            attempt: self.attempt(),
            checkpoint,
            files: state.files().map(stored_file).collect(),
            stored_bytes: metrics.stored_bytes,
            async_us: metrics.async_us,
        });
        let (state, metrics) = (state.clone(), *metrics);
        let acknowledgement = TaskAcknowledgement { checkpoint, state, metrics };
        (self.on_update)(TaskUpdate::Acknowledged(Box::new(acknowledgement)));
    }

    /// Forgets a snapshot that is underway, and what was stored of it. Whether it was.
    pub(super) fn forget(&mut self, checkpoint: CheckpointId) -> bool {
        let Some(underway) = self.checkpoints.underway.remove(&checkpoint) else { return false };
        if let Some(storage) = &self.checkpoints.storage {
            underway.written.iter().for_each(|path| storage.delete(path));
        }
        true
    }

    /// None of the snapshots that are underway is wanted.
    pub(super) fn forget_all(&mut self) {
        let underway: Vec<CheckpointId> = self.checkpoints.underway.keys().copied().collect();
        for checkpoint in underway {
            self.forget(checkpoint);
        }
    }
}
