//! The running jobs: subtasks as rows of boxes, channels as rows before them.

mod boxes;
mod channels;
mod checkpoint;
pub(super) mod checkpoint_panel;
mod checkpoint_row;
mod head;
mod layout;
mod lines;
mod panels;
mod parts;
mod state_panel;
pub(super) mod state_rows;
mod subject;
pub(super) mod table;
mod time;
mod time_panel;

use ratatui::layout::Rect;
use weir::base::{CheckpointId, JobId};
use weir::graph::PhysicalPlan;
use weir::replay::{Checkpoints, Job, Timeline, World, subtask_name};
use weir::trace::Event;

use super::events::EventsScreen;
use super::look::{Look, Role};
use super::pen::Pen;
use boxes::Picture;
pub(super) use checkpoint::Doing;
use checkpoint_panel::CheckpointPanel;
use head::{head, tasks};
use layout::{Choice, Detail, Layout, Wish};
use state_panel::StatePanel;
pub(super) use subject::{Aspect, changed_state};
use subject::{Panel, Subject};
use time_panel::TimePanel;

/// Rows below which the log is left out.
const LOG_MIN: usize = 6;
/// Rows for a panel about a vertex or checkpoints that the graph leaves at least and at most.
const PANEL_ROWS: (usize, usize) = (8, 18);

/// What is looked at in the graph.
#[derive(Clone, Debug, Default)]
pub(super) struct GraphScreen {
    choice: Choice,
    /// The job one has chosen; the newest that is not over, if unset.
    job: Option<JobId>,
    /// The columns and rows of the drawing that are hidden at its left and top.
    hidden: (usize, usize),
    /// What is looked at more closely.
    subject: Option<Subject>,
    /// What is looked at of a vertex.
    aspect: Aspect,
    /// The lines about the subject that are hidden at the top.
    above: usize,
    /// A text in lower case that the rows about its state have; all are kept if unset.
    kept: Option<String>,
    /// Whether what has changed is to be brought into sight.
    follows: bool,
}

impl GraphScreen {
    pub fn next_detail(&mut self) {
        self.choice = match self.choice {
            Choice::AsItFits => Choice::Always(Detail::Channels),
            Choice::Always(Detail::Channels) => Choice::Always(Detail::Subtasks),
            Choice::Always(Detail::Subtasks) => Choice::Always(Detail::Vertices),
            Choice::Always(Detail::Vertices) => Choice::AsItFits,
        };
    }

    pub fn next_job(&mut self, world: &World) {
        let shown = self.job(world).map(|(id, _)| id);
        let after = world.jobs.iter().map(|(id, _)| id).find(|id| Some(*id) > shown);
        self.job = after.or_else(|| world.jobs.iter().map(|(id, _)| id).next());
        self.leave();
    }

    /// Looks at an aspect of the next vertex, and after the last at none. If it is another aspect
    /// than before, of the same vertex.
    pub fn next_vertex(&mut self, timeline: &Timeline, aspect: Aspect) {
        if self.turns(timeline.world(), aspect) {
            return;
        }
        let world = timeline.world();
        let first = || match aspect {
            Aspect::EventTime => 0,
            Aspect::State => self.first_with_state(timeline),
        };
        let next = self.vertex(world).map_or_else(first, |vertex| vertex + 1);
        self.turn_to((next < self.vertices(world)).then_some(Subject::Vertex(next)));
    }

    /// Looks at an aspect of the vertex before, and before the first at none.
    pub fn previous_vertex(&mut self, world: &World, aspect: Aspect) {
        if self.turns(world, aspect) {
            return;
        }
        let after = self.vertex(world).unwrap_or(self.vertices(world));
        self.turn_to(after.checked_sub(1).map(Subject::Vertex));
    }

    /// Looks at the vertex of a subtask, if it is one of the job, or of the job that is shown.
    pub fn look_at(
        &mut self,
        world: &World,
        (job, subtask): (Option<JobId>, &str),
        aspect: Option<Aspect>,
    ) {
        let shown = self.job(world);
        let Some((id, known)) = job.map_or(shown, |id| Some((id, world.jobs.get(id)?))) else {
            return;
        };
        let (Ok(plan), Some((uid, _))) = (&known.plan, subtask.rsplit_once('#')) else { return };
        let mut vertices = plan.execution.job.vertices.iter();
        let Some(vertex) = vertices.position(|vertex| &*vertex.uid == uid) else { return };
        if shown.is_none_or(|(shown, _)| shown != id) {
            self.job = Some(id);
        }
        self.aspect = aspect.unwrap_or(self.aspect);
        self.turn_to(Some(Subject::Vertex(vertex)));
    }

