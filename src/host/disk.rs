//! Files with explicit sync.

use crate::base::SimTime;

/// Why a disk refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiskError {
    /// There is no such file.
    #[error("no such file: {0}")]
    NotFound(String),
    /// The disk is full.
    #[error("disk full: {needed} bytes needed, {free} free")]
    Full {
        /// Bytes that were to be written.
        needed: u64,
        /// Bytes left.
        free: u64,
    },
    /// The device failed.
    #[error("input/output error on {0}")]
    Io(String),
    /// This life of the node is over.
    #[error("the node is dead")]
    Dead,
}

/// A node's disk. What has been synced survives a crash; what has not may be lost, wholly or in
/// part, and the last unsynced write may be torn. Each call returns when its work is done: the
/// caller awaits that moment (`Clock::sleep_until`), which is how disks cost time.
pub trait Disk {
    /// Appends to a file, creating it.
    fn append(&self, path: &str, bytes: &[u8]) -> Result<SimTime, DiskError>;
    /// Replaces a file's contents.
    fn write(&self, path: &str, bytes: &[u8]) -> Result<SimTime, DiskError>;
    /// Makes all that was written to a file durable.
    fn sync(&self, path: &str) -> Result<SimTime, DiskError>;
    /// A file's contents as this life of the node sees them.
    fn read(&self, path: &str) -> Result<(Vec<u8>, SimTime), DiskError>;
    /// Moves so many bytes of scratch files ([`super::Scratch`]), which are on the same device.
    fn transfer(&self, bytes: u64) -> Result<SimTime, DiskError>;
    /// Removes a file, durably.
    fn remove(&self, path: &str) -> Result<(), DiskError>;
    /// Gives a file another name, durably and in one step; it takes the place of what had that
    /// name.
    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError>;
    /// The names of all files that start with `prefix`, sorted.
    fn list(&self, prefix: &str) -> Result<Vec<String>, DiskError>;
}
