//! A grid of characters that lines are drawn into, thin and double ones.
//!
//! A cell knows to which of its sides lines lead, so that crossings and corners come out right
//! whatever is drawn first. What lies outside the grid is left out.

use super::super::look::{Look, Role};
use super::super::pen::Pen;

pub(super) const NORTH: u8 = 1;
pub(super) const EAST: u8 = 2;
pub(super) const SOUTH: u8 = 4;
pub(super) const WEST: u8 = 8;

/// Double lines by the sides that they reach; one that reaches a single side goes on to the other.
const DOUBLE: [&str; 16] =
    [" ", "║", "═", "╚", "║", "║", "╔", "╠", "═", "╝", "═", "╩", "╗", "╣", "╦", "╬"];

#[derive(Clone, Copy)]
struct Cell {
    thin: u8,
    double: u8,
    /// What stands there instead of lines. One column wide.
    sign: Option<char>,
    /// What stands there if nothing else does.
    ground: Option<char>,
    role: Role,
}

/// A place on the plane of which the grid is a part: a column, and a row, which may lie above.
pub(super) type Place = (isize, isize);

/// See the module.
pub(super) struct Grid {
    left: isize,
    width: usize,
    height: usize,
    cells: Vec<Cell>,
}

impl Grid {
    /// The columns of the plane from `left` on, and its first rows.
    pub fn new(left: usize, (width, height): (usize, usize)) -> Self {
        let empty = Cell { thin: 0, double: 0, sign: None, ground: None, role: Role::Plain };
        let left = isize::try_from(left).unwrap_or(isize::MAX);
        Self { left, width, height, cells: vec![empty; width * height] }
    }

    fn cell(&mut self, (x, y): Place) -> Option<&mut Cell> {
        let x = usize::try_from(x.checked_sub(self.left)?).ok().filter(|x| *x < self.width)?;
        let y = usize::try_from(y).ok().filter(|y| *y < self.height)?;
        self.cells.get_mut(y * self.width + x)
    }

    fn thin(&mut self, at: Place, sides: u8, role: Role) {
        if let Some(cell) = self.cell(at) {
            cell.thin |= sides;
            cell.role = role;
        }
    }

    pub fn double(&mut self, at: Place, sides: u8, role: Role) {
        if let Some(cell) = self.cell(at) {
            cell.double |= sides;
            cell.role = role;
        }
    }

    /// Writes a sign over whatever lines there are.
    pub fn sign(&mut self, at: Place, sign: char, role: Role) {
        if let Some(cell) = self.cell(at) {
            cell.sign = Some(sign);
            cell.role = role;
        }
    }

    /// Writes a sign where there is nothing else in the end.
    pub fn ground(&mut self, at: Place, sign: char) {
        if let Some(cell) = self.cell(at) {
            cell.ground = Some(sign);
        }
    }

    /// Writes a text whose characters are a column wide each.
    pub fn text(&mut self, (x, y): Place, text: &str, role: Role) {
        for (sign, x) in text.chars().zip(x..) {
            self.sign((x, y), sign, role);
        }
    }

    /// The columns from one to another, as far as they are in the grid.
    fn columns(&self, from: isize, to: isize) -> std::ops::Range<isize> {
        let right = self.left.saturating_add(isize::try_from(self.width).unwrap_or(isize::MAX));
        from.min(to).max(self.left)..from.max(to).min(right.saturating_sub(1)) + 1
    }

    fn rows(&self, from: isize, to: isize) -> std::ops::Range<isize> {
        let bottom = isize::try_from(self.height).unwrap_or(isize::MAX);
        from.min(to).max(0)..from.max(to).min(bottom.saturating_sub(1)) + 1
    }

    /// A thin line along a row.
    pub fn across(&mut self, y: isize, (from, to): (isize, isize), role: Role) {
        let (first, last) = (from.min(to), from.max(to));
        for x in self.columns(first, last) {
            let sides = (u8::from(x > first) * WEST) | (u8::from(x < last) * EAST);
            self.thin((x, y), sides, role);
        }
    }

    /// A thin line along a column.
    pub fn down(&mut self, x: isize, (from, to): (isize, isize), role: Role) {
        let (first, last) = (from.min(to), from.max(to));
        for y in self.rows(first, last) {
            let sides = (u8::from(y > first) * NORTH) | (u8::from(y < last) * SOUTH);
            self.thin((x, y), sides, role);
        }
    }

    /// A double line along a row.
    pub fn double_across(&mut self, y: isize, (from, to): (isize, isize), role: Role) {
        for x in self.columns(from, to) {
            let sides = (u8::from(x > from) * WEST) | (u8::from(x < to) * EAST);
            self.double((x, y), sides, role);
        }
    }

    /// A double line along a column.
    pub fn double_down(&mut self, x: isize, (from, to): (isize, isize), role: Role) {
        let (first, last) = (from.min(to), from.max(to));
        for y in self.rows(first, last) {
            let sides = (u8::from(y > first) * NORTH) | (u8::from(y < last) * SOUTH);
            self.double((x, y), sides, role);
        }
    }

    /// Draws the grid at the top left corner of a window. Rows from `future` on are pale, but for
    /// what is wrong.
    pub fn draw(&self, pen: &mut Pen<'_>, (x, y): (usize, usize), future: usize) {
        let look = pen.look;
        for (row, cells) in self.cells.chunks(self.width.max(1)).enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let pale = row >= future && cell.role != Role::Failed;
                let role = if pale { Role::Dim } else { cell.role };
                let mut utf8 = [0; 4];
                let ground = cell.ground.filter(|_| cell.thin == 0 && cell.double == 0);
                match (cell.sign.or(ground), line(look, cell)) {
                    (Some(sign), _) => {
                        let role = if cell.sign.is_none() { Role::Dim } else { role };
                        pen.put(x + column, y + row, sign.encode_utf8(&mut utf8), role);
                    }
                    (None, " ") => {}
                    (None, line) => {
                        pen.put(x + column, y + row, line, role);
                    }
                }
            }
        }
    }
}

fn line(look: Look, cell: &Cell) -> &'static str {
    let (lies, stands) = (EAST | WEST, NORTH | SOUTH);
    let (thin, double) = (usize::from(cell.thin & 15), usize::from(cell.double & 15));
    match (cell.thin, cell.double) {
        (_, 0) => look.glyphs().lines[thin],
        (_, sides) if look.ascii => {
            if sides & stands == 0 && cell.thin & stands == 0 {
                "="
            } else {
                "#"
            }
        }
        (crossing, sides) if sides & stands == 0 && crossing & stands != 0 => "╪",
        (crossing, sides) if sides & lies == 0 && crossing & lies != 0 => "╫",
        _ => DOUBLE[double],
    }
}
