//! Which split a source subtask reads next, and when.
//!
//! Splits are read one after the other, as files are, or side by side, as the partitions of a log
//! are. Records come when they are due: by themselves ([`Splits::due`]), at the source's rate, or
//! at once; with both, when both allow it. Whatever could not be read when it was due, since the
//! task was held back or the split paused, is there to be read at once afterwards.
//!
//! Invariant: a split's records are read in order, each once.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Splits;
use crate::base::{SimDuration, SimTime};
use crate::checkpoint::SourceState;
use crate::record::Failure;

/// What a source reads, split by split.
pub(super) trait SplitReader<T> {
    /// Whether what is read cannot be read again.
    fn is_live(&self) -> bool;
    /// How far it has read.
    fn state(&self) -> SourceState;
    /// Whether all splits are read to their ends.
    fn is_done(&self) -> bool;
    /// Closes the splits that are read to their ends.
    fn take_finished(&mut self) -> Vec<u16>;
    /// Opens the splits whose turn has come.
    fn open_next(&mut self) -> Vec<u16>;
    /// Stops reading these splits, or reads them again.
    fn set_paused(&mut self, splits: &[u16], paused: bool);
    /// The split whose next record comes first; of equal ones, the one that was read longest ago.
    fn next_due(&mut self, now: SimTime) -> Option<Due>;
    /// Reads what is due of a split.
    fn read(&mut self, due: Due, now: SimTime, at_most: usize) -> Result<Read<T>, Failure>;
}

/// How fast a subtask reads, over all its splits.
pub(super) struct Pace {
    nanos_per_record: Option<f64>,
    started: Option<SimTime>,
    read: u64,
}

impl Pace {
    /// As fast as records can be processed, or one every so many nanoseconds.
    pub(super) fn new(nanos_per_record: Option<f64>) -> Self {
        Self { nanos_per_record, started: None, read: 0 }
    }

    /// So many records were read.
    pub(super) fn count(&mut self, records: u64) {
        self.read += records;
    }

    fn started(&mut self, now: SimTime) -> SimTime {
        *self.started.get_or_insert(now)
    }

    /// When the next record is due.
    pub(super) fn next(&mut self, now: SimTime) -> SimTime {
        let started = self.started(now);
        match self.nanos_per_record {
            None => started,
            Some(nanos) => SimTime(started.0.saturating_add((self.read as f64 * nanos) as u64)),
        }
    }

    /// How many records are due, at least one, if the next one is.
    pub(super) fn due(&mut self, now: SimTime) -> u64 {
        let started = self.started(now);
        match self.nanos_per_record {
            None => u64::MAX,
            Some(nanos) => {
                let elapsed = now.since(started).as_nanos() as f64;
                let due = ((elapsed / nanos) as u64).saturating_add(1);
                due.saturating_sub(self.read).max(1)
            }
        }
    }
}

/// Neighbouring records, read so far up to `next`.
struct Split {
    number: u16,
    start: u64,
    next: u64,
    end: u64,
    paused: bool,
}

/// The split whose turn it is.
#[derive(Clone, Copy)]
pub(super) struct Due {
    /// Its place among the open ones.
    pub(super) place: usize,
    /// When its next record comes.
    pub(super) at: SimTime,
}

/// What was read.
pub(super) struct Read<T> {
    pub(super) split: u16,
    /// The first record's place in its split.
    pub(super) offset: u64,
    pub(super) values: Vec<T>,
}

/// See the module.
pub(super) struct Reading<T> {
    splits: Arc<dyn Splits<T>>,
    pace: Pace,
    side_by_side: bool,
    waiting: VecDeque<Split>,
    /// In turn: the split that was read last stands at the end.
    open: Vec<Split>,
    /// Splits that are read to their ends, with their lengths.
    finished: Vec<(u16, u64)>,
    /// When records began to come that come at moments of their own, if that was before this
    /// attempt began.
    started: Option<SimTime>,
}

impl<T> Reading<T> {
    /// Reads `own` of the `count` splits into which the records are divided.
    pub(super) fn new(
        splits: Arc<dyn Splits<T>>,
        count: u16,
        own: impl Iterator<Item = u16>,
        side_by_side: bool,
        pace: Pace,
    ) -> Self {
        let records = splits.count();
        let begin = |split: u16| {
            let begin = u128::from(split) * u128::from(records) / u128::from(count);
            u64::try_from(begin).expect("a split begins within the records")
        };
        let waiting = own.map(|number| {
            let (start, end) = (begin(number), begin(number + 1));
            Split { number, start, next: start, end, paused: false }
        });
        let waiting = waiting.collect();
        let (open, finished) = (Vec::new(), Vec::new());
        Self { splits, pace, side_by_side, waiting, open, finished, started: None }
    }

