//! Rows of keyed state and timers: what they hold, and how they are shown. The screen State and the
//! panel about a vertex below the graph are made of them.
//!
//! A state may have a hundred thousand keys, so that only rows in sight are made ready to be shown.

use std::borrow::Cow;

use weir::base::TimeDomain;
use weir::graph::JobVertex;
use weir::record::KeyGroupRange;
use weir::replay::{
    Entry, EntryKey, Gone, Job, OpenBackend, OpenWindow, OperatorState, Place, ReadUpTo, Timer,
    WindowKey, World, subtask_name,
};
use weir::trace::{Span, moment_within};

use super::super::look::{Look, Role};
use super::super::pen::Pen;
use super::super::text;
use super::{time, time_panel};

pub(in super::super) const ONLY_AT_RECORDS: &str = "What is in it is kept at level records only: weir run SCENARIO --trace FILE --trace-level \
     records, then weir tui FILE.";
/// Columns of key groups: their head is as wide as the last of them.
const GROUP: usize = 5;
/// Where keys begin: behind the frame, the mark and the key group.
const KEY_AT: usize = 3 + GROUP + 1;
/// Columns that a state's name takes at least, if it has to leave them to its window.
const NAME_MIN: usize = 5;
/// Columns from which on a window is shown with its day.
const DAY_MIN: usize = 100;

/// The state of an operator in a subtask.
#[derive(Clone, Copy)]
pub(in super::super) struct Section<'a> {
    /// The subtask, from 0.
    pub index: u32,
    pub operator: &'a str,
    pub state: &'a OperatorState,
}

impl<'a> Section<'a> {
    /// Those of a vertex, subtask by subtask.
    pub fn of(job: &'a Job, vertex: &'a JobVertex) -> impl Iterator<Item = Self> {
        (0..vertex.parallelism).flat_map(move |index| {
            // The iterator may not borrow the name, which is made here.
            let of: Vec<_> = job.states.of(&subtask_name(&vertex.uid, index)).collect();
            of.into_iter().map(move |(operator, state)| Section { index, operator, state })
        })
    }

    /// What its states hold, then its timers, then what has gone by what one has just seen happen.
    pub fn rows(self, world: &'a World) -> impl Iterator<Item = Row<'a>> {
        let entries = self.state.entries().map(|(key, entry)| Row::Entry(key, entry));
        let timers = self.state.timers().map(|(timer, set)| Row::Timer(timer, set));
        let gone = self.state.gone().filter(move |(at, _)| world.is_fresh(*at));
        entries.chain(timers).chain(gone.map(|(at, gone)| Row::Gone(at, gone)))
    }

    /// How many rows it has.
    pub fn count(self, world: &World) -> usize {
        let gone = self.state.gone().filter(|(at, _)| world.is_fresh(*at)).count();
        self.state.entry_count() + self.state.timer_count() + gone
    }

    /// Where it is kept, and how much of it is known.
    pub fn words(self, world: &World, job: &Job, vertex: &JobVertex) -> String {
        let state = self.state;
        let mut words = Vec::new();
        if let Some(OpenBackend { kind, key_groups: KeyGroupRange { start, end } }) = state.backend
        {
            words.push(kind.to_string());
            words.push(format!("key groups {start}-{end}"));
        }
        if world.knows_records() {
            words.push(counted(state.key_count(), "key"));
            words.push(counted(state.timer_count(), "timer"));
        }
        // What it took over is not told, only what was used since.
        let task = job.task(&vertex.uid, self.index);
        if let Some(checkpoint) = task.and_then(|task| task.restored) {
            words.push(format!("and what checkpoint {checkpoint} holds"));
        }
        words.join("  ")
    }
}

/// What stands in a row.
#[derive(Clone, Copy)]
pub(in super::super) enum Row<'a> {
    Entry(&'a EntryKey, &'a Entry),
    Timer(&'a Timer, Place),
    Gone(Place, &'a Gone),
    /// An open window that holds nothing.
    Emptied(&'a WindowKey, &'a OpenWindow),
    /// A split, as state of the source that reads it.
    Split(u16, &'a ReadUpTo),
}

impl Row<'_> {
    /// Where it was last changed, if that is known.
    pub fn changed(&self) -> Option<Place> {
        match self {
            Self::Entry(_, entry) => entry.written,
            Self::Timer(_, at) | Self::Gone(at, _) => Some(*at),
            Self::Emptied(..) | Self::Split(..) => None,
        }
    }

    /// Whether it has a text, which is in lower case, whatever its own case.
    pub fn has(&self, text: &str) -> bool {
        let has = |field: &str| field.to_lowercase().contains(text);
        match *self {
            Self::Entry(of, entry) => has(&of.key) || has(&of.state) || has(&entry.value),
            Self::Gone(_, Gone::Cleared(of) | Gone::Expired(of) | Gone::Merged(of)) => {
                has(&of.key) || has(&of.state)
            }
            Self::Timer(timer, _) | Self::Gone(_, Gone::Deleted(timer) | Gone::Fired(timer)) => {
                has(&timer.key) || has(kind(timer.domain))
            }
            Self::Emptied(of, _) => has(&of.key) || has(WINDOW),
            Self::Split(split, _) => has(&split_name(split)) || has(POSITION),
        }
    }
}

/// Of rows, each with where it was last changed, the one that the current event has changed, or the
/// first that an event has since the last control event.
pub(in super::super) fn changed_row(
    world: &World,
    rows: impl Iterator<Item = Option<Place>>,
) -> Option<usize> {
    let here = world.place();
    let mut fresh = None;
    for (row, changed) in rows.enumerate() {
        match changed {
            Some(at) if at == here => return Some(row),
            Some(at) if fresh.is_none() && world.is_fresh(at) => fresh = Some(row),
            Some(_) | None => {}
        }
    }
    fresh
}

/// What a row is compared with what was there at another place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Change<'a> {
    /// It was not there.
    Added,
    /// It is not here.
    Gone,
    /// This was its value.
    From(Cow<'a, str>),
    /// It was just so.
    Same,
    /// At one of the two places the subtask had been restored and not used this since, so that what it
    /// held there is not told.
    Unknown,
}

impl Change<'_> {
    fn mark(&self) -> Option<(&'static str, Role)> {
        match self {
            Self::Added => Some(("+", Role::Running)),
            Self::Gone => Some(("-", Role::Stopped)),
            Self::From(_) => Some(("~", Role::Note)),
            Self::Unknown => Some(("?", Role::Dim)),
            Self::Same => None,
        }
    }

    /// The colour of the row's value.
    fn role(&self) -> Role {
        self.mark().map_or(Role::Plain, |(_, role)| role)
    }
}

/// A row as it is shown.
pub(in super::super) struct Shown {
    group: String,
    key: String,
    state: (String, Role),
    value: (String, Role),
    mark: Option<(&'static str, Role)>,
}

/// How rows are looked at.
#[derive(Clone, Copy)]
pub(in super::super) struct Sight<'a> {
    pub world: &'a World,
    pub look: Look,
    /// Columns of a line.
    pub width: usize,
}

impl Sight<'_> {
    /// Columns that key, state and value share.
    fn columns(self) -> usize {
        self.width.saturating_sub(1 + KEY_AT)
    }

