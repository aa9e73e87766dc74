//! The running jobs: subtasks as rows of boxes, channels as rows before them.

mod boxes;
mod layout;
mod panels;
mod parts;

use ratatui::layout::Rect;
use weir::base::JobId;
use weir::replay::{Job, Timeline, World};
use weir::trace::JobStatus;

use super::events::EventsScreen;
use super::look::Role;
use super::pen::Pen;
use layout::{Choice, Detail, Layout};

/// Rows below which the log is left out.
const LOG_MIN: usize = 6;

/// What is looked at in the graph.
#[derive(Clone, Debug, Default)]
pub(super) struct GraphScreen {
    choice: Choice,
    /// The job one has chosen; the newest that is not over, if unset.
    job: Option<JobId>,
    /// The columns and rows of the drawing that are hidden at its left and top.
    hidden: (usize, usize),
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
    }

    pub fn scroll(&mut self, columns: isize, rows: isize) {
        let (x, y) = self.hidden;
        self.hidden = (x.saturating_add_signed(columns), y.saturating_add_signed(rows));
    }

    /// Keeps the drawing in its window.
    pub fn clamp(&mut self, timeline: &Timeline, (width, height): (usize, usize)) {
        let rows = height.saturating_sub(1);
        let plan = self.job(timeline.world()).and_then(|(_, job)| job.plan.as_ref().ok());
        let Some(plan) = plan else {
            self.hidden = (0, 0);
            return;
        };
        let layout = Layout::new(plan, (width, rows), self.choice);
        let (x, y) = self.hidden;
        self.hidden =
            (x.min(layout.width.saturating_sub(width)), y.min(layout.height.saturating_sub(rows)));
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

    pub fn draw(&self, timeline: &Timeline, pen: &mut Pen<'_>) {
        let world = timeline.world();
        let window = pen.window();
        let (width, rows) = (pen.width(), pen.height().saturating_sub(1));
        let below = Rect { y: window.y + 1, height: window.height.saturating_sub(1), ..window };
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
                    1 + tasks(job, &mut pen.within(below))
                }
                Ok(plan) => {
                    let layout = Layout::new(plan, (width, rows), self.choice);
                    let (x, y) = self.hidden;
                    let hint = self.hint(&layout, (width, rows));
                    head(world, id, job, &hint, pen);
                    let mut pen = pen.within(below).scrolled(x, y);
                    boxes::draw(job, plan, &layout, &mut pen);
                    layout.height.min(rows)
                }
            },
        };
        let left = rows.saturating_sub(used);
        if left < panels::ROWS_MIN {
            return;
        }
        let row = |rows: usize| u16::try_from(rows).expect("it is less than the window's height");
        let panels = if left < panels::ROWS + LOG_MIN { left } else { panels::ROWS };
        let top = window.y + window.height - row(left);
        let rect = Rect { y: top, height: row(panels), ..window };
        panels::draw(world, self.job(world).map(|(_, job)| job), &mut pen.within(rect));
        if panels < left {
            let rect = Rect { y: top + row(panels), height: row(left - panels), ..window };
            EventsScreen::default().draw(timeline, &mut pen.within(rect));
        }
    }

    fn hint(&self, layout: &Layout, (width, rows): (usize, usize)) -> String {
        let mut hints = Vec::new();
        match (self.choice, layout.detail) {
            (Choice::AsItFits, Detail::Subtasks | Detail::Vertices) => hints.push("z: channels"),
            (Choice::Always(_), _) => hints.push("z: zoom"),
            (Choice::AsItFits, Detail::Channels) => {}
        }
        if layout.height > rows {
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
