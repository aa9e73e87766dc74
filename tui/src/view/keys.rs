//! The table of keys, from which help and footer are made.

use ratatui::crossterm::event::KeyCode;

use super::screens::{SCREENS, Screen};
use super::theme::Theme;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    StepForward,
    StepBack,
    ChangeForward,
    ChangeBack,
    MarkForward,
    MarkBack,
    Prefix(Prefix),
    Start,
    End,
    GoTo,
    Palette,
    Play,
    Faster,
    Slower,
    Show(Screen),
    NextScreen,
    PreviousScreen,
    Split,
    Up,
    Down,
    PageUp,
    PageDown,
    ScrollLeft,
    ScrollRight,
    Detail,
    OtherJob,
    NextEventTime,
    PreviousEventTime,
    NextState,
    PreviousState,
    KeepState,
    Compare,
    HideSame,
    Fold,
    FoldAll,
    NextCheckpoint,
    PreviousCheckpoint,
    NextLanes,
    NextShown,
    ZoomOut,
    ZoomIn,
    Filter,
    Jump,
    Export,
    NextTheme,
    UseTheme(Theme),
    Inspect,
    About,
    Help,
    Close,
    Quit,
}

/// The first of two keys. What the second can be is said by [`super::travel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    Forward,
    Back,
    SetBookmark,
    GoToBookmark,
}

/// A row of the table: what [`super::keymap::Keymap`] begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Binding {
    pub action: Action,
    /// The keys. Capital letters are keys of their own. What has none is done by name.
    pub keys: &'static [KeyCode],
    /// How help names the keys.
    pub label: &'static str,
    /// The word in the footer, if it stands there.
    pub short: Option<&'static str>,
    /// What help says.
    pub help: &'static str,
    /// The screens on which it works; on all if there are none.
    pub on: &'static [Screen],
}

impl Binding {
    /// Whether it works on a screen.
    pub fn works_on(&self, screen: Screen) -> bool {
        self.on.is_empty() || self.on.contains(&screen)
    }
}

const fn all(
    action: Action,
    keys: &'static [KeyCode],
    label: &'static str,
    short: Option<&'static str>,
    help: &'static str,
) -> Binding {
    Binding { action, keys, label, short, help, on: &[] }
}

const fn on(screens: &'static [Screen], binding: Binding) -> Binding {
    Binding { on: screens, ..binding }
}

/// The screens that show one of several jobs.
const OF_A_JOB: &[Screen] = &[Screen::Graph, Screen::Checkpoints, Screen::State];
/// Those that show one of its checkpoints.
const OF_CHECKPOINTS: &[Screen] = &[Screen::Graph, Screen::Checkpoints];

use KeyCode::Char;

