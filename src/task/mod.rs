//! The task: one subtask's chain of operators, run by one loop.
//!
//! Previous: [`crate::runtime`], whose TaskExecutor starts tasks. Next: [`crate::network`] in
//! front and behind, [`crate::operator`] within.

mod chain;
mod descriptor;
mod event_time;
mod guard;
mod stream_task;
mod waiting;
mod wiring;

use std::cell::Cell;
use std::rc::Rc;

use crate::base::EventTime;
use crate::host::{Host, Signal};
use crate::operator::{AccumulatorRegistry, CoordinatorEvent};
use crate::record::Failure;
use crate::trace::{Event, ExecutionState, TaskEvent};

pub use descriptor::{TaskDescriptor, TaskOptions, TaskUpdate};
use stream_task::{Ended, StreamTask};

/// A running task.
pub struct TaskHandle {
    signal: Signal,
    mail: Rc<Mail>,
}

/// What a task is told beside its input (Flink's `TaskMailbox`).
#[derive(Default)]
struct Mail {
    cancelled: Cell<bool>,
    /// How far its source may read ahead of others, since the task last looked.
    alignment: Cell<Option<EventTime>>,
}

impl TaskHandle {
    /// Asks the task to stop; it then reports [`TaskUpdate::Canceled`], unless it ends otherwise
    /// first.
    pub fn cancel(&self) {
        self.mail.cancelled.set(true);
        self.signal.notify();
    }

    /// Hands the task's operators what their coordinator tells them.
    pub fn on_coordinator_event(&self, event: CoordinatorEvent) {
        match event {
            // Only the latest counts.
            CoordinatorEvent::WatermarkAlignment { max_watermark } => {
                self.mail.alignment.set(Some(max_watermark));
            }
        }
        self.signal.notify();
    }
}

/// Starts a task on `host`. Updates end with exactly one of `Finished`, `Canceled`, `Failed`,
/// behind `Accumulated` if there are accumulators.
pub fn start(
    host: &Host,
    descriptor: TaskDescriptor,
    on_update: Box<dyn Fn(TaskUpdate)>,
) -> TaskHandle {
    let (signal, mail) = (Signal::default(), Rc::new(Mail::default()));
    let handle = TaskHandle { signal: signal.clone(), mail: mail.clone() };
    let task = run(host.clone(), descriptor, signal, mail, on_update.into());
    host.spawn.spawn(Box::pin(task));
    handle
}

/// Runs a task from its start to its end.
async fn run(
    host: Host,
    descriptor: TaskDescriptor,
    signal: Signal,
    mail: Rc<Mail>,
    on_update: Rc<dyn Fn(TaskUpdate)>,
) {
    let (job, attempt) = (descriptor.attempt.subtask.job, descriptor.attempt.attempt);
    let subtask = descriptor.name.clone();
    let updates = on_update.clone();
    let coordinator = Rc::new(move |event| updates(TaskUpdate::OperatorEvent(event)));
    let accumulators = AccumulatorRegistry::default();
    let end = |update| {
        let values = accumulators.values();
        if !values.is_empty() {
            on_update(TaskUpdate::Accumulated(values));
        }
        on_update(update);
    };
    let registry = accumulators.clone();
    let mut task = match StreamTask::open(&host, descriptor, signal, mail, registry, coordinator) {
        Ok(task) => task,
        Err(Failure(cause)) => return end(TaskUpdate::Failed { cause }),
    };
    let started = TaskEvent::TaskStarted { job, subtask: subtask.clone(), attempt };
    host.trace.record(Event::Task(started));
    on_update(TaskUpdate::Running);
    let result = task.invoke().await;
    let (state, update) = match result {
        Ok(Ended::Finished) => (ExecutionState::Finished, TaskUpdate::Finished),
        Ok(Ended::Canceled) => (ExecutionState::Canceled, TaskUpdate::Canceled),
        Err(Failure(cause)) => (ExecutionState::Failed, TaskUpdate::Failed { cause }),
    };
    let micros =
        |span: crate::base::SimDuration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
    host.trace.record(Event::Task(TaskEvent::TaskEnded {
        job,
        subtask,
        attempt,
        state,
        records_in: task.meter().records_in(),
        records_out: task.meter().records_out(),
        busy_us: micros(task.spent.busy),
        back_pressured_us: micros(task.spent.back_pressured),
        idle_us: micros(task.spent.idle),
    }));
    if state != ExecutionState::Finished {
        task.abandon();
    }
    // What is the user's own may panic even here; nobody is left whom that could fail.
    let _ = guard::guarded(|| {
        drop(task);
        Ok(())
    });
    end(update);
}
