//! The state of a job, operator by operator: in each its subtasks, in each what every state holds for
//! every key, the timers, the windows that are open, and how far sources have read. It can be compared
//! with what was held at another place, or with what a checkpoint holds.
//!
//! The panel below the graph shows a vertex's part of it, with the same rows.

mod compare;
mod lines;

use std::collections::BTreeSet;

use weir::base::{JobId, Name};
use weir::replay::{Job, OperatorState, Timeline, World};
use weir::trace::Event;

use super::graph::changed_state;
use super::graph::state_rows::{
    Change, Columns, ONLY_AT_RECORDS, Row, Shown, Sight, changed_row, counted, number,
};
use super::look::{Look, Role};
use super::pen::Pen;
use super::text;
use compare::{CompareError, Held};
use lines::{Line, Lines, Operator, Subtask};

const NO_STATE: &str = "No operator of this job holds any state here.";
/// Where what stands below an operator begins.
const INDENT: usize = 3;

/// What is looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct StateScreen {
    /// The operators whose subtasks are not listed.
    folded: BTreeSet<Name>,
    /// A text in lower case that the rows have; all are kept if unset.
    kept: Option<String>,
    against: Option<Held>,
    hides_same: bool,
    /// The line one is at.
    selected: usize,
    /// Whether what has changed is to be brought into sight.
    follows: bool,
    /// The subtask that is to be brought into sight.
    wanted: Option<Name>,
}

/// How many rows are there, are gone, are others, are alike, and of how many that is not known.
#[derive(Default)]
struct Tally {
    added: usize,
    gone: usize,
    changed: usize,
    same: usize,
    unknown: usize,
}

impl StateScreen {
    /// Moves by lines.
    pub fn select(&mut self, by: isize) {
        self.selected = self.selected.saturating_add_signed(by);
    }

    /// Brings into sight what has changed, where something has.
    pub fn follow(&mut self) {
        self.follows = true;
    }

    /// Goes to a subtask when the screen is next shown.
    pub fn turn_to(&mut self, subtask: &Name) {
        self.wanted = Some(subtask.clone());
    }

    /// The text that the rows have.
    pub fn kept(&self) -> Option<&str> {
        self.kept.as_deref()
    }

    /// Keeps the rows that have a text, whatever its case; an empty one keeps all.
    pub fn keep(&mut self, text: &str) {
        let text = text.trim().to_lowercase();
        self.kept = (!text.is_empty()).then_some(text);
        self.selected = 0;
    }

