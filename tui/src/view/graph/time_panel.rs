//! Event time at one vertex, subtask by subtask: what each input channel has come to and which is
//! waited for, what came too late, and the windows that are open.

use ratatui::layout::Rect;
use weir::base::{EventTime, Name};
use weir::graph::JobVertex;
use weir::replay::{Input, Job, OpenWindow, Standing, Task, WindowKey, World, subtask_name};
use weir::trace::moment_within;

use super::super::look::{Look, Role};
use super::super::pen::Pen;
use super::super::text;
use super::time;

/// Parts of a line, drawn one after the other.
type Line = Vec<(String, Role)>;

/// What is looked at.
pub(super) struct TimePanel<'a> {
    pub world: &'a World,
    pub job: &'a Job,
    pub vertex: &'a JobVertex,
    /// How the list of windows and that of times are scrolled.
    pub top: usize,
}

const ONLY_AT_RECORDS: &str = "kept at level records only";
/// Columns of a date with its time of day and milliseconds.
const WHOLE_MOMENT: usize = 24;
/// Columns of a key that are worth more than words.
const KEY_MIN: usize = 5;
/// Columns from which on a window is shown with its day.
const DAY_MIN: usize = 50;

impl TimePanel<'_> {
    /// Rows that it could fill, its frame included.
    pub fn rows(&self, look: Look, width: usize) -> usize {
        let (left, right) = split(width);
        let (times, windows) =
            (self.times(look, left.saturating_sub(3)), self.windows(look, right.saturating_sub(3)));
        times.len().max(windows.len()).max(1) + 2
    }

    pub fn draw(&self, pen: &mut Pen<'_>) {
        let (look, window) = (pen.look, pen.window());
        let (left, right) = split(pen.width());
        let columns = |columns: usize| u16::try_from(columns).expect("less than the window's");
        let times = self.times(look, left.saturating_sub(3));
        let windows = self.windows(look, right.saturating_sub(3));
        let known = self.world.knows_records();
        let title = format!(" event time of {} {} ", self.number(), self.vertex.name);
        let rect = Rect { width: columns(left), ..window };
        list(&look.show(&title), &times, self.top, &mut pen.within(rect));
        let title = match known {
            true => format!(" open windows: {} ", windows.len()),
            false => " open windows ".to_owned(),
        };
        let rect = Rect { x: window.x + columns(left), width: columns(right), ..window };
        list(&title, &windows, self.top, &mut pen.within(rect));
    }

    fn number(&self) -> u32 {
        u32::from(self.vertex.id.0) + 1
    }

    fn subtasks(&self) -> impl Iterator<Item = (Name, &Task)> {
        (0..self.vertex.parallelism).filter_map(|index| {
            let name = subtask_name(&self.vertex.uid, index);
            self.job.tasks.get(&name).map(|task| (name, task))
        })
    }

    fn times(&self, look: Look, room: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        for (index, (name, task)) in self.subtasks().enumerate() {
            let inputs = self.job.inputs(&name);
            lines.push(subtask(index, task, inputs.is_empty(), room));
            lines.extend(alignment(task));
            lines.extend(late(look, task));
            if !inputs.is_empty() && !self.world.knows_records() {
                lines.push(vec![(format!("channels: {ONLY_AT_RECORDS}"), Role::Dim)]);
            } else {
                lines.extend(inputs.iter().map(|input| channel(look, input, room)));
            }
        }
        lines
    }

    fn windows(&self, look: Look, room: usize) -> Vec<Line> {
        if !self.world.knows_records() {
            return vec![vec![(ONLY_AT_RECORDS.to_owned(), Role::Dim)]];
        }
        let mut lines = Vec::new();
        let several = self.operators() > 1;
        for (index, (name, _)) in self.subtasks().enumerate() {
            for (key, state) in self.job.windows.of(&name) {
                let mut line = vec![(number(index), Role::Plain)];
                if several {
                    line.push((look.show(&key.operator), Role::Dim));
                }
                line.extend(open_window(look, key, state, room));
                lines.push(line);
            }
        }
        lines
    }

    /// How many operators of the vertex have open windows.
    fn operators(&self) -> usize {
        let mut operators: Vec<&Name> = self
            .subtasks()
            .flat_map(|(name, _)| self.job.windows.of(&name).collect::<Vec<_>>())
            .map(|(key, _)| &key.operator)
            .collect();
        operators.sort();
        operators.dedup();
        operators.len()
    }
}

/// Columns of the two lists.
fn split(width: usize) -> (usize, usize) {
    (width / 2, width - width / 2)
}

