//! Which colours there are.
//!
//! A theme says which colour a role has, in a table of its own. Whether something is bold, pale or
//! turned is the same in all of them: that is what is left where there are no colours, and symbols
//! and letters say the rest.

mod color_blind;
mod dark;
mod default;
mod light;

use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};

use super::look::Role;
use crate::suggest;

/// Which colours there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// The sixteen of the terminal, as whoever sits before it likes them.
    #[default]
    Default,
    /// For a light background.
    Light,
    /// For a dark background.
    Dark,
    /// For a dark background, and for eyes that do not tell red from green.
    ColorBlind,
    /// None.
    None,
}

/// There is no theme of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no theme `{name}`; {hint}")]
pub struct ThemeError {
    /// What was meant to be one.
    name: String,
    /// What may have been meant.
    pub hint: String,
}

impl Theme {
    /// All of them, in the order in which one goes through them.
    pub const ALL: [Self; 5] =
        [Self::Default, Self::Light, Self::Dark, Self::ColorBlind, Self::None];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Light => "light",
            Self::Dark => "dark",
            Self::ColorBlind => "colour-blind",
            Self::None => "none",
        }
    }

    /// The one after it.
    pub(super) fn next(self) -> Self {
        let place = Self::ALL.iter().position(|theme| *theme == self).unwrap_or(0);
        Self::ALL[(place + 1) % Self::ALL.len()]
    }

    fn color(self, role: Role) -> Color {
        match self {
            Self::Default => default::color(role),
            Self::Light => light::color(role),
            Self::Dark => dark::color(role),
            Self::ColorBlind => color_blind::color(role),
            Self::None => Color::Reset,
        }
    }

    pub(super) fn style(self, role: Role) -> Style {
        let style = Style::default().add_modifier(modifier(role));
        match self.color(role) {
            Color::Reset => style,
            color => style.fg(color),
        }
    }

    /// Ink and paper of a drawing, where the terminal would use its own.
    pub(super) fn ink_and_paper(self) -> (&'static str, &'static str) {
        match self {
            Self::Light => ("#24292f", "#ffffff"),
            Self::Default | Self::Dark | Self::ColorBlind | Self::None => ("#d8d8d8", "#16181d"),
        }
    }
}

impl FromStr for Theme {
    type Err = ThemeError;

    fn from_str(text: &str) -> Result<Self, ThemeError> {
        let found = Self::ALL.into_iter().find(|theme| theme.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            let hint = match suggest::nearest(text, names) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("there are {}", names.join(", ")),
            };
            ThemeError { name: text.to_owned(), hint }
        })
    }
}

fn modifier(role: Role) -> Modifier {
    match role {
        Role::Dim => Modifier::DIM,
        Role::Bar | Role::Selected => Modifier::REVERSED,
        Role::Chosen => Modifier::REVERSED.union(Modifier::BOLD),
        Role::Strong
        | Role::Failed
        | Role::Pressure
        | Role::End
        | Role::Checkpoint
        | Role::Note => Modifier::BOLD,
        Role::Plain
        | Role::Waiting
        | Role::Running
        | Role::Done
        | Role::Stopped
        | Role::Data
        | Role::Time => Modifier::empty(),
    }
}
