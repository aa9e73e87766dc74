//! Lines under headings, in one or more columns, for screens that are lists.
//!
//! Whoever makes a line has made its text safe to show; what is too long is cut off here.

use ratatui::layout::Rect;

use super::look::{Look, Role};
use super::pen::Pen;
use super::text;

/// A line: texts behind one another.
#[derive(Clone, Debug, Default)]
pub(super) struct Line(Vec<(String, Role)>);

impl Line {
    /// A line of one text.
    pub fn of(text: impl Into<String>, role: Role) -> Self {
        Self(vec![(text.into(), role)])
    }

    /// The same with a text behind it.
    pub fn and(mut self, text: impl Into<String>, role: Role) -> Self {
        self.0.push((text.into(), role));
        self
    }

    fn draw(&self, y: usize, pen: &mut Pen<'_>) {
        let end = pen.width().saturating_sub(1);
        let mut x = 1;
        for (text, role) in &self.0 {
            let text = pen.look.fit(text, end.saturating_sub(x));
            x = pen.put(x, y, &text, *role);
        }
    }
}

/// A text of the run, safe to show; no more of it is made so than can be seen.
pub(super) fn shown(look: Look, text: &str) -> String {
    look.show(text::first(text, 300))
}

/// That there are more than are shown, if there are.
pub(super) fn and_more(all: usize, shown: usize, look: Look) -> Option<Line> {
    let more = all.saturating_sub(shown);
    (more > 0).then(|| Line::of(format!("{} {more} more", look.glyphs().more), Role::Dim))
}

/// Lines under a heading.
#[derive(Clone, Debug)]
pub(super) struct Section {
    heading: String,
    lines: Vec<Line>,
}

impl Section {
    /// A section without lines. Its heading is safe to show.
    pub fn new(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), lines: Vec::new() }
    }

    pub fn add(&mut self, line: Line) {
        self.lines.push(line);
    }

    fn rows(&self) -> usize {
        // A blank line divides it from the next.
        self.lines.len() + 2
    }

    fn draw(&self, top: usize, pen: &mut Pen<'_>) {
        let (look, width) = (pen.look, pen.width());
        let heading = look.fit(&self.heading, width.saturating_sub(4));
        let x = pen.put(1, top, &heading, Role::Strong) + 1;
        let rule = look.glyphs().lines[10].repeat(width.saturating_sub(x + 1));
        pen.put(x, top, &rule, Role::Dim);
        for (y, line) in self.lines.iter().enumerate() {
            line.draw(top + 1 + y, pen);
        }
    }
}

/// Sections in columns beside each other, of which each takes its share of the width.
pub(super) struct Columns(Vec<Vec<Section>>);

/// Columns of the terminal from which on two of these stand beside each other.
pub(super) const TWO: usize = 100;

/// How wide each of the columns is in which sections stand.
pub(super) fn column_width(width: usize) -> usize {
    if width < TWO { width } else { width / 2 }
}

impl Columns {
    /// Two columns where there is room, else the second below the first. Sections without lines are
    /// left out; if none has any, `nothing` says so.
    pub fn new(width: usize, left: Vec<Section>, right: Vec<Section>, nothing: &str) -> Self {
        let filled = |sections: Vec<Section>| -> Vec<Section> {
            sections.into_iter().filter(|section| !section.lines.is_empty()).collect()
        };
        let (mut left, right) = (filled(left), filled(right));
        if left.is_empty() && right.is_empty() {
            let heading = nothing.to_owned();
            return Self(vec![vec![Section { heading, lines: Vec::new() }]]);
        }
        if width < TWO || left.is_empty() || right.is_empty() {
            left.extend(right);
            return Self(vec![left]);
        }
        Self(vec![left, right])
    }

    fn rows(&self) -> usize {
        let rows = self.0.iter().map(|sections| sections.iter().map(Section::rows).sum::<usize>());
        rows.max().unwrap_or(0).saturating_sub(1)
    }

    /// How many rows can be hidden at the top of so many.
    pub fn most_above(&self, rows: usize) -> usize {
        self.rows().saturating_sub(rows)
    }

    pub fn draw(&self, top: usize, pen: &mut Pen<'_>) {
        let (window, height) = (pen.window(), pen.height());
        let top = top.min(self.most_above(height));
        let count = u16::try_from(self.0.len()).expect("there are two at most");
        let share = window.width / count.max(1);
        for (index, sections) in (0..).zip(&self.0) {
            let x = window.x + share * index;
            let width = if index + 1 == count { window.width - share * index } else { share };
            let mut pen = pen.within(Rect { x, width, ..window }).scrolled(0, top);
            let mut y = 0;
            for section in sections {
                section.draw(y, &mut pen);
                y += section.rows();
            }
        }
        let hidden = self.rows().saturating_sub(top + height);
        if hidden > 0 && height > 0 {
            let more = format!(" {} {hidden} more: down ", pen.look.glyphs().more);
            let x = pen.width().saturating_sub(text::width(&more) + 1);
            pen.put(x, height - 1, &more, Role::Selected);
        }
    }
}
