//! The checkpoints of a job, the newest first, and below them one of them, subtask by subtask.

use std::collections::BTreeSet;

use weir::base::{CheckpointId, Name};
use weir::replay::{Checkpoint, CheckpointState, Job, World, subtask_name};

use super::super::look::{Look, Role};
use super::super::pen::Pen;
use super::super::text;
use super::checkpoint_row::{self, Of, Subtask, WIDE};
use super::table::{Column, columns, write};

/// What is looked at.
pub(super) struct CheckpointPanel<'a> {
    pub world: &'a World,
    pub job: &'a Job,
    /// The checkpoint whose subtasks are shown.
    pub chosen: Option<CheckpointId>,
    /// How many of these are hidden at the top.
    pub top: usize,
}

const NONE: &str = "No checkpoint of this job has begun yet.";
/// Checkpoints for which rows are asked; where there are more rows, more are shown.
const LIST_WANTED: usize = 6;

/// How the rows within the frame are shared out.
struct Rows {
    list: usize,
    said: usize,
    subtasks: usize,
}

impl<'a> CheckpointPanel<'a> {
    /// Rows that it could fill, its frame included.
    pub fn rows(&self, width: usize) -> usize {
        let list = self.job.checkpoints.len().min(LIST_WANTED);
        let said = self.said().len();
        match self.chosen() {
            None => 3 + said,
            Some((_, chosen)) if width > 2 => 2 + 1 + list + said + 1 + chosen.subtask_count(),
            Some(_) => 3,
        }
    }

    /// How many subtasks can be hidden at the top where it has so many columns and rows.
    pub fn most_above(&self, (_, rows): (usize, usize)) -> usize {
        let subtasks = self.chosen().map_or(0, |(_, chosen)| chosen.subtask_count());
        subtasks.saturating_sub(self.share(rows.saturating_sub(2)).subtasks)
    }

    fn chosen(&self) -> Option<(CheckpointId, &'a Checkpoint)> {
        let id = self.chosen?;
        self.job.checkpoints.get(id).map(|checkpoint| (id, checkpoint))
    }

    /// Two rows are heads of columns. A third of the others is the list's, and what subtasks leave.
    fn share(&self, rows: usize) -> Rows {
        let subtasks = self.chosen().map_or(0, |(_, chosen)| chosen.subtask_count());
        let said = self.said().len().min(rows / 3);
        let rows = rows.saturating_sub(2 + said);
        let list = (rows / 3).max(rows.saturating_sub(subtasks)).max(1);
        let list = list.min(self.job.checkpoints.len()).min(rows);
        Rows { list, said, subtasks: rows - list }
    }

    pub fn draw(&self, pen: &mut Pen<'_>) {
        let (look, width) = (pen.look, pen.width());
        pen.frame(&look.show(&self.title()), Role::Dim);
        let Some((id, chosen)) = self.chosen() else {
            pen.put(2, 1, &look.fit(NONE, width.saturating_sub(4)), Role::Dim);
            self.draw_said(1, 2, pen);
            return;
        };
        let rows = self.share(pen.height().saturating_sub(2));
        self.draw_list(id, rows.list, pen);
        self.draw_said(rows.said, 2 + rows.list, pen);
        let first = 2 + rows.list + rows.said;
        if first + 1 < pen.height() {
            self.draw_subtasks((id, chosen), (first, rows.subtasks), pen);
        }
    }

    fn title(&self) -> String {
        let mut words = vec![format!("checkpoints: {}", self.job.checkpoints.len())];
        let states = || self.job.checkpoints.iter().map(|(_, checkpoint)| &checkpoint.state);
        let aborted = states().filter(|it| matches!(it, CheckpointState::Aborted(_))).count();
        if aborted > 0 {
            words.push(format!("{aborted} aborted"));
        }
        let restarts = &self.job.restarts;
        match (restarts.count, restarts.restored) {
            (0, _) => {}
            (count, None) => words.push(format!("restart {count}")),
            (count, Some(from)) => words.push(format!("restart {count} from checkpoint {from}")),
        }
        format!(" {} ", words.join(", "))
    }

    /// What no column says.
    fn said(&self) -> Vec<(String, Role)> {
        let mut said = Vec::new();
        if let Some(scheduled) = &self.job.restarts.scheduled {
            let (delay, cause) = (scheduled.delay_ms, &scheduled.cause);
            said.push((format!("starts again in {delay} ms: {cause}"), Role::Waiting));
        }
        if let Some((id, chosen)) = self.chosen() {
            if let CheckpointState::Aborted(reason) = &chosen.state {
                said.push((format!("{id} was aborted: {reason}"), Role::Failed));
            }
            if let Some(cause) = &chosen.unusable {
                said.push((format!("{id} cannot be restored: {cause}"), Role::Failed));
            }
            if chosen.finished > 0 {
                let finished = chosen.finished;
                said.push((format!("{finished} had finished before {id}"), Role::Dim));
            }
        }
        let newest = self.job.checkpoints.newest().and_then(|(_, newest)| newest.triggered);
        if let Some(refused) = &self.job.checkpoints.refused
            && newest.is_none_or(|newest| newest <= refused.at)
        {
            let (at, reason) = (refused.at, &refused.reason);
            said.push((format!("none could begin at {at}: {reason}"), Role::Waiting));
        }
        said
    }