    /// Folds the operator one is at, or unfolds it.
    pub fn fold(&mut self, world: &World, job: Option<(JobId, &Job)>) {
        let Some(job) = job else { return };
        let lines = || self.lines(world, job).iter();
        let Some(operator) = lines().nth(self.selected).map(|line| line.operator().clone()) else {
            return;
        };
        let is_head = |line: &Line<'_>| match line {
            Line::Operator(Operator { uid, .. }) => **uid == operator,
            Line::Subtask(_) | Line::Row { .. } => false,
        };
        let head = lines().position(|line| is_head(&line));
        self.selected = head.unwrap_or(0);
        if !self.folded.remove(&operator) {
            self.folded.insert(operator);
        }
    }

    /// Folds all operators, or unfolds them if none is left to be folded.
    pub fn fold_all(&mut self, world: &World, job: Option<(JobId, &Job)>) {
        let Some(job) = job else { return };
        let all = Lines { folded: None, ..self.lines(world, job) };
        let all: BTreeSet<Name> = all.iter().map(|line| line.operator().clone()).collect();
        self.folded = if all.is_subset(&self.folded) { BTreeSet::new() } else { all };
        self.selected = 0;
    }

    /// Compares with a place or a checkpoint; an empty text compares with none.
    pub fn compare(
        &mut self,
        timeline: &Timeline,
        job: Option<JobId>,
        text: &str,
    ) -> Result<(), CompareError> {
        if text.trim().is_empty() {
            self.against = None;
            return Ok(());
        }
        let against = text.parse()?;
        let job = job.ok_or(CompareError::NoJob)?;
        self.against = Some(Held::read(timeline, job, against)?);
        self.selected = 0;
        Ok(())
    }

    /// Hides what is alike here and there, or shows it again.
    pub fn toggle_same(&mut self) {
        self.hides_same = !self.hides_same;
    }

    /// Keeps all rows, then compares with nothing. Says whether there was anything to leave.
    pub fn leave(&mut self) -> bool {
        self.kept.take().is_some() || self.against.take().is_some()
    }

    fn lines<'a>(&'a self, world: &'a World, (id, job): (JobId, &'a Job)) -> Lines<'a> {
        Lines {
            world,
            job,
            folded: Some(&self.folded),
            kept: self.kept(),
            against: self.against.as_ref().filter(|held| held.job == id),
            hides_same: self.hides_same,
        }
    }

    /// The line that is to be brought into sight, if there is one.
    fn goal(&self, lines: Lines<'_>) -> Option<usize> {
        if let Some(wanted) = &self.wanted {
            return lines.iter().position(|line| line.is_head_of(wanted));
        }
        if !self.follows {
            return None;
        }
        let changed = lines.iter().map(|line| match line {
            Line::Operator(_) | Line::Subtask(_) => None,
            Line::Row { row, .. } => row.changed(),
        });
        changed_row(lines.world, changed)
    }

    /// Stays among the lines, and goes to where it was told to.
    pub fn clamp(&mut self, world: &World, job: Option<(JobId, &Job)>) {
        let Some(job) = job else {
            self.selected = 0;
            return;
        };
        let to = self.goal(self.lines(world, job));
        let last = self.lines(world, job).iter().count().saturating_sub(1);
        self.selected = to.unwrap_or(self.selected).min(last);
        (self.follows, self.wanted) = (false, None);
    }

    pub fn draw(&self, world: &World, job: Option<(JobId, &Job)>, pen: &mut Pen<'_>) {
        let (look, width) = (pen.look, pen.width());
        let Some((id, of)) = job else {
            pen.put(1, 0, "No job has been submitted yet.", Role::Dim);
            return;
        };
        let lines = self.lines(world, (id, of));
        let count = lines.iter().count();
        let place = match count {
            0 => String::new(),
            count => format!("{}/{count} ", self.selected.min(count - 1) + 1),
        };
        let room = width.saturating_sub(text::width(&place) + 2);
        let title = look.show(&self.title(&lines, (id, of)));
        pen.put(1, 0, &look.fit(&title, room), Role::Strong);
        pen.put(width.saturating_sub(text::width(&place)), 0, &place, Role::Dim);
        let said = match &of.plan {
            Err(error) => look.show(&error.to_string()),
            Ok(_) if count == 0 => NO_STATE.to_owned(),
            Ok(_) if !world.knows_records() => ONLY_AT_RECORDS.to_owned(),
            Ok(_) => String::new(),
        };
        let mut y = 1;
        for line in text::wrap(&said, width.saturating_sub(2).max(1)) {
            if !line.is_empty() {
                pen.put(1, y, &line, Role::Dim);
                y += 1;
            }
        }
        if count > 0 {
            self.draw_lines(&lines, (y, count), pen);
        }
    }

    /// What is looked at: with a text, compared with something, or how much there is.
    fn title(&self, lines: &Lines<'_>, (id, job): (JobId, &Job)) -> String {
        let mut title = format!("job {id}  ");
        match lines.against {
            None => title += &format!("{}  what its operators hold", job.name),
            Some(held) => {
                let Tally { added, gone, changed, same, unknown } = tally(lines);
                title += &format!(
                    "from {} to here: +{added} -{gone} ~{changed}, {same} alike",
                    held.name
                );
                if unknown > 0 {
                    title += &format!(", {unknown} not known");
                }
                if self.hides_same && same > 0 {
                    title += " (hidden)";
                }
            }
        }
        if let Some(kept) = self.kept() {
            title += &format!(" (with \"{kept}\")");
        }
        title
    }

    fn draw_lines(&self, lines: &Lines<'_>, (y, count): (usize, usize), pen: &mut Pen<'_>) {
        let sight = Sight { world: lines.world, look: pen.look, width: pen.width() };
        let heads = usize::from(lines.world.knows_records());
        let rows = pen.height().saturating_sub(y + heads);
        let selected = self.selected.min(count - 1);
        let top = selected.saturating_sub(rows / 2).min(count.saturating_sub(rows));
        let mut in_sight: Vec<Line<'_>> = lines.iter().skip(top).take(rows).collect();
        // Whose the rows are stays in sight.
        if top > 0
            && selected > top
            && let Some(Line::Row { of, .. }) = in_sight.first()
        {
            let head = Line::Subtask(*of);
            in_sight[0] = head;
        }
        let shown: Vec<Option<Shown>> =
            in_sight.iter().map(|line| shown(sight, lines, line)).collect();
        let columns = Columns::new(shown.iter().flatten(), pen.width());
        if heads > 0 {
            columns.draw_heads(y, pen);
        }
        for (row, (line, shown)) in in_sight.iter().zip(&shown).enumerate() {
            let (y, is_selected) = (y + heads + row, top + row == selected);
            match (line, shown) {
                (Line::Operator(operator), _) => {
                    draw_operator(lines, operator, (y, is_selected), pen);
                }
                (Line::Subtask(of), _) => {
                    let is_alone = row == 0 && top > 0;
                    draw_subtask(lines, of, is_alone, (y, is_selected), pen);
                }
                (Line::Row { .. }, Some(shown)) => columns.draw(shown, y, is_selected, pen),
                (Line::Row { .. }, None) => {}
            }
        }
    }
}

