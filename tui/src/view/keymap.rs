//! The keys as they are bound: the table of [`super::keys`], and what someone wants otherwise.
//!
//! Two keys are nobody's to give away: Ctrl-C quits and Esc closes, always, so that whoever is
//! lost gets out.

use std::fmt;
use std::str::FromStr;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::keys::{Action, Binding, bindings};
use super::screens::{SCREENS, Screen};
use super::text;

/// A key that an action can be bound to: a character, or one of those with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(KeyCode);

/// The text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a key")]
pub struct KeyError(String);

/// The keys that have names, as help says them.
const NAMED: [(&str, KeyCode); 16] = [
    ("right", KeyCode::Right),
    ("left", KeyCode::Left),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("space", KeyCode::Char(' ')),
    ("Enter", KeyCode::Enter),
    ("Tab", KeyCode::Tab),
    ("Shift-Tab", KeyCode::BackTab),
    ("Esc", KeyCode::Esc),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Insert", KeyCode::Insert),
    ("Delete", KeyCode::Delete),
    ("Backspace", KeyCode::Backspace),
];

/// There are keyboards with 24 function keys; nobody has seen more.
const LAST_FUNCTION_KEY: u8 = 24;

impl Key {
    /// The key that always closes.
    pub const ESC: Self = Self(KeyCode::Esc);

    /// What may be written for a key, for one who has written something else.
    pub fn hint() -> String {
        let names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
        format!("a key is one character, F1 to F{LAST_FUNCTION_KEY}, or {}", names.join(", "))
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let wrong = || KeyError(text.to_owned());
        if let Some((_, code)) = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            return Ok(Self(*code));
        }
        if text == " " {
            return Ok(Self(KeyCode::Char(' ')));
        }
        let mut chars = text.chars();
        let first = chars.next().ok_or_else(wrong)?;
        if chars.as_str().is_empty() {
            // What cannot be seen cannot be told in help either.
            let visible = text::safe(text, false) == text && text::width(text) > 0;
            let visible = visible && !first.is_whitespace();
            return visible.then_some(Self(KeyCode::Char(first))).ok_or_else(wrong);
        }
        let number = text.strip_prefix(['F', 'f']).and_then(|number| number.parse().ok());
        match number {
            Some(number @ 1..=LAST_FUNCTION_KEY) => Ok(Self(KeyCode::F(number))),
            Some(_) | None => Err(wrong()),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.0) {
            return f.write_str(name);
        }
        match self.0 {
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(number) => write!(f, "F{number}"),
            // The terminal's enum: neither the table nor a file has others.
            other => write!(f, "{other:?}"),
        }
    }
}

/// A row of the table with the keys that it has now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub binding: Binding,
    keys: Vec<Key>,
    /// How help names the keys, with a space between them; empty if there are none. The keys may
    /// come from a file, so it is shown through [`super::look::Look::show`].
    pub label: String,
}

/// Which keys do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    rows: Vec<Row>,
}

/// A key that does two things on one screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The key.
    pub key: Key,
    /// The names of the actions.
    pub actions: [&'static str; 2],
    /// The title of the screen.
    pub screen: &'static str,
}

impl Default for Keymap {
    fn default() -> Self {
        let row = |binding: Binding| Row {
            binding,
            keys: binding.keys.iter().copied().map(Key).collect(),
            label: binding.label.to_owned(),
        };
        Self { rows: bindings().map(row).collect() }
    }
}

impl Keymap {
    /// The names of all actions with their keys, each action once.
    pub fn actions(&self) -> impl Iterator<Item = (&'static str, &[Key])> {
        self.each_action().map(|row| (row.binding.action.name(), row.keys.as_slice()))
    }

    /// Gives an action these keys instead of those that it has, on all screens where it works.
    /// Whether there is an action of that name.
    pub fn bind(&mut self, name: &str, keys: &[Key]) -> bool {
        let mut found = false;
        for row in self.rows.iter_mut().filter(|row| row.binding.action.name() == name) {
            found = true;
            row.keys = keys.to_vec();
            if row.binding.action == Action::Close && !row.keys.contains(&Key::ESC) {
                row.keys.push(Key::ESC);
            }
            let is_default = row.keys.iter().map(|key| &key.0).eq(row.binding.keys);
            row.label = match is_default {
                true => row.binding.label.to_owned(),
                false => row.keys.iter().map(Key::to_string).collect::<Vec<_>>().join(" "),
            };
        }
        found
    }

    /// The first key that does two things on one screen. Where the table itself lets a screen's
    /// own row go before one of all screens, that is no clash.
    pub fn clash(&self) -> Option<Clash> {
        for tab in SCREENS {
            let rows = self.rows.iter().filter(|row| row.binding.works_on(tab.screen));
            let rows: Vec<&Row> = rows.collect();
            for (index, first) in rows.iter().enumerate() {
                for key in &first.keys {
                    let meant = |row: &Row| row.binding.keys.contains(&key.0);
                    let mut later = rows[index + 1..].iter().filter(|row| row.keys.contains(key));
                    if let Some(second) = later.find(|row| !(meant(first) && meant(row))) {
                        let actions = [first, second].map(|row| row.binding.action.name());
                        return Some(Clash { key: *key, actions, screen: tab.title });
                    }
                }
            }
        }
        None
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }

    /// The first row of each action.
    fn each_action(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().enumerate().filter_map(|(index, row)| {
            let known = |earlier: &Row| earlier.binding.action == row.binding.action;
            (!self.rows[..index].iter().any(known)).then_some(row)
        })
    }

    /// The row of an action: the one that works on a screen, or else its first.
    pub(super) fn row(&self, action: Action, screen: Screen) -> Option<&Row> {
        let mut rows = self.rows.iter().filter(|row| row.binding.action == action);
        rows.clone().find(|row| row.binding.works_on(screen)).or_else(|| rows.next())
    }

    /// The row of each action, as [`Self::row`] has it.
    pub(super) fn rows_for(&self, screen: Screen) -> impl Iterator<Item = &Row> {
        self.each_action().filter_map(move |first| self.row(first.binding.action, screen))
    }

    /// What a key does on a screen.
    pub(super) fn action(&self, key: KeyEvent, screen: Screen) -> Option<Action> {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return (key.code == KeyCode::Char('c')).then_some(Action::Quit);
        }
        let pressed = Key(key.code);
        let mut rows = self.rows.iter().filter(|row| row.binding.works_on(screen));
        rows.find(|row| row.keys.contains(&pressed)).map(|row| row.binding.action)
    }
}
