//! Durable storage: what it holds, and the parts that sinks of files have written.
//!
//! Invariant: `count` and `bytes` are those of the files that are stored and not deleted. The map of
//! them is persistent: a key frame shares with the next what both have.

use std::collections::VecDeque;

use rpds::RedBlackTreeMapSync;

use super::Seen;
use crate::base::{Name, SimTime};
use crate::trace::StorageEvent;

/// What the folders are in that everybody may read: what sinks of files write.
const PUBLISHED: &str = "files/";

/// A part that a sink of files has published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedPart {
    /// Where it is.
    pub path: Name,
    /// How long it is, if its writing was told.
    pub bytes: Option<u64>,
    /// When it was published.
    pub at: SimTime,
}

/// The last thing that the disk has refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRefusal {
    /// The file.
    pub path: Name,
    /// Why.
    pub cause: Name,
    /// When.
    pub at: SimTime,
}

/// Durable storage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Files {
    stored: RedBlackTreeMapSync<Name, u64>,
    bytes: u64,
    finished: VecDeque<FinishedPart>,
    /// How many parts were published.
    pub published: u64,
    /// How often the disk has refused something.
    pub refused: u64,
    /// The last time it did.
    pub refusal: Option<FileRefusal>,
}

/// Whether nobody reads a file in a folder of published ones: its name begins with a dot.
fn is_pending(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.starts_with(PUBLISHED) && name.starts_with('.')
}

impl Files {
    /// How many published parts are remembered.
    pub const FINISHED: usize = 20;

    /// How many files there are.
    pub fn count(&self) -> usize {
        self.stored.size()
    }

    /// How long they are together.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Parts of sinks that are written and that nobody sees yet, with their lengths.
    pub fn pending(&self) -> impl Iterator<Item = (&Name, u64)> {
        let from: Name = PUBLISHED.into();
        let published =
            self.stored.range(from..).take_while(|(path, _)| path.starts_with(PUBLISHED));
        published.filter(|(path, _)| is_pending(path)).map(|(path, bytes)| (path, *bytes))
    }

    /// The last parts that were published, the newest last.
    pub fn finished(&self) -> impl DoubleEndedIterator<Item = &FinishedPart> + ExactSizeIterator {
        self.finished.iter()
    }

    fn store(&mut self, path: &Name, bytes: u64) {
        self.remove(path);
        self.stored.insert_mut(path.clone(), bytes);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn remove(&mut self, path: &Name) -> Option<u64> {
        let bytes = *self.stored.get(path)?;
        self.stored.remove_mut(path);
        self.bytes = self.bytes.saturating_sub(bytes);
        Some(bytes)
    }

    pub(super) fn apply(&mut self, at: SimTime, event: &StorageEvent) -> Seen {
        match event {
            StorageEvent::FileStored { path, bytes, .. } => self.store(path, *bytes),
            StorageEvent::FileRead { .. } => return Seen::No,
            StorageEvent::FileDeleted { path } => {
                return if self.remove(path).is_some() { Seen::Yes } else { Seen::No };
            }
            StorageEvent::FileRenamed { from, to } => {
                let bytes = self.remove(from);
                // Its length is not known if its writing was not told.
                self.store(to, bytes.unwrap_or(0));
                self.published += 1;
                if self.finished.len() == Self::FINISHED {
                    self.finished.pop_front();
                }
                self.finished.push_back(FinishedPart { path: to.clone(), bytes, at });
            }
            StorageEvent::FileRefused { path, cause } => {
                self.refused += 1;
                let cause = cause.as_str().into();
                self.refusal = Some(FileRefusal { path: path.clone(), cause, at });
            }
        }
        Seen::Yes
    }
}
