//! The configuration file of the terminal: theme, signs, mouse and keys.
//!
//! Invariants: whatever the text, parsing ends in a [`Config`] or in exactly one [`ConfigError`]
//! that points at a place; nothing that the file says is ignored.

mod error;
mod reader;

use std::fmt::Write;
use std::ops::Range;

pub use error::ConfigError;

use crate::suggest;
use crate::view::{Key, Keymap, Theme};
use error::Problem;
use reader::{Entry, boolean, entries, text, texts};

/// Larger files are no configuration.
pub const LARGEST: usize = 1 << 16;

/// What a file says. What it does not say is for others to decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Which colours there are.
    pub theme: Option<Theme>,
    /// Whether there is nothing but ASCII.
    pub ascii: Option<bool>,
    /// Whether the mouse is listened to; the terminal's own selection needs that it is not.
    pub mouse: Option<bool>,
    /// Which keys do what.
    pub keys: Keymap,
}

const NAMES: [&str; 4] = ["theme", "ascii", "mouse", "keys"];

/// Reads the text of a file that errors call `origin`.
pub fn parse(text: &str, origin: &str) -> Result<Config, ConfigError> {
    read(text).map_err(|problem| ConfigError::new(problem, origin, text))
}

fn read(source: &str) -> Result<Config, Problem> {
    if source.len() > LARGEST {
        return Err(Problem::of_file(format!("the file is longer than {LARGEST} bytes")));
    }
    let mut config = Config::default();
    for entry in reader::document(source)? {
        match entry.name.as_str() {
            "theme" => config.theme = Some(theme(&entry)?),
            "ascii" => config.ascii = Some(boolean(&entry)?),
            "mouse" => config.mouse = Some(boolean(&entry)?),
            "keys" => config.keys = keymap(&entry)?,
            name => {
                let problem = Problem::new(entry.name_at, format!("unknown key `{name}`"));
                let hint = match suggest::nearest(name, NAMES) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None if Keymap::default().actions().any(|(action, _)| action == name) => {
                        format!("keys stand below a line `[keys]`, as in {name} = [\"x\"]")
                    }
                    None => format!("known here: {}", NAMES.join(", ")),
                };
                return Err(problem.hint(hint));
            }
        }
    }
    Ok(config)
}

fn theme(entry: &Entry<'_>) -> Result<Theme, Problem> {
    let (name, at) = text(entry)?;
    name.parse().map_err(|error: crate::view::ThemeError| {
        Problem::new(at, format!("there is no theme `{name}`")).hint(error.hint)
    })
}

/// An action that is given keys.
struct Bound {
    name: String,
    keys: Vec<(Key, Range<usize>)>,
}

fn keymap(entry: &Entry<'_>) -> Result<Keymap, Problem> {
    let mut keymap = Keymap::default();
    let mut bound = Vec::new();
    for entry in entries(entry, "`keys`")? {
        let action = read_bound(&entry)?;
        let keys: Vec<Key> = action.keys.iter().map(|(key, _)| *key).collect();
        if !keymap.bind(&action.name, &keys) {
            return Err(unknown_action(&entry, &keymap));
        }
        bound.push(action);
    }
    match clash(&keymap, &bound) {
        Some(problem) => Err(problem),
        None => Ok(keymap),
    }
}

fn unknown_action(entry: &Entry<'_>, keymap: &Keymap) -> Problem {
    let problem =
        Problem::new(entry.name_at.clone(), format!("there is no action `{}`", entry.name));
    let names = keymap.actions().map(|(name, _)| name);
    problem.hint(match suggest::nearest(&entry.name, names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`:` lists all actions in the terminal".to_owned(),
    })
}

/// The keys of one action, none of them twice, and none that is somebody else's for good.
fn read_bound(entry: &Entry<'_>) -> Result<Bound, Problem> {
    let mut keys: Vec<(Key, Range<usize>)> = Vec::new();
    for (text, at) in texts(entry)? {
        let key: Key = text.parse().map_err(|_| {
            Problem::new(at.clone(), format!("`{text}` is not a key")).hint(Key::hint())
        })?;
        if key == Key::ESC && entry.name != "close" {
            let said = format!("`Esc` always closes; it cannot be `{}`", entry.name);
            return Err(Problem::new(at, said).hint("give it another key"));
        }
        if keys.iter().any(|(known, _)| *known == key) {
            return Err(Problem::new(at, format!("`{key}` stands twice")).hint("once is enough"));
        }
        keys.push((key, at));
    }
    Ok(Bound { name: entry.name.clone(), keys })
}

/// What is wrong if a key does two things on one screen. It points at the one of them that was
/// said last.
fn clash(keymap: &Keymap, bound: &[Bound]) -> Option<Problem> {
    let clash = keymap.clash()?;
    let [one, other] = clash.actions;
    let place = |bound: &Bound| {
        let mut keys = bound.keys.iter();
        keys.find(|(key, _)| *key == clash.key).map(|(_, at)| at.clone())
    };
    let said: Vec<&Bound> =
        bound.iter().filter(|it| clash.actions.contains(&it.name.as_str())).collect();
    let last = said.iter().rev().find_map(|it| Some((it.name.as_str(), place(it)?)));
    let (name, at) = last.expect("the table itself has no clash");
    let silent = if name == one { other } else { one };
    let message = format!("`{}` is `{silent}` already on the screen {}", clash.key, clash.screen);
    let hint = match said.len() {
        1 => format!("take it away there: {silent} = []"),
        _ => "give one of them another key".to_owned(),
    };
    Some(Problem::new(at, message).hint(hint))
}

/// The text of a file that says what `config` says, with every action.
pub fn written(config: &Config) -> String {
    let mut out = String::new();
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut line = |name: &str, value: &str| {
        writeln!(out, "{name} = {value}").expect("a string can be written to");
    };
    if let Some(theme) = config.theme {
        line("theme", &quoted(theme.name()));
    }
    for (name, said) in [("ascii", config.ascii), ("mouse", config.mouse)] {
        if let Some(said) = said {
            line(name, &said.to_string());
        }
    }
    out.push_str("\n[keys]\n");
    for (name, keys) in config.keys.actions() {
        let keys: Vec<String> = keys.iter().map(|key| quoted(&key.to_string())).collect();
        writeln!(out, "{name} = [{}]", keys.join(", ")).expect("a string can be written to");
    }
    out
}
