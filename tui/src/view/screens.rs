//! The screens, and how they share the terminal.
//!
//! One more screen is a variant of [`Screen`], a row of [`SCREENS`], and what the compiler then asks
//! for.

use ratatui::crossterm::event::KeyCode::{self, Char};
use ratatui::layout::Rect;

use super::keymap::Keymap;
use super::keys::Action;
use super::look::{Look, Role};
use super::pen::Pen;
use super::text;

/// What one may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Screen {
    /// The running jobs.
    Graph,
    /// Lanes, and messages between them.
    Time,
    /// Their checkpoints.
    Checkpoints,
    /// What operators hold.
    State,
    /// What sources and sinks are connected with.
    Outside,
    /// Nodes, slots and messages.
    Cluster,
    /// The log of the trace.
    Events,
}

impl Screen {
    /// As it stands in the names of files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Graph => "graph",
            Self::Time => "time",
            Self::Checkpoints => "checkpoints",
            Self::State => "state",
            Self::Outside => "outside",
            Self::Cluster => "cluster",
            Self::Events => "events",
        }
    }

    /// As it stands in the bar.
    pub fn title(self) -> &'static str {
        SCREENS.iter().find(|tab| tab.screen == self).map_or("", |tab| tab.title)
    }
}

/// How a screen is called and reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tab {
    pub screen: Screen,
    pub title: &'static str,
    pub keys: &'static [KeyCode],
    /// The key as it stands in the bar and in help.
    pub label: &'static str,
    pub help: &'static str,
}

/// All screens, in the order in which one goes through them.
pub(super) static SCREENS: &[Tab] = &[
    Tab {
        screen: Screen::Graph,
        title: "Graph",
        keys: &[Char('1')],
        label: "1",
        help: "to the graph",
    },
    Tab {
        screen: Screen::Time,
        title: "Time",
        keys: &[Char('2'), Char('t')],
        label: "2",
        help: "to the diagram of space and time",
    },
    Tab {
        screen: Screen::Checkpoints,
        title: "Checkpoints",
        keys: &[Char('3')],
        label: "3",
        help: "to the checkpoints",
    },
    Tab {
        screen: Screen::State,
        title: "State",
        keys: &[Char('4')],
        label: "4",
        help: "to keyed state, timers and windows",
    },
    Tab {
        screen: Screen::Outside,
        title: "Outside",
        keys: &[Char('5')],
        label: "5",
        help: "to log, database, files and transactions",
    },
    Tab {
        screen: Screen::Cluster,
        title: "Cluster",
        keys: &[Char('6')],
        label: "6",
        help: "to nodes, slots, messages and faults",
    },
    Tab {
        screen: Screen::Events,
        title: "Events",
        keys: &[Char('7')],
        label: "7",
        help: "to the events",
    },
];

/// Columns from which on two screens stand side by side.
const SPLIT: u16 = 120;

/// Which screens are looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub current: Screen,
    /// The one that was current before.
    before: Screen,
    /// Whether one wants to see both.
    split: bool,
}

/// A screen and where it stands, in columns and rows of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pane {
    pub screen: Screen,
    pub area: Rect,
}

impl Shown {
    pub fn new() -> Self {
        Self { current: Screen::Graph, before: Screen::Events, split: false }
    }

    pub fn turn_to(&mut self, screen: Screen) {
        if screen != self.current {
            self.before = self.current;
            self.current = screen;
        }
    }

    /// The screen that is `by` tabs further on. Where two stand side by side, it is the other one.
    pub fn turn(&mut self, by: isize, width: u16) {
        if self.is_split(width) {
            return self.turn_to(self.before);
        }
        let place = SCREENS.iter().position(|tab| tab.screen == self.current).unwrap_or(0);
        let count = isize::try_from(SCREENS.len()).expect("there are few");
        let place = isize::try_from(place).expect("there are few") + by;
        let place = usize::try_from(place.rem_euclid(count)).expect("it is not negative");
        self.turn_to(SCREENS[place].screen);
    }

    /// Shows two screens side by side where there is room, or only one again.
    pub fn toggle_split(&mut self, width: u16) {
        self.split = !self.split && width >= SPLIT;
    }

    fn is_split(&self, width: u16) -> bool {
        self.split && width >= SPLIT
    }

    /// Where the screens stand in a body: the current one, and, to the right of it, the one before,
    /// with a column between them.
    pub fn panes(&self, body: Rect) -> Vec<Pane> {
        if !self.is_split(body.width) {
            return vec![Pane { screen: self.current, area: body }];
        }
        let left = (body.width - 1) / 2;
        let right = body.width - 1 - left;
        let x = body.x + left + 1;
        vec![
            Pane { screen: self.current, area: Rect { width: left, ..body } },
            Pane { screen: self.before, area: Rect { x, width: right, ..body } },
        ]
    }

    /// How many columns the tabs take, each with a space behind it; `long` ones have their titles.
    pub fn width(&self, keys: &Keymap, look: Look, long: bool) -> usize {
        self.labels(keys, look, long).iter().map(|(label, _)| text::width(label) + 1).sum()
    }

    /// The tabs. The current one stands in brackets, and always has its title, as one that no key
    /// leads to has.
    fn labels(&self, keys: &Keymap, look: Look, long: bool) -> Vec<(String, Role)> {
        let labels = SCREENS.iter().map(|tab| {
            let row = keys.row(Action::Show(tab.screen), self.current);
            let key = row.and_then(|row| row.label.split(' ').next()).unwrap_or_default();
            let key = look.show(key);
            let titled =
                if key.is_empty() { tab.title.to_owned() } else { key.clone() + " " + tab.title };
            match tab.screen == self.current {
                true => (format!("[{titled}]"), Role::Chosen),
                false if long || key.is_empty() => (titled, Role::Bar),
                false => (key, Role::Bar),
            }
        });
        labels.collect()
    }

    /// Draws the tabs from a column of a bar on.
    pub fn draw_tabs(&self, keys: &Keymap, x: usize, long: bool, pen: &mut Pen<'_>) {
        let mut x = x;
        for (label, role) in self.labels(keys, pen.look, long) {
            x = pen.put(x, 0, &label, role) + 1;
        }
    }
}
