//! A grid of terminal cells on which boxes, lines and text are drawn.

use unicode_width::UnicodeWidthChar;

use crate::graph::layout::{Leg, Point, Rect};

/// Which sides of a cell a line touches.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Sides {
    up: bool,
    down: bool,
    left: bool,
    right: bool,
}

const ACROSS: Sides = Sides { up: false, down: false, left: true, right: true };
const DOWN: Sides = Sides { up: true, down: true, left: false, right: false };

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Cell {
    #[default]
    Blank,
    Text(char),
    /// The right half of a wide character.
    Rest,
    /// A part of a trunk's line.
    Line(usize, Sides),
}

/// The grid.
pub(super) struct Canvas {
    width: usize,
    cells: Vec<Cell>,
}

impl Canvas {
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, cells: vec![Cell::Blank; width * height] }
    }

    /// Draws a frame around printable lines; what does not fit is left out.
    pub fn frame(&mut self, rect: Rect, lines: &[String]) {
        let (right, bottom) = (rect.x + rect.width - 1, rect.y + rect.height - 1);
        for x in rect.x..=right {
            self.put(Point { x, y: rect.y }, '─');
            self.put(Point { x, y: bottom }, '─');
        }
        for y in rect.y..=bottom {
            self.put(Point { x: rect.x, y }, '│');
            self.put(Point { x: right, y }, '│');
        }
        self.put(Point { x: rect.x, y: rect.y }, '┌');
        self.put(Point { x: right, y: rect.y }, '┐');
        self.put(Point { x: rect.x, y: bottom }, '└');
        self.put(Point { x: right, y: bottom }, '┘');
        for (line, y) in lines.iter().zip(rect.y + 1..bottom) {
            self.text(Point { x: rect.x + 2, y }, line);
        }
    }

    /// Writes printable text.
    pub fn text(&mut self, at: Point, text: &str) {
        let mut x = at.x;
        for c in text.chars() {
            self.put(Point { x, y: at.y }, c);
            if c.width() == Some(2) {
                self.set(Point { x: x + 1, y: at.y }, Cell::Rest);
            }
            x += c.width().unwrap_or(0);
        }
    }

    /// Draws a leg: down, across, down.
    pub fn leg(&mut self, leg: &Leg) {
        if leg.start.x == leg.end.x {
            self.down(leg.trunk, leg.start, leg.end.y);
            return;
        }
        if leg.across > leg.start.y {
            self.down(leg.trunk, leg.start, leg.across - 1);
        }
        let (left, right) = (leg.start.x.min(leg.end.x), leg.start.x.max(leg.end.x));
        for x in left + 1..right {
            self.line(leg.trunk, Point { x, y: leg.across }, ACROSS);
        }
        let (rightwards, y) = (leg.end.x > leg.start.x, leg.across);
        let start = Sides { up: true, left: !rightwards, right: rightwards, down: false };
        let end = Sides { down: true, left: rightwards, right: !rightwards, up: false };
        self.line(leg.trunk, Point { x: leg.start.x, y }, start);
        self.line(leg.trunk, Point { x: leg.end.x, y }, end);
        self.down(leg.trunk, Point { x: leg.end.x, y: y + 1 }, leg.end.y);
    }

    fn down(&mut self, trunk: usize, from: Point, to: usize) {
        for y in from.y..=to {
            self.line(trunk, Point { x: from.x, y }, DOWN);
        }
    }

    fn line(&mut self, trunk: usize, at: Point, sides: Sides) {
        let cell = match self.cells[at.y * self.width + at.x] {
            Cell::Line(other, before) if other == trunk => Cell::Line(
                trunk,
                Sides {
                    up: before.up || sides.up,
                    down: before.down || sides.down,
                    left: before.left || sides.left,
                    right: before.right || sides.right,
                },
            ),
            // Where two trunks cross, the one that goes down passes over the other.
            cell @ Cell::Line(_, before) if before.up && before.down => cell,
            Cell::Line(..) | Cell::Blank | Cell::Text(_) | Cell::Rest => Cell::Line(trunk, sides),
        };
        self.set(at, cell);
    }

    /// Puts one character.
    pub fn put(&mut self, at: Point, c: char) {
        self.set(at, Cell::Text(c));
    }

    fn set(&mut self, at: Point, cell: Cell) {
        if at.x < self.width
            && let Some(place) = self.cells.get_mut(at.y * self.width + at.x)
        {
            *place = cell;
        }
    }

    /// The rows, without blanks at their ends.
    pub fn rows(&self) -> String {
        let mut out = String::new();
        for row in self.cells.chunks(self.width.max(1)) {
            let text: String = row.iter().filter_map(|&cell| shown(cell)).collect();
            out.push_str(text.trim_end());
            out.push('\n');
        }
        out
    }
}

fn shown(cell: Cell) -> Option<char> {
    match cell {
        Cell::Blank => Some(' '),
        Cell::Text(c) => Some(c),
        Cell::Rest => None,
        Cell::Line(_, Sides { up, down, left, right }) => Some(match (up, down, left, right) {
            (true, true, true, true) => '┼',
            (true, true, true, false) => '┤',
            (true, true, false, true) => '├',
            (true, false, true, true) => '┴',
            (false, true, true, true) => '┬',
            (true, false, true, false) => '┘',
            (true, false, false, true) => '└',
            (false, true, true, false) => '┐',
            (false, true, false, true) => '┌',
            (false, false, _, _) => '─',
            (_, _, false, false) => '│',
        }),
    }
}