/// Whether an event changes what is shown of a job.
pub(super) fn shows_change(job: Option<JobId>, event: &Event) -> bool {
    changed_state(event).is_some_and(|(of, _)| Some(of) == job)
}

/// What a comparison comes to, whatever of it is listed.
fn tally(lines: &Lines<'_>) -> Tally {
    let all = Lines { folded: None, kept: None, hides_same: false, ..*lines };
    let mut tally = Tally::default();
    for line in all.iter() {
        let Line::Row { change: Some(change), .. } = line else { continue };
        match change {
            Change::Added => tally.added += 1,
            Change::Gone => tally.gone += 1,
            Change::From(_) => tally.changed += 1,
            Change::Same => tally.same += 1,
            Change::Unknown => tally.unknown += 1,
        }
    }
    tally
}

fn shown(sight: Sight<'_>, lines: &Lines<'_>, line: &Line<'_>) -> Option<Shown> {
    let Line::Row { of, row, change } = line else { return None };
    let mut shown = sight.shown(row, change.as_ref());
    // What has become of a window is known of here only.
    if let Row::Entry(key, _) = row
        && change.is_none()
        && let Some(window) = of.window(lines.job, key)
    {
        sight.say_of_window(&mut shown, window);
    }
    Some(shown)
}

/// Texts behind one another, of which the last may be cut off.
fn draw_words(words: &[(String, Role)], x: usize, (y, selected): (usize, bool), pen: &mut Pen<'_>) {
    let (look, end) = (pen.look, pen.width().saturating_sub(1));
    if selected {
        pen.put(0, y, &" ".repeat(end), Role::Selected);
    }
    let mut x = x;
    for (word, role) in words {
        let role = if selected { Role::Selected } else { *role };
        x = pen.put(x, y, &look.fit(word, end.saturating_sub(x)), role) + 2;
        if x >= end {
            break;
        }
    }
}

fn draw_operator(lines: &Lines<'_>, operator: &Operator<'_>, at: (usize, bool), pen: &mut Pen<'_>) {
    let (look, vertex) = (pen.look, operator.vertex);
    let subtasks: Vec<Subtask<'_>> = (0..vertex.parallelism)
        .filter_map(|index| lines.subtask(vertex, operator.uid, index))
        .collect();
    let sign = fold_sign(look, operator.folded);
    let uid = format!("{sign} {}", look.show(operator.uid));
    let mut words = vec![(uid, Role::Strong), (counted(subtasks.len(), "subtask"), Role::Plain)];
    let states = || subtasks.iter().filter_map(|subtask| subtask.state);
    if lines.world.knows_records() {
        let keys: usize = states().map(OperatorState::key_count).sum();
        let timers: usize = states().map(OperatorState::timer_count).sum();
        let windows: usize = subtasks.iter().map(|of| lines.windows(of).count()).sum();
        let counts = [(keys, "key"), (timers, "timer"), (windows, "open window")];
        let counts = counts.into_iter().filter(|(number, _)| *number > 0);
        words.extend(counts.map(|(number, what)| (counted(number, what), Role::Plain)));
    }
    let splits: usize = subtasks.iter().map(|of| lines.splits(of).len()).sum();
    if splits > 0 {
        words.push((counted(splits, "split"), Role::Plain));
    }
    let number = u32::from(vertex.id.0) + 1;
    words.push((look.show(&format!("in {number} {}", vertex.name)), Role::Dim));
    draw_words(&words, 1, at, pen);
}

/// The head of a subtask. One that stands alone says of which operator it is.
fn draw_subtask(
    lines: &Lines<'_>,
    of: &Subtask<'_>,
    is_alone: bool,
    at: (usize, bool),
    pen: &mut Pen<'_>,
) {
    let look = pen.look;
    let mut words = vec![(number(of.index), Role::Strong)];
    if is_alone {
        words.push((look.fit(&look.show(of.operator), pen.width() / 3), Role::Strong));
    }
    let said = of.section().map(|section| section.words(lines.world, lines.job, of.vertex));
    words.push((said.unwrap_or_default(), Role::Plain));
    draw_words(&words, INDENT, at, pen);
}

fn fold_sign(look: Look, folded: bool) -> &'static str {
    match (look.ascii, folded) {
        (false, false) => "▾",
        (false, true) => "▸",
        (true, false) => "v",
        (true, true) => ">",
    }
}
