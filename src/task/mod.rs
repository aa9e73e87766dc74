//! The task: one subtask's chain of operators, run by one loop.
//!
//! Previous: [`crate::runtime`], whose TaskExecutor starts tasks. Next: [`crate::network`] in
//! front and behind, [`crate::operator`] within.

mod barriers;
mod chain;
mod checkpoints;
mod descriptor;
mod event_time;
mod guard;
mod restoring;
mod storing;
mod stream_task;
mod taking_over;
mod underway;
mod waiting;
mod wiring;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use crate::base::{CheckpointId, EventTime};
use crate::checkpoint::CheckpointBarrier;
use crate::host::{Host, Services, Signal, StorageError};
use crate::operator::{AccumulatorRegistry, CoordinatorEvent};
use crate::record::Failure;
use crate::trace::{Event, ExecutionState, TaskEvent};

pub use descriptor::{
    RestoreState, SubtaskNames, TaskAcknowledgement, TaskDescriptor, TaskOptions, TaskRestore,
    TaskUpdate,
};
use restoring::RestoreError;
pub(crate) use restoring::stored_file;
use stream_task::{Ended, StreamTask, Surroundings};

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
    /// What the JobMaster says of checkpoints.
    checkpoints: RefCell<VecDeque<CheckpointLetter>>,
    /// What has become of files of its snapshots.
    stored: RefCell<VecDeque<(CheckpointId, Result<(), StorageError>)>>,
}

/// What the JobMaster says of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointLetter {
    /// It begins here.
    Trigger(CheckpointBarrier),
    /// It is complete.
    Complete(CheckpointId),
    /// It has come to nothing.
    Aborted(CheckpointId),
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

    /// Tells the task of a checkpoint.
    pub fn on_checkpoint(&self, letter: CheckpointLetter) {
        self.mail.checkpoints.borrow_mut().push_back(letter);
        self.signal.notify();
    }
}

/// Starts a task on `host`. Updates end with exactly one of `Finished`, `Canceled`, `Failed`,
/// behind `Accumulated` if there are accumulators.
pub fn start(
    host: &Host,
    descriptor: TaskDescriptor,
    services: Services,
    on_update: Box<dyn Fn(TaskUpdate)>,
) -> TaskHandle {
    let (signal, mail) = (Signal::default(), Rc::new(Mail::default()));
    let handle = TaskHandle { signal: signal.clone(), mail: mail.clone() };
    let surroundings = Surroundings {
        inbox: host.wire.open(descriptor.port, signal.clone()),
        signal,
        mail,
        accumulators: AccumulatorRegistry::default(),
        services,
        on_update: on_update.into(),
    };
    host.spawn.spawn(Box::pin(run(host.clone(), descriptor, surroundings)));
    handle
}

/// Runs a task from its start to its end.
async fn run(host: Host, descriptor: TaskDescriptor, surroundings: Surroundings) {
    let (job, attempt) = (descriptor.attempt.subtask.job, descriptor.attempt.attempt);
    let subtask = descriptor.name.clone();
    let (accumulators, on_update) =
        (surroundings.accumulators.clone(), surroundings.on_update.clone());
    let end = |update| {
        let values = accumulators.values();
        if !values.is_empty() {
            on_update(TaskUpdate::Accumulated(values));
        }
        on_update(update);
    };
    let failed = |cause| TaskUpdate::Failed { cause, unusable: None };
    let restored = match &descriptor.restore {
        None => None,
        Some(restore) => {
            let (signal, mail) = (&surroundings.signal, &*surroundings.mail);
            let storage = surroundings.services.storage.as_ref();
            match restoring::fetch(&host, storage, restore, (signal, mail)).await {
                Ok(restored) => Some(restored),
                Err(RestoreError::Canceled) => return end(TaskUpdate::Canceled),
                Err(RestoreError::Unreachable(cause)) => return end(failed(cause)),
                Err(RestoreError::Unusable(cause)) => {
                    let unusable = Some(restore.checkpoint);
                    return end(TaskUpdate::Failed { cause, unusable });
                }
            }
        }
    };
    let mut task = match StreamTask::open(&host, descriptor, surroundings, restored) {
        Ok(task) => task,
        Err(Failure(cause)) => return end(failed(cause)),
    };
    let started = TaskEvent::TaskStarted { job, subtask: subtask.clone(), attempt };
    host.trace.record(Event::Task(started));
    on_update(TaskUpdate::Running);
    let result = task.invoke().await;
    let (state, update) = match result {
        Ok(Ended::Finished) => (ExecutionState::Finished, TaskUpdate::Finished),
        Ok(Ended::Canceled) => (ExecutionState::Canceled, TaskUpdate::Canceled),
        Err(Failure(cause)) => (ExecutionState::Failed, failed(cause)),
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
