//! What the outside was given by a job of which nobody knows what it must show: because it depends
//! on what comes first, on the time, on chance, or because no loop has computed it.
//!
//! A restart goes back to a checkpoint, and what the job does from there on takes the place of what
//! it did before. What counts in the end, of each attempt the part up to the checkpoint to which the
//! next one went back, is one run of the job without faults, if checkpoints are consistent cuts and
//! are restored as they were. So the rows that such a run writes are numbered through, over
//! all attempts at a subtask: an attempt goes on where the checkpoint has stopped. A number that
//! becomes visible twice is a duplicate, whatever is in its rows, and one that never does is lost.
//!
//! In an upsert sink, what is repeated does no harm, but the last row of each key must be one that
//! counts, and the last of those.

use std::collections::{BTreeMap, BTreeSet};

use super::delivery::{Delivery, SinkSoFar, SinkVerdict};
use super::story::{Story, Telling};
use super::table::{self, Difference};
use super::twice::CountedTwice;
use crate::base::{CheckpointId, JobId, Name, Step};
use crate::record::{Row, RowKind, RowNumber};
use crate::trace::{Event, LogEvent, Recorded, RecoveryEvent, RowRange, SinkEvent};

/// Of all sinks.
#[derive(Default)]
pub(super) struct Histories {
    restarts: Restarts,
    sinks: BTreeMap<Name, History>,
}

/// What is known of restarts, by job and attempt.
#[derive(Default)]
struct Restarts {
    /// The checkpoints to which they went back.
    to: BTreeMap<(JobId, u32), Option<CheckpointId>>,
    /// Those whose sources could not be rewound.
    missed: BTreeMap<(JobId, u32), Step>,
    /// Jobs of which a source has passed over records that were not there any more.
    passed_over: BTreeMap<JobId, Step>,
    twice: CountedTwice,
}

/// Of one sink.
#[derive(Default)]
struct History {
    key_columns: Option<usize>,
    writers: BTreeMap<(JobId, u16), Writer>,
    committed: u64,
    /// Of an upsert sink: the last row of each key.
    last: BTreeMap<Vec<String>, Last>,
    telling: Telling,
}

/// A subtask, over all its attempts.
#[derive(Default)]
struct Writer {
    /// By attempt: how many rows that count come before its own.
    bases: BTreeMap<u32, u64>,
    /// How many rows that count there are up to a checkpoint.
    at: BTreeMap<CheckpointId, u64>,
    /// How many there are in all, once its input has ended.
    total: Option<u64>,
    /// Behind the last number that is known.
    reached: u64,
    /// Numbers that became visible: from, to, and when.
    seen: BTreeMap<u64, (u64, Step)>,
}

/// The last row of a key.
struct Last {
    writer: (JobId, u16),
    at: (u32, u64),
    /// The latest that was ever shown.
    latest: (u32, u64),
    step: Step,
    row: Vec<String>,
}

impl Histories {
    pub fn apply(&mut self, recorded: &Recorded, story: &Story) {
        let step = recorded.step;
        self.restarts.twice.apply(&recorded.event);
        match &recorded.event {
            Event::Sink(SinkEvent::SinkDeclared { sink, key_columns }) => {
                let key_columns = key_columns.map(usize::from);
                self.sinks.insert(sink.clone(), History { key_columns, ..History::default() });
            }
            Event::Sink(SinkEvent::RowsCounted {
                job,
                sink,
                index,
                attempt,
                checkpoint,
                rows,
                ..
            }) => {
                let Some(history) = self.sinks.get_mut(sink) else { return };
                history.telling.job = Some(*job);
                let writer = history.writers.entry((*job, *index)).or_default();
                let base = writer.base(*job, *attempt, &self.restarts);
                let rows = base.saturating_add(*rows);
                writer.reached = writer.reached.max(rows);
                match checkpoint {
                    Some(checkpoint) => drop(writer.at.insert(*checkpoint, rows)),
                    None => writer.total = Some(rows),
                }
            }
            Event::Sink(SinkEvent::RowsVisible { sink, rows, numbers, shown, .. }) => {
                let Some(history) = self.sinks.get_mut(sink) else { return };
                history.committed += u64::from(*rows);
                history.show(step, numbers, shown, &self.restarts, story);
            }
            Event::Recovery(RecoveryEvent::JobRestored { job, restart, checkpoint }) => {
                self.restarts.to.insert((*job, *restart), *checkpoint);
                self.restarts.twice.go_back(*job, *checkpoint, step);
            }
            Event::Recovery(RecoveryEvent::RecordsMissed { job, attempt, .. }) => {
                self.restarts.missed.entry((*job, *attempt)).or_insert(step);
            }
            Event::Log(LogEvent::PositionReset { job, from, to, .. }) if from < to => {
                self.restarts.passed_over.entry(*job).or_insert(step);
            }
            _ => {}
        }
    }

