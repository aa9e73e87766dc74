//! The checkpoints of a job, and how the time of one of them was spent, subtask by subtask.
//!
//! The panel below the graph says the same in numbers.

mod phases;

use weir::base::{CheckpointId, JobId};
use weir::replay::{Checkpoint, CheckpointState, Checkpoints, Job, SnapshotProgress, World};

use super::graph::checkpoint_panel::{duration_of, in_order, state_of};
use super::graph::table::{Column, columns, write};
use super::look::{Look, Role};
use super::pen::Pen;
use super::text;
use phases::{Phase, Phases, end_mark};

/// What is looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct CheckpointsScreen {
    /// The checkpoint whose subtasks are shown; the newest if unset.
    chosen: Option<CheckpointId>,
    /// How many of these are hidden at the top.
    top: usize,
}

/// How the rows are shared out: a head, the heads of two tables and a legend have one each.
struct Rows {
    list: usize,
    said: usize,
    subtasks: usize,
}

fn share(rows: usize, job: &Job, (id, chosen): (CheckpointId, &Checkpoint)) -> Rows {
    let (subtasks, checkpoints) = (chosen.subtask_count(), job.checkpoints.len());
    let said = usize::from(said(job, (id, chosen)).is_some());
    let rows = rows.saturating_sub(4 + said);
    let list = (rows / 3).max(rows.saturating_sub(subtasks)).max(1);
    let list = list.min(checkpoints).min(rows);
    Rows { list, said, subtasks: rows - list }
}

/// Why a checkpoint came to nothing, or is worth nothing, or what held it up.
fn said(job: &Job, (id, of): (CheckpointId, &Checkpoint)) -> Option<(String, Role)> {
    match (&of.unusable, &of.state) {
        (Some(cause), _) => Some((format!("it cannot be restored: {cause}"), Role::Failed)),
        (None, CheckpointState::Aborted(reason)) => {
            Some((format!("it was aborted: {reason}"), Role::Failed))
        }
        (
            None,
            CheckpointState::InProgress | CheckpointState::Completed | CheckpointState::Discarded,
        ) if of.barriers.as_deref().is_some_and(|kind| kind.starts_with("aligned")) => {
            held_up(job, (id, of)).map(|said| (said, Role::Waiting))
        }
        (
            None,
            CheckpointState::InProgress | CheckpointState::Completed | CheckpointState::Discarded,
        ) => None,
    }
}

/// Which channel a subtask waits for, or which one let it wait longest.
fn held_up(job: &Job, (id, of): (CheckpointId, &Checkpoint)) -> Option<String> {
    let subtasks = in_order(job, of);
    let aligning = subtasks.iter().filter(|(_, of)| of.progress == SnapshotProgress::Aligning);
    for (name, _) in aligning {
        let inputs = || job.channels.into_subtask(name);
        let missing = || inputs().filter(|(_, it)| it.blocked_for != Some(id) && !it.ended);
        // Without one that is blocked nothing waits.
        if let Some((key, _)) = missing().next().filter(|_| missing().count() < inputs().count()) {
            let others = match missing().count() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            let waits = format!("{name} waits for the barrier of {}/e{}", key.from, key.edge);
            return Some(waits + &others);
        }
    }
    let aligned = subtasks.iter().filter_map(|(name, of)| {
        // Where something else takes longer, that is what holds it up.
        let longer = of.start_delay_us.max(of.sync_us).max(of.async_us).unwrap_or(0);
        Some((of.alignment_us.filter(|us| *us > longer)?, name, of.last_barrier.as_ref()?))
    });
    // Of several the first, as they stand in the list.
    let (us, name, (from, edge)) = aligned.reduce(|a, b| if b.0 > a.0 { b } else { a })?;
    let span = text::span(us);
    Some(format!("{name} aligned longest, {span}: the barrier of {from}/e{edge} came last"))
}

impl CheckpointsScreen {
    /// Turns to the next older checkpoint, or to the next newer one. Whoever is at the newest
    /// follows it.
    pub fn choose(&mut self, known: &Checkpoints, older: bool) {
        let Some((shown, _)) = self.chosen(known) else { return };
        let (before, after) = known.around(shown);
        let to = if older { before } else { after };
        let newest = known.newest().map(|(newest, _)| newest);
        self.chosen = to.or(Some(shown)).filter(|to| Some(*to) != newest);
        self.top = 0;
    }

    /// Shows the subtasks of a checkpoint, once it has begun.
    pub fn look_at(&mut self, checkpoint: CheckpointId) {
        (self.chosen, self.top) = (Some(checkpoint), 0);
    }

    /// Follows the newest checkpoint again. Says whether another was looked at.
    pub fn follow(&mut self) -> bool {
        self.top = 0;
        self.chosen.take().is_some()
    }

    pub fn scroll(&mut self, by: isize) {
        self.top = self.top.saturating_add_signed(by);
    }

