//! A node's way to durable storage: asks, asks again, gives up.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::outbox::{Component, Outbox};
use super::ports;
use super::rpc::{StorageAnswer, StorageClientRpc, StorageRpc};
use super::shell::Reports;
use crate::base::{Name, SimDuration, SimTime};
use crate::host::{Address, Done, DurableStorage, Port, StorageError};

/// After how long without an answer a request is repeated, and as much more for its size.
const PATIENCE: SimDuration = SimDuration::from_secs(2);
/// How many bytes are moved in a millisecond at the least.
const BYTES_PER_MILLISECOND: u64 = 10_000;
/// After how long it is given up.
const GIVE_UP: SimDuration = SimDuration::from_secs(60);

/// What is asked.
pub enum StorageCall {
    /// Store a file.
    Put {
        /// Where.
        path: Name,
        /// What.
        contents: Arc<[u8]>,
        /// Called in the end.
        done: Done<()>,
    },
    /// Read a file.
    Get {
        /// Which.
        path: Name,
        /// Called in the end.
        done: Done<Arc<[u8]>>,
    },
    /// Remove a file.
    Delete {
        /// Which.
        path: Name,
    },
}

/// Calls whoever has asked.
pub struct Answered(Box<dyn FnOnce()>);

impl Answered {
    /// Who calls so.
    pub fn new(call: impl FnOnce() + 'static) -> Self {
        Self(Box::new(call))
    }

    /// Does it.
    pub fn perform(self) {
        (self.0)();
    }
}

struct Pending {
    call: StorageCall,
    since: SimTime,
    tries: u32,
}

/// See the module.
pub struct StorageClient {
    storage: Address,
    requests: u64,
    pending: BTreeMap<u64, Pending>,
}

type Out = Outbox<StorageClient>;

impl StorageClient {
    /// A life that begins `now`; its requests are numbered from there, so that no answer to an
    /// earlier life is taken for one of its own.
    pub fn new(storage: Address, now: SimTime) -> Self {
        Self { storage, requests: now.0, pending: BTreeMap::new() }
    }

    fn send(&mut self, now: SimTime, request: u64, out: &mut Out) {
        let Some(pending) = self.pending.get_mut(&request) else { return };
        pending.tries += 1;
        let rpc = match &pending.call {
            StorageCall::Put { path, contents, .. } => {
                let (path, contents) = (path.clone(), contents.clone());
                StorageRpc::PutFile { request, path, contents }
            }
            StorageCall::Get { path, .. } => StorageRpc::GetFile { request, path: path.clone() },
            StorageCall::Delete { path } => StorageRpc::DeleteFile { request, path: path.clone() },
        };
        let bytes = match &pending.call {
            StorageCall::Put { contents, .. } => contents.len() as u64,
            StorageCall::Get { .. } | StorageCall::Delete { .. } => 0,
        };
        let patience = PATIENCE + SimDuration::from_millis(bytes / BYTES_PER_MILLISECOND);
        out.send(self.storage, rpc);
        out.wake_at(now + patience, (request, pending.tries));
    }

    fn finish(&mut self, request: u64, answer: StorageAnswer, out: &mut Out) {
        let refused = matches!(answer, StorageAnswer::Failed(StorageError::Refused { .. }));
        let is_delete = |it: &Pending| matches!(it.call, StorageCall::Delete { .. });
        if refused && self.pending.get(&request).is_some_and(is_delete) {
            // Nobody waits for it, so nobody would ask again: it is repeated in time.
            return;
        }
        let Some(Pending { call, .. }) = self.pending.remove(&request) else { return };
        let call: Box<dyn FnOnce()> = match (call, answer) {
            (StorageCall::Put { done, .. }, StorageAnswer::Failed(error)) => {
                Box::new(move || done(Err(error)))
            }
            (StorageCall::Put { done, .. }, _) => Box::new(move || done(Ok(()))),
            (StorageCall::Get { done, .. }, StorageAnswer::Contents(contents)) => {
                Box::new(move || done(Ok(contents)))
            }
            (StorageCall::Get { done, .. }, StorageAnswer::Failed(error)) => {
                Box::new(move || done(Err(error)))
            }
            (StorageCall::Get { path, done }, StorageAnswer::Done) => {
                Box::new(move || done(Err(StorageError::NotFound(path.to_string()))))
            }
            // Nobody waits for it.
            (StorageCall::Delete { .. }, _) => return,
        };
        out.act(Answered(call));
    }
}

impl Component for StorageClient {
    type Message = StorageClientRpc;
    type Timer = (u64, u32);
    type Action = Answered;
    type Report = StorageCall;

    fn name(&self) -> Name {
        "storageclient".into()
    }

    fn port(&self) -> Port {
        ports::STORAGE_CLIENT
    }

    fn on_start(&mut self, _now: SimTime, _out: &mut Out) {}

    fn on_message(
        &mut self,
        _now: SimTime,
        _from: Address,
        message: StorageClientRpc,
        out: &mut Out,
    ) {
        self.finish(message.request, message.answer, out);
    }

    /// Storage may come back: the pending requests are repeated in time.
    fn on_reset(&mut self, _now: SimTime, _peer: Address, _out: &mut Out) {}

    fn on_timer(&mut self, now: SimTime, (request, tries): (u64, u32), out: &mut Out) {
        let Some(pending) = self.pending.get(&request).filter(|it| it.tries == tries) else {
            return;
        };
        if now.since(pending.since) < GIVE_UP {
            return self.send(now, request, out);
        }
        let path = match &pending.call {
            StorageCall::Put { path, .. }
            | StorageCall::Get { path, .. }
            | StorageCall::Delete { path } => path.to_string(),
        };
        self.finish(request, StorageAnswer::Failed(StorageError::Unreachable(path)), out);
    }

    fn on_report(&mut self, now: SimTime, call: StorageCall, out: &mut Out) {
        if let StorageCall::Delete { path } = &call {
            // What was still to be stored there is not wanted any more, nor asked for again.
            self.pending.retain(|_, pending| {
                !matches!(&pending.call, StorageCall::Put { path: put, .. } if put == path)
            });
        }
        self.requests += 1;
        self.pending.insert(self.requests, Pending { call, since: now, tries: 0 });
        self.send(now, self.requests, out);
    }
}

/// What tasks and JobMasters of the node have of it.
#[derive(Clone)]
pub struct StorageHandle(pub Reports<StorageCall>);

impl DurableStorage for StorageHandle {
    fn put(&self, path: &str, contents: Arc<[u8]>, done: Done<()>) {
        self.0.push(StorageCall::Put { path: path.into(), contents, done });
    }

    fn get(&self, path: &str, done: Done<Arc<[u8]>>) {
        self.0.push(StorageCall::Get { path: path.into(), done });
    }

    fn delete(&self, path: &str) {
        self.0.push(StorageCall::Delete { path: path.into() });
    }
}
