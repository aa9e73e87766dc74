//! Durable storage: one node with a disk, which keeps files for all others.
//!
//! A file is written, synced, and only then acknowledged. A request may come twice, since whoever
//! got no answer asks again: contents that are there already are synced and not written again, so
//! that a crash cannot tear them.

use std::collections::BTreeMap;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use super::outbox::{Component, Outbox};
use super::ports;
use super::rpc::{StorageAnswer, StorageClientRpc, StorageRpc};
use crate::base::{Name, SimTime};
use crate::host::{Address, Disk, DiskError, Port, StorageError};
use crate::trace::{Event, StorageEvent};

/// What the server asks of its disk.
pub struct DiskWork {
    ticket: u64,
    request: StorageRpc,
}

/// What came of it.
pub struct DiskResult {
    ticket: u64,
    /// When it is done, with what was read; or why the disk refused.
    outcome: Result<(SimTime, Option<Vec<u8>>), DiskError>,
}

impl DiskWork {
    /// Does it.
    pub fn perform(&self, disk: &dyn Disk, now: SimTime) -> DiskResult {
        let outcome = match &self.request {
            StorageRpc::PutFile { path, contents, .. } => put(disk, path, contents),
            StorageRpc::GetFile { path, .. } => {
                disk.read(path).map(|(contents, done)| (done, Some(contents)))
            }
            StorageRpc::DeleteFile { path, .. } => disk.remove(path).map(|()| (now, None)),
        };
        DiskResult { ticket: self.ticket, outcome }
    }
}

fn put(
    disk: &dyn Disk,
    path: &str,
    contents: &[u8],
) -> Result<(SimTime, Option<Vec<u8>>), DiskError> {
    let is_there = disk.list(path)?.iter().any(|found| found == path);
    if !is_there || disk.read(path)?.0 != contents {
        disk.write(path, contents)?;
    }
    Ok((disk.sync(path)?, None))
}

/// A request that the disk is at work for.
struct Request {
    from: Address,
    rpc: StorageRpc,
    contents: Option<Vec<u8>>,
}

/// See the module.
#[derive(Default)]
pub struct StorageServer {
    tickets: u64,
    requests: BTreeMap<u64, Request>,
}

type Out = Outbox<StorageServer>;

impl StorageServer {
    fn answer(request: &StorageRpc, to: Address, answer: StorageAnswer, out: &mut Out) {
        out.send(to, StorageClientRpc { request: request.request(), answer });
    }

    fn refuse(Request { from, rpc, .. }: &Request, error: DiskError, out: &mut Out) {
        let path = rpc.path();
        let answer = match (rpc, error) {
            (StorageRpc::DeleteFile { .. }, DiskError::NotFound(_)) => StorageAnswer::Done,
            (_, DiskError::NotFound(_)) => {
                StorageAnswer::Failed(StorageError::NotFound(path.to_string()))
            }
            (_, error) => {
                let cause = error.to_string();
                let refused =
                    StorageEvent::FileRefused { path: path.clone(), cause: cause.clone() };
                out.trace(Event::Storage(refused));
                StorageAnswer::Failed(StorageError::Refused { path: path.to_string(), cause })
            }
        };
        Self::answer(rpc, *from, answer, out);
    }
}

impl Component for StorageServer {
    type Message = StorageRpc;
    type Timer = u64;
    type Action = DiskWork;
    type Report = DiskResult;

    fn name(&self) -> Name {
        "storage".into()
    }

    fn port(&self) -> Port {
        ports::STORAGE
    }

    fn on_start(&mut self, _now: SimTime, _out: &mut Out) {}

    fn on_message(&mut self, _now: SimTime, from: Address, message: StorageRpc, out: &mut Out) {
        if let StorageRpc::DeleteFile { path, .. } = &message {
            // What was still to be stored there is not wanted any more.
            self.requests.retain(|_, known| {
                !matches!(&known.rpc, StorageRpc::PutFile { path: put, .. } if put == path)
            });
        }
        self.tickets += 1;
        let request = Request { from, rpc: message.clone(), contents: None };
        self.requests.insert(self.tickets, request);
        out.act(DiskWork { ticket: self.tickets, request: message });
    }

    fn on_reset(&mut self, _now: SimTime, _peer: Address, _out: &mut Out) {}

    /// The disk is done.
    fn on_timer(&mut self, _now: SimTime, ticket: u64, out: &mut Out) {
        let Some(Request { from, rpc, contents }) = self.requests.remove(&ticket) else { return };
        let answer = match (&rpc, contents) {
            (StorageRpc::PutFile { path, contents, .. }, _) => {
                out.trace(Event::Storage(StorageEvent::FileStored {
                    path: path.clone(),
                    bytes: contents.len() as u64,
                    checksum: format!("{:032x}", xxh3_128(contents)).into(),
                }));
                StorageAnswer::Done
            }
            (StorageRpc::GetFile { path, .. }, contents) => {
                let contents = contents.unwrap_or_default();
                let (path, bytes) = (path.clone(), contents.len() as u64);
                out.trace(Event::Storage(StorageEvent::FileRead { path, bytes }));
                StorageAnswer::Contents(Arc::from(contents))
            }
            (StorageRpc::DeleteFile { path, .. }, _) => {
                out.trace(Event::Storage(StorageEvent::FileDeleted { path: path.clone() }));
                StorageAnswer::Done
            }
        };
        Self::answer(&rpc, from, answer, out);
    }

    fn on_report(&mut self, _now: SimTime, report: DiskResult, out: &mut Out) {
        let DiskResult { ticket, outcome } = report;
        match outcome {
            Ok((done, contents)) => {
                if let Some(request) = self.requests.get_mut(&ticket) {
                    request.contents = contents;
                }
                out.wake_at(done, ticket);
            }
            Err(error) => {
                if let Some(request) = self.requests.remove(&ticket) {
                    Self::refuse(&request, error, out);
                }
            }
        }
    }
}
