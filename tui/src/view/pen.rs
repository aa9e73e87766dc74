//! Drawing on a plane that may be larger than its window.
//!
//! Whoever draws gives coordinates on the plane; what lies outside the window is cut off here
//! and nowhere else.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::look::{Look, Role};
use super::text;

/// Draws through a window.
pub(super) struct Pen<'a> {
    buffer: &'a mut Buffer,
    window: Rect,
    /// The point of the plane in the window's top left corner.
    origin: (usize, usize),
    /// How things look.
    pub look: Look,
}

impl<'a> Pen<'a> {
    /// A window onto the plane's beginning.
    pub fn new(buffer: &'a mut Buffer, window: Rect, look: Look) -> Self {
        let window = window.intersection(buffer.area);
        Self { buffer, window, origin: (0, 0), look }
    }

    /// The same with the window moved.
    pub fn scrolled(self, x: usize, y: usize) -> Self {
        Self { origin: (x, y), ..self }
    }

    /// A window within this one, onto a plane of its own.
    pub fn within(&mut self, rect: Rect) -> Pen<'_> {
        let window = rect.intersection(self.window);
        Pen { buffer: self.buffer, window, origin: (0, 0), look: self.look }
    }

    /// The window.
    pub fn window(&self) -> Rect {
        self.window
    }

    pub fn width(&self) -> usize {
        usize::from(self.window.width)
    }

    pub fn height(&self) -> usize {
        usize::from(self.window.height)
    }

    /// Whether a row of the plane can be seen.
    pub fn shows_row(&self, y: usize) -> bool {
        y >= self.origin.1 && y - self.origin.1 < self.height()
    }

    /// Writes a safe text and returns the column after it.
    pub fn put(&mut self, x: usize, y: usize, text: &str, role: Role) -> usize {
        let after = x + text::width(text);
        if !self.shows_row(y) || after <= self.origin.0 {
            return after;
        }
        let hidden = self.origin.0.saturating_sub(x);
        let text = skip(text, hidden);
        let column = (x + hidden) - self.origin.0;
        if column >= self.width() {
            return after;
        }
        let row = y - self.origin.1;
        let (Ok(dx), Ok(dy)) = (u16::try_from(column), u16::try_from(row)) else { return after };
        // What stood there before must not shine through, as bold or turned cells would.
        let style = Style::reset().patch(self.look.style(role));
        let (left, top) = (self.window.x + dx, self.window.y + dy);
        self.buffer.set_stringn(left, top, text, self.width() - column, style);
        after
    }

    /// Fills the window with spaces.
    pub fn clear(&mut self, role: Role) {
        let blank = " ".repeat(self.width());
        for y in 0..self.height() {
            self.put(self.origin.0, self.origin.1 + y, &blank, role);
        }
    }

    /// Draws a frame just inside the window, with a title.
    pub fn frame(&mut self, title: &str, role: Role) {
        let (width, height) = (self.width(), self.height());
        self.boxed((0, 0), (width, height), title, role);
    }

    /// Draws a box at a corner, with a title on its upper side.
    pub fn boxed(
        &mut self,
        (x, y): (usize, usize),
        (width, height): (usize, usize),
        title: &str,
        role: Role,
    ) {
        if width < 2 || height < 2 {
            return;
        }
        let lines = &self.look.glyphs().lines;
        let across = lines[10].repeat(width - 2);
        self.put(x, y, &format!("{}{across}{}", lines[6], lines[12]), role);
        self.put(x, y + height - 1, &format!("{}{across}{}", lines[3], lines[9]), role);
        for row in y + 1..y + height - 1 {
            self.put(x, row, lines[5], role);
            self.put(x + width - 1, row, lines[5], role);
        }
        if !title.is_empty() {
            self.put(x + 1, y, &self.look.fit(title, width - 2), Role::Strong);
        }
    }
}

/// What is left of a text without its first columns.
fn skip(text: &str, columns: usize) -> &str {
    let mut rest = &text[text::cut(text, columns).len()..];
    if text::width(text::cut(text, columns)) < columns {
        // Half of a wide character is hidden: the other half is not shown either.
        let mut chars = rest.chars();
        chars.next();
        rest = chars.as_str();
    }
    rest
}
