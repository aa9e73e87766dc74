//! What the outside was given: each row exactly once, or some twice, or some not at all.
//!
//! The trace says at its start what a sink must show in the end; a loop that shares no code with the
//! engine has computed it. What became visible is held against that. In a sink to which rows are
//! appended, rows are counted: one too many is a duplicate, one too few is lost. In an upsert sink
//! only the last row of each key can be compared. A number that is too large counts as a duplicate,
//! one that is too small as a loss; any other difference is neither, and nothing is guaranteed then.
//!
//! A sink of which nobody knows what it must show is judged by its [history](super::history).
//!
//! Losses, and upsert sinks at all, can be judged only when all jobs have finished.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::Witness;
use super::history::Histories;
use super::story::{Story, Telling};
use super::table::{self, Difference};
use super::unseen::Unseen;
use crate::base::{JobId, Name, Step};
use crate::record::{Row, RowKind};
use crate::trace::{Event, Header, JobEvent, JobStatus, Recorded, SinkEvent};

/// What the outside was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// All that was expected, and nothing twice.
    ExactlyOnce,
    /// Something twice. Nothing is known to be lost.
    AtLeastOnce,
    /// Not all, and nothing twice.
    AtMostOnce,
    /// Neither all, nor nothing twice; or something that was never expected.
    None,
    /// It cannot be told.
    #[default]
    Unjudged,
}

impl Delivery {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExactlyOnce => "exactly-once",
            Self::AtLeastOnce => "at-least-once",
            Self::AtMostOnce => "at-most-once",
            Self::None => "none",
            Self::Unjudged => "unjudged",
        }
    }

    /// Whether whoever asks for `asked` is content with this.
    pub fn grants(self, asked: Self) -> bool {
        match (self, asked) {
            (Self::Unjudged, _) | (_, Self::Unjudged) => self == asked,
            (Self::ExactlyOnce, _) | (_, Self::None) => true,
            (Self::AtLeastOnce | Self::AtMostOnce | Self::None, _) => self == asked,
        }
    }

    /// The weaker of two, or what both have in common. What has been shown of one sink stands,
    /// whether or not another can be judged.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::ExactlyOnce, weaker) | (weaker, Self::ExactlyOnce) => weaker,
            (Self::Unjudged, shown) | (shown, Self::Unjudged) => shown,
            (one, other) if one == other => one,
            _ => Self::None,
        }
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What became of a sink.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinkVerdict {
    /// What it was given.
    pub delivery: Delivery,
    /// How many rows became visible.
    pub committed: u64,
    /// How many rows are written and not yet visible.
    pub pending: u64,
    /// How many rows were written and taken back.
    pub aborted: u64,
    /// How many rows are there too often, or hold too large a number, if that can be told.
    pub duplicates: Option<u64>,
    /// How many rows are missing, or hold too small a number, if that can be told.
    pub lost: Option<u64>,
    /// How many rows differ from all that was expected in another way.
    pub unexpected: u64,
    /// What shows the first duplicate, the first loss, and the first unexpected row.
    pub witnesses: Vec<Witness>,
}

impl SinkVerdict {
    /// The counts in words.
    pub fn summary(&self) -> String {
        let known = |count: Option<u64>| count.map_or_else(|| "?".to_owned(), |it| it.to_string());
        let (duplicates, lost) = (known(self.duplicates), known(self.lost));
        let (committed, unexpected) = (self.committed, self.unexpected);
        format!("{committed} visible, {duplicates} duplicate, {lost} lost, {unexpected} unexpected")
    }

    /// The counts as `weir run --json` shows them.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "committed": self.committed,
            "pending": self.pending,
            "aborted": self.aborted,
            "duplicates": self.duplicates,
            "lost": self.lost,
        })
    }
}

/// What a sink has shown so far that it must not. What it lacks shows only in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SinkSoFar {
    /// Rows that were shown already, if that shows before the end: in a sink whose rows replace each
    /// other by key, or are compared with others as a whole, it does not.
    pub duplicates: Option<u64>,
    /// Rows that nobody would have expected.
    pub unexpected: u64,
}

