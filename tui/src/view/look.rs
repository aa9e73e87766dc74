//! Symbols and colours.
//!
//! Colour repeats what a symbol and a letter already say.

use ratatui::style::Style;
use weir::replay::Life;
use weir::trace::ExecutionState;

use super::app::Options;
use super::text;
use super::theme::Theme;

/// What a piece of text is, as far as its colour goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Plain,
    Dim,
    Strong,
    Bar,
    /// What is current in a bar.
    Chosen,
    Waiting,
    Running,
    Done,
    Stopped,
    Failed,
    Pressure,
    Data,
    End,
    Time,
    Checkpoint,
    Note,
    Selected,
}

/// The symbols that are not letters.
#[derive(Debug)]
pub(super) struct Glyphs {
    /// Lines by the sides that they reach: 1 north, 2 east, 4 south, 8 west.
    pub lines: [&'static str; 16],
    pub into: &'static str,
    pub from_to: &'static str,
    /// The key of that name.
    pub right: &'static str,
    pub times: &'static str,
    pub records: &'static str,
    pub end: &'static str,
    pub up_to: &'static str,
    pub barrier: &'static str,
    pub pressure: &'static str,
    pub more: &'static str,
    pub play: &'static str,
    pub pause: &'static str,
    pub knob: &'static str,
    pub rail: &'static str,
    pub past: &'static str,
    pub note: &'static str,
    pub fault: &'static str,
    pub failure: &'static str,
    pub free: &'static str,
    pub held: &'static str,
    pub granted: &'static str,
    pub cursor: &'static str,
}

static UNICODE: Glyphs = Glyphs {
    lines: [" ", "╵", "╶", "└", "╷", "│", "┌", "├", "╴", "┘", "─", "┴", "┐", "┤", "┬", "┼"],
    into: "▸",
    from_to: "→",
    right: "→",
    times: "×",
    records: "▪",
    end: "⊣",
    up_to: "≤",
    barrier: "▮",
    pressure: "▲",
    more: "…",
    play: "►",
    pause: "‖",
    knob: "●",
    rail: "─",
    past: "━",
    note: "◆",
    fault: "▼",
    failure: "✗",
    free: "□",
    held: "■",
    granted: "▣",
    cursor: "►",
};

static ASCII: Glyphs = Glyphs {
    lines: [" ", "|", "-", "+", "|", "|", "+", "+", "-", "+", "-", "+", "+", "+", "+", "+"],
    into: ">",
    from_to: ">",
    right: "right",
    times: "x",
    records: "*",
    end: "]",
    up_to: "<=",
    barrier: "B",
    pressure: "^",
    more: "~",
    play: ">",
    pause: "=",
    knob: "O",
    rail: "-",
    past: "=",
    note: "n",
    fault: "f",
    failure: "x",
    free: ".",
    held: "#",
    granted: "o",
    cursor: ">",
};

/// How things look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// Which colours there are.
    pub theme: Theme,
    /// Whether there is nothing but ASCII.
    pub ascii: bool,
}

impl Look {
    pub fn new(options: &Options) -> Self {
        let theme = if options.color { options.theme } else { Theme::None };
        Self { theme, ascii: options.ascii }
    }

    pub fn glyphs(self) -> &'static Glyphs {
        if self.ascii { &ASCII } else { &UNICODE }
    }

    /// Text from outside, safe to show.
    pub fn show(self, text: &str) -> String {
        text::safe(text, self.ascii)
    }

    pub fn fit(self, text: &str, columns: usize) -> String {
        text::fit(text, columns, self.glyphs().more)
    }

    pub fn pad(self, text: &str, columns: usize) -> String {
        text::pad(text, columns, self.glyphs().more)
    }

    pub fn pad_left(self, text: &str, columns: usize) -> String {
        text::pad_left(text, columns, self.glyphs().more)
    }

    pub fn style(self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// An execution state as symbol and letter.
    pub fn state(self, state: ExecutionState) -> (&'static str, Role) {
        let (unicode, ascii, role) = match state {
            ExecutionState::Created => ("·C", ".C", Role::Dim),
            ExecutionState::Scheduled => ("○S", "oS", Role::Waiting),
            ExecutionState::Deploying => ("◔D", "dD", Role::Waiting),
            ExecutionState::Initializing => ("◑I", "iI", Role::Waiting),
            ExecutionState::Running => ("●R", "*R", Role::Running),
            ExecutionState::Finished => ("✓F", "+F", Role::Done),
            ExecutionState::Canceling => ("◌G", "-G", Role::Stopped),
            ExecutionState::Canceled => ("⊘X", "-X", Role::Stopped),
            ExecutionState::Failed => ("✗E", "!E", Role::Failed),
        };
        (if self.ascii { ascii } else { unicode }, role)
    }

    /// A node's life in words.
    pub fn life(self, life: Life) -> (&'static str, Role) {
        match life {
            Life::Absent => ("absent", Role::Dim),
            Life::Up => ("up", Role::Running),
            Life::Paused => ("paused", Role::Waiting),
            Life::Dead => ("dead", Role::Failed),
        }
    }
}
