//! The write-ahead log on its way to the disk.
//!
//! The disk has one piece of work at a time: append all that has queued, then sync. What it refuses
//! is tried again with what has queued since, and nothing is appended twice: bytes that were not
//! written come back, bytes that were written and not synced need the next sync only.

use crate::base::{SimDuration, SimTime};
use crate::broker::{WalEntry, append_frame};
use crate::host::{Disk, DiskError, TopicPartition};

/// The file of the log.
const LOG: &str = "wal";
/// A copy of it while it is rewritten without its torn end.
const SPARE: &str = "wal.new";

/// After how long work that the disk has refused is tried again.
pub(super) const TRY_AGAIN: SimDuration = SimDuration::from_millis(50);

/// The two files, of which most of the time there is at most the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFiles {
    /// The log.
    pub log: Option<Vec<u8>>,
    /// The copy.
    pub spare: Option<Vec<u8>>,
}

/// What a broker has its disk do, with a sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskWork {
    /// Append to the log; perhaps nothing, if only the sync is missing.
    Append(Vec<u8>),
    /// Replace the log.
    Rewrite(Vec<u8>),
    /// Write a copy of the log.
    WriteSpare(Vec<u8>),
    /// Remove the copy.
    RemoveSpare,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskResult {
    /// The log was read, and when that is done.
    Read(Result<(LogFiles, SimTime), DiskError>),
    /// Something was written.
    Stored {
        /// What was to be appended and is not.
        unwritten: Vec<u8>,
        /// When it is durable; or why the disk has refused.
        outcome: Result<SimTime, DiskError>,
    },
}

/// Reads the log.
pub fn read_log(disk: &dyn Disk, now: SimTime) -> DiskResult {
    let read = |path: &str| match disk.read(path) {
        Ok((contents, done)) => Ok((Some(contents), done)),
        Err(DiskError::NotFound(_)) => Ok((None, now)),
        Err(error) => Err(error),
    };
    let both = || {
        let (log, first) = read(LOG)?;
        let (spare, second) = read(SPARE)?;
        Ok((LogFiles { log, spare }, first.max(second)))
    };
    DiskResult::Read(both())
}

impl DiskWork {
    /// Does it.
    pub fn perform(self, disk: &dyn Disk, now: SimTime) -> DiskResult {
        let (unwritten, outcome) = match self {
            Self::Append(bytes) if bytes.is_empty() => (Vec::new(), disk.sync(LOG)),
            Self::Append(bytes) => match disk.append(LOG, &bytes) {
                Ok(_) => (Vec::new(), disk.sync(LOG)),
                Err(error) => (bytes, Err(error)),
            },
            Self::Rewrite(bytes) => (Vec::new(), rewrite(disk, LOG, &bytes)),
            Self::WriteSpare(bytes) => (Vec::new(), rewrite(disk, SPARE, &bytes)),
            Self::RemoveSpare => {
                let outcome = match disk.remove(SPARE) {
                    Ok(()) | Err(DiskError::NotFound(_)) => Ok(now),
                    Err(error) => Err(error),
                };
                (Vec::new(), outcome)
            }
        };
        DiskResult::Stored { unwritten, outcome }
    }
}

fn rewrite(disk: &dyn Disk, path: &str, bytes: &[u8]) -> Result<SimTime, DiskError> {
    disk.write(path, bytes)?;
    disk.sync(path)
}

/// The ends that partitions had when work began.
pub(super) type Ends = Vec<(TopicPartition, u64)>;

/// Work that the disk is at.
struct Underway {
    /// How many entries are durable when it is done.
    entries: u64,
    /// How far the partitions are then.
    ends: Ends,
}

/// See the module.
#[derive(Default)]
pub(super) struct Wal {
    unwritten: Vec<u8>,
    entries: u64,
    durable: u64,
    underway: Option<Underway>,
}

impl Wal {
    /// How many entries were made in this life.
    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    /// How many of them no crash can take.
    pub(super) fn durable(&self) -> u64 {
        self.durable
    }

    pub(super) fn push(&mut self, entry: &WalEntry) {
        append_frame(entry, &mut self.unwritten);
        self.entries += 1;
    }

    /// What the disk is to append, if it is idle and there is something.
    pub(super) fn begin(&mut self, ends: impl FnOnce() -> Ends) -> Option<Vec<u8>> {
        if self.underway.is_some() || self.durable == self.entries {
            return None;
        }
        self.underway = Some(Underway { entries: self.entries, ends: ends() });
        Some(std::mem::take(&mut self.unwritten))
    }

    /// The disk has refused these bytes.
    pub(super) fn take_back(&mut self, mut bytes: Vec<u8>) {
        bytes.append(&mut self.unwritten);
        self.unwritten = bytes;
    }

    /// The disk has refused, and a while has passed.
    pub(super) fn give_up(&mut self) {
        self.underway = None;
    }

    /// The disk is done: how far the partitions are.
    pub(super) fn complete(&mut self) -> Ends {
        let Some(Underway { entries, ends }) = self.underway.take() else { return Vec::new() };
        self.durable = entries;
        ends
    }
}
