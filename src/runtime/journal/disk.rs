//! What a journal has its disk do, one piece of work at a time.

use crate::base::SimTime;
use crate::host::{Disk, DiskError};

/// The file of the journal.
const JOURNAL: &str = "wal";
/// A copy of it while it is rewritten without its torn end.
const SPARE: &str = "wal.new";

/// The two files, of which most of the time there is at most the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalFiles {
    /// The journal.
    pub journal: Option<Vec<u8>>,
    /// The copy.
    pub spare: Option<Vec<u8>>,
}

/// A piece of work; whatever is written is synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalWork {
    /// Read both files.
    Read,
    /// Append; perhaps nothing, if only the sync is missing.
    Append(Vec<u8>),
    /// Replace the journal.
    Rewrite(Vec<u8>),
    /// Write a copy of it.
    WriteSpare(Vec<u8>),
    /// Remove the copy.
    RemoveSpare,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalResult {
    /// Both files were read, and when that is done.
    Read(Result<(JournalFiles, SimTime), DiskError>),
    /// Something was written.
    Stored {
        /// What was to be appended and is not.
        unwritten: Vec<u8>,
        /// When it is durable; or why the disk has refused.
        outcome: Result<SimTime, DiskError>,
    },
}

impl JournalWork {
    /// Does it.
    pub fn perform(self, disk: &dyn Disk, now: SimTime) -> JournalResult {
        let (unwritten, outcome) = match self {
            Self::Read => return JournalResult::Read(read_both(disk, now)),
            Self::Append(bytes) if bytes.is_empty() => (Vec::new(), disk.sync(JOURNAL)),
            Self::Append(bytes) => match disk.append(JOURNAL, &bytes) {
                Ok(_) => (Vec::new(), disk.sync(JOURNAL)),
                Err(error) => (bytes, Err(error)),
            },
            Self::Rewrite(bytes) => (Vec::new(), rewrite(disk, JOURNAL, &bytes)),
            Self::WriteSpare(bytes) => (Vec::new(), rewrite(disk, SPARE, &bytes)),
            Self::RemoveSpare => {
                let outcome = match disk.remove(SPARE) {
                    Ok(()) | Err(DiskError::NotFound(_)) => Ok(now),
                    Err(error) => Err(error),
                };
                (Vec::new(), outcome)
            }
        };
        JournalResult::Stored { unwritten, outcome }
    }
}

fn read_both(disk: &dyn Disk, now: SimTime) -> Result<(JournalFiles, SimTime), DiskError> {
    let read = |path: &str| match disk.read(path) {
        Ok((contents, done)) => Ok((Some(contents), done)),
        Err(DiskError::NotFound(_)) => Ok((None, now)),
        Err(error) => Err(error),
    };
    let (journal, first) = read(JOURNAL)?;
    let (spare, second) = read(SPARE)?;
    Ok((JournalFiles { journal, spare }, first.max(second)))
}

fn rewrite(disk: &dyn Disk, path: &str, bytes: &[u8]) -> Result<SimTime, DiskError> {
    disk.write(path, bytes)?;
    disk.sync(path)
}