    /// Goes on where an earlier attempt has stopped, at the offset that `position` says. The pace
    /// begins anew: what has come meanwhile is not caught up with.
    pub(super) fn restore(&mut self, state: &SourceState, position: impl Fn(u64) -> u64) {
        self.started = state.started;
        for split in &mut self.waiting {
            let stored = state.positions.iter().find(|(number, _)| *number == split.number);
            if let Some((_, stored)) = stored {
                split.next = (split.start + position(*stored)).min(split.end);
            }
        }
    }

    /// Begins with what comes from now on.
    pub(super) fn skip_missed(&mut self, now: SimTime) {
        self.started = Some(SimTime::ZERO);
        for split in &mut self.waiting {
            let is_missed =
                |offset| self.splits.due(offset).is_some_and(|due| SimTime::ZERO + due < now);
            while split.next < split.end && is_missed(split.next) {
                split.next += 1;
            }
        }
    }
}

impl<T> SplitReader<T> for Reading<T> {
    fn is_live(&self) -> bool {
        self.splits.is_live()
    }

    fn state(&self) -> SourceState {
        let open = self.waiting.iter().chain(&self.open);
        let mut positions: Vec<(u16, u64)> =
            open.map(|split| (split.number, split.next - split.start)).collect();
        positions.extend(&self.finished);
        positions.sort_unstable();
        SourceState { started: self.started.or(self.pace.started), positions, sent_on: 0 }
    }

    fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.open.is_empty()
    }

    fn take_finished(&mut self) -> Vec<u16> {
        if self.open.iter().all(|split| split.next < split.end) {
            return Vec::new();
        }
        let finished = self.open.iter().filter(|split| split.next == split.end);
        let finished: Vec<_> =
            finished.map(|split| (split.number, split.end - split.start)).collect();
        self.finished.extend(&finished);
        let finished = finished.into_iter().map(|(number, _)| number).collect();
        self.open.retain(|split| split.next < split.end);
        finished
    }

    fn open_next(&mut self) -> Vec<u16> {
        let mut opened = Vec::new();
        while self.side_by_side || self.open.is_empty() {
            let Some(split) = self.waiting.pop_front() else { break };
            // An empty split would hold event time until it is looked at again.
            if split.next < split.end {
                opened.push(split.number);
                self.open.push(split);
            } else {
                self.finished.push((split.number, split.end - split.start));
            }
        }
        opened
    }

    fn set_paused(&mut self, splits: &[u16], paused: bool) {
        for split in self.open.iter_mut().filter(|split| splits.contains(&split.number)) {
            split.paused = paused;
        }
    }

    fn next_due(&mut self, now: SimTime) -> Option<Due> {
        let started = self.started.unwrap_or_else(|| self.pace.started(now));
        let next = self.pace.next(now);
        let due =
            |split: &Split| self.splits.due(split.next).map_or(next, |due| next.max(started + due));
        let open = self.open.iter().enumerate().filter(|(_, split)| !split.paused);
        open.map(|(place, split)| Due { place, at: due(split) }).min_by_key(|due| due.at)
    }

    fn read(&mut self, due: Due, now: SimTime, at_most: usize) -> Result<Read<T>, Failure> {
        let started = self.started.unwrap_or_else(|| self.pace.started(now));
        let most = self.pace.due(now).min(at_most as u64);
        let mut split = self.open.remove(due.place);
        let most = most.min(split.end - split.next);
        let is_due =
            |offset| self.splits.due(offset).is_none_or(|due: SimDuration| started + due <= now);
        let count = match self.splits.due(split.next) {
            None => most,
            Some(_) => (split.next..split.next + most).take_while(|&it| is_due(it)).count() as u64,
        };
        let mut values = Vec::with_capacity(count as usize);
        self.splits.read(split.next, count as usize, &mut values);
        let read = Read { split: split.number, offset: split.next - split.start, values };
        split.next += count;
        self.pace.count(count);
        self.open.push(split);
        Ok(read)
    }
}
