//! What sources read and sinks write: positions, the log, transactions, tables, files, answers.

mod log;
mod stores;
mod transactions;

use weir::check::{Delivery, SinkSoFar, SinkVerdict};
use weir::replay::{Timeline, World};

use super::judged::Judgement;
use super::look::{Look, Role};
use super::pen::Pen;
use super::sections::{Columns, Line, Section, and_more, column_width, shown};
use super::text;

/// What is looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct OutsideScreen {
    /// The lines that are hidden at the top.
    top: usize,
}

impl OutsideScreen {
    pub fn scroll(&mut self, by: isize) {
        self.top = self.top.saturating_add_signed(by);
    }

    pub fn clamp(
        &mut self,
        timeline: &Timeline,
        judgement: &Judgement,
        look: Look,
        (width, rows): (usize, usize),
    ) {
        self.top = self.top.min(columns(timeline, judgement, look, width).most_above(rows));
    }

    pub fn draw(&self, timeline: &Timeline, judgement: &Judgement, pen: &mut Pen<'_>) {
        columns(timeline, judgement, pen.look, pen.width()).draw(self.top, pen);
    }
}

fn columns(timeline: &Timeline, judgement: &Judgement, look: Look, width: usize) -> Columns {
    let world = timeline.world();
    let column = column_width(width);
    let left = vec![
        sources(world, look),
        log::section(world, look, column),
        transactions::section(world, look, column),
    ];
    let right = vec![
        sinks(timeline, judgement, look),
        stores::answers(world, look),
        stores::tables(world, look),
        stores::files(world, look),
    ];
    Columns::new(width, left, right, "Nothing has been read from outside or written to it yet.")
}

/// How many of those are shown of which there may be many.
const MANY: usize = 12;

/// How far splits are read, as the last snapshot or the last restart has it.
fn sources(world: &World, look: Look) -> Section {
    let mut section = Section::new("sources: how far splits are read");
    for (id, job) in world.jobs.iter() {
        let count = job.positions.iter().count();
        for (operator, split, read) in job.positions.iter().take(MANY) {
            let occasion = if read.restored { "restored from" } else { "in" };
            let name = look.pad(&shown(look, &format!("{operator}/{split}")), 22);
            let subtask = look.pad(&shown(look, &read.subtask), 16);
            let line = Line::of(name, Role::Plain)
                .and(format!(" {:>9}", read.position), Role::Strong)
                .and(format!("  {subtask}"), Role::Plain)
                .and(format!(" {occasion} checkpoint {}", read.checkpoint), Role::Dim);
            section.add(match read.restored {
                true => line.and(format!(" {}", look.glyphs().note), Role::Note),
                false => line,
            });
        }
        if let Some(more) = and_more(count, MANY, look) {
            section.add(more);
        }
        // What has been read since is known of subtasks only.
        let read: u64 = job
            .positions
            .iter()
            .map(|(_, _, read)| &read.subtask)
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .filter_map(|subtask| job.tasks.get(subtask))
            .map(|task| task.records_in)
            .fold(0, u64::saturating_add);
        if world.knows_records() && count > 0 {
            let said = format!("job {id}: {} read by these attempts", text::count(read));
            section.add(Line::of(said, Role::Dim));
        }
    }
    section
}

/// The rows that everybody can see.
fn sinks(timeline: &Timeline, judgement: &Judgement, look: Look) -> Section {
    /// Of each sink.
    const LAST: usize = 3;
    let mut section = Section::new("sinks: rows that are visible");
    let position = timeline.position();
    for (name, sink) in timeline.world().sinks.iter() {
        let judged = match judgement.sink(name).filter(|_| position == timeline.len()) {
            Some(verdict) => in_the_end(verdict),
            None => so_far(judgement.so_far(name, position)),
        };
        let rows = format!(" {:>9}", text::count(sink.shown));
        let name = look.pad(&shown(look, name), 22);
        section.add(Line::of(name, Role::Plain).and(rows, Role::Strong).and(" visible", Role::Dim));
        section.add(judged);
        for row in sink.last.iter().rev().take(LAST) {
            let row = format!("{} {}", row.kind.short(), row.fields.join(","));
            section.add(Line::of(format!("  {}", shown(look, &row)), Role::Dim));
        }
    }
    section
}

/// What a sink has shown that it must not; what it lacks shows only in the end.
fn so_far(SinkSoFar { duplicates, unexpected }: SinkSoFar) -> Line {
    let mut wrong = Vec::new();
    if let Some(duplicates) = duplicates.filter(|count| *count > 0) {
        wrong.push(format!("{} too often", text::count(duplicates)));
    }
    if unexpected > 0 {
        wrong.push(format!("{} that nobody expected", text::count(unexpected)));
    }
    match (wrong.is_empty(), duplicates) {
        (false, _) => Line::of(format!("  so far {}", wrong.join(", ")), Role::Failed),
        (true, Some(_)) => Line::of("  nothing twice so far", Role::Dim),
        (true, None) => Line::of("  is judged in the end", Role::Dim),
    }
}

/// What has become of a sink.
fn in_the_end(verdict: &SinkVerdict) -> Line {
    let role = match verdict.delivery {
        Delivery::ExactlyOnce => Role::Done,
        Delivery::AtLeastOnce | Delivery::AtMostOnce | Delivery::None => Role::Failed,
        Delivery::Unjudged => Role::Dim,
    };
    let counts = [
        (verdict.duplicates.unwrap_or(0), "too often"),
        (verdict.lost.unwrap_or(0), "lost"),
        (verdict.unexpected, "that nobody expected"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> =
        counts.map(|(count, what)| format!("{} {what}", text::count(count))).collect();
    let line = Line::of(format!("  {}", verdict.delivery), role);
    if counts.is_empty() { line } else { line.and(format!(": {}", counts.join(", ")), role) }
}
