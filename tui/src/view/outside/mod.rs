//! What sources read and sinks write: positions, the log, transactions, tables, files, answers.

mod log;
mod stores;
mod transactions;

use weir::replay::World;

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

    pub fn clamp(&mut self, world: &World, look: Look, (width, rows): (usize, usize)) {
        self.top = self.top.min(columns(world, look, width).most_above(rows));
    }

    pub fn draw(&self, world: &World, pen: &mut Pen<'_>) {
        columns(world, pen.look, pen.width()).draw(self.top, pen);
    }
}

fn columns(world: &World, look: Look, width: usize) -> Columns {
    let column = column_width(width);
    let left = vec![
        sources(world, look),
        log::section(world, look, column),
        transactions::section(world, look, column),
    ];
    let right = vec![
        sinks(world, look),
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
fn sinks(world: &World, look: Look) -> Section {
    /// Of each sink.
    const LAST: usize = 3;
    let mut section = Section::new("sinks: rows that are visible");
    for (name, sink) in world.sinks.iter() {
        let rows = format!(" {:>9}", text::count(sink.shown));
        let name = look.pad(&shown(look, name), 22);
        section.add(Line::of(name, Role::Plain).and(rows, Role::Strong).and(" visible", Role::Dim));
        for row in sink.last.iter().rev().take(LAST) {
            let row = format!("{} {}", row.kind.short(), row.fields.join(","));
            section.add(Line::of(format!("  {}", shown(look, &row)), Role::Dim));
        }
    }
    section
}