    /// Turns to an aspect. Says whether another was looked at.
    fn turns(&mut self, world: &World, aspect: Aspect) -> bool {
        let turns = self.vertex(world).is_some() && self.aspect != aspect;
        self.aspect = aspect;
        if turns {
            self.turn_to(self.subject);
        }
        turns
    }

    /// Looks at the newest checkpoint, then at the one before, and after the oldest at none.
    pub fn next_checkpoint(&mut self, world: &World) {
        let older = |id| self.checkpoints(world)?.around(id).0;
        self.turn_to(match self.subject {
            Some(Subject::Checkpoints(chosen)) => {
                let shown = self.checkpoint(world, chosen);
                shown.and_then(older).map(|older| Subject::Checkpoints(Some(older)))
            }
            Some(Subject::Vertex(_)) | None => Some(Subject::Checkpoints(None)),
        });
    }

    /// Looks at the next newer checkpoint, and after the newest at none.
    pub fn previous_checkpoint(&mut self, world: &World) {
        let newest = self.checkpoint(world, None);
        let newer = |id| self.checkpoints(world)?.around(id).1;
        // Whoever is at the newest follows it.
        let chosen = |id| (Some(id) != newest).then_some(id);
        self.turn_to(match self.subject {
            Some(Subject::Checkpoints(shown)) => {
                let newer = self.checkpoint(world, shown).and_then(newer);
                newer.map(|newer| Subject::Checkpoints(chosen(newer)))
            }
            Some(Subject::Vertex(_)) | None => {
                let oldest = self.checkpoints(world).and_then(|known| known.iter().next());
                Some(Subject::Checkpoints(oldest.and_then(|(id, _)| chosen(id))))
            }
        });
    }

