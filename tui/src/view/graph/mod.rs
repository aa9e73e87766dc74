//! The running jobs: subtasks as rows of boxes, channels as rows before them.

mod boxes;
mod layout;
mod lines;
mod panels;
mod parts;
mod state_panel;
mod time;
mod time_panel;
mod vertex_panel;

use ratatui::layout::Rect;
use weir::base::JobId;
use weir::graph::PhysicalPlan;
use weir::replay::{Job, Timeline, World, subtask_name};
use weir::trace::{Event, JobStatus};

use super::events::EventsScreen;
use super::look::{Look, Role};
use super::pen::Pen;
use boxes::Picture;
use layout::{Choice, Detail, Layout, Wish};
use state_panel::StatePanel;
use time_panel::TimePanel;
pub(super) use vertex_panel::Aspect;
use vertex_panel::VertexPanel;

/// Rows below which the log is left out.
const LOG_MIN: usize = 6;
/// Rows for a panel about a vertex that the graph leaves at least and at most.
const VERTEX_ROWS: (usize, usize) = (8, 18);

/// What is looked at in the graph.
#[derive(Clone, Debug, Default)]
pub(super) struct GraphScreen {
    choice: Choice,
    /// The job one has chosen; the newest that is not over, if unset.
    job: Option<JobId>,
    /// The columns and rows of the drawing that are hidden at its left and top.
    hidden: (usize, usize),
    /// The vertex that is looked at.
    vertex: Option<usize>,
    /// What is looked at of it.
    aspect: Aspect,
    /// The lines about it that are hidden at the top.
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
        self.leave_vertex();
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
        self.turn_to((next < self.vertices(world)).then_some(next));
    }

    /// Looks at an aspect of the vertex before, and before the first at none.
    pub fn previous_vertex(&mut self, world: &World, aspect: Aspect) {
        if self.turns(world, aspect) {
            return;
        }
        let after = self.vertex(world).unwrap_or(self.vertices(world));
        self.turn_to(after.checked_sub(1));
    }

    /// Turns to an aspect. Says whether another was looked at.
    fn turns(&mut self, world: &World, aspect: Aspect) -> bool {
        let turns = self.vertex(world).is_some() && self.aspect != aspect;
        self.aspect = aspect;
        if turns {
            self.turn_to(self.vertex);
        }
        turns
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
        let Some((job, subtask)) = vertex_panel::changed_state(event) else { return false };
        let of = subtask.rsplit_once('#').map(|(uid, _)| uid);
        self.shows_state(world)
            && self.job(world).is_some_and(|(id, shown)| {
                let plan = shown.plan.as_ref().ok();
                let vertices = plan.map(|plan| &plan.execution.job.vertices);
                let looked_at = vertices.and_then(|vertices| vertices.get(self.vertex?));
                id == job && looked_at.is_some_and(|vertex| Some(&*vertex.uid) == of)
            })
    }

    /// Says whether there was one.
    pub fn leave_vertex(&mut self) -> bool {
        let looked = self.vertex.is_some();
        self.turn_to(None);
        looked
    }

    fn turn_to(&mut self, vertex: Option<usize>) {
        (self.vertex, self.above) = (vertex, 0);
        self.follows = true;
    }

    pub fn scroll(&mut self, columns: isize, rows: isize) {
        let (x, y) = self.hidden;
        if self.vertex.is_some() {
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

    /// How many lines about the vertex are to be hidden where it has so much room.
    fn above(&self, world: &World, look: Look, (width, room): (usize, usize)) -> Option<usize> {
        let panel = self.vertex_panel(world)?;
        let rows = panel.rows(look, width);
        let mut above = self.above;
        if let VertexPanel::State(state) = &panel
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
        Some(above.min(rows.saturating_sub(room)))
    }

    fn job<'a>(&self, world: &'a World) -> Option<(JobId, &'a Job)> {
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
        self.vertex.filter(|vertex| *vertex < self.vertices(world))
    }

    fn vertex_panel<'a>(&'a self, world: &'a World) -> Option<VertexPanel<'a>> {
        let (_, job) = self.job(world)?;
        let plan = job.plan.as_ref().ok()?;
        let vertex = plan.execution.job.vertices.get(self.vertex?)?;
        let (top, kept) = (self.above, self.kept());
        Some(match self.aspect {
            Aspect::EventTime => VertexPanel::EventTime(TimePanel { world, job, vertex, top }),
            Aspect::State => VertexPanel::State(StatePanel { world, job, vertex, kept, top }),
        })
    }

    /// How many of the rows the graph may take.
    fn graph_rows(&self, world: &World, rows: usize) -> usize {
        match self.vertex(world) {
            None => rows,
            Some(_) => rows - (rows / 2).clamp(VERTEX_ROWS.0, VERTEX_ROWS.1).min(rows),
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
        if let Some(panel) = self.vertex_panel(world) {
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
        if layout.event_time && self.vertex.is_none() {
            hints.push("e: event time");
        }
        if !job.states.is_empty() && self.vertex.is_none() {
            hints.push("s: state");
        }
        if self.aspect == Aspect::State && self.vertex.is_some() {
            hints.push("/: filter");
        }
        if layout.height > rows && self.vertex.is_none() {
            hints.push("up/down: more");
        }
        if layout.width > width {
            hints.push("H/L: more");
        }
        hints.join("  ")
    }
}

/// The job's name and status.
fn head(world: &World, id: JobId, job: &Job, hint: &str, pen: &mut Pen<'_>) {
    let (look, width) = (pen.look, pen.width());
    let name = look.fit(&look.show(&format!("job {id}  {}", job.name)), width / 2);
    let x = pen.put(1, 0, &name, Role::Strong) + 2;
    let (status, role) = status(job.status);
    let mut x = pen.put(x, 0, status, role) + 2;
    if world.jobs.iter().count() > 1 {
        x = pen.put(x, 0, "o: other job", Role::Dim) + 2;
    }
    if let Some(missing) = world.resources.missing.get(&id) {
        x = pen.put(x, 0, &format!("{missing} slots missing"), Role::Pressure) + 2;
    }
    let room = width.saturating_sub(x + 1);
    let cause = job.cause.as_ref().map(|cause| look.show(cause));
    match cause {
        Some(cause) => pen.put(x, 0, &look.fit(&cause, room), Role::Failed),
        None => pen.put(x, 0, &look.fit(hint, room), Role::Dim),
    };
}

fn status(status: JobStatus) -> (&'static str, Role) {
    match status {
        JobStatus::Initializing => ("INITIALIZING", Role::Waiting),
        JobStatus::Created => ("CREATED", Role::Waiting),
        JobStatus::Running => ("RUNNING", Role::Running),
        JobStatus::Restarting => ("RESTARTING", Role::Waiting),
        JobStatus::Failing => ("FAILING", Role::Failed),
        JobStatus::Failed => ("FAILED", Role::Failed),
        JobStatus::Cancelling => ("CANCELLING", Role::Stopped),
        JobStatus::Canceled => ("CANCELED", Role::Stopped),
        JobStatus::Finished => ("FINISHED", Role::Done),
    }
}

/// The tasks of a job without a plan. Says how many rows they take.
fn tasks(job: &Job, pen: &mut Pen<'_>) -> usize {
    let (look, room) = (pen.look, pen.width().saturating_sub(2));
    let rows = pen.height().saturating_sub(1);
    for (y, (name, task)) in job.tasks.iter().take(rows).enumerate() {
        let (symbol, role) = look.state(task.state);
        let line = look.show(name);
        let x = pen.put(1, y + 1, symbol, role) + 1;
        pen.put(x, y + 1, &look.fit(&line, room.saturating_sub(3)), Role::Plain);
    }
    job.tasks.len().min(rows)
}
