//! The one sleep of a shell, re-armed only when something is due earlier.
//!
//! Each poll of a sleep may cost its executor a timer that is never taken back. So a sleep is
//! polled when it is armed and when it itself has woken the task, never because of a message.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use crate::base::SimTime;
use crate::host::{Clock, Sleep};

/// See the module.
pub struct Alarm {
    clock: Rc<dyn Clock>,
    armed: Option<Armed>,
}

struct Armed {
    deadline: SimTime,
    sleep: Sleep,
    bell: Arc<Bell>,
}

/// Remembers that it was the sleep that woke the task.
struct Bell {
    rung: AtomicBool,
    task: Waker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Relaxed);
        self.task.wake_by_ref();
    }
}

impl Alarm {
    /// An alarm that is not armed.
    pub fn new(clock: Rc<dyn Clock>) -> Self {
        Self { clock, armed: None }
    }

    /// Sees to it that the task wakes by `deadline`. Returns the deadline that has come, if one
    /// has: perhaps an earlier one, for which nothing is left to do.
    pub fn poll(
        &mut self,
        context: &mut Context<'_>,
        deadline: Option<SimTime>,
    ) -> Option<SimTime> {
        if let Some(armed) = &mut self.armed
            && armed.bell.rung.swap(false, Ordering::Relaxed)
            && armed.poll()
        {
            let due = armed.deadline;
            self.armed = None;
            return Some(due);
        }
        let deadline = deadline?;
        if self.armed.as_ref().is_some_and(|armed| armed.deadline <= deadline) {
            return None;
        }
        let sleep = self.clock.sleep_until(deadline);
        let task = context.waker().clone();
        let bell = Arc::new(Bell { rung: AtomicBool::new(false), task });
        let mut armed = Armed { deadline, sleep, bell };
        if armed.poll() {
            return Some(deadline);
        }
        self.armed = Some(armed);
        None
    }
}

impl Armed {
    /// Whether its moment has come.
    fn poll(&mut self) -> bool {
        let waker = Waker::from(Arc::clone(&self.bell));
        self.sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
    }
}
