//! Everything that can be done, by name: a line to type into, and above it what fits.
//!
//! A step or a time is as good an answer as a name. What works on another screen only leads there.

use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use super::goal::Goal;
use super::keymap::{Keymap, Row};
use super::keys::Action;
use super::look::Role;
use super::pen::Pen;
use super::prompt::{Prompt, Question, Typed};
use super::screens::Screen;
use crate::suggest;

/// What is being asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Palette {
    line: Prompt,
    /// The place, in the list, of what Enter does. Nothing is chosen before something is typed.
    chosen: Option<usize>,
}

/// What a key made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// It goes on.
    More,
    /// Nothing is wanted.
    Closed,
    /// To a place in the run.
    GoTo(Goal),
    /// This, on the screen where it works if that is not the current one.
    Do { action: Action, elsewhere: Option<Screen> },
}

/// A row of the list.
struct Command<'a> {
    row: &'a Row,
    name: &'static str,
    /// The screen to which it leads, if it does not work on the current one.
    elsewhere: Option<Screen>,
}

/// Rows of the list in a small terminal.
const FEW: usize = 8;

impl Palette {
    pub fn new() -> Self {
        Self { line: Prompt::new(Question::Command), chosen: None }
    }

    /// What fits what is typed, the best first.
    fn fitting<'a>(&self, keys: &'a Keymap, here: Screen) -> Vec<Command<'a>> {
        if self.goal().is_some() {
            return Vec::new();
        }
        let typed = folded(&self.line.text);
        let mut found: Vec<(u8, Command<'a>)> = commands(keys, here)
            .filter_map(|command| Some((rank(&typed, &command)?, command)))
            .collect();
        // Stable, so that equals keep the order of the table.
        found.sort_by_key(|(rank, command)| (*rank, command.elsewhere.is_some()));
        found.into_iter().map(|(_, command)| command).collect()
    }

    fn goal(&self) -> Option<Goal> {
        self.line.text.parse().ok()
    }

    pub fn key(&mut self, key: KeyEvent, keys: &Keymap, here: Screen) -> Wish {
        let found = self.fitting(keys, here);
        let last = found.len().checked_sub(1);
        match key.code {
            KeyCode::Down => {
                self.chosen = last.map(|last| self.chosen.map_or(0, |at| (at + 1).min(last)));
            }
            KeyCode::Up => {
                self.chosen = last.map(|last| self.chosen.map_or(last, |at| at.saturating_sub(1)));
            }
            KeyCode::Tab => {
                if let Some(command) = found.get(self.chosen.unwrap_or(0)) {
                    command.name.clone_into(&mut self.line.text);
                    self.line.error = None;
                    // A name that is complete comes first.
                    self.chosen = Some(0);
                }
            }
            // The terminal's enum: what else there is on a keyboard goes into the line.
            _ => {
                let before = self.line.text.clone();
                match self.line.key(key) {
                    Typed::Abandoned => return Wish::Closed,
                    Typed::Answer => return self.answer(&found, keys),
                    Typed::More if self.line.text == before => {}
                    Typed::More => self.chosen = (!self.line.text.trim().is_empty()).then_some(0),
                }
            }
        }
        Wish::More
    }

    fn answer(&mut self, found: &[Command<'_>], keys: &Keymap) -> Wish {
        if let Some(goal) = self.goal() {
            return Wish::GoTo(goal);
        }
        if let Some(command) = self.chosen.and_then(|at| found.get(at)) {
            return Wish::Do { action: command.row.binding.action, elsewhere: command.elsewhere };
        }
        let typed = self.line.text.trim();
        if typed.is_empty() {
            return Wish::Closed;
        }
        let names = keys.actions().map(|(name, _)| name);
        self.line.error = Some(match suggest::nearest(typed, names) {
            Some(name) => format!("nothing is called that; did you mean {name}?"),
            None => "nothing is called that, and it is neither a step nor a time".to_owned(),
        });
        Wish::More
    }

    /// Draws what is typed.
    pub fn draw_line(&self, pen: &mut Pen<'_>) {
        self.line.draw(pen);
    }

    /// Draws what fits, just above the last row of the window.
    pub fn draw_list(&self, keys: &Keymap, here: Screen, pen: &mut Pen<'_>) {
        let (window, look) = (pen.window(), pen.look);
        let found = self.fitting(keys, here);
        let most = (pen.height() / 2).saturating_sub(2).max(FEW);
        let rows = found.len().clamp(1, most);
        let height = u16::try_from(rows + 2).unwrap_or(u16::MAX);
        let y = window.bottom().saturating_sub(height.saturating_add(1)).max(window.y);
        let mut pen = pen.within(Rect { y, height, ..window });
        pen.clear(Role::Plain);
        let all = commands(keys, here).count();
        pen.frame(&format!(" commands: {} of {all} ", found.len()), Role::Strong);
        if found.is_empty() {
            let said = match self.goal() {
                Some(_) => format!("Enter goes to {}", look.show(self.line.text.trim())),
                None => "Nothing that can be done is called that.".to_owned(),
            };
            let width = pen.width().saturating_sub(4);
            pen.put(2, 1, &look.fit(&said, width), Role::Dim);
        }
        let columns = Columns::new(keys, here, pen.width());
        let at = self.chosen.unwrap_or(0).min(found.len().saturating_sub(1));
        let top = at.saturating_sub(rows / 2).min(found.len().saturating_sub(rows));
        for (y, (index, command)) in found.iter().enumerate().skip(top).take(rows).enumerate() {
            let chosen = self.chosen.map(|_| at) == Some(index);
            let mark = if chosen { look.glyphs().cursor } else { " " };
            let role = match command.elsewhere {
                _ if chosen => Role::Selected,
                Some(_) => Role::Dim,
                None => Role::Plain,
            };
            pen.put(1, y + 1, mark, Role::Strong);
            pen.put(2, y + 1, &columns.line(command, &pen), role);
        }
    }
}

