//! The running jobs: subtasks as rows of boxes, channels as rows before them.

mod boxes;
mod layout;
mod lines;
mod panels;
mod parts;
mod time;
mod time_panel;

use ratatui::layout::Rect;
use weir::base::JobId;
use weir::graph::PhysicalPlan;
use weir::replay::{Job, Timeline, World};
use weir::trace::JobStatus;

use super::events::EventsScreen;
use super::look::{Look, Role};
use super::pen::Pen;
use boxes::Picture;
use layout::{Choice, Detail, Layout, Wish};
use time_panel::TimePanel;

/// Rows below which the log is left out.
const LOG_MIN: usize = 6;
/// Rows for event time that the graph leaves at least and at most.
const TIME_ROWS: (usize, usize) = (8, 18);

/// What is looked at in the graph.
#[derive(Clone, Debug, Default)]
pub(super) struct GraphScreen {
    choice: Choice,
    /// The job one has chosen; the newest that is not over, if unset.
    job: Option<JobId>,
    /// The columns and rows of the drawing that are hidden at its left and top.
    hidden: (usize, usize),
    /// The vertex whose event time is looked at.
    vertex: Option<usize>,
    /// The lines about its event time that are hidden at the top.
    above: usize,
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

    /// Looks at the event time of the next vertex, and after the last at none.
    pub fn next_vertex(&mut self, world: &World) {
        let next = self.vertex(world).map_or(0, |vertex| vertex + 1);
        self.turn_to((next < self.vertices(world)).then_some(next));
    }

    /// Looks at the event time of the vertex before, and before the first at none.
    pub fn previous_vertex(&mut self, world: &World) {
        let after = self.vertex(world).unwrap_or(self.vertices(world));
        self.turn_to(after.checked_sub(1));
    }

    /// Says whether there was one.
    pub fn leave_vertex(&mut self) -> bool {
        let looked = self.vertex.is_some();
        self.turn_to(None);
        looked
    }

    fn turn_to(&mut self, vertex: Option<usize>) {
        (self.vertex, self.above) = (vertex, 0);
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
        if let Some(panel) = self.time_panel(world) {
            let room = all.saturating_sub(layout.height.min(rows));
            self.above = self.above.min(panel.rows(look, width).saturating_sub(room));
        }
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

    /// The vertex whose event time is looked at, if the job has it.
    fn vertex(&self, world: &World) -> Option<usize> {
        self.vertex.filter(|vertex| *vertex < self.vertices(world))
    }

    fn time_panel<'a>(&self, world: &'a World) -> Option<TimePanel<'a>> {
        let (_, job) = self.job(world)?;
        let plan = job.plan.as_ref().ok()?;
        let vertex = plan.execution.job.vertices.get(self.vertex?)?;
        Some(TimePanel { world, job, vertex, top: self.above })
    }

    /// How many of the rows the graph may take.
    fn graph_rows(&self, world: &World, rows: usize) -> usize {
        match self.vertex(world) {
            None => rows,
            Some(_) => rows - (rows / 2).clamp(TIME_ROWS.0, TIME_ROWS.1).min(rows),
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
        if let Some(panel) = self.time_panel(world) {
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
        head(world, id, job, &self.hint(&layout, (width, rows)), pen);
        let height = u16::try_from(rows).expect("it is less than the window's height");
        let below = Rect { y: window.y + 1, height, ..window };
        let (x, y) = self.hidden;
        let picture = Picture { job, plan, layout: &layout, selected: self.vertex(world) };
        boxes::draw(&picture, &mut pen.within(below).scrolled(x, y));
        layout.height.min(rows)
    }

    fn hint(&self, layout: &Layout, (width, rows): (usize, usize)) -> String {
        let mut hints = Vec::new();
        match (self.choice, layout.detail) {
            (Choice::AsItFits, Detail::Subtasks | Detail::Vertices) => hints.push("z: channels"),
            (Choice::Always(_), _) => hints.push("z: zoom"),
            (Choice::AsItFits, Detail::Channels) => {}
        }
        if layout.event_time && self.vertex.is_none() {
            hints.push("e: event time");
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
