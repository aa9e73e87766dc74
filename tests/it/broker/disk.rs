//! A disk that takes a while to sync, refuses on demand, and tears what a crash finds unsynced.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use weir::base::{SimDuration, SimTime};
use weir::host::{Disk, DiskError};

const SYNC: SimDuration = SimDuration::from_millis(2);

#[derive(Default)]
struct File {
    durable: Option<Vec<u8>>,
    contents: Vec<u8>,
    /// When a sync is done, and what is durable then.
    syncs: Vec<(SimTime, Vec<u8>)>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct TestDisk {
    now: Cell<SimTime>,
    refuses: Cell<u32>,
    files: RefCell<BTreeMap<String, File>>,
}

impl TestDisk {
    pub(crate) fn set_now(&self, now: SimTime) {
        self.now.set(now);
    }

    /// Refuses the next so many calls that write.
    pub(crate) fn refuse(&self, calls: u32) {
        self.refuses.set(calls);
    }

    /// A crash: of what is not synced a part is left, as `cut` has it.
    pub(crate) fn crash(&self, cut: usize) {
        let mut files = self.files.borrow_mut();
        for file in files.values_mut() {
            for (done, contents) in std::mem::take(&mut file.syncs) {
                if done <= self.now.get() {
                    file.durable = Some(contents);
                }
            }
            let durable = file.durable.clone().unwrap_or_default();
            let kept = match file.contents.strip_prefix(&durable[..]) {
                Some(rest) => durable.len() + cut % (rest.len() + 1),
                None => cut % (file.contents.len() + 1),
            };
            file.contents.truncate(kept);
            file.durable = Some(file.contents.clone());
        }
    }

    fn write_to(&self, path: &str, change: impl FnOnce(&mut File)) -> Result<SimTime, DiskError> {
        let refuses = self.refuses.get();
        if refuses > 0 {
            self.refuses.set(refuses - 1);
            return Err(DiskError::Io(path.to_string()));
        }
        change(self.files.borrow_mut().entry(path.to_string()).or_default());
        Ok(self.now.get())
    }
}

impl Disk for TestDisk {
    fn append(&self, path: &str, bytes: &[u8]) -> Result<SimTime, DiskError> {
        self.write_to(path, |file| file.contents.extend_from_slice(bytes))
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<SimTime, DiskError> {
        self.write_to(path, |file| file.contents = bytes.to_vec())
    }

    fn sync(&self, path: &str) -> Result<SimTime, DiskError> {
        let done = self.now.get() + SYNC;
        self.write_to(path, |file| file.syncs.push((done, file.contents.clone())))?;
        Ok(done)
    }

    fn read(&self, path: &str) -> Result<(Vec<u8>, SimTime), DiskError> {
        let files = self.files.borrow();
        let file = files.get(path).ok_or_else(|| DiskError::NotFound(path.to_string()))?;
        Ok((file.contents.clone(), self.now.get()))
    }

    fn transfer(&self, _bytes: u64) -> Result<SimTime, DiskError> {
        Ok(self.now.get())
    }

    fn remove(&self, path: &str) -> Result<(), DiskError> {
        let removed = self.files.borrow_mut().remove(path);
        removed.map(|_| ()).ok_or_else(|| DiskError::NotFound(path.to_string()))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError> {
        let mut files = self.files.borrow_mut();
        let file = files.remove(from).ok_or_else(|| DiskError::NotFound(from.to_string()))?;
        files.insert(to.to_string(), file);
        Ok(())
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, DiskError> {
        let files = self.files.borrow();
        Ok(files.keys().filter(|path| path.starts_with(prefix)).cloned().collect())
    }
}