    fn checkpoints<'a>(&self, world: &'a World) -> Option<&'a Checkpoints> {
        self.job(world).map(|(_, job)| &job.checkpoints)
    }

    /// The checkpoint one has chosen, if it has begun; else the newest.
    fn checkpoint(&self, world: &World, chosen: Option<CheckpointId>) -> Option<CheckpointId> {
        let known = self.checkpoints(world)?;
        let newest = || known.newest().map(|(newest, _)| newest);
        chosen.filter(|chosen| known.get(*chosen).is_some()).or_else(newest)
    }

    /// The first vertex that has keyed state now or at the end, or else the first.
    fn first_with_state(&self, timeline: &Timeline) -> usize {
        let Some((id, job)) = self.job(timeline.world()) else { return 0 };
        let Ok(plan) = &job.plan else { return 0 };
        let jobs = [Some(job), timeline.end().jobs.get(id)];
        let has_state =
            |name: &str| jobs.iter().flatten().any(|job| job.states.of(name).next().is_some());
        let mut vertices = plan.execution.job.vertices.iter();
        let found = vertices.position(|vertex| {
            (0..vertex.parallelism).any(|index| has_state(&subtask_name(&vertex.uid, index)))
        });
        found.unwrap_or(0)
    }

    /// Whether the rows about state can be filtered now.
    pub fn shows_state(&self, world: &World) -> bool {
        self.aspect == Aspect::State && self.vertex(world).is_some()
    }

    /// The text that the rows about state have.
    pub fn kept(&self) -> Option<&str> {
        self.kept.as_deref()
    }

    /// Keeps the rows about state that have a text, whatever its case; an empty one keeps all.
    pub fn keep(&mut self, text: &str) {
        let text = text.trim().to_lowercase();
        self.kept = (!text.is_empty()).then_some(text);
        self.above = 0;
    }

    /// Says whether there was a text.
    pub fn keep_all(&mut self) -> bool {
        self.kept.take().is_some()
    }

    /// Brings into sight what has changed, where something has.
    pub fn follow(&mut self) {
        self.follows = true;
    }

    /// Whether an event changes what the panel says about the state that is looked at.
    pub fn shows_change(&self, world: &World, event: &Event) -> bool {
        let Some((job, subtask)) = subject::changed_state(event) else { return false };
        let of = subtask.rsplit_once('#').map(|(uid, _)| uid);
        self.shows_state(world)
            && self.job(world).is_some_and(|(id, shown)| {
                let plan = shown.plan.as_ref().ok();
                let vertices = plan.map(|plan| &plan.execution.job.vertices);
                let vertex = self.vertex(world);
                let looked_at = vertices.and_then(|vertices| vertices.get(vertex?));
                id == job && looked_at.is_some_and(|vertex| Some(&*vertex.uid) == of)
            })
    }

    /// Looks at nothing more closely. Says whether there was something.
    pub fn leave(&mut self) -> bool {
        let looked = self.subject.is_some();
        self.turn_to(None);
        looked
    }

    fn turn_to(&mut self, subject: Option<Subject>) {
        (self.subject, self.above) = (subject, 0);
        self.follows = true;
    }

    pub fn scroll(&mut self, columns: isize, rows: isize) {
        let (x, y) = self.hidden;
        if self.subject.is_some() {
            self.above = self.above.saturating_add_signed(rows);
            self.hidden = (x.saturating_add_signed(columns), y);
        } else {
            self.hidden = (x.saturating_add_signed(columns), y.saturating_add_signed(rows));
        }
    }

    /// Keeps the drawing in its window.
    pub fn clamp(&mut self, timeline: &Timeline, look: Look, (width, height): (usize, usize)) {
        let world = timeline.world();
        let all = height.saturating_sub(1);
        let rows = self.graph_rows(world, all);
        let job = self.job(world);
        let Some((id, _, plan)) =
            job.and_then(|(id, job)| Some((id, job, job.plan.as_ref().ok()?)))
        else {
            self.hidden = (0, 0);
            return;
        };
        let layout = Layout::new(plan, (width, rows), self.wish(timeline, id));
        let (x, y) = self.hidden;
        self.hidden =
            (x.min(layout.width.saturating_sub(width)), y.min(layout.height.saturating_sub(rows)));
        let room = all.saturating_sub(layout.height.min(rows));
        if let Some(above) = self.above(world, look, (width, room)) {
            self.above = above;
        }
        self.follows = false;
    }

    /// How many lines about the subject are to be hidden where it has so much room.
    fn above(&self, world: &World, look: Look, (width, room): (usize, usize)) -> Option<usize> {
        let panel = self.panel(world)?;
        let rows = panel.rows(look, width);
        let mut above = self.above;
        if let Panel::State(state) = &panel
            && self.follows
            && let Some(changed) = state.changed_row()
        {
            // The frame, the heads of the columns and the word that there is more take rows too, and
            // at the top stands whose the rows are.
            let seen = rows.min(room).saturating_sub(4).max(1);
            let first = if above == 0 { 0 } else { above + 1 };
            if !(first..above + seen).contains(&changed) {
                above = changed.saturating_sub(seen / 2);
            }
        }
        Some(above.min(panel.most_above(look, (width, room))))
    }

    /// The job that is looked at.
    pub fn job<'a>(&self, world: &'a World) -> Option<(JobId, &'a Job)> {
        if let Some(chosen) = self.job
            && let Some(job) = world.jobs.get(chosen)
        {
            return Some((chosen, job));
        }
        let open = world.jobs.iter().filter(|(_, job)| !job.status.is_terminal()).last();
        open.or_else(|| world.jobs.iter().last())
    }

    fn vertices(&self, world: &World) -> usize {
        let plan = self.job(world).and_then(|(_, job)| job.plan.as_ref().ok());
        plan.map_or(0, |plan| plan.execution.job.vertices.len())
    }

    /// The vertex that is looked at, if the job has it.
    fn vertex(&self, world: &World) -> Option<usize> {
        match self.subject {
            Some(Subject::Vertex(vertex)) => Some(vertex).filter(|it| *it < self.vertices(world)),
            Some(Subject::Checkpoints(_)) | None => None,
        }
    }

    fn panel<'a>(&'a self, world: &'a World) -> Option<Panel<'a>> {
        let (_, job) = self.job(world)?;
        let (top, kept) = (self.above, self.kept());
        if let Some(Subject::Checkpoints(chosen)) = self.subject {
            let chosen = self.checkpoint(world, chosen);
            return Some(Panel::Checkpoints(CheckpointPanel { world, job, chosen, top }));
        }
        let plan = job.plan.as_ref().ok()?;
        let vertex = plan.execution.job.vertices.get(self.vertex(world)?)?;
        Some(match self.aspect {
            Aspect::EventTime => Panel::EventTime(TimePanel { world, job, vertex, top }),
            Aspect::State => Panel::State(StatePanel { world, job, vertex, kept, top }),
        })
    }

    /// How many of the rows the graph may take.
    fn graph_rows(&self, world: &World, rows: usize) -> usize {
        match self.panel(world) {
            None => rows,
            Some(_) => rows - (rows / 2).clamp(PANEL_ROWS.0, PANEL_ROWS.1).min(rows),
        }
    }

    /// What comes later says too whether a job has event time, so that the drawing does not change
    /// its shape on the way.
    fn wish(&self, timeline: &Timeline, job: JobId) -> Wish {
        let event_time = timeline.end().jobs.get(job).is_some_and(|job| job.has_event_time);
        Wish { choice: self.choice, event_time }
    }

    pub fn draw(&self, timeline: &Timeline, pen: &mut Pen<'_>) {
        let world = timeline.world();
        let window = pen.window();
        let (width, rows) = (pen.width(), pen.height().saturating_sub(1));
        let row = |rows: usize| u16::try_from(rows).expect("it is less than the window's height");
        let used = match self.job(world) {
            None => {
                pen.put(1, 0, "No job has been submitted yet.", Role::Dim);
                0
            }
            Some((id, job)) => match &job.plan {
                Err(error) => {
                    head(world, id, job, "", pen);
                    let error = pen.look.show(&error.to_string());
                    pen.put(1, 1, &pen.look.fit(&error, width.saturating_sub(2)), Role::Failed);
                    let below = Rect { y: window.y + 1, height: row(rows), ..window };
                    1 + tasks(job, &mut pen.within(below))
                }
                Ok(plan) => self.graph(timeline, (id, job, plan), pen),
            },
        };
        let mut left = rows.saturating_sub(used);
        if let Some(panel) = self.panel(world) {
            let wanted = panel.rows(pen.look, width);
            let high = if left < wanted + panels::ROWS_MIN { left } else { wanted };
            let rect = Rect { y: window.y + 1 + row(used), height: row(high), ..window };
            panel.draw(&mut pen.within(rect));
            left -= high;
        }
        if left < panels::ROWS_MIN {
            return;
        }
        let panels = if left < panels::ROWS + LOG_MIN { left } else { panels::ROWS };
        let top = window.y + window.height - row(left);
        let rect = Rect { y: top, height: row(panels), ..window };
        panels::draw(world, self.job(world).map(|(_, job)| job), &mut pen.within(rect));
        if panels < left {
            let rect = Rect { y: top + row(panels), height: row(left - panels), ..window };
            EventsScreen::default().draw(timeline, &mut pen.within(rect));
        }
    }

    /// Draws a job's head and graph. Says how many rows the graph takes.
    fn graph(
        &self,
        timeline: &Timeline,
        (id, job, plan): (JobId, &Job, &PhysicalPlan),
        pen: &mut Pen<'_>,
    ) -> usize {
        let world = timeline.world();
        let (window, width) = (pen.window(), pen.width());
        let rows = self.graph_rows(world, pen.height().saturating_sub(1));
        let layout = Layout::new(plan, (width, rows), self.wish(timeline, id));
        head(world, id, job, &self.hint(job, &layout, (width, rows)), pen);
        let height = u16::try_from(rows).expect("it is less than the window's height");
        let below = Rect { y: window.y + 1, height, ..window };
        let (x, y) = self.hidden;
        let picture = Picture { job, plan, layout: &layout, selected: self.vertex(world) };
        boxes::draw(&picture, &mut pen.within(below).scrolled(x, y));
        layout.height.min(rows)
    }

    fn hint(&self, job: &Job, layout: &Layout, (width, rows): (usize, usize)) -> String {
        let mut hints = Vec::new();
        match (self.choice, layout.detail) {
            (Choice::AsItFits, Detail::Subtasks | Detail::Vertices) => hints.push("z: channels"),
            (Choice::Always(_), _) => hints.push("z: zoom"),
            (Choice::AsItFits, Detail::Channels) => {}
        }
        let looks = self.subject.is_some();
        if layout.event_time && !looks {
            hints.push("e: event time");
        }
        if !job.states.is_empty() && !looks {
            hints.push("s: state");
        }
        if !job.checkpoints.is_empty() && !looks {
            hints.push("c: checkpoints");
        }
        if self.aspect == Aspect::State && matches!(self.subject, Some(Subject::Vertex(_))) {
            hints.push("/: filter");
        }
        if layout.height > rows && !looks {
            hints.push("up/down: more");
        }
        if layout.width > width {
            hints.push("H/L: more");
        }
        hints.join("  ")
    }
}
