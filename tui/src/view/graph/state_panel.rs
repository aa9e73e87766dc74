//! Keyed state and timers at one vertex, subtask by subtask: what each state holds for each key,
//! the timers that are set, and what has just gone.
//!
//! A state may have a hundred thousand keys, so that only rows in sight are made ready to be shown.

use weir::base::TimeDomain;
use weir::graph::JobVertex;
use weir::record::{KeyGroup, KeyGroupRange};
use weir::replay::{
    Entry, EntryKey, Gone, Job, OpenBackend, OperatorState, Place, Timer, World, subtask_name,
};
use weir::trace::{Span, moment_within};

use super::super::look::{Look, Role};
use super::super::pen::Pen;
use super::super::text;
use super::time;

/// What is looked at.
pub(super) struct StatePanel<'a> {
    pub world: &'a World,
    pub job: &'a Job,
    pub vertex: &'a JobVertex,
    /// A text in lower case that the rows have; all are kept if unset.
    pub kept: Option<&'a str>,
    /// How many rows are hidden at the top.
    pub top: usize,
}

const NO_STATE: &str = "No operator of this vertex has keyed state open.";
const ONLY_AT_RECORDS: &str = "What is in it is kept at level records only: weir run SCENARIO \
                               --trace FILE --trace-level records, then weir tui FILE.";
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
struct Section<'a> {
    /// The subtask, from 0.
    index: u32,
    operator: &'a str,
    state: &'a OperatorState,
}

