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
use crate::base::{Name, SimDuration, SimTime};
use crate::host::{Address, Disk, DiskError, PUBLISHED, Port, StorageError};
use crate::record::{Row, read_frames};
use crate::trace::{Event, StorageEvent};

/// What the server asks of its shell.
pub enum StorageAction {
    /// To have the disk do something.
    Disk(DiskWork),
    /// To show the rows of a published file to the world. Some may have been shown before.
    Reveal {
        /// The sink whose file it is.
        sink: Name,
        /// The file.
        part: Name,
        /// The rows with their places in the file.
        rows: Vec<(u64, Row)>,
    },
}

/// What it asks of its disk.
pub enum DiskWork {
    /// What a client has asked for.
    Request {
        /// Its number.
        ticket: u64,
        /// What.
        request: StorageRpc,
    },
    /// Read all published files.
    ReadPublished,
}

/// What came of it.
pub enum DiskResult {
    /// Of a client's request: when it is done, with what was read; or why the disk refused.
    Request {
        /// Its number.
        ticket: u64,
        /// What came of it.
        outcome: Result<(SimTime, Option<Vec<u8>>), DiskError>,
    },
    /// The published files; or why the disk refused.
    Published(Result<Vec<(Name, Vec<u8>)>, DiskError>),
}

impl DiskWork {
    /// Does it.
    pub fn perform(&self, disk: &dyn Disk, now: SimTime) -> DiskResult {
        let Self::Request { ticket, request } = self else {
            return DiskResult::Published(read_published(disk));
        };
        let outcome = match request {
            StorageRpc::PutFile { path, contents, .. } => put(disk, path, contents),
            StorageRpc::GetFile { path, .. } => {
                disk.read(path).map(|(contents, done)| (done, Some(contents)))
            }
            StorageRpc::DeleteFile { path, .. } => disk.remove(path).map(|()| (now, None)),
            StorageRpc::PublishFile { from, path, .. } => publish(disk, from, path),
        };
        DiskResult::Request { ticket: *ticket, outcome }
    }
}

/// Renames a file, unless that was done before.
fn publish(disk: &dyn Disk, from: &str, to: &str) -> Result<(SimTime, Option<Vec<u8>>), DiskError> {
    match disk.rename(from, to) {
        Ok(()) => {}
        // A request that comes again finds it under its new name.
        Err(DiskError::NotFound(_)) if disk.list(to)?.iter().any(|found| found == to) => {}
        Err(error) => return Err(error),
    }
    disk.read(to).map(|(contents, done)| (done, Some(contents)))
}

fn read_published(disk: &dyn Disk) -> Result<Vec<(Name, Vec<u8>)>, DiskError> {
    let all = disk.list(PUBLISHED)?;
    let published = all.iter().filter(|path| published(path).is_some());
    published.map(|path| Ok((path.as_str().into(), disk.read(path)?.0))).collect()
}

/// The sink and the name of a published file.
fn published(path: &str) -> Option<(&str, &str)> {
    let (sink, part) = path.strip_prefix(PUBLISHED)?.split_once('/')?;
    (!part.starts_with('.')).then_some((sink, part))
}

/// After how long published files that a disk would not give are read again.
const READ_AGAIN: SimDuration = SimDuration::from_millis(500);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageTimer {
    /// That the disk is done with a request.
    Done(u64),
    /// To read published files again.
    ReadPublished,
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

    /// Shows what is in a published file; whether it is whole.
    fn reveal(path: &str, contents: &[u8], out: &mut Out) -> bool {
        let Some((sink, part)) = published(path) else { return true };
        let frames = read_frames::<Row>(contents);
        let is_whole = frames.torn_bytes == 0;
        if is_whole {
            let rows = (0..).zip(frames.entries).collect();
            out.act(StorageAction::Reveal { sink: sink.into(), part: part.into(), rows });
        }
        is_whole
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
    type Timer = StorageTimer;
    type Action = StorageAction;
    type Report = DiskResult;

    fn name(&self) -> Name {
        "storage".into()
    }

    fn port(&self) -> Port {
        ports::STORAGE
    }

    /// What was published in an earlier life, and was perhaps shown to nobody.
    fn on_start(&mut self, _now: SimTime, out: &mut Out) {
        out.act(StorageAction::Disk(DiskWork::ReadPublished));
    }

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
        out.act(StorageAction::Disk(DiskWork::Request { ticket: self.tickets, request: message }));
    }

    fn on_reset(&mut self, _now: SimTime, _peer: Address, _out: &mut Out) {}

    /// The disk is done.
    fn on_timer(&mut self, now: SimTime, timer: StorageTimer, out: &mut Out) {
        let StorageTimer::Done(ticket) = timer else {
            return out.act(StorageAction::Disk(DiskWork::ReadPublished));
        };
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
            (StorageRpc::PublishFile { from, path, .. }, contents) => {
                let renamed = StorageEvent::FileRenamed { from: from.clone(), to: path.clone() };
                out.trace(Event::Storage(renamed));
                // It has its name whatever the disk gives back: what is damaged is read again.
                if !Self::reveal(path, &contents.unwrap_or_default(), out) {
                    out.wake_at(now + READ_AGAIN, StorageTimer::ReadPublished);
                }
                StorageAnswer::Done
            }
        };
        Self::answer(&rpc, from, answer, out);
    }

    fn on_report(&mut self, now: SimTime, report: DiskResult, out: &mut Out) {
        let (ticket, outcome) = match report {
            DiskResult::Request { ticket, outcome } => (ticket, outcome),
            DiskResult::Published(Ok(files)) => {
                let whole = files.iter().all(|(path, contents)| Self::reveal(path, contents, out));
                if !whole {
                    out.wake_at(now + READ_AGAIN, StorageTimer::ReadPublished);
                }
                return;
            }
            DiskResult::Published(Err(_)) => {
                return out.wake_at(now + READ_AGAIN, StorageTimer::ReadPublished);
            }
        };
        match outcome {
            Ok((done, contents)) => {
                if let Some(request) = self.requests.get_mut(&ticket) {
                    request.contents = contents;
                }
                out.wake_at(done, StorageTimer::Done(ticket));
            }
            Err(error) => {
                if let Some(request) = self.requests.remove(&ticket) {
                    Self::refuse(&request, error, out);
                }
            }
        }
    }
}
