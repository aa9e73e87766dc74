//! The loop that runs one subtask.

mod descriptor;

use crate::host::{Host, Signal};

pub use descriptor::{TaskDescriptor, TaskOptions, TaskUpdate};

/// A running task.
pub struct TaskHandle {
    signal: Signal,
}

impl TaskHandle {
    /// Asks the task to stop; it then reports [`TaskUpdate::Canceled`], unless it ends otherwise
    /// first.
    pub fn cancel(&self) {
        self.signal.notify();
    }
}

/// Starts a task on `host`. Updates end with exactly one of `Finished`, `Canceled`, `Failed`.
pub fn start(
    _host: &Host,
    _descriptor: TaskDescriptor,
    _on_update: Box<dyn Fn(TaskUpdate)>,
) -> TaskHandle {
    TaskHandle { signal: Signal::default() }
}