    fn show(self, value: &str) -> String {
        // What cannot be seen need not be made ready to be shown.
        self.look.show(text::first(value, self.columns() + 1))
    }

    /// A state with its window. Where there is little room, windows of one state differ in nothing but
    /// their times.
    fn state(self, state: &str, window: Option<Span>) -> String {
        let Some(window) = window else { return self.show(state) };
        let window = time::span(window, self.columns() >= DAY_MIN);
        let room = state_columns(self.columns()).saturating_sub(text::width(&window) + 1);
        format!("{} {window}", self.look.fit(&self.show(state), room.max(NAME_MIN)))
    }

    /// How a row is marked: compared with another place, or by what has just happened to it.
    fn mark(
        self,
        row: &Row<'_>,
        change: Option<&Change<'_>>,
    ) -> (Option<(&'static str, Role)>, bool) {
        if let Some(change) = change {
            return (change.mark(), false);
        }
        let Some(at) = row.changed() else { return (None, false) };
        let sign = if let Row::Gone(..) = row { "-" } else { "*" };
        if at == self.world.place() {
            (Some((self.look.glyphs().cursor, Role::Note)), true)
        } else if self.world.is_fresh(at) {
            (Some((sign, Role::Note)), true)
        } else {
            (None, false)
        }
    }

    /// A row as it is shown, none of its texts much longer than there are columns.
    pub fn shown(self, row: &Row<'_>, change: Option<&Change<'_>>) -> Shown {
        let (mark, fresh) = self.mark(row, change);
        let lit = |role: Role| match change {
            Some(change) if mark.is_some() => change.role(),
            Some(_) | None if fresh => Role::Note,
            Some(_) | None => role,
        };
        let of_entry = |of: &EntryKey, value: (String, Role)| Shown {
            group: of.key_group.to_string(),
            key: self.show(&of.key),
            state: (self.state(&of.state, of.window), Role::Plain),
            value,
            mark,
        };
        let of_timer = |of: &Timer, word: &str, role| Shown {
            group: of.key_group.to_string(),
            key: self.show(&of.key),
            state: (self.state(kind(of.domain), of.window), Role::Time),
            value: (format!("{}{word}", moment_within(of.timestamp, self.columns() / 3)), role),
            mark,
        };
        let went = |word: &str| (word.to_owned(), Role::Stopped);
        match row {
            Row::Entry(of, entry) => {
                let value = self.value(&entry.value, change);
                of_entry(of, (value, lit(Role::Plain)))
            }
            Row::Timer(timer, _) => of_timer(timer, "", lit(Role::Time)),
            Row::Gone(_, Gone::Cleared(of)) => of_entry(of, went("cleared")),
            Row::Gone(_, Gone::Expired(of)) => of_entry(of, went("expired")),
            Row::Gone(_, Gone::Merged(of)) => of_entry(of, went("merged")),
            Row::Gone(_, Gone::Deleted(timer)) => of_timer(timer, " taken back", Role::Stopped),
            Row::Gone(_, Gone::Fired(timer)) => of_timer(timer, " fired", Role::Stopped),
            Row::Emptied(of, window) => Shown {
                group: String::new(),
                key: self.show(&of.key),
                state: (self.state(WINDOW, of.window), Role::Plain),
                value: time_panel::state_of(window, self.columns()),
                mark,
            },
            Row::Split(split, read) => {
                let word = if read.restored { "restored from" } else { "as of" };
                let position = self.value(&read.position.to_string(), change);
                let value = format!("{position}  {word} checkpoint {}", read.checkpoint);
                Shown {
                    group: String::new(),
                    key: split_name(*split),
                    state: (POSITION.to_owned(), Role::Plain),
                    value: (value, lit(Role::Plain)),
                    mark,
                }
            }
        }
    }

    /// A value, behind what it was if that is known.
    fn value(self, value: &str, change: Option<&Change<'_>>) -> String {
        match change {
            Some(Change::From(before)) => {
                // What it is now is to be in sight even if what it was is long.
                let before = self.look.fit(&self.show(before), (self.columns() / 5).max(8));
                format!("{before} {} {}", self.look.glyphs().from_to, self.show(value))
            }
            Some(Change::Added | Change::Gone | Change::Same | Change::Unknown) | None => {
                self.show(value)
            }
        }
    }

    /// Says before the contents of a window what has become of it.
    pub fn say_of_window(self, shown: &mut Shown, window: &OpenWindow) {
        let (state, _) = time_panel::state_of(window, self.columns() / 4);
        shown.value.0 = format!("{state}: {}", shown.value.0);
    }
}

/// Where things stand in rows.
pub(in super::super) struct Columns {
    key: usize,
    state: usize,
    state_at: usize,
    value_at: usize,
    end: usize,
}

impl Columns {
    /// As wide as these rows need in a line of so many columns.
    pub fn new<'a>(shown: impl Iterator<Item = &'a Shown>, width: usize) -> Self {
        let end = width.saturating_sub(1);
        let room = end.saturating_sub(KEY_AT);
        let (mut key, mut state) = (3, 5);
        for row in shown {
            key = key.max(text::width(&row.key));
            state = state.max(text::width(&row.state.0));
        }
        let (key, state) = (key.min(room / 4), state.min(state_columns(room)));
        let state_at = KEY_AT + key + 2;
        Self { key, state, state_at, value_at: state_at + state + 2, end }
    }

