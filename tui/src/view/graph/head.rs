//! The line over the graph, and the tasks of a job of which no graph is known.

use weir::base::JobId;
use weir::replay::{Job, World};
use weir::trace::JobStatus;

use super::super::look::Role;
use super::super::pen::Pen;
use super::checkpoint;

/// The job's name and status, and what is to be known of it as a whole.
pub(super) fn head(world: &World, id: JobId, job: &Job, hint: &str, pen: &mut Pen<'_>) {
    let (look, width) = (pen.look, pen.width());
    let name = look.fit(&look.show(&format!("job {id}  {}", job.name)), width / 2);
    let x = pen.put(1, 0, &name, Role::Strong) + 2;
    let (status, role) = status(job.status);
    let mut x = pen.put(x, 0, status, role) + 2;
    for (news, role) in checkpoint::news(look, job) {
        x = pen.put(x, 0, &news, role) + 2;
    }
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
pub(super) fn tasks(job: &Job, pen: &mut Pen<'_>) -> usize {
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