/// What stands in a row.
#[derive(Clone, Copy)]
enum Row<'a> {
    Head(Section<'a>),
    Entry(&'a EntryKey, &'a Entry),
    Timer(&'a Timer, Place),
    Gone(Place, &'a Gone),
}

/// A row as it is shown.
struct Shown {
    group: KeyGroup,
    key: String,
    state: (String, Role),
    value: (String, Role),
    mark: Option<&'static str>,
}

impl<'a> StatePanel<'a> {
    /// Rows that it could fill, its frame included.
    pub fn rows(&self, width: usize) -> usize {
        let head = usize::from(self.has_columns());
        let said = self.said(width).len();
        self.count() + said + head + 2
    }

    pub fn draw(&self, pen: &mut Pen<'_>) {
        let (look, width) = (pen.look, pen.width());
        pen.frame(&look.show(&self.title()), Role::Dim);
        let first = 1 + usize::from(self.has_columns());
        let room = pen.height().saturating_sub(first + 1);
        let (said, count) = (self.said(width), self.count());
        let top = self.top.min((count + said.len()).saturating_sub(room));
        let hidden = (count + said.len()).saturating_sub(top + room);
        let rows = room - usize::from(hidden > 0).min(room);
        let shown = self.in_sight(top, rows);
        self.draw_rows(&shown, first, pen);
        let below = first + shown.len();
        let left = room.saturating_sub(shown.len());
        for (row, line) in said.iter().skip(top.saturating_sub(count)).take(left).enumerate() {
            pen.put(2, below + row, line, Role::Dim);
        }
        if hidden > 0 && room > 0 {
            let more = format!("{} {} more: down", look.glyphs().more, hidden + 1);
            let blank = " ".repeat(width.saturating_sub(3));
            pen.put(2, first + room - 1, &blank, Role::Plain);
            pen.put(2, first + room - 1, &look.fit(&more, width.saturating_sub(3)), Role::Dim);
        }
    }

    /// So many rows from one on. Whose they are stays in sight: a head stands in place of the first.
    fn in_sight(&self, top: usize, rows: usize) -> Vec<Row<'a>> {
        let mut head = None;
        let mut shown = Vec::new();
        for (number, row) in self.all_rows().enumerate().take(top + rows) {
            if let Row::Head(_) = row {
                head = Some(row);
            }
            if number >= top {
                shown.push(if number == top { head.unwrap_or(row) } else { row });
            }
        }
        shown
    }

    /// The row that the current event has changed, or the first that an event has since the last
    /// control event.
    pub fn changed_row(&self) -> Option<usize> {
        let here = self.world.place();
        let mut fresh = None;
        for (row, what) in self.all_rows().enumerate() {
            match what.changed() {
                Some(at) if at == here => return Some(row),
                Some(at) if fresh.is_none() && self.world.is_fresh(at) => fresh = Some(row),
                Some(_) | None => {}
            }
        }
        fresh
    }

    fn title(&self) -> String {
        let number = u32::from(self.vertex.id.0) + 1;
        let of = format!(" state of {number} {}", self.vertex.name);
        match self.kept {
            Some(kept) => format!("{of} (with \"{kept}\") "),
            None => format!("{of} "),
        }
    }

    fn sections(&self) -> impl Iterator<Item = Section<'a>> {
        let job = self.job;
        let uid = &self.vertex.uid;
        (0..self.vertex.parallelism).flat_map(move |index| {
            // The iterator may not borrow the name, which is made here.
            let of: Vec<_> = job.states.of(&subtask_name(uid, index)).collect();
            of.into_iter().map(move |(operator, state)| Section { index, operator, state })
        })
    }

    fn has_columns(&self) -> bool {
        self.world.knows_records() && self.sections().next().is_some()
    }

    /// What is to be said if rows do not say it.
    fn said(&self, width: usize) -> Vec<String> {
        let said = if self.sections().next().is_none() {
            NO_STATE
        } else if !self.world.knows_records() {
            ONLY_AT_RECORDS
        } else {
            return Vec::new();
        };
        text::wrap(said, width.saturating_sub(4).max(1))
    }

    fn count(&self) -> usize {
        match self.kept {
            Some(_) => self.all_rows().count(),
            None => {
                let rows = |section: Section<'_>| {
                    let state = section.state;
                    let gone = state.gone().filter(|(at, _)| self.world.is_fresh(*at)).count();
                    1 + state.entry_count() + state.timer_count() + gone
                };
                self.sections().map(rows).sum()
            }
        }
    }

    fn all_rows(&self) -> impl Iterator<Item = Row<'a>> {
        self.sections().flat_map(move |section| {
            let state = section.state;
            let entries = state.entries().map(|(key, entry)| Row::Entry(key, entry));
            let timers = state.timers().map(|(timer, set)| Row::Timer(timer, set));
            let gone = state.gone().filter(|(at, _)| self.world.is_fresh(*at));
            let gone = gone.map(|(at, gone)| Row::Gone(at, gone));
            let rows = entries.chain(timers).chain(gone);
            let rows = rows.filter(move |row| self.keeps(&section, row));
            std::iter::once(Row::Head(section)).chain(rows)
        })
    }

    fn keeps(&self, section: &Section<'_>, row: &Row<'_>) -> bool {
        let Some(kept) = self.kept else { return true };
        let has = |text: &str| text.to_lowercase().contains(kept);
        has(&number(section.index))
            || match *row {
                Row::Head(_) => true,
                Row::Entry(of, entry) => has(&of.key) || has(&of.state) || has(&entry.value),
                Row::Gone(_, Gone::Cleared(of) | Gone::Expired(of) | Gone::Merged(of)) => {
                    has(&of.key) || has(&of.state)
                }
                Row::Timer(timer, _) | Row::Gone(_, Gone::Deleted(timer) | Gone::Fired(timer)) => {
                    has(&timer.key) || has(kind(timer.domain))
                }
            }
    }

    fn draw_rows(&self, rows: &[Row<'a>], first: usize, pen: &mut Pen<'_>) {
        let (look, end) = (pen.look, pen.width().saturating_sub(1));
        let room = end.saturating_sub(KEY_AT);
        let shown: Vec<Option<Shown>> =
            rows.iter().map(|row| self.shown(look, row, room)).collect();
        let widest = |of: fn(&Shown) -> &String, least: usize| {
            shown.iter().flatten().map(|row| text::width(of(row))).max().unwrap_or(0).max(least)
        };
        let key = widest(|row| &row.key, 3).min(room / 4);
        let state = widest(|row| &row.state.0, 5).min(state_columns(room));
        let state_at = KEY_AT + key + 2;
        let value_at = state_at + state + 2;
        if self.has_columns() {
            let heads = [(3, "group"), (KEY_AT, "key"), (state_at, "state"), (value_at, "value")];
            for (x, head) in heads {
                pen.put(x, first - 1, &look.fit(head, end.saturating_sub(x)), Role::Dim);
            }
        }
        for (y, (row, shown)) in (first..).zip(rows.iter().zip(&shown)) {
            match (row, shown) {
                (Row::Head(section), _) => self.draw_head(section, y, pen),
                (Row::Entry(..) | Row::Timer(..) | Row::Gone(..), None) => {}
                (Row::Entry(..) | Row::Timer(..) | Row::Gone(..), Some(shown)) => {
                    pen.put(1, y, shown.mark.unwrap_or(" "), Role::Note);
                    let group = look.pad_left(&shown.group.to_string(), GROUP);
                    pen.put(3, y, &group, Role::Dim);
                    pen.put(KEY_AT, y, &look.fit(&shown.key, key), Role::Data);
                    pen.put(state_at, y, &look.fit(&shown.state.0, state), shown.state.1);
                    let value = look.fit(&shown.value.0, end.saturating_sub(value_at));
                    pen.put(value_at, y, &value, shown.value.1);
                }
            }
        }
    }

    fn draw_head(&self, section: &Section<'_>, y: usize, pen: &mut Pen<'_>) {
        let (look, end) = (pen.look, pen.width().saturating_sub(1));
        let state = section.state;
        let mut words = Vec::new();
        if let Some(OpenBackend { kind, key_groups: KeyGroupRange { start, end } }) = state.backend
        {
            words.push(kind.to_string());
            words.push(format!("key groups {start}-{end}"));
        }
        if self.world.knows_records() {
            words.push(counted(state.key_count(), "key"));
            words.push(counted(state.timer_count(), "timer"));
        }
        // What it took over is not told, only what was used since.
        let task = self.job.task(&self.vertex.uid, section.index);
        if let Some(checkpoint) = task.and_then(|task| task.restored) {
            words.push(format!("and what checkpoint {checkpoint} holds"));
        }
        let words = words.join("  ");
        let x = pen.put(2, y, &number(section.index), Role::Strong) + 1;
        let room = end.saturating_sub(x + text::width(&words) + 3).max(4);
        let x = pen.put(x, y, &look.fit(&look.show(section.operator), room), Role::Strong) + 2;
        pen.put(x, y, &look.fit(&words, end.saturating_sub(x)), Role::Plain);
    }

    /// A row as it is shown, none of its texts much longer than there are columns.
    fn shown(&self, look: Look, row: &Row<'_>, columns: usize) -> Option<Shown> {
        let at = row.changed();
        let fresh = at.is_some_and(|at| self.world.is_fresh(at));
        let current = at == Some(self.world.place());
        // What cannot be seen need not be made ready to be shown.
        let show = |value: &str| look.show(text::first(value, columns + 1));
        let lit = |role: Role| if fresh { Role::Note } else { role };
        // Where there is little room, windows of one state differ in nothing but their times.
        let state = |state: &str, window: Option<Span>| match window {
            None => show(state),
            Some(window) => {
                let window = time::span(window, columns >= DAY_MIN);
                let room = state_columns(columns).saturating_sub(text::width(&window) + 1);
                format!("{} {window}", look.fit(&show(state), room.max(NAME_MIN)))
            }
        };
        let mark = |sign: &'static str| match (current, fresh) {
            (true, _) => Some(look.glyphs().cursor),
            (false, true) => Some(sign),
            (false, false) => None,
        };
        let of_entry = |of: &EntryKey, value: (String, Role), mark| Shown {
            group: of.key_group,
            key: show(&of.key),
            state: (state(&of.state, of.window), Role::Plain),
            value,
            mark,
        };
        let of_timer = |of: &Timer, word: &str, role, mark| Shown {
            group: of.key_group,
            key: show(&of.key),
            state: (state(kind(of.domain), of.window), Role::Time),
            value: (format!("{}{word}", moment_within(of.timestamp, columns / 3)), role),
            mark,
        };
        Some(match row {
            Row::Head(_) => return None,
            Row::Entry(of, entry) => {
                of_entry(of, (show(&entry.value), lit(Role::Plain)), mark("*"))
            }
            Row::Timer(timer, _) => of_timer(timer, "", lit(Role::Time), mark("*")),
            Row::Gone(_, gone) => {
                let (mark, role) = (mark("-"), Role::Stopped);
                match gone {
                    Gone::Cleared(of) => of_entry(of, ("cleared".to_owned(), role), mark),
                    Gone::Expired(of) => of_entry(of, ("expired".to_owned(), role), mark),
                    Gone::Merged(of) => of_entry(of, ("merged".to_owned(), role), mark),
                    Gone::Deleted(timer) => of_timer(timer, " taken back", role, mark),
                    Gone::Fired(timer) => of_timer(timer, " fired", role, mark),
                }
            }
        })
    }
}

impl Row<'_> {
    /// Where it was last changed.
    fn changed(&self) -> Option<Place> {
        match self {
            Self::Head(_) => None,
            Self::Entry(_, entry) => entry.written,
            Self::Timer(_, at) | Self::Gone(at, _) => Some(*at),
        }
    }
}

/// Of so many columns, those that a state with its window may take.
fn state_columns(columns: usize) -> usize {
    columns * 2 / 5
}

fn number(index: u32) -> String {
    format!("#{}", u64::from(index) + 1)
}

fn kind(domain: TimeDomain) -> &'static str {
    match domain {
        TimeDomain::EventTime => "timer",
        TimeDomain::ProcessingTime => "clock timer",
    }
}

fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", text::count(u64::try_from(number).unwrap_or(u64::MAX)))
}