/// What is expected of a sink, and what it has shown so far.
struct Judging {
    expected_at: Step,
    /// How many leading columns are the key of an upsert sink.
    key_columns: Option<usize>,
    /// How often each row is expected.
    expected: BTreeMap<Vec<String>, u64>,
    /// By row, or by key of an upsert sink.
    seen: BTreeMap<Vec<String>, Seen>,
    committed: u64,
    telling: Telling,
}

/// A row that was seen: the last of its key in an upsert sink.
struct Seen {
    row: Vec<String>,
    times: u64,
    first: Step,
    last: Step,
}

/// See the module.
pub(super) struct Deliveries {
    reproduce: String,
    story: Story,
    sinks: BTreeMap<Name, Judging>,
    histories: Histories,
    unseen: Unseen,
    /// Jobs that have not finished.
    unfinished: BTreeSet<JobId>,
    finished: bool,
}

impl Deliveries {
    pub fn new(header: &Header) -> Self {
        Self {
            reproduce: header.again.clone(),
            story: Story::default(),
            sinks: BTreeMap::new(),
            histories: Histories::default(),
            unseen: Unseen::default(),
            unfinished: BTreeSet::new(),
            finished: false,
        }
    }

    pub fn apply(&mut self, recorded: &Recorded) {
        let at = recorded.step;
        self.unseen.apply(&recorded.event);
        self.histories.apply(recorded, &self.story);
        match &recorded.event {
            Event::Sink(SinkEvent::RowsExpected { sink, key_columns, rows }) => {
                let judging = Judging::new(at, key_columns.map(usize::from), rows);
                self.sinks.insert(sink.clone(), judging);
            }
            Event::Sink(SinkEvent::RowsVisible { sink, numbers, shown, .. }) => {
                let Some(judging) = self.sinks.get_mut(sink) else { return };
                let job = numbers.first().map(|range| range.first.job);
                judging.telling.job = job.or(judging.telling.job);
                for row in shown {
                    judging.show(at, row, &self.story);
                }
            }
            Event::Sink(SinkEvent::RowsCounted { job, sink, .. }) => {
                if let Some(judging) = self.sinks.get_mut(sink) {
                    judging.telling.job = Some(*job);
                }
            }
            Event::Job(JobEvent::JobSubmitted { job, .. }) => {
                self.story.apply(recorded);
                self.unfinished.insert(*job);
            }
            Event::Job(JobEvent::JobStatusChanged { job, to: JobStatus::Finished, .. }) => {
                self.finished = true;
                self.unfinished.remove(job);
            }
            _ => self.story.apply(recorded),
        }
    }

    /// What a sink has shown so far that it must not.
    pub fn so_far(&self, sink: &Name) -> SinkSoFar {
        // What a sink must show is the better judge of it, where that is known.
        match self.sinks.get(sink) {
            Some(judging) => judging.telling.so_far(judging.key_columns.is_none()),
            None => self.histories.so_far(sink),
        }
    }

    /// What it has come to. `completed` says whether the run has ended by itself, and `sound`
    /// whether checkpoints were what they must be.
    pub fn finish(self, completed: bool, sound: bool) -> (Delivery, BTreeMap<Name, SinkVerdict>) {
        let ended = completed && self.finished && self.unfinished.is_empty();
        // What a sink must show is the better judge of it, where that is known.
        let mut sinks = self.histories.finish(ended, sound, &self.story, &self.reproduce);
        for (name, judging) in self.sinks {
            sinks.insert(name, judging.finish(ended, &self.story, &self.reproduce));
        }
        for (name, verdict) in &mut sinks {
            (verdict.pending, verdict.aborted) = self.unseen.of(name);
        }
        let delivery = sinks.values().map(|sink| sink.delivery).reduce(Delivery::and);
        (delivery.unwrap_or_default(), sinks)
    }
}

impl Judging {
    fn new(expected_at: Step, key_columns: Option<usize>, rows: &[Vec<String>]) -> Self {
        let mut expected = BTreeMap::new();
        for row in rows {
            *expected.entry(row.clone()).or_default() += 1;
        }
        Self {
            expected_at,
            key_columns,
            expected,
            seen: BTreeMap::new(),
            committed: 0,
            telling: Telling::default(),
        }
    }