    pub fn clamp(&mut self, job: Option<(JobId, &Job)>, (_, rows): (usize, usize)) {
        let chosen = job.and_then(|(_, job)| Some((job, self.chosen(&job.checkpoints)?)));
        let most = chosen.map_or(0, |(job, chosen)| {
            let room = share(rows, job, chosen).subtasks;
            chosen.1.subtask_count().saturating_sub(room)
        });
        self.top = self.top.min(most);
    }

    /// The checkpoint one has chosen, if it has begun; else the newest.
    fn chosen<'a>(&self, known: &'a Checkpoints) -> Option<(CheckpointId, &'a Checkpoint)> {
        let chosen = self.chosen.and_then(|id| Some((id, known.get(id)?)));
        chosen.or_else(|| known.newest())
    }

    pub fn draw(&self, world: &World, job: Option<(JobId, &Job)>, pen: &mut Pen<'_>) {
        let Some((id, job)) = job else {
            pen.put(1, 0, "No job has been submitted yet.", Role::Dim);
            return;
        };
        head(id, job, pen);
        let known = &job.checkpoints;
        let Some((id, chosen)) = self.chosen(known) else {
            let none = "No checkpoint of this job has begun yet.";
            pen.put(1, 1, &pen.look.fit(none, pen.width().saturating_sub(2)), Role::Dim);
            return;
        };
        let rows = share(pen.height(), job, (id, chosen));
        list((world, job, id), rows.list, pen);
        let mut y = 2 + rows.list;
        if rows.said > 0
            && let Some((said, role)) = said(job, (id, chosen))
        {
            let room = pen.width().saturating_sub(4);
            // What cannot be seen need not be made ready to be shown.
            let said = pen.look.show(text::first(&format!("{id}: {said}"), room + 1));
            pen.put(2, y, &pen.look.fit(&said, room), role);
            y += 1;
        }
        self.subtasks((world, job), (id, chosen), (y, rows.subtasks), pen);
        legend(pen);
    }

    fn subtasks(
        &self,
        (world, job): (&World, &Job),
        (id, chosen): (CheckpointId, &Checkpoint),
        (y, rows): (usize, usize),
        pen: &mut Pen<'_>,
    ) {
        let subtasks = in_order(job, chosen);
        let phases = |of| Phases::new(chosen, of, world.at);
        let axis = subtasks.iter().map(|(_, of)| phases(of).last()).max().unwrap_or(0).max(1);
        let places = Places::new(pen.width());
        let look = pen.look;
        let head = look.fit(&format!("subtasks of {id}"), places.name + places.word + 1);
        pen.put(2, y, &head, Role::Dim);
        draw_axis(axis, &places, y, pen);
        let hidden = subtasks.len().saturating_sub(rows);
        let top = self.top.min(hidden);
        for (row, (name, of)) in subtasks.iter().skip(top).take(rows).enumerate() {
            let y = y + 1 + row;
            pen.put(2, y, &look.fit(&look.show(name), places.name), Role::Plain);
            let (word, role) = word(&of.progress);
            pen.put(3 + places.name, y, word, role);
            let phases = phases(of);
            let bar = phases.bar(look, (places.columns, axis));
            for (x, (fill, role)) in bar.into_iter().enumerate() {
                pen.put(places.bar + x, y, fill, role);
            }
            let total = look.pad_left(&text::span(phases.last()), TOTAL);
            pen.put(places.bar + places.columns + 1, y, &total, Role::Plain);
        }
        let below = subtasks.len().saturating_sub(top + rows);
        if below > 0 && rows > 0 {
            let more = format!("{} {} more: PageDown", look.glyphs().more, below + 1);
            let more = look.pad(&more, pen.width().saturating_sub(3));
            pen.put(2, y + rows, &more, Role::Dim);
        }
    }
}

/// Columns for how long all of it took.
const TOTAL: usize = 7;

/// Where things stand in the row of a subtask.
struct Places {
    name: usize,
    word: usize,
    bar: usize,
    columns: usize,
}

impl Places {
    fn new(width: usize) -> Self {
        let (name, word) = ((width / 5).clamp(11, 28), 8);
        let bar = 2 + name + 1 + word + 1;
        Self { name, word, bar, columns: width.saturating_sub(bar + TOTAL + 2) }
    }
}

fn word(progress: &SnapshotProgress) -> (&'static str, Role) {
    match progress {
        SnapshotProgress::Waiting => ("waiting", Role::Dim),
        SnapshotProgress::Aligning => ("aligning", Role::Checkpoint),
        SnapshotProgress::Taken => ("storing", Role::Waiting),
        SnapshotProgress::Stored => ("stored", Role::Data),
        SnapshotProgress::Acknowledged => ("done", Role::Done),
        SnapshotProgress::Failed(_) => ("failed", Role::Failed),
        SnapshotProgress::Declined(_) => ("declined", Role::Failed),
    }
}