    /// What a sink has shown so far that it must not.
    pub fn so_far(&self, sink: &Name) -> SinkSoFar {
        let so_far = |history: &History| {
            history.telling.so_far(history.key_columns.is_none() && !history.writers.is_empty())
        };
        self.sinks.get(sink).map(so_far).unwrap_or_default()
    }

    /// What became of each sink. `ended` says whether all jobs have finished, and `sound` whether
    /// what counts is one run.
    pub fn finish(
        self,
        ended: bool,
        sound: bool,
        story: &Story,
        reproduce: &str,
    ) -> BTreeMap<Name, SinkVerdict> {
        let Self { restarts, sinks } = self;
        let verdict = |(sink, history): (Name, History)| {
            (sink, history.finish(ended, sound, &restarts, story, reproduce))
        };
        sinks.into_iter().map(verdict).collect()
    }
}

impl Writer {
    /// How many rows that count come before those of an attempt.
    fn base(&mut self, job: JobId, attempt: u32, restarts: &Restarts) -> u64 {
        if let Some(base) = self.bases.get(&attempt) {
            return *base;
        }
        let base = match restarts.to.get(&(job, attempt)) {
            // It reads other records than the one before, so these are other rows.
            _ if restarts.missed.contains_key(&(job, attempt)) => self.reached,
            None | Some(None) => 0,
            // One that had finished is not there any more.
            Some(Some(checkpoint)) => {
                self.at.get(checkpoint).copied().or(self.total).unwrap_or_default()
            }
        };
        self.bases.insert(attempt, base);
        base
    }

    /// Whether a row of an attempt counts: no later attempt has gone back to before it.
    fn counts(&self, (attempt, number): (u32, u64)) -> bool {
        let mut later = self.bases.range(attempt..).skip_while(|(at, _)| **at == attempt);
        later.all(|(_, base)| number < *base)
    }

    /// Takes note that these numbers are visible. Those that were, with when they were first.
    fn see(&mut self, from: u64, to: u64, at: Step) -> Vec<(u64, u64, Step)> {
        let before = self.seen.range(..=from).next_back().map_or(from, |(start, _)| *start);
        let known = self.seen.range(before..to).map(|(start, (end, step))| (*start, *end, *step));
        let overlap = |(start, end, step): (u64, u64, Step)| {
            let (start, end) = (start.max(from), end.min(to));
            (start < end).then_some((start, end, step))
        };
        let again: Vec<_> = known.filter_map(overlap).collect();
        let mut next = from;
        for (start, end, _) in again.iter().copied().chain([(to, to, at)]) {
            if next < start {
                self.seen.insert(next, (start, at));
            }
            next = end;
        }
        again
    }

    /// The numbers below `total` that nobody has seen, and the number of those above that somebody
    /// has.
    fn unseen(&self, total: u64) -> (Vec<(u64, u64)>, u64) {
        let (mut next, mut gaps, mut beyond) = (0, Vec::new(), 0);
        for (&start, &(end, _)) in &self.seen {
            if next < start.min(total) {
                gaps.push((next, start.min(total)));
            }
            next = end;
            beyond = end.saturating_sub(start.max(total)).saturating_add(beyond);
        }
        if next < total {
            gaps.push((next, total));
        }
        (gaps, beyond)
    }
}

impl History {
    fn show(
        &mut self,
        at: Step,
        numbers: &[RowRange],
        shown: &[Row],
        restarts: &Restarts,
        story: &Story,
    ) {
        let mut rows = shown.iter();
        let numbered: u64 = numbers.iter().map(|range| u64::from(range.rows)).sum();
        // What a table held from the beginning has no numbers.
        let is_whole = numbered == shown.len() as u64;
        for RowRange { first, rows: count } in numbers {
            let RowNumber { job, subtask, attempt, number } = *first;
            self.telling.job = Some(job);
            let writer = self.writers.entry((job, subtask)).or_default();
            let from = writer.base(job, attempt, restarts).saturating_add(number);
            let to = from.saturating_add(u64::from(*count));
            writer.reached = writer.reached.max(to);
            let again = writer.see(from, to, at);
            let Some(columns) = self.key_columns else {
                for (from, to, first) in again {
                    let which = which(from, to, subtask);
                    let text = format!(
                        "{which} became visible once more at step {at}, in attempt {attempt}: the \
                         first time was at step {first}."
                    );
                    self.telling.tell(Difference::Duplicate, to - from, &[first, at], &text, story);
                }
                continue;
            };
            for (number, row) in (from..to).zip(rows.by_ref().filter(|_| is_whole)) {
                if row.kind == RowKind::UpdateBefore {
                    continue;
                }
                let key = table::key(&row.fields, Some(columns));
                let (at_row, writer) = ((attempt, number), (job, subtask));
                let latest = self.last.get(key).filter(|it| it.writer == writer);
                let latest = latest.map_or(at_row, |it| it.latest.max(at_row));
                let row = row.fields.clone();
                let last = Last { writer, at: at_row, latest, step: at, row };
                self.last.insert(key.to_vec(), last);
            }
        }
    }

