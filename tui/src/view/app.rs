//! The model: what is looked at, and how.

use std::time::Duration;

use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use weir::replay::Timeline;
use weir::trace::Recorded;

use super::Goal;
use super::checkpoints::CheckpointsScreen;
use super::cluster::ClusterScreen;
use super::events::EventsScreen;
use super::graph::GraphScreen;
use super::keymap::Keymap;
use super::landmarks::Landmarks;
use super::look::Look;
use super::outside::OutsideScreen;
use super::overlay::Overlay;
use super::palette::Palette;
use super::prompt::Prompt;
use super::screens::Shown;
use super::space_time::TimeScreen;
use super::state::StateScreen;
use super::theme::Theme;
use super::travel::Travel;

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Source {
    /// The scenario's title.
    pub title: String,
    /// What it teaches.
    pub teaches: Vec<String>,
    /// What to look for in it.
    pub about: String,
    /// The run.
    pub timeline: Timeline,
    /// Whether more of it will come: [`UiEvent::More`], and in the end [`UiEvent::Ended`].
    pub grows: bool,
}

/// How it is looked at.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether there are colours.
    pub color: bool,
    /// Which colours, if there are.
    pub theme: Theme,
    /// Whether there is nothing but ASCII.
    pub ascii: bool,
    /// Whether the mouse is listened to.
    pub mouse: bool,
    /// Which keys do what.
    pub keys: Keymap,
    /// Where to begin; at the start if unset.
    pub at: Option<Goal>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            color: false,
            theme: Theme::Default,
            ascii: false,
            mouse: true,
            keys: Keymap::default(),
            at: None,
        }
    }
}

/// Everything that can reach the view.
#[derive(Clone, Debug)]
pub enum UiEvent {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse was used.
    Mouse(MouseEvent),
    /// The terminal has another size now: columns, rows.
    Resize(u16, u16),
    /// Time has passed outside.
    Tick(Duration),
    /// The run has gone on.
    More(Vec<Recorded>),
    /// Some of the events of a trace are to be taken in that are not yet.
    CatchUp(usize),
    /// The run has ended, for this reason, or could not go on.
    Ended(Result<String, String>),
    /// What is on the screen was written into files of these names, or could not be.
    Saved(Result<Vec<String>, String>),
}

/// Going on by itself.
#[derive(Clone, Debug)]
pub(super) struct Play {
    /// Whether it does.
    pub on: bool,
    /// The place in [`Play::RATES`].
    speed: usize,
    /// Time that has passed since the last change was shown.
    owed: Duration,
}

impl Play {
    /// Changes a second.
    const RATES: [u32; 10] = [1, 2, 4, 8, 15, 30, 60, 125, 250, 500];

    pub fn new() -> Self {
        Self { on: false, speed: 3, owed: Duration::ZERO }
    }

    pub fn rate(&self) -> u32 {
        Self::RATES[self.speed]
    }

    pub fn faster(&mut self) {
        self.speed = (self.speed + 1).min(Self::RATES.len() - 1);
    }

    pub fn slower(&mut self) {
        self.speed = self.speed.saturating_sub(1);
    }

    pub fn toggle(&mut self) {
        self.on = !self.on;
        self.owed = Duration::ZERO;
    }

    /// How many changes are due now that `passed` has passed. A long pause is not caught up.
    pub fn due(&mut self, passed: Duration) -> u32 {
        self.owed += passed.min(Duration::from_secs(1));
        let each = Duration::from_secs(1) / self.rate();
        let mut due = 0;
        while self.owed >= each {
            self.owed -= each;
            due += 1;
        }
        due
    }
}

/// A place of a run that is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// Where one wanted to go to.
    Goal(Goal),
    /// The end, as it moves on.
    End,
}

/// The whole view.
#[derive(Debug)]
pub struct App {
    pub(super) title: String,
    pub(super) teaches: Vec<String>,
    pub(super) about: String,
    pub(super) timeline: Timeline,
    /// Whether a run is still being computed.
    pub(super) grows: bool,
    /// Where one is to go to as soon as it is known.
    pub(super) awaited: Option<Awaited>,
    pub(super) look: Look,
    pub(super) keys: Keymap,
    pub(super) size: (u16, u16),
    pub(super) shown: Shown,
    pub(super) graph: GraphScreen,
    pub(super) checkpoints: CheckpointsScreen,
    pub(super) state: StateScreen,
    pub(super) outside: OutsideScreen,
    pub(super) cluster: ClusterScreen,
    pub(super) events: EventsScreen,
    pub(super) time: TimeScreen,
    pub(super) travel: Travel,
    pub(super) overlay: Option<Overlay>,
    pub(super) prompt: Option<Prompt>,
    pub(super) palette: Option<Palette>,
    pub(super) play: Play,
}

impl App {
    /// A view of `source` in a terminal of `size` (columns, rows).
    pub fn new(source: Source, options: &Options, size: (u16, u16)) -> Self {
        let Source { title, teaches, about, timeline, grows } = source;
        let travel = Travel::new(Landmarks::new(&timeline));
        let mut app = Self {
            title,
            teaches,
            about,
            timeline,
            grows,
            awaited: options.at.map(Awaited::Goal),
            look: Look::new(options),
            keys: options.keys.clone(),
            size,
            shown: Shown::new(),
            graph: GraphScreen::default(),
            checkpoints: CheckpointsScreen::default(),
            state: StateScreen::default(),
            outside: OutsideScreen::default(),
            cluster: ClusterScreen::default(),
            events: EventsScreen::default(),
            time: TimeScreen::default(),
            travel,
            overlay: None,
            prompt: None,
            palette: None,
            play: Play::new(),
        };
        app.await_place();
        app
    }

    /// Goes as near to the awaited place as the run is known.
    pub(super) fn await_place(&mut self) {
        let Some(awaited) = self.awaited else { return };
        let position = match awaited {
            Awaited::Goal(goal) => goal.position(&self.timeline),
            Awaited::End => self.timeline.len(),
        };
        self.timeline.seek_position(position);
        let is_there = awaited != Awaited::End && position < self.timeline.len();
        if is_there || !self.is_growing() {
            self.awaited = None;
        }
    }

    /// Whether there is more to come of the run than is known.
    pub fn is_growing(&self) -> bool {
        self.grows || self.timeline.is_behind()
    }

    /// Whether time that passes changes what is shown.
    pub fn is_playing(&self) -> bool {
        self.play.on
    }

    /// The run, with the place one is at.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }
}