    pub fn draw_heads(&self, y: usize, pen: &mut Pen<'_>) {
        let heads =
            [(3, "group"), (KEY_AT, "key"), (self.state_at, "state"), (self.value_at, "value")];
        for (x, head) in heads {
            pen.put(x, y, &pen.look.fit(head, self.end.saturating_sub(x)), Role::Dim);
        }
    }

    pub fn draw(&self, shown: &Shown, y: usize, selected: bool, pen: &mut Pen<'_>) {
        let look = pen.look;
        let role = |role: Role| if selected { Role::Selected } else { role };
        if selected {
            pen.put(2, y, &" ".repeat(self.end.saturating_sub(2)), Role::Selected);
        }
        let (mark, mark_role) = shown.mark.unwrap_or((" ", Role::Note));
        pen.put(1, y, mark, mark_role);
        pen.put(3, y, &look.pad_left(&shown.group, GROUP), role(Role::Dim));
        pen.put(KEY_AT, y, &look.fit(&shown.key, self.key), role(Role::Data));
        let state = look.fit(&shown.state.0, self.state);
        pen.put(self.state_at, y, &state, role(shown.state.1));
        let value = look.fit(&shown.value.0, self.end.saturating_sub(self.value_at));
        pen.put(self.value_at, y, &value, role(shown.value.1));
    }
}

const WINDOW: &str = "window";
const POSITION: &str = "position";

fn split_name(split: u16) -> String {
    format!("split {split}")
}

/// Of so many columns, those that a state with its window may take.
fn state_columns(columns: usize) -> usize {
    columns * 2 / 5
}

/// A subtask, from 0, as it is called.
pub(in super::super) fn number(index: u32) -> String {
    format!("#{}", u64::from(index) + 1)
}

fn kind(domain: TimeDomain) -> &'static str {
    match domain {
        TimeDomain::EventTime => "timer",
        TimeDomain::ProcessingTime => "clock timer",
    }
}

pub(in super::super) fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", text::count(u64::try_from(number).unwrap_or(u64::MAX)))
}
