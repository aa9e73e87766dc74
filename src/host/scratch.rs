//! Real files that are only scratch: whatever is in them is gone with the process that wrote them.

use std::io;
use std::path::PathBuf;

/// A node's scratch space on the real disk, such as the local directories of Flink's RocksDB.
/// What has to survive a crash goes to a [`super::Disk`]; what is here costs simulated time only
/// as far as its owner charges for it, and is never named in a trace.
pub trait Scratch {
    /// The path of a directory that is nobody else's and is not there yet. Its owner makes and
    /// removes it; whatever is left is removed with the simulation.
    fn directory(&self) -> io::Result<PathBuf>;
}
