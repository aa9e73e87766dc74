//! Keyed state and timers at one vertex, subtask by subtask: what each state holds for each key,
//! the timers that are set, and what has just gone.

use weir::graph::JobVertex;
use weir::replay::{Job, World};

use super::super::look::Role;
use super::super::pen::Pen;
use super::super::text;
use super::state_rows::{Columns, ONLY_AT_RECORDS, Row, Section, Sight, changed_row, number};

/// What is looked at.
pub(super) struct StatePanel<'a> {
    pub world: &'a World,
    pub job: &'a Job,
    pub vertex: &'a JobVertex,
    /// A text in lower case that the rows have; all are kept if unset.
    pub kept: Option<&'a str>,
    /// How many rows are hidden at the top.
    pub top: usize,
}

const NO_STATE: &str = "No operator of this vertex has keyed state open.";

/// What stands in a line.
#[derive(Clone, Copy)]
enum Line<'a> {
    Head(Section<'a>),
    Row(Row<'a>),
}

impl<'a> StatePanel<'a> {
    /// Rows that it could fill, its frame included.
    pub fn rows(&self, width: usize) -> usize {
        let head = usize::from(self.has_columns());
        let said = self.said(width).len();
        self.count() + said + head + 2
    }

    pub fn draw(&self, pen: &mut Pen<'_>) {
        let (look, width) = (pen.look, pen.width());
        pen.frame(&look.show(&self.title()), Role::Dim);
        let first = 1 + usize::from(self.has_columns());
        let room = pen.height().saturating_sub(first + 1);
        let (said, count) = (self.said(width), self.count());
        let top = self.top.min((count + said.len()).saturating_sub(room));
        let hidden = (count + said.len()).saturating_sub(top + room);
        let rows = room - usize::from(hidden > 0).min(room);
        let shown = self.in_sight(top, rows);
        self.draw_lines(&shown, first, pen);
        let below = first + shown.len();
        let left = room.saturating_sub(shown.len());
        for (row, line) in said.iter().skip(top.saturating_sub(count)).take(left).enumerate() {
            pen.put(2, below + row, line, Role::Dim);
        }
        if hidden > 0 && room > 0 {
            let more = format!("{} {} more: down", look.glyphs().more, hidden + 1);
            let blank = " ".repeat(width.saturating_sub(3));
            pen.put(2, first + room - 1, &blank, Role::Plain);
            pen.put(2, first + room - 1, &look.fit(&more, width.saturating_sub(3)), Role::Dim);
        }
    }

    /// So many lines from one on. Whose they are stays in sight: a head stands in place of the first.
    fn in_sight(&self, top: usize, rows: usize) -> Vec<Line<'a>> {
        let mut head = None;
        let mut shown = Vec::new();
        for (number, line) in self.lines().enumerate().take(top + rows) {
            if let Line::Head(_) = line {
                head = Some(line);
            }
            if number >= top {
                shown.push(if number == top { head.unwrap_or(line) } else { line });
            }
        }
        shown
    }

    /// The row that the current event has changed, or the first that an event has since the last
    /// control event.
    pub fn changed_row(&self) -> Option<usize> {
        let changed = self.lines().map(|line| match line {
            Line::Head(_) => None,
            Line::Row(row) => row.changed(),
        });
        changed_row(self.world, changed)
    }

    fn title(&self) -> String {
        let number = u32::from(self.vertex.id.0) + 1;
        let of = format!(" state of {number} {}", self.vertex.name);
        match self.kept {
            Some(kept) => format!("{of} (with \"{kept}\") "),
            None => format!("{of} "),
        }
    }

    fn sections(&self) -> impl Iterator<Item = Section<'a>> {
        Section::of(self.job, self.vertex)
    }

    fn has_columns(&self) -> bool {
        self.world.knows_records() && self.sections().next().is_some()
    }

    /// What is to be said if rows do not say it.
    fn said(&self, width: usize) -> Vec<String> {
        let said = if self.sections().next().is_none() {
            NO_STATE
        } else if !self.world.knows_records() {
            ONLY_AT_RECORDS
        } else {
            return Vec::new();
        };
        text::wrap(said, width.saturating_sub(4).max(1))
    }

    fn count(&self) -> usize {
        match self.kept {
            Some(_) => self.lines().count(),
            None => self.sections().map(|section| 1 + section.count(self.world)).sum(),
        }
    }

    fn lines(&self) -> impl Iterator<Item = Line<'a>> {
        let (world, kept) = (self.world, self.kept);
        self.sections().flat_map(move |section| {
            let of_subtask = kept.is_none_or(|kept| number(section.index) == kept);
            let keeps = move |row: &Row<'_>| of_subtask || kept.is_none_or(|kept| row.has(kept));
            let rows = section.rows(world).filter(keeps).map(Line::Row);
            std::iter::once(Line::Head(section)).chain(rows)
        })
    }

    fn draw_lines(&self, lines: &[Line<'a>], first: usize, pen: &mut Pen<'_>) {
        let sight = Sight { world: self.world, look: pen.look, width: pen.width() };
        let shown: Vec<_> = lines
            .iter()
            .map(|line| match line {
                Line::Head(_) => None,
                Line::Row(row) => Some(sight.shown(row, None)),
            })
            .collect();
        let columns = Columns::new(shown.iter().flatten(), pen.width());
        if self.has_columns() {
            columns.draw_heads(first - 1, pen);
        }
        for (y, (line, shown)) in (first..).zip(lines.iter().zip(&shown)) {
            match (line, shown) {
                (Line::Head(section), _) => self.draw_head(section, y, pen),
                (Line::Row(_), None) => {}
                (Line::Row(_), Some(shown)) => columns.draw(shown, y, false, pen),
            }
        }
    }

    fn draw_head(&self, section: &Section<'_>, y: usize, pen: &mut Pen<'_>) {
        let (look, end) = (pen.look, pen.width().saturating_sub(1));
        let words = section.words(self.world, self.job, self.vertex);
        let x = pen.put(2, y, &number(section.index), Role::Strong) + 1;
        let room = end.saturating_sub(x + text::width(&words) + 3).max(4);
        let x = pen.put(x, y, &look.fit(&look.show(section.operator), room), Role::Strong) + 2;
        pen.put(x, y, &look.fit(&words, end.saturating_sub(x)), Role::Plain);
    }
}