    fn draw_said(&self, rows: usize, first: usize, pen: &mut Pen<'_>) {
        let (look, room) = (pen.look, pen.width().saturating_sub(4));
        for (y, (said, role)) in self.said().iter().enumerate().take(rows) {
            // What cannot be seen need not be made ready to be shown.
            let said = look.show(text::first(said, room + 1));
            pen.put(2, first + y, &look.fit(&said, room), *role);
        }
    }

    fn draw_list(&self, chosen: CheckpointId, rows: usize, pen: &mut Pen<'_>) {
        let look = pen.look;
        let columns = list_columns(pen.width());
        let heads = ["id", "state", "kind", "done", "duration", "size", "written", ""];
        write(pen, 1, &columns, heads.map(|head| (head.to_owned(), Role::Dim)));
        let known = || self.job.checkpoints.iter().rev();
        let place = known().position(|(id, _)| id == chosen).unwrap_or(0);
        let last = self.job.checkpoints.len().saturating_sub(rows);
        let first = place.saturating_sub(rows / 2).min(last);
        for (y, (id, checkpoint)) in known().skip(first).take(rows).enumerate() {
            write(pen, 2 + y, &columns, self.list_row(look, id, checkpoint));
            if id == chosen {
                pen.put(1, 2 + y, look.glyphs().cursor, Role::Checkpoint);
            }
        }
    }

    fn list_row(&self, look: Look, id: CheckpointId, of: &Checkpoint) -> [(String, Role); 8] {
        let (state, role) = state_of(of);
        let duration = duration_of(of, self.world);
        let restored = self.job.restarts.restored == Some(id);
        let plain = |text: String| (text, Role::Plain);
        [
            (id.to_string(), Role::Strong),
            (state.to_owned(), role),
            plain(of.barriers.as_ref().map_or(String::new(), |word| barriers_within(look, word))),
            plain(format!("{}/{}", of.acknowledged(), of.expected())),
            plain(duration),
            plain(text::bytes(of.bytes)),
            plain(text::bytes(of.stored_bytes)),
            (if restored { "restored" } else { "" }.to_owned(), Role::Note),
        ]
    }

    fn draw_subtasks(
        &self,
        (id, chosen): (CheckpointId, &'a Checkpoint),
        (first, rows): (usize, usize),
        pen: &mut Pen<'_>,
    ) {
        let (look, width) = (pen.look, pen.width());
        checkpoint_row::heads(id, first, pen);
        let count = chosen.subtask_count();
        let top = self.top.min(count.saturating_sub(rows));
        let hidden = count.saturating_sub(top + rows);
        let shown = rows - usize::from(hidden > 0).min(rows);
        let subtasks = in_order(self.job, chosen);
        for (y, subtask) in subtasks.into_iter().skip(top).take(shown).enumerate() {
            let of = Of { subtask, in_vain: matches!(chosen.state, CheckpointState::Aborted(_)) };
            of.draw(first + 1 + y, pen);
        }
        if hidden > 0 && rows > 0 {
            let more = format!("{} {} more: down", look.glyphs().more, hidden + 1);
            pen.put(2, first + rows, &look.fit(&more, width.saturating_sub(4)), Role::Dim);
        }
    }
}

/// What has become of a checkpoint, in a word.
pub(in super::super) fn state_of(of: &Checkpoint) -> (&'static str, Role) {
    match &of.state {
        _ if of.unusable.is_some() => ("unusable", Role::Failed),
        CheckpointState::InProgress => ("in progress", Role::Checkpoint),
        CheckpointState::Completed => ("completed", Role::Done),
        CheckpointState::Aborted(_) => ("aborted", Role::Failed),
        CheckpointState::Discarded => ("discarded", Role::Dim),
    }
}

/// How long it took, or has taken so far, if its beginning is known.
pub(in super::super) fn duration_of(of: &Checkpoint, world: &World) -> String {
    of.duration_at(world.at).map_or(String::new(), |duration| {
        text::span(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
    })
}

/// The subtasks as they stand in the graph, and after them such as are not in it.
pub(in super::super) fn in_order<'a>(job: &Job, of: &'a Checkpoint) -> Vec<Subtask<'a>> {
    let plan = job.plan.as_ref().ok();
    let vertices = plan.into_iter().flat_map(|plan| &plan.execution.job.vertices);
    let names = vertices
        .flat_map(|vertex| (0..vertex.parallelism).map(|index| subtask_name(&vertex.uid, index)));
    let mut subtasks: Vec<_> =
        names.filter_map(|name| of.subtask(&name).map(|snapshot| (name, snapshot))).collect();
    if subtasks.len() < of.subtask_count() {
        let known: BTreeSet<Name> = subtasks.iter().map(|(name, _)| name.clone()).collect();
        let others = of.subtasks().filter(|(name, _)| !known.contains(*name));
        subtasks.extend(others.map(|(name, snapshot)| (name.clone(), snapshot)));
    }
    subtasks
}

fn barriers_within(look: Look, word: &str) -> String {
    match word.strip_prefix("aligned-for-") {
        Some(millis) => format!("aligned {}{}", look.glyphs().up_to, look.show(millis)),
        None => look.show(&word.replace('-', " ")),
    }
}

fn list_columns(width: usize) -> [Column; 8] {
    let spare = if width < WIDE { 0 } else { 4 };
    let number = |width: usize| (width + spare, true);
    let words = |width: usize| (width + spare, false);
    columns([(5, true), words(11), words(15), number(7), number(8), number(6), number(7), words(8)])
}
