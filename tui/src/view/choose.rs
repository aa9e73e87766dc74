//! The list of scenarios, for someone who has not yet chosen one.
//!
//! It goes its own way through event, update and draw: there is no run to look at yet.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Rect;

use super::app::{Options, UiEvent};
use super::look::{Look, Role};
use super::pen::Pen;
use super::{draw, text};

/// A scenario that can be chosen.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name, `theme/name`.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it teaches.
    pub teaches: Vec<String>,
    /// What to look for in it.
    pub about: String,
}

/// What came of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Nothing is chosen yet.
    Open,
    /// The entry at this place.
    Made(usize),
    /// There will be none.
    Abandoned,
}

/// The list, with a selection in it.
#[derive(Clone, Debug)]
pub struct Chooser {
    entries: Vec<Entry>,
    selected: usize,
    look: Look,
    size: (u16, u16),
}

impl Chooser {
    /// A list of `entries` in a terminal of `size` (columns, rows).
    pub fn new(entries: Vec<Entry>, options: &Options, size: (u16, u16)) -> Self {
        let look = Look::new(options);
        Self { entries, selected: 0, look, size }
    }

    /// Takes in what happened.
    pub fn update(&mut self, event: &UiEvent) -> Choice {
        match event {
            UiEvent::Key(key) if key.kind != KeyEventKind::Release => return self.on_key(*key),
            UiEvent::Resize(width, height) => self.size = (*width, *height),
            UiEvent::Key(_)
            | UiEvent::Mouse(_)
            | UiEvent::Tick(_)
            | UiEvent::More(_)
            | UiEvent::CatchUp(_)
            | UiEvent::Ended(_)
            | UiEvent::Saved(_) => {}
        }
        Choice::Open
    }

    fn on_key(&mut self, key: KeyEvent) -> Choice {
        let page = isize::from(i16::try_from(self.size.1 / 2).unwrap_or(i16::MAX)).max(1);
        let by = match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Choice::Abandoned;
            }
            KeyCode::Char('q') | KeyCode::Esc => return Choice::Abandoned,
            KeyCode::Enter if !self.entries.is_empty() => return Choice::Made(self.selected),
            KeyCode::Up | KeyCode::Char('k') => -1,
            KeyCode::Down | KeyCode::Char('j') => 1,
            KeyCode::PageUp => -page,
            KeyCode::PageDown => page,
            KeyCode::Home => isize::MIN,
            KeyCode::End => isize::MAX,
            // The terminal's enum: what else there is on a keyboard means nothing here.
            _ => 0,
        };
        let last = self.entries.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
        Choice::Open
    }

    /// Draws the list, and under it what is said of the selected entry.
    pub fn draw(&self, buffer: &mut Buffer) {
        let area = buffer.area;
        let mut pen = Pen::new(buffer, area, self.look);
        if draw::is_too_small(area) {
            draw::too_small(&mut pen, "q");
            return;
        }
        let row = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
        let mut bar = pen.within(row(0, 1));
        bar.clear(Role::Bar);
        bar.put(1, 0, "weir  Which run would you like to walk through?", Role::Bar);
        // The words get what they need, and the list half of the window at least.
        let words = self.words(usize::from(area.width) - 4);
        let inner = area.height - 2;
        let wanted = u16::try_from(words.len() + 2).unwrap_or(u16::MAX);
        let below = wanted.min(inner / 2);
        self.list(&mut pen.within(row(1, inner - below)));
        let mut frame = pen.within(row(1 + inner - below, below));
        frame.frame(" what it is about ", Role::Dim);
        for (y, (line, role)) in words.iter().take(usize::from(below) - 2).enumerate() {
            frame.put(2, y + 1, line, *role);
        }
        let mut last = pen.within(row(area.height - 1, 1));
        let mut x = 1;
        for (key, word) in [("up down", "select"), ("Enter", "run it"), ("q", "quit")] {
            x = last.put(x, 0, key, Role::Strong) + 1;
            x = last.put(x, 0, word, Role::Dim) + 2;
        }
    }

    fn list(&self, pen: &mut Pen<'_>) {
        let (look, width, rows) = (self.look, pen.width(), pen.height());
        let name = self.entries.iter().map(|entry| text::width(&entry.name)).max().unwrap_or(0);
        let hidden = self.entries.len().saturating_sub(rows);
        let top = self.selected.saturating_sub(rows / 2).min(hidden);
        for (y, (index, entry)) in self.entries.iter().enumerate().skip(top).take(rows).enumerate()
        {
            let chosen = index == self.selected;
            let mark = if chosen { look.glyphs().cursor } else { " " };
            let name = look.pad(&look.show(&entry.name), name);
            let line = look.pad(&format!("{name}  {}", look.show(&entry.title)), width - 3);
            pen.put(1, y, mark, Role::Strong);
            pen.put(3, y, &line, if chosen { Role::Selected } else { Role::Plain });
        }
    }

    fn words(&self, width: usize) -> Vec<(String, Role)> {
        let Some(entry) = self.entries.get(self.selected) else { return Vec::new() };
        let teaches = format!("Teaches: {}", entry.teaches.join(", "));
        [(&teaches, Role::Data), (&entry.about, Role::Plain)]
            .into_iter()
            .flat_map(|(said, role)| {
                let lines = said.lines().flat_map(|line| text::wrap(&self.look.show(line), width));
                lines.map(|line| (line, role)).collect::<Vec<_>>()
            })
            .collect()
    }
}
