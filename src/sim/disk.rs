//! A node's disk: what is on it, what a crash leaves of that, and how long work takes.
//!
//! Invariant: a write that a sync covers is folded into `durable` at the moment at which that
//! sync is done, and a crash never touches `durable`. Until then a crash may leave nothing of
//! the writes, the first few of them (the last of those torn), or all; a disk that tears keeps a
//! part of the first.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::draw::evenly;
use super::{DiskOptions, DiskTrouble};
use crate::base::{SimDuration, SimTime, StreamRng};
use crate::host::DiskError;

enum Write {
    Append(Vec<u8>),
    Replace(Vec<u8>),
}

impl Write {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Append(bytes) | Self::Replace(bytes) => bytes,
        }
    }

    fn apply(&self, contents: &mut Vec<u8>, bytes: &[u8]) {
        if let Self::Replace(_) = self {
            contents.clear();
        }
        contents.extend_from_slice(bytes);
    }
}

#[derive(Default)]
struct File {
    /// What no crash takes; none while not even the file's name is durable.
    durable: Option<Vec<u8>>,
    /// What was written since.
    writes: VecDeque<Write>,
    /// How many writes have become durable.
    settled: u64,
    /// Syncs on their way: when each is done, and how many writes are durable then.
    syncs: VecDeque<(SimTime, u64)>,
    /// The length that the living see.
    length: u64,
}

impl File {
    fn settle(&mut self, now: SimTime) {
        while let Some(&(done, covers)) = self.syncs.front()
            && done <= now
        {
            self.syncs.pop_front();
            let durable = self.durable.get_or_insert_default();
            while self.settled < covers {
                let write = self.writes.pop_front().expect("a sync covers writes that were made");
                write.apply(durable, write.bytes());
                self.settled += 1;
            }
        }
    }

    fn contents(&self) -> Vec<u8> {
        let mut contents = self.durable.clone().unwrap_or_default();
        for write in &self.writes {
            write.apply(&mut contents, write.bytes());
        }
        contents
    }

    /// Loses unsynced writes as chance has it, or all of them but a part of the first if the disk
    /// `tears`; says how many bytes.
    fn crash(&mut self, now: SimTime, rng: &mut StreamRng, tears: bool) -> u64 {
        self.settle(now);
        self.syncs.clear();
        let count = self.writes.len() as u64;
        if count == 0 {
            return 0;
        }
        let (whole, torn) = match tears {
            true => (0, true),
            false => match evenly(rng, 0..=2) {
                0 => (0, false),
                1 => (evenly(rng, 0..=count - 1), true),
                _ => (count, false),
            },
        };
        let mut lost = 0;
        for (i, write) in self.writes.drain(..).enumerate() {
            let bytes = write.bytes();
            let length = bytes.len() as u64;
            let kept = match (i as u64).cmp(&whole) {
                std::cmp::Ordering::Less => bytes.len(),
                // A single byte cannot be torn: it is lost.
                std::cmp::Ordering::Equal if tears && length < 2 => 0,
                std::cmp::Ordering::Equal if tears => evenly(rng, 1..=length - 1) as usize,
                std::cmp::Ordering::Equal if torn => evenly(rng, 0..=length) as usize,
                std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => 0,
            };
            lost += (bytes.len() - kept) as u64;
            if kept > 0 || (i as u64) < whole {
                write.apply(self.durable.get_or_insert_default(), &bytes[..kept]);
            }
        }
        self.settled += count;
        self.length = self.durable.as_ref().map_or(0, |durable| durable.len() as u64);
        lost
    }
}

/// See the module.
pub(super) struct DiskState {
    options: DiskOptions,
    rng: StreamRng,
    files: BTreeMap<String, File>,
    used: u64,
    busy_until: SimTime,
    /// Faults in force, by their place in the list.
    troubles: Vec<(usize, DiskTrouble)>,
}

impl DiskState {
    /// An empty disk.
    pub(super) fn new(options: DiskOptions, rng: StreamRng) -> Self {
        Self {
            options,
            rng,
            files: BTreeMap::new(),
            used: 0,
            busy_until: SimTime::ZERO,
            troubles: Vec::new(),
        }
    }

    /// The bytes on it.
    pub(super) fn used(&self) -> u64 {
        self.used
    }

    /// Begins a fault.
    pub(super) fn afflict(&mut self, fault: usize, trouble: DiskTrouble) {
        self.troubles.push((fault, trouble));
    }

    /// Ends a fault.
    pub(super) fn relieve(&mut self, fault: usize) {
        self.troubles.retain(|(by, _)| *by != fault);
    }

    pub(super) fn append(
        &mut self,
        now: SimTime,
        path: &str,
        bytes: &[u8],
    ) -> Result<SimTime, DiskError> {
        self.put(now, path, Write::Append(bytes.to_vec()))
    }

    pub(super) fn write(
        &mut self,
        now: SimTime,
        path: &str,
        bytes: &[u8],
    ) -> Result<SimTime, DiskError> {
        self.put(now, path, Write::Replace(bytes.to_vec()))
    }