    fn show(&mut self, at: Step, row: &Row, story: &Story) {
        self.committed += 1;
        let key = table::key(&row.fields, self.key_columns);
        let seen = self.seen.entry(key.to_vec()).or_insert_with(|| Seen {
            row: Vec::new(),
            times: 0,
            first: at,
            last: at,
        });
        seen.times += 1;
        seen.last = at;
        if self.key_columns.is_some() {
            match row.kind {
                RowKind::UpdateBefore => {}
                RowKind::Insert | RowKind::UpdateAfter => seen.row.clone_from(&row.fields),
                RowKind::Delete => drop(self.seen.remove(key)),
            }
            return;
        }
        let expected = self.expected.get(&row.fields).copied().unwrap_or_default();
        if seen.times <= expected {
            return;
        }
        let (times, first, shown) = (seen.times, seen.first, table::shown(&row.fields));
        let (difference, text) = match expected {
            0 => (
                Difference::Unexpected,
                format!(
                    "The row {shown}, which is not expected at all, became visible at step {at}."
                ),
            ),
            _ => (
                Difference::Duplicate,
                format!(
                    "The row {shown}, which is expected {}, became visible once more at step {at}: \
                     that is {}, the first time at step {first}.",
                    times_of(expected),
                    times_of(times),
                ),
            ),
        };
        self.found(difference, 1, &[first, at], &text, story);
    }

    fn found(&mut self, difference: Difference, rows: u64, at: &[Step], text: &str, story: &Story) {
        let at = [&[self.expected_at], at].concat();
        self.telling.tell(difference, rows, &at, text, story);
    }

    fn finish(mut self, ended: bool, story: &Story, reproduce: &str) -> SinkVerdict {
        if ended {
            self.compare(story);
        }
        let rows = |difference| self.telling.rows(difference);
        let (duplicates, lost) = (rows(Difference::Duplicate), rows(Difference::Loss));
        let unexpected = rows(Difference::Unexpected);
        let delivery = match (duplicates > 0, lost > 0) {
            _ if unexpected > 0 => Delivery::None,
            (true, true) => Delivery::None,
            (true, false) => Delivery::AtLeastOnce,
            (false, true) => Delivery::AtMostOnce,
            (false, false) if ended => Delivery::ExactlyOnce,
            (false, false) => Delivery::Unjudged,
        };
        SinkVerdict {
            delivery,
            committed: self.committed,
            pending: 0,
            aborted: 0,
            duplicates: (ended || self.key_columns.is_none()).then_some(duplicates),
            lost: ended.then_some(lost),
            unexpected,
            witnesses: self.telling.into_witnesses(reproduce),
        }
    }

    /// Compares what can be compared only in the end.
    fn compare(&mut self, story: &Story) {
        for (row, times) in std::mem::take(&mut self.expected) {
            let seen = self.seen.remove(table::key(&row, self.key_columns));
            let shown = table::shown(&row);
            match (self.key_columns, seen) {
                (_, None) => {
                    let text = format!("The row {shown}, which is expected, never became visible.");
                    self.found(Difference::Loss, times, &[], &text, story);
                }
                (None, Some(seen)) if seen.times < times => {
                    let text = format!(
                        "The row {shown}, which is expected {}, became visible only {}, the last \
                         time at step {}.",
                        times_of(times),
                        times_of(seen.times),
                        seen.last
                    );
                    let lost = times - seen.times;
                    self.found(Difference::Loss, lost, &[seen.last], &text, story);
                }
                (None, Some(_)) => {}
                (Some(columns), Some(seen)) => {
                    let differs = table::difference(&row, &seen.row, columns);
                    let Some(difference) = differs else { continue };
                    let text = format!(
                        "The last row of its key is {} (step {}), where {shown} is expected: {}.",
                        table::shown(&seen.row),
                        seen.last,
                        difference.sentence()
                    );
                    self.found(difference, 1, &[seen.last], &text, story);
                }
            }
        }
        if self.key_columns.is_some() {
            for seen in std::mem::take(&mut self.seen).into_values() {
                let text = format!(
                    "The row {} (step {}) has a key of which nothing is expected.",
                    table::shown(&seen.row),
                    seen.last
                );
                self.found(Difference::Unexpected, 1, &[seen.last], &text, story);
            }
        }
    }
}

fn times_of(times: u64) -> String {
    match times {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{times} times"),
    }
}