    fn finish(
        mut self,
        ended: bool,
        sound: bool,
        restarts: &Restarts,
        story: &Story,
        reproduce: &str,
    ) -> SinkVerdict {
        let jobs: BTreeSet<JobId> = self.writers.keys().map(|(job, _)| *job).collect();
        let is_known = !self.writers.is_empty() || self.committed == 0;
        if ended {
            self.compare(story);
        }
        let twice = jobs.iter().find_map(|job| restarts.twice.of(*job));
        let missed = restarts.missed.iter().find(|((job, _), _)| jobs.contains(job));
        let missed = missed.map(|(_, step)| (step, "A source could not be rewound"));
        let passed_over = restarts.passed_over.iter().find(|(job, _)| jobs.contains(job));
        let passed_over = passed_over.map(|(_, step)| (step, "Records were deleted unread"));
        let missed = missed.or(passed_over);
        if let Some((step, text)) = &twice {
            self.telling.tell(Difference::Duplicate, 0, &[*step], text, story);
        }
        if let Some((step, what)) = missed {
            let text = format!("{what} (step {step}): what no row shows of them is lost.");
            self.telling.tell(Difference::Loss, 0, &[*step], &text, story);
        }
        let rows = |difference| self.telling.rows(difference);
        let (duplicates, lost) = (rows(Difference::Duplicate), rows(Difference::Loss));
        let unexpected = rows(Difference::Unexpected);
        let delivery = match (duplicates > 0 || twice.is_some(), lost > 0 || missed.is_some()) {
            _ if !is_known => Delivery::Unjudged,
            _ if unexpected > 0 || !sound => Delivery::None,
            (true, true) => Delivery::None,
            (true, false) => Delivery::AtLeastOnce,
            (false, true) if ended => Delivery::AtMostOnce,
            (false, false) if ended => Delivery::ExactlyOnce,
            (false, _) => Delivery::Unjudged,
        };
        SinkVerdict {
            delivery,
            committed: self.committed,
            pending: 0,
            aborted: 0,
            duplicates: (is_known && twice.is_none()).then_some(duplicates),
            lost: (is_known && ended && missed.is_none()).then_some(lost),
            unexpected,
            witnesses: self.telling.into_witnesses(reproduce),
        }
    }

    /// Compares what can be compared only in the end.
    fn compare(&mut self, story: &Story) {
        for ((_, subtask), writer) in &self.writers {
            let Some(total) = writer.total else { continue };
            let (gaps, beyond) = writer.unseen(total);
            for (from, to) in gaps {
                let text = format!("{} never became visible.", which(from, to, *subtask));
                self.telling.tell(Difference::Loss, to - from, &[], &text, story);
            }
            if beyond > 0 && self.key_columns.is_none() {
                let text = format!(
                    "{} became visible, but the job has gone back to before that and has written \
                     only {total} rows since then.",
                    which(total, total.saturating_add(beyond), *subtask)
                );
                self.telling.tell(Difference::Duplicate, beyond, &[], &text, story);
            }
        }
        for last in self.last.values() {
            let Some(writer) = self.writers.get(&last.writer) else { continue };
            let why = if !writer.counts(last.at) {
                "the job has gone back to before it was written, and has not written it again"
            } else if last.at < last.latest {
                "it was written before another one of its key, which it has replaced"
            } else {
                continue;
            };
            let row = table::shown(&last.row);
            let text = format!("{row} is the last row of its key (step {}), but {why}.", last.step);
            self.telling.tell(Difference::Unexpected, 1, &[last.step], &text, story);
        }
    }
}

/// Rows by their numbers, from 1 as subtasks are.
fn which(from: u64, to: u64, subtask: u16) -> String {
    let subtask = u32::from(subtask) + 1;
    match to - from {
        1 => format!("Row {} of the sink's subtask {subtask}", from + 1),
        _ => format!("Rows {} to {to} of the sink's subtask {subtask}", from + 1),
    }
}
