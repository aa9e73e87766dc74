//! Who looks on while a cluster runs, and is no part of it.
//!
//! Invariant: the run is the same, event for event, whoever looks on.

use std::cell::RefCell;
use std::rc::Rc;

use crate::base::{NodeId, SimTime};
use crate::host::{Disk, DiskError, Host};
use crate::sim::{Boot, Watch};
use crate::trace::Observer;

/// Sees each file that durable storage writes to its disk, by path and contents, as it is written:
/// also what is deleted later, as all checkpoints of a job are that ends well.
pub type FileObserver = Box<dyn FnMut(&str, &[u8]) + Send>;

/// Who looks on from outside. Nothing of it changes what happens.
#[derive(Default)]
pub struct Onlooker {
    /// Progress, and the wish to stop.
    pub watch: Watch,
    /// Sees each event that is kept.
    pub observer: Option<Observer>,
    /// Sees what is stored.
    pub files: Option<FileObserver>,
}

/// What nodes run, with somebody who sees what the node of durable storage writes, in whichever of
/// its lives.
pub(super) fn seen_by(files: FileObserver, storage: NodeId, boot: Boot) -> Boot {
    let files = Rc::new(RefCell::new(files));
    Box::new(move |mut host: Host| {
        if host.node == storage {
            host.disk = Rc::new(SeenDisk { disk: host.disk, files: files.clone() });
        }
        boot(host)
    })
}

/// A disk, and who sees what is written to it.
struct SeenDisk {
    disk: Rc<dyn Disk>,
    files: Rc<RefCell<FileObserver>>,
}

impl Disk for SeenDisk {
    fn append(&self, path: &str, bytes: &[u8]) -> Result<SimTime, DiskError> {
        self.disk.append(path, bytes)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<SimTime, DiskError> {
        let done = self.disk.write(path, bytes)?;
        (self.files.borrow_mut())(path, bytes);
        Ok(done)
    }

    fn sync(&self, path: &str) -> Result<SimTime, DiskError> {
        self.disk.sync(path)
    }

    fn read(&self, path: &str) -> Result<(Vec<u8>, SimTime), DiskError> {
        self.disk.read(path)
    }

    fn transfer(&self, bytes: u64) -> Result<SimTime, DiskError> {
        self.disk.transfer(bytes)
    }

    fn remove(&self, path: &str) -> Result<(), DiskError> {
        self.disk.remove(path)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError> {
        self.disk.rename(from, to)
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, DiskError> {
        self.disk.list(prefix)
    }
}
