//! Places of a run that are worth going to: where checkpoints were complete, where an invariant did not
//! hold, and those one has marked oneself.

use std::collections::BTreeMap;

use weir::check::Checker;
use weir::replay::{MarkKind, Place, Timeline};
use weir::trace::{CheckpointEvent, Event};

/// Where an invariant did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Violation {
    /// The position just after the last of the events that show it.
    pub position: usize,
    /// Which invariant, and what shows that it does not hold.
    pub text: String,
}

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
#[derive(Clone, Debug, Default)]
pub(super) struct Landmarks {
    /// The positions just after checkpoints were complete.
    completed: Vec<usize>,
    /// How many events were looked at for these.
    looked_at: usize,
    /// The first violation of each invariant, in order.
    violations: Vec<Violation>,
    bookmarks: BTreeMap<char, usize>,
}

impl Landmarks {
    pub fn new(timeline: &Timeline) -> Self {
        let mut landmarks = Self::default();
        landmarks.extend(timeline);
        landmarks
    }

    /// Looks at a run that has gone on.
    pub fn extend(&mut self, timeline: &Timeline) {
        let new = timeline.events().iter().enumerate().skip(self.looked_at);
        let complete = new.filter(|(_, recorded)| is_complete(&recorded.event));
        self.completed.extend(complete.map(|(index, _)| index + 1));
        self.looked_at = timeline.events().len();
        self.violations = violations(timeline);
    }

    /// Where invariants did not hold, in order.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
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
        let violations = self.violations.iter().map(|it| (it.position, Sign::Violation));
        let bookmarks = self.bookmarks.iter().map(|(letter, at)| (*at, Sign::Bookmark(*letter)));
        marks.chain(completed).chain(violations).chain(bookmarks)
    }
}

/// Whether a checkpoint became complete.
pub(super) fn is_complete(event: &Event) -> bool {
    matches!(event, Event::Checkpoint(CheckpointEvent::CheckpointCompleted { .. }))
}

/// What the whole run so far proves to be wrong.
fn violations(timeline: &Timeline) -> Vec<Violation> {
    let mut checker = Checker::new(timeline.header());
    for recorded in timeline.events() {
        checker.apply(recorded);
    }
    // Of a run whose end is not known nothing is held against it that it might still do.
    let verdict = checker.finish(timeline.ended().unwrap_or_default());
    let found = verdict.violated().filter_map(|judged| {
        let (invariant, witness) = (judged.invariant, judged.witness.as_ref()?);
        let position = match witness.steps.last() {
            Some(step) => timeline.position_of(Place { step: *step, sub: 0 }),
            None => timeline.events().len(),
        };
        let times = match judged.violations {
            1 => String::new(),
            times => format!("\n{times} times in this run; this is the first."),
        };
        let sentence = invariant.sentence();
        let text =
            format!("It does not hold that {sentence} ({invariant}):\n{}{times}", witness.text);
        Some(Violation { position, text })
    });
    let mut violations: Vec<_> = found.collect();
    violations.sort_by_key(|violation| violation.position);
    violations
}