/// All that there is; the palette itself is open already.
fn commands(keys: &Keymap, here: Screen) -> impl Iterator<Item = Command<'_>> {
    let rows = keys.rows_for(here).filter(|row| row.binding.action != Action::Palette);
    rows.map(move |row| {
        let works = row.binding.works_on(here);
        let elsewhere = row.binding.on.first().copied().filter(|_| !works);
        Command { row, name: row.binding.action.name(), elsewhere }
    })
}

/// `Show outside` is `show-outside`.
fn folded(text: &str) -> String {
    text.trim().to_lowercase().replace([' ', '_'], "-")
}

/// How well a command fits; nothing if it does not. Less is better.
fn rank(typed: &str, command: &Command<'_>) -> Option<u8> {
    let name = command.name;
    let mut rest = name.chars();
    if name == typed {
        Some(0)
    } else if name.starts_with(typed) {
        Some(1)
    } else if name.split('-').any(|word| word.starts_with(typed)) {
        Some(2)
    } else if name.contains(typed) {
        Some(3)
    } else if typed.chars().all(|wanted| rest.any(|c| c == wanted)) {
        Some(4)
    } else {
        // Words of the help, which come without the dashes of a name.
        let said = command.row.binding.help.to_lowercase().replace(' ', "-");
        said.contains(typed).then_some(5)
    }
}

/// How wide the columns are.
struct Columns {
    name: usize,
    keys: usize,
    help: usize,
}

impl Columns {
    const KEYS: usize = 9;

    fn new(keys: &Keymap, here: Screen, width: usize) -> Self {
        let name = commands(keys, here).map(|command| command.name.len()).max().unwrap_or(0);
        let help = width.saturating_sub(name + Self::KEYS + 8);
        Self { name, keys: Self::KEYS, help }
    }

    fn line(&self, command: &Command<'_>, pen: &Pen<'_>) -> String {
        let (look, binding) = (pen.look, &command.row.binding);
        let help = match command.elsewhere {
            Some(screen) => format!("{}: {}", screen.title(), binding.help),
            None => binding.help.to_owned(),
        };
        format!(
            " {}  {}  {} ",
            look.pad(command.name, self.name),
            look.pad(&look.show(&command.row.label), self.keys),
            look.pad(&help, self.help)
        )
    }
}
