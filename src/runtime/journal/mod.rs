//! The write-ahead log of a server: every change is an entry, and nobody learns of a change
//! before its entry is durable. So nobody ever knows of something that a crash could take back.
//!
//! What others may learn waits here until the disk is done; one sync serves all that came
//! meanwhile. What the disk refuses is tried again with what has queued since, and nothing is
//! appended twice: bytes that were not written come back, bytes that were written and not synced
//! need the next sync only.
//!
//! The first thing in a life is what is on the disk. A torn end is cut off before anything is
//! appended behind it. The journal cannot be rewritten in place, since a crash in the midst of that
//! would take what was durable: first a copy is made durable, then the journal is rewritten, then
//! the copy is removed. Whichever of the two has more entries after a crash is the one to believe.
//! A journal that is not whole is believed only if it reads the same twice: what a failing disk
//! makes up is not cut off for good.
//!
//! Previous: a server's component, which hands on what it is told and does what is [`Next`].
//! Next: [`JournalWork`], done by its shell.

mod disk;

use std::collections::VecDeque;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::{SimDuration, SimTime};
use crate::host::DiskError;
use crate::record::{append_frame, read_frames};

pub use disk::{JournalFiles, JournalResult, JournalWork};

/// After how long work that the disk has refused is tried again.
const TRY_AGAIN: SimDuration = SimDuration::from_millis(50);

/// What a journal may be reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalTimer {
    /// The files have been read.
    Read,
    /// They are to be read again.
    ReadAgain,
    /// What was written is durable.
    Durable,
    /// What the disk refused is to be tried again.
    WriteAgain,
}

/// What is on the disk when a life begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered<E> {
    /// The entries, in order.
    pub entries: Vec<E>,
    /// How many bytes at the end were torn and have been cut off.
    pub torn_bytes: u64,
    /// Whether this is the first life: there was no journal.
    pub is_first_life: bool,
}

/// What the server does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<E> {
    /// Nothing.
    Nothing,
    /// It reminds the journal then.
    Wake(SimTime, JournalTimer),
    /// It has its disk do something, and tells the journal what came of it.
    Work(JournalWork),
    /// It begins to serve.
    Begin(Recovered<E>),
    /// It looks at what waits for nothing any more.
    Settle,
}

enum Stage<E> {
    /// The files are read.
    Reading {
        /// What was read last, if it is not whole.
        doubtful: Option<JournalFiles>,
        /// What was just read.
        read: Option<JournalFiles>,
    },
    /// The journal is rewritten.
    Repairing {
        step: Repair,
        /// The bytes that are whole.
        contents: Vec<u8>,
        recovered: Recovered<E>,
    },
    /// It takes entries.
    Open,
}

/// What is done with the two files, in this order.
#[derive(Clone, Copy)]
enum Repair {
    WriteSpare,
    Rewrite,
    RemoveSpare,
}

/// See the module. `T` is what waits until entries are durable.
pub struct Journal<E, T> {
    stage: Stage<E>,
    unwritten: Vec<u8>,
    /// How many entries were made in this life.
    entries: u64,
    /// How many of them no crash can take.
    durable: u64,
    /// How many entries are durable when the disk is done with what it is at.
    underway: Option<u64>,
    waiting: VecDeque<(u64, T)>,
}

impl<E, T> Default for Journal<E, T> {
    fn default() -> Self {
        Self {
            stage: Stage::Reading { doubtful: None, read: None },
            unwritten: Vec::new(),
            entries: 0,
            durable: 0,
            underway: None,
            waiting: VecDeque::new(),
        }
    }
}

impl<E: Serialize + DeserializeOwned, T> Journal<E, T> {
    /// Whether it takes entries.
    pub fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    /// Adds an entry.
    pub fn push(&mut self, entry: &E) {
        append_frame(entry, &mut self.unwritten);
        self.entries += 1;
    }

    /// Has something wait until all entries so far are durable.
    pub fn then(&mut self, what: T) {
        self.waiting.push_back((self.entries, what));
    }

    /// The next that waits for nothing any more.
    pub fn settled(&mut self) -> Option<T> {
        self.waiting.front().filter(|(at, _)| *at <= self.durable)?;
        self.waiting.pop_front().map(|(_, what)| what)
    }

    /// What the disk is to append, if it is idle and there is something.
    pub fn begin_append(&mut self) -> Option<JournalWork> {
        if !self.is_open() || self.underway.is_some() || self.durable == self.entries {
            return None;
        }
        self.underway = Some(self.entries);
        Some(JournalWork::Append(std::mem::take(&mut self.unwritten)))
    }