fn list(title: &str, lines: &[Line], top: usize, pen: &mut Pen<'_>) {
    pen.frame(title, Role::Dim);
    let (look, end) = (pen.look, pen.width().saturating_sub(1));
    let rows = pen.height().saturating_sub(2);
    let top = top.min(lines.len().saturating_sub(rows));
    let hidden = lines.len() - lines.len().min(top + rows);
    for (row, line) in lines.iter().skip(top).take(rows).enumerate() {
        if hidden > 0 && row + 1 == rows {
            let more = format!("{} {} more: down", look.glyphs().more, hidden + 1);
            pen.put(2, row + 1, &look.fit(&more, end.saturating_sub(2)), Role::Dim);
            return;
        }
        let mut x = 2;
        for (part, role) in line {
            x = pen.put(x, row + 1, &look.fit(part, end.saturating_sub(x)), *role) + 1;
            if x >= end {
                break;
            }
        }
    }
}

fn number(index: usize) -> String {
    format!("#{}", index + 1)
}

fn moment(time: EventTime, columns: usize) -> (String, Role) {
    match time {
        EventTime::NONE => ("no watermark yet".to_owned(), Role::Dim),
        time => (moment_within(time, columns), Role::Time),
    }
}

fn subtask(index: usize, task: &Task, is_source: bool, room: usize) -> Line {
    let progress = task.event_time.progress();
    let number = number(index);
    let word = match progress.watermark {
        EventTime::NONE => "has",
        _ if is_source => "emits",
        _ => "is at",
    };
    let left = room.saturating_sub(number.len() + word.len() + 2);
    let mut line = vec![(number, Role::Strong), (word.to_owned(), Role::Plain)];
    line.push(moment(progress.watermark, left));
    if progress.is_idle() {
        line.push(("idle".to_owned(), Role::Waiting));
    }
    line
}

fn alignment(task: &Task) -> Option<Line> {
    let time = &task.event_time;
    let limit = time.max_watermark.filter(|limit| *limit != EventTime::MAX);
    let paused: Vec<_> = time.paused_splits.iter().map(u16::to_string).collect();
    let mut line = Vec::new();
    if let Some(limit) = limit {
        line.push((format!("may read up to {}", moment_within(limit, 12)), Role::Plain));
    }
    if !paused.is_empty() {
        line.push((format!("paused splits: {}", paused.join(", ")), Role::Waiting));
    }
    (!line.is_empty()).then_some(line)
}

fn late(look: Look, task: &Task) -> impl Iterator<Item = Line> {
    task.event_time.late.iter().map(move |(operator, late)| {
        let outcomes = [(late.dropped, "dropped"), (late.side_output, "to the side output")];
        let said: Vec<_> = outcomes
            .into_iter()
            .filter(|(records, _)| *records > 0)
            .map(|(records, outcome)| format!("{} {outcome}", text::count(records)))
            .collect();
        let said = format!("late at {}: {}", look.show(operator), said.join(", "));
        vec![(said, Role::Pressure)]
    })
}

fn channel(look: Look, input: &Input<'_>, room: usize) -> Line {
    let (word, role) = match input.standing {
        Standing::HoldsBack => ("waits for", Role::Pressure),
        Standing::Counts => ("", Role::Plain),
        Standing::CatchesUp => ("behind", Role::Waiting),
        Standing::Idle => ("idle", Role::Waiting),
    };
    let from = look.show(&format!("{}/e{}", input.key.from, input.key.edge));
    let from = look.fit(&from, room / 2);
    let left = room.saturating_sub(text::width(&from) + 11);
    let watermark = moment(input.channel.received.watermark, left.min(WHOLE_MOMENT));
    vec![(look.pad(word, 9), role), (from, Role::Plain), watermark]
}

fn open_window(look: Look, key: &WindowKey, state: &OpenWindow, room: usize) -> Line {
    let window = match key.window {
        None => "global".to_owned(),
        Some(span) => time::span(span, room >= DAY_MIN),
    };
    let taken = 2 + 1 + text::width(&window) + 1;
    let (state, role) = state_of(state, room.saturating_sub(taken + KEY_MIN + 1));
    let room = room.saturating_sub(taken + text::width(&state) + 1);
    let key = look.fit(&look.show(&key.key), room.max(KEY_MIN));
    vec![(window, Role::Time), (key, Role::Data), (state, role)]
}

/// What has become of a window, in at most so many columns if it can be.
pub(super) fn state_of(state: &OpenWindow, columns: usize) -> (String, Role) {
    let times = |(times, word): (u32, &str)| match times {
        0 => None,
        1 => Some(word.to_owned()),
        times => Some(format!("{word} {times}x")),
    };
    let fired = [(state.early, "early"), (state.on_time, "on time"), (state.late, "late")];
    let fired: Vec<_> = fired.into_iter().filter_map(times).collect();
    let mut words = Vec::new();
    if state.merged > 0 {
        words.push(format!("merged {}", state.merged + 1));
    }
    if !state.holds {
        words.push("emptied".to_owned());
    }
    if !state.has_fired() {
        words.push("open".to_owned());
        return (words.join(", "), Role::Running);
    }
    let said = |fired: String| {
        let words = words.iter().cloned().chain([fired]);
        words.collect::<Vec<_>>().join(", ")
    };
    let long = said(format!("fired {}", fired.join(", ")));
    let fits = text::width(&long) <= columns;
    (if fits { long } else { said(fired.join(", ")) }, Role::Done)
}