/// The axis from the trigger to the end of what took longest, with its middle.
fn draw_axis(axis: u64, places: &Places, y: usize, pen: &mut Pen<'_>) {
    let rule = pen.look.glyphs().lines[10].repeat(places.columns);
    pen.put(places.bar, y, &rule, Role::Dim);
    pen.put(places.bar, y, "0", Role::Dim);
    let middle = text::span(axis / 2);
    let at = places.columns / 2;
    if at > text::width(&middle) + 2 {
        pen.put(places.bar + at, y, &middle, Role::Dim);
    }
    let end = text::span(axis);
    pen.put(places.bar + places.columns + 1, y, &pen.look.pad_left(&end, TOTAL), Role::Dim);
}

fn legend(pen: &mut Pen<'_>) {
    let (look, y) = (pen.look, pen.height().saturating_sub(1));
    let phases = Phase::ALL.map(|phase| (phase.fill(look), phase.word()));
    let done = [(end_mark(look, false), "acknowledged")];
    let mut x = 2;
    for ((fill, role), word) in phases.into_iter().chain(done) {
        if x + 2 + word.len() > pen.width() {
            break;
        }
        x = pen.put(x, y, fill, role) + 1;
        x = pen.put(x, y, word, Role::Dim) + 2;
    }
}

fn head(id: JobId, job: &Job, pen: &mut Pen<'_>) {
    let (look, width) = (pen.look, pen.width());
    let name = look.fit(&look.show(&format!("job {id}  {}", job.name)), width / 2);
    let x = pen.put(1, 0, &name, Role::Strong) + 2;
    let mut words = vec![format!("checkpoints: {}", job.checkpoints.len())];
    let states = || job.checkpoints.iter().map(|(_, checkpoint)| &checkpoint.state);
    let aborted = states().filter(|it| matches!(it, CheckpointState::Aborted(_))).count();
    if aborted > 0 {
        words.push(format!("{aborted} aborted"));
    }
    let restarts = &job.restarts;
    match (restarts.count, restarts.restored) {
        (0, _) => {}
        (count, None) => words.push(format!("restart {count}")),
        (count, Some(from)) => words.push(format!("restart {count} from checkpoint {from}")),
    }
    if let Some(scheduled) = &restarts.scheduled {
        words.push(format!("starts again in {} ms", scheduled.delay_ms));
    }
    let words = look.fit(&words.join(", "), width.saturating_sub(x + 1));
    pen.put(x, 0, &words, Role::Plain);
}

/// The checkpoints, the newest first, so that the chosen one can be seen.
fn list((world, job, chosen): (&World, &Job, CheckpointId), rows: usize, pen: &mut Pen<'_>) {
    let (look, columns) = (pen.look, list_columns(pen.width()));
    let heads = ["id", "state", "done", "duration", "size", "written", "kind or reason"];
    write(pen, 1, &columns, heads.map(|head| (head.to_owned(), Role::Dim)));
    let known = || job.checkpoints.iter().rev();
    let place = known().position(|(id, _)| id == chosen).unwrap_or(0);
    let first = place.saturating_sub(rows / 2).min(job.checkpoints.len().saturating_sub(rows));
    for (y, (id, checkpoint)) in known().skip(first).take(rows).enumerate() {
        let restored = job.restarts.restored == Some(id);
        write(pen, 2 + y, &columns, list_row(look, world, (id, checkpoint, restored)));
        if id == chosen {
            pen.put(1, 2 + y, look.glyphs().cursor, Role::Checkpoint);
        }
    }
}

fn list_row(
    look: Look,
    world: &World,
    (id, of, restored): (CheckpointId, &Checkpoint, bool),
) -> [(String, Role); 7] {
    let plain = |text: String| (text, Role::Plain);
    let shown = |text: &str| look.show(text::first(text, 200));
    let reason = match (&of.unusable, &of.state) {
        (Some(cause), _) => (shown(cause), Role::Failed),
        (None, CheckpointState::Aborted(reason)) => (shown(reason), Role::Failed),
        (None, _) if restored => ("restored".to_owned(), Role::Note),
        (
            None,
            CheckpointState::InProgress | CheckpointState::Completed | CheckpointState::Discarded,
        ) => (of.barriers.as_deref().map_or(String::new(), shown), Role::Dim),
    };
    let (state, role) = state_of(of);
    [
        (id.to_string(), Role::Strong),
        (state.to_owned(), role),
        plain(format!("{}/{}", of.acknowledged(), of.expected())),
        plain(duration_of(of, world)),
        plain(text::bytes(of.bytes)),
        plain(text::bytes(of.stored_bytes)),
        reason,
    ]
}

fn list_columns(width: usize) -> [Column; 7] {
    let reason = width.saturating_sub(2 + 5 + 11 + 7 + 8 + 6 + 7 + 6 + 1);
    columns([(5, true), (11, false), (7, true), (8, true), (6, true), (7, true), (reason, false)])
}