/// The keys but those of the screens.
static BINDINGS: &[Binding] = &[
    all(
        Action::StepForward,
        &[KeyCode::Right, Char('l')],
        "right l",
        Some("step"),
        "on by one control event",
    ),
    all(Action::StepBack, &[KeyCode::Left, Char('h')], "left h", None, "back by one control event"),
    all(
        Action::ChangeForward,
        &[Char(']')],
        "]",
        Some("next"),
        "on to the next change of what is shown",
    ),
    all(Action::ChangeBack, &[Char('[')], "[", None, "back to the change before"),
    all(
        Action::MarkForward,
        &[Char('n')],
        "n",
        Some("mark"),
        "on to the next fault, note or failure",
    ),
    all(Action::MarkBack, &[Char('N'), Char('p')], "N p", None, "back to the one before"),
    all(
        Action::Prefix(Prefix::Forward),
        &[Char('f')],
        "f",
        Some("find"),
        "and a letter: on to the next of what is listed below",
    ),
    all(
        Action::Prefix(Prefix::Back),
        &[Char('F')],
        "F",
        None,
        "and a letter: back to the one before",
    ),
    all(
        Action::Prefix(Prefix::SetBookmark),
        &[Char('m')],
        "m",
        None,
        "and a letter: set a bookmark of that name",
    ),
    all(
        Action::Prefix(Prefix::GoToBookmark),
        &[Char('\'')],
        "'",
        None,
        "and a letter: go to that bookmark",
    ),
    all(Action::Start, &[KeyCode::Home], "Home", None, "to the start"),
    all(Action::End, &[KeyCode::End], "End", None, "to the end"),
    all(
        Action::Palette,
        &[Char(':')],
        ":",
        Some("commands"),
        "all that can be done, by name; a step or a time goes there",
    ),
    all(Action::GoTo, &[Char('g')], "g", None, "go to a step or a time"),
    all(Action::Play, &[Char(' ')], "space", Some("play"), "play, pause"),
    // Before the row of which `=` is a key on the other screens.
    on(
        &[Screen::State],
        all(
            Action::Compare,
            &[Char('=')],
            "=",
            Some("compare"),
            "compare with a step, a time or a checkpoint (chk 3)",
        ),
    ),
    on(
        &[Screen::State],
        all(Action::HideSame, &[Char('u')], "u", Some("alike"), "hide what is alike, or show it"),
    ),
    on(
        &[Screen::State],
        all(Action::Fold, &[Char('z')], "z", Some("fold"), "fold an operator, or unfold it"),
    ),
    on(
        &[Screen::State],
        all(Action::FoldAll, &[Char('Z')], "Z", None, "fold all operators, or unfold them"),
    ),
    all(Action::Faster, &[Char('+'), Char('=')], "+", None, "play faster"),
    all(Action::Slower, &[Char('-')], "-", None, "play slower"),
    all(Action::NextScreen, &[KeyCode::Tab], "Tab", Some("view"), "to the next screen"),
    all(Action::PreviousScreen, &[KeyCode::BackTab], "Shift-Tab", None, "to the screen before"),
    all(
        Action::Inspect,
        &[Char('v')],
        "v",
        Some("more"),
        "all that the event says, with its values",
    ),
    all(Action::Up, &[KeyCode::Up, Char('k')], "up k", None, "scroll, or select, up"),
    all(Action::Down, &[KeyCode::Down, Char('j')], "down j", None, "scroll, or select, down"),
    all(Action::PageUp, &[KeyCode::PageUp], "PageUp", None, "a page up"),
    all(Action::PageDown, &[KeyCode::PageDown], "PageDown", None, "a page down"),
    on(&[Screen::Graph], all(Action::ScrollLeft, &[Char('H')], "H", None, "scroll to the left")),
    on(&[Screen::Graph], all(Action::ScrollRight, &[Char('L')], "L", None, "scroll to the right")),
    on(
        &[Screen::Graph],
        all(
            Action::Detail,
            &[Char('z')],
            "z",
            Some("zoom"),
            "channels, subtasks, vertices, or as it fits",
        ),
    ),
    on(OF_A_JOB, all(Action::OtherJob, &[Char('o')], "o", None, "the other job")),
    on(
        &[Screen::Graph],
        all(
            Action::NextEventTime,
            &[Char('e')],
            "e",
            Some("event time"),
            "event time and windows of the next vertex",
        ),
    ),
    on(
        &[Screen::Graph],
        all(Action::PreviousEventTime, &[Char('E')], "E", None, "of the vertex before"),
    ),
    on(
        &[Screen::Graph],
        all(
            Action::NextState,
            &[Char('s')],
            "s",
            Some("state"),
            "keyed state and timers of the next vertex",
        ),
    ),
    on(
        &[Screen::Graph],
        all(Action::PreviousState, &[Char('S')], "S", None, "of the vertex before"),
    ),
    on(
        &[Screen::Graph, Screen::State],
        all(Action::KeepState, &[Char('/')], "/", None, "keep the rows of state with a text"),
    ),
    on(
        OF_CHECKPOINTS,
        all(
            Action::NextCheckpoint,
            &[Char('c')],
            "c",
            Some("checkpoints"),
            "checkpoints: the newest, then the one before",
        ),
    ),
    on(
        OF_CHECKPOINTS,
        all(Action::PreviousCheckpoint, &[Char('C')], "C", None, "the next newer checkpoint"),
    ),
    on(
        &[Screen::Events],
        all(
            Action::Filter,
            &[Char('/')],
            "/",
            Some("filter"),
            "keep the events with a text, or that fit a filter",
        ),
    ),
    on(
        &[Screen::Events],
        all(Action::Jump, &[KeyCode::Enter], "Enter", Some("jump"), "go to the selected event"),
    ),
    on(&[Screen::Time], all(Action::ScrollLeft, &[Char('H')], "H", None, "lanes to the left")),
    on(&[Screen::Time], all(Action::ScrollRight, &[Char('L')], "L", None, "lanes to the right")),
    on(
        &[Screen::Time],
        all(
            Action::NextCheckpoint,
            &[Char('c')],
            "c",
            Some("cut"),
            "the cut of the checkpoint before",
        ),
    ),
    on(
        &[Screen::Time],
        all(Action::PreviousCheckpoint, &[Char('C')], "C", None, "the cut of the next newer"),
    ),
    on(
        &[Screen::Time],
        all(Action::NextLanes, &[Char('d')], "d", Some("lanes"), "a lane for each subtask, node"),
    ),
    on(
        &[Screen::Time],
        all(
            Action::NextShown,
            &[Char('b')],
            "b",
            Some("messages"),
            "barriers; with calls, with buffers, with both",
        ),
    ),
    on(
        &[Screen::Time],
        all(Action::ZoomOut, &[Char('z')], "z", Some("zoom"), "more time in a row"),
    ),
    on(&[Screen::Time], all(Action::ZoomIn, &[Char('Z')], "Z", None, "less time in a row")),
    on(&[Screen::Time], all(Action::OtherJob, &[Char('o')], "o", None, "the other job")),
    on(
        &[Screen::Time],
        all(Action::Jump, &[KeyCode::Enter], "Enter", None, "go to the selected moment"),
    ),
    all(Action::Export, &[Char('x')], "x", None, "write what is on the screen into files"),
    all(Action::NextTheme, &[Char('T')], "T", None, "the next theme: other colours, or none"),
    // In the graph `s` is state, which stands before this.
    all(
        Action::Split,
        &[Char('|'), Char('s')],
        "| s",
        None,
        "two screens side by side (120 columns), or one; in the graph only |",
    ),
    all(Action::About, &[Char('i')], "i", Some("about"), "what the scenario is about"),
    all(Action::Help, &[Char('?')], "?", Some("help"), "this help"),
    all(
        Action::Close,
        &[KeyCode::Esc],
        "Esc",
        None,
        "close a pop-up; drop the filter; leave vertex, checkpoints or cut",
    ),
    all(Action::Quit, &[Char('q')], "q", Some("quit"), "quit"),
];

/// All rows. One of the specific screens stands before one of all screens with the same key.
pub(super) fn bindings() -> impl Iterator<Item = Binding> {
    let screens = SCREENS.iter().map(|tab| {
        let action = Action::Show(tab.screen);
        Binding { action, keys: tab.keys, label: tab.label, short: None, help: tab.help, on: &[] }
    });
    let themes = Theme::ALL.into_iter().map(|theme| {
        let help = match theme {
            Theme::Default => "the sixteen colours of the terminal",
            Theme::Light => "colours for a light background",
            Theme::Dark => "colours for a dark background",
            Theme::ColorBlind => "colours for eyes that do not tell red from green",
            Theme::None => "no colours",
        };
        all(Action::UseTheme(theme), &[], "", None, help)
    });
    BINDINGS.iter().copied().chain(screens).chain(themes)
}