    /// What the disk has done.
    pub fn on_result(&mut self, now: SimTime, result: JournalResult) -> Next<E> {
        match result {
            JournalResult::Read(outcome) => self.on_read_result(now, outcome),
            JournalResult::Stored { unwritten: mut refused, outcome } => {
                refused.append(&mut self.unwritten);
                self.unwritten = refused;
                match outcome {
                    Ok(done) => Next::Wake(done, JournalTimer::Durable),
                    Err(_) => Next::Wake(now + TRY_AGAIN, JournalTimer::WriteAgain),
                }
            }
        }
    }

    /// Some time has passed.
    pub fn on_timer(&mut self, now: SimTime, timer: JournalTimer) -> Next<E> {
        match timer {
            JournalTimer::Read => self.on_read(now),
            JournalTimer::ReadAgain => Next::Work(JournalWork::Read),
            JournalTimer::Durable => self.on_durable(),
            JournalTimer::WriteAgain => match self.stage {
                Stage::Reading { .. } => Next::Nothing,
                Stage::Repairing { .. } => self.repair(),
                Stage::Open => {
                    self.underway = None;
                    Next::Nothing
                }
            },
        }
    }

    fn on_read_result(
        &mut self,
        now: SimTime,
        outcome: Result<(JournalFiles, SimTime), DiskError>,
    ) -> Next<E> {
        let Stage::Reading { read, .. } = &mut self.stage else { return Next::Nothing };
        match outcome {
            Ok((files, done)) => {
                *read = Some(files);
                Next::Wake(done, JournalTimer::Read)
            }
            Err(_) => Next::Wake(now + TRY_AGAIN, JournalTimer::ReadAgain),
        }
    }

    fn on_read(&mut self, now: SimTime) -> Next<E> {
        let Stage::Reading { doubtful, read } = &mut self.stage else { return Next::Nothing };
        let Some(files) = read.take() else { return Next::Nothing };
        let journal = read_frames::<E>(files.journal.as_deref().unwrap_or_default());
        let spare = read_frames::<E>(files.spare.as_deref().unwrap_or_default());
        let is_whole = journal.torn_bytes == 0 && files.spare.is_none();
        if !is_whole && doubtful.as_ref() != Some(&files) {
            *doubtful = Some(files);
            return Next::Wake(now + TRY_AGAIN, JournalTimer::ReadAgain);
        }
        let believes_spare = spare.entries.len() > journal.entries.len();
        let step = match (believes_spare, journal.torn_bytes > 0) {
            (true, _) => Repair::Rewrite,
            (false, true) => Repair::WriteSpare,
            (false, false) => Repair::RemoveSpare,
        };
        let is_first_life = files.journal.is_none() && files.spare.is_none();
        let torn_bytes = journal.torn_bytes as u64;
        let (frames, bytes) =
            if believes_spare { (spare, &files.spare) } else { (journal, &files.journal) };
        let recovered = Recovered { entries: frames.entries, torn_bytes, is_first_life };
        if is_whole {
            self.stage = Stage::Open;
            return Next::Begin(recovered);
        }
        let contents = bytes.as_deref().unwrap_or_default()[..frames.whole_bytes].to_vec();
        self.stage = Stage::Repairing { step, contents, recovered };
        self.repair()
    }

    fn repair(&self) -> Next<E> {
        let Stage::Repairing { step, contents, .. } = &self.stage else { return Next::Nothing };
        Next::Work(match step {
            Repair::WriteSpare => JournalWork::WriteSpare(contents.clone()),
            Repair::Rewrite => JournalWork::Rewrite(contents.clone()),
            Repair::RemoveSpare => JournalWork::RemoveSpare,
        })
    }

    fn on_durable(&mut self) -> Next<E> {
        match &mut self.stage {
            Stage::Reading { .. } => return Next::Nothing,
            Stage::Open => {
                if let Some(entries) = self.underway.take() {
                    self.durable = entries;
                }
                return Next::Settle;
            }
            Stage::Repairing { step, .. } => {
                *step = match step {
                    Repair::WriteSpare => Repair::Rewrite,
                    Repair::Rewrite => Repair::RemoveSpare,
                    Repair::RemoveSpare => return self.close_repair(),
                };
            }
        }
        self.repair()
    }

    fn close_repair(&mut self) -> Next<E> {
        match std::mem::replace(&mut self.stage, Stage::Open) {
            Stage::Repairing { recovered, .. } => Next::Begin(recovered),
            Stage::Reading { .. } | Stage::Open => Next::Nothing,
        }
    }
}
