//! Places of a run that are worth going to: where checkpoints were complete, where an invariant did not
//! hold, and those one has marked oneself.

use std::collections::BTreeMap;

use weir::replay::{MarkKind, Timeline};
use weir::trace::{CheckpointEvent, Event, TimeEvent, WindowEvent};

use super::judged::{Judgement, Violation};

/// What stands on the bar of time. Of several in a column the last of these is the most telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    Completed,
    Note,
    Fault,
    Failure,
    Violation,
    /// What one has marked oneself is what one looks for.
    Bookmark(char),
}

/// The places.
#[derive(Debug)]
pub(super) struct Landmarks {
    /// The positions just after checkpoints were complete.
    completed: Vec<usize>,
    /// Just after windows fired.
    fired: Vec<usize>,
    /// Just after records came too late.
    late: Vec<usize>,
    pub judgement: Judgement,
    /// How many events were looked at for these.
    looked_at: usize,
    bookmarks: BTreeMap<char, usize>,
}

impl Landmarks {
    pub fn new(timeline: &Timeline) -> Self {
        let mut landmarks = Self {
            completed: Vec::new(),
            fired: Vec::new(),
            late: Vec::new(),
            judgement: Judgement::new(timeline),
            looked_at: 0,
            bookmarks: BTreeMap::new(),
        };
        landmarks.extend(timeline);
        landmarks
    }

    /// Looks at a run that has gone on.
    pub fn extend(&mut self, timeline: &Timeline) {
        let records = timeline.end().knows_records();
        for recorded in timeline.range(self.looked_at..timeline.len()) {
            self.looked_at += 1;
            self.judgement.take(self.looked_at, &recorded);
            match &recorded.event {
                Event::Checkpoint(CheckpointEvent::CheckpointCompleted { .. }) => {
                    self.completed.push(self.looked_at);
                }
                Event::Window(WindowEvent::WindowFired { .. }) => self.fired.push(self.looked_at),
                // Where records are known each stands for itself, otherwise those that came together.
                Event::Window(WindowEvent::RecordLate { .. }) => self.late.push(self.looked_at),
                Event::Time(TimeEvent::RecordsLate { .. }) if !records => {
                    self.late.push(self.looked_at);
                }
                // Only these are looked for.
                _ => {}
            }
        }
        self.judgement.conclude(timeline);
    }

    /// Just after checkpoints were complete.
    pub fn completed(&self) -> &[usize] {
        &self.completed
    }

    /// Just after windows fired.
    pub fn fired(&self) -> &[usize] {
        &self.fired
    }

    /// Just after records came too late.
    pub fn late(&self) -> &[usize] {
        &self.late
    }

    /// Where invariants did not hold, in order.
    pub fn violations(&self) -> &[Violation] {
        self.judgement.violations()
    }

    /// Marks a position by a letter.
    pub fn set_bookmark(&mut self, letter: char, position: usize) {
        self.bookmarks.insert(letter, position);
    }

    /// The position that a letter marks.
    pub fn bookmark(&self, letter: char) -> Option<usize> {
        self.bookmarks.get(&letter).copied()
    }

    /// All signs, each with its position.
    pub fn signs<'a>(&'a self, timeline: &'a Timeline) -> impl Iterator<Item = (usize, Sign)> + 'a {
        let marks = timeline.marks().iter().map(|mark| {
            let sign = match mark.kind {
                MarkKind::Note => Sign::Note,
                MarkKind::Fault => Sign::Fault,
                MarkKind::Failure => Sign::Failure,
            };
            (mark.position, sign)
        });
        let completed = self.completed.iter().map(|position| (*position, Sign::Completed));
        let violations = self.violations().iter().map(|it| (it.position, Sign::Violation));
        let bookmarks = self.bookmarks.iter().map(|(letter, at)| (*at, Sign::Bookmark(*letter)));
        marks.chain(completed).chain(violations).chain(bookmarks)
    }
}
