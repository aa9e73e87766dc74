//! A node's way to durable storage: asks, asks again, gives up.

use std::sync::Arc;

use super::outbox::{Component, Outbox};
use super::ports;
use super::requests::{Overdue, Requests};
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
    /// Give a file another name.
    Publish {
        /// Which.
        from: Name,
        /// The name.
        path: Name,
        /// Called in the end.
        done: Done<()>,
    },
    /// Remove a file.
    Delete {
        /// Which.
        path: Name,
    },
}

impl StorageCall {
    fn path(&self) -> &str {
        match self {
            Self::Put { path, .. }
            | Self::Get { path, .. }
            | Self::Publish { path, .. }
            | Self::Delete { path } => path,
        }
    }
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

/// See the module.
pub struct StorageClient {
    storage: Address,
    requests: Requests<StorageCall>,
}

type Out = Outbox<StorageClient>;

impl StorageClient {
    /// A life that begins `now`.
    pub fn new(storage: Address, now: SimTime) -> Self {
        Self { storage, requests: Requests::new(now, GIVE_UP) }
    }

    fn send(&mut self, now: SimTime, request: u64, out: &mut Out) {
        let Some((call, tries)) = self.requests.ask(request) else { return };
        let rpc = match call {
            StorageCall::Put { path, contents, .. } => {
                let (path, contents) = (path.clone(), contents.clone());
                StorageRpc::PutFile { request, path, contents }
            }
            StorageCall::Get { path, .. } => StorageRpc::GetFile { request, path: path.clone() },
            StorageCall::Publish { from, path, .. } => {
                StorageRpc::PublishFile { request, from: from.clone(), path: path.clone() }
            }
            StorageCall::Delete { path } => StorageRpc::DeleteFile { request, path: path.clone() },
        };
        let bytes = match call {
            StorageCall::Put { contents, .. } => contents.len() as u64,
            StorageCall::Get { .. } | StorageCall::Publish { .. } | StorageCall::Delete { .. } => 0,
        };
        let patience = PATIENCE + SimDuration::from_millis(bytes / BYTES_PER_MILLISECOND);
        out.send(self.storage, rpc);
        out.wake_at(now + patience, (request, tries));
    }

    fn finish(&mut self, request: u64, answer: StorageAnswer, out: &mut Out) {
        let refused = matches!(answer, StorageAnswer::Failed(StorageError::Refused { .. }));
        let is_repeated = |call: &StorageCall| {
            matches!(call, StorageCall::Delete { .. } | StorageCall::Publish { .. })
        };
        if refused && self.requests.get(request).is_some_and(is_repeated) {
            // Nobody else would ask again, or not after a while only: it is repeated in time.
            return;
        }
        let Some(call) = self.requests.take(request) else { return };
        let call: Box<dyn FnOnce()> = match (call, answer) {
            (
                StorageCall::Put { done, .. } | StorageCall::Publish { done, .. },
                StorageAnswer::Failed(error),
            ) => Box::new(move || done(Err(error))),
            (StorageCall::Put { done, .. } | StorageCall::Publish { done, .. }, _) => {
                Box::new(move || done(Ok(())))
            }
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
        match self.requests.overdue(now, (request, tries)) {
            Overdue::No => {}
            Overdue::AskAgain => self.send(now, request, out),
            Overdue::GiveUp => {
                let path = self.requests.get(request).map_or("", |call| call.path()).to_owned();
                let error = StorageError::Unreachable(path);
                self.finish(request, StorageAnswer::Failed(error), out);
            }
        }
    }

    fn on_report(&mut self, now: SimTime, call: StorageCall, out: &mut Out) {
        if let StorageCall::Delete { path } = &call {
            // What was still to be stored there is not wanted any more, nor asked for again.
            self.requests
                .retain(|call| !matches!(call, StorageCall::Put { path: put, .. } if put == path));
        }
        let request = self.requests.add(now, call);
        self.send(now, request, out);
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

    fn publish(&self, from: &str, to: &str, done: Done<()>) {
        self.0.push(StorageCall::Publish { from: from.into(), path: to.into(), done });
    }

    fn delete(&self, path: &str) {
        self.0.push(StorageCall::Delete { path: path.into() });
    }
}