    fn put(&mut self, now: SimTime, path: &str, write: Write) -> Result<SimTime, DiskError> {
        self.check(path)?;
        let needed = write.bytes().len() as u64;
        let replaced = match (&write, self.files.get(path)) {
            (Write::Replace(_), Some(file)) => file.length,
            (Write::Replace(_), None) | (Write::Append(_), _) => 0,
        };
        let full = self.troubles.iter().any(|(_, trouble)| *trouble == DiskTrouble::Full);
        let free =
            if full { 0 } else { (self.options.capacity + replaced).saturating_sub(self.used) };
        if needed > free {
            return Err(DiskError::Full { needed, free });
        }
        self.used = self.used - replaced + needed;
        let file = self.files.entry(path.to_owned()).or_default();
        file.settle(now);
        file.length = file.length - replaced + needed;
        file.writes.push_back(write);
        Ok(self.work(now, self.transfer(needed)))
    }

    pub(super) fn sync(&mut self, now: SimTime, path: &str) -> Result<SimTime, DiskError> {
        self.check(path)?;
        if !self.files.contains_key(path) {
            return Err(DiskError::NotFound(path.to_owned()));
        }
        let done = self.work(now, self.options.sync);
        let file = self.files.get_mut(path).expect("it was there a moment ago");
        file.settle(now);
        file.syncs.push_back((done, file.settled + file.writes.len() as u64));
        Ok(done)
    }

    pub(super) fn read(
        &mut self,
        now: SimTime,
        path: &str,
    ) -> Result<(Vec<u8>, SimTime), DiskError> {
        self.check(path)?;
        let file = self.files.get(path).ok_or_else(|| DiskError::NotFound(path.to_owned()))?;
        let mut contents = file.contents();
        let corrupts = self.troubles.iter().any(|(_, trouble)| *trouble == DiskTrouble::Corrupts);
        if corrupts && !contents.is_empty() {
            let bit = evenly(&mut self.rng, 0..=contents.len() as u64 * 8 - 1);
            contents[(bit / 8) as usize] ^= 1 << (bit % 8);
        }
        let done = self.work(now, self.transfer(contents.len() as u64));
        Ok((contents, done))
    }

    /// Moves bytes of files that are not its own.
    pub(super) fn transfer_scratch(
        &mut self,
        now: SimTime,
        bytes: u64,
    ) -> Result<SimTime, DiskError> {
        self.check("scratch files")?;
        Ok(self.work(now, self.transfer(bytes)))
    }

    pub(super) fn remove(&mut self, path: &str) -> Result<(), DiskError> {
        self.check(path)?;
        let file = self.files.remove(path).ok_or_else(|| DiskError::NotFound(path.to_owned()))?;
        self.used -= file.length;
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskError> {
        self.check(from)?;
        let file = self.files.remove(from).ok_or_else(|| DiskError::NotFound(from.to_owned()))?;
        let replaced = self.files.insert(to.to_owned(), file);
        self.used -= replaced.map_or(0, |file| file.length);
        Ok(())
    }

    pub(super) fn list(&self, prefix: &str) -> Result<Vec<String>, DiskError> {
        self.check(prefix)?;
        let from_prefix = self.files.range(prefix.to_owned()..);
        let names = from_prefix.map(|(path, _)| path).take_while(|path| path.starts_with(prefix));
        Ok(names.cloned().collect())
    }

    /// Ends a life: says which files lost how many bytes.
    pub(super) fn crash(&mut self, now: SimTime) -> Vec<(String, u64)> {
        let tears = self.troubles.iter().any(|(_, trouble)| *trouble == DiskTrouble::Tears);
        let mut losses = Vec::new();
        for (path, file) in &mut self.files {
            let lost = file.crash(now, &mut self.rng, tears);
            if lost > 0 {
                losses.push((path.clone(), lost));
            }
        }
        self.files.retain(|_, file| file.durable.is_some());
        self.used = self.files.values().map(|file| file.length).sum();
        self.busy_until = now;
        losses
    }

    fn check(&self, path: &str) -> Result<(), DiskError> {
        let fails = self.troubles.iter().any(|(_, trouble)| *trouble == DiskTrouble::Errors);
        if fails { Err(DiskError::Io(path.to_owned())) } else { Ok(()) }
    }

    fn transfer(&self, bytes: u64) -> SimDuration {
        let span = u128::from(bytes) * 1_000_000_000 / u128::from(self.options.bandwidth);
        Duration::from_nanos(u64::try_from(span).unwrap_or(u64::MAX))
    }

    /// Queues work behind what the disk is already busy with; says when it is done.
    fn work(&mut self, now: SimTime, span: SimDuration) -> SimTime {
        // Of several troubles the worst counts.
        let slow = self.troubles.iter().map(|(_, trouble)| match trouble {
            DiskTrouble::Slow(times) => *times,
            DiskTrouble::Errors
            | DiskTrouble::Full
            | DiskTrouble::Corrupts
            | DiskTrouble::Tears => 1.0,
        });
        let nanos = span.as_nanos() as f64 * slow.fold(1.0, f64::max);
        self.busy_until = self.busy_until.max(now) + Duration::from_nanos(nanos as u64);
        self.busy_until
    }
}
