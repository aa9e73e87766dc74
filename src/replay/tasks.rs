//! One subtask of a job and its current execution.

use super::{Seen, Snapshotting, TaskEventTime};
use crate::base::{CheckpointId, Name, SimDuration, SimTime, VertexId};
use crate::trace::ExecutionState;

/// How an execution spent its time. Known once it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskTimes {
    /// Working, in microseconds.
    pub busy_us: u64,
    /// Waiting for output, in microseconds.
    pub back_pressured_us: u64,
    /// Waiting for input, in microseconds.
    pub idle_us: u64,
}

/// A subtask and its current execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its vertex, where the plan is known.
    pub vertex: Option<VertexId>,
    /// The state of the execution, as the JobMaster sees it.
    pub state: ExecutionState,
    /// Which attempt this is.
    pub attempt: u32,
    /// Where it runs, once that is known.
    pub taskmanager: Option<Name>,
    /// Why it failed, if it did.
    pub cause: Option<String>,
    /// Whether its loop has begun on the TaskManager.
    pub started: bool,
    /// Since when it has had nowhere to put its output.
    pub back_pressured_since: Option<SimTime>,
    /// For how long it has had nowhere to put its output, up to the last easing.
    pub back_pressured: SimDuration,
    /// Records in: counted from its channels, where the level kept them, until it reports.
    pub records_in: u64,
    /// Records out: counted from its channels, where the level kept them, until it reports.
    pub records_out: u64,
    /// How it spent its time, once it has reported.
    pub times: Option<TaskTimes>,
    /// How far event time is.
    pub event_time: TaskEventTime,
    /// What it is doing about checkpoints.
    pub snapshotting: Snapshotting,
    /// The checkpoint from which it took over its state, if it did. What is in that is not told.
    pub restored: Option<CheckpointId>,
}

impl Task {
    pub(super) fn new(vertex: Option<VertexId>) -> Self {
        Self {
            vertex,
            state: ExecutionState::Created,
            attempt: 0,
            taskmanager: None,
            cause: None,
            started: false,
            back_pressured_since: None,
            back_pressured: SimDuration::ZERO,
            records_in: 0,
            records_out: 0,
            times: None,
            event_time: TaskEventTime::default(),
            snapshotting: Snapshotting::default(),
            restored: None,
        }
    }

    /// Forgets the execution before, if `attempt` is a later one. Says whether it is.
    pub(super) fn turn_to(&mut self, attempt: u32) -> bool {
        let later = attempt > self.attempt;
        if later {
            *self = Self { attempt, ..Self::new(self.vertex) };
        }
        later
    }

    /// It does nothing any more. Says whether it was doing something that is shown.
    pub(super) fn end(&mut self, at: SimTime) -> Seen {
        let pressed = self.back_pressured_since.is_some();
        self.ease(at);
        let eased = if pressed { Seen::Yes } else { Seen::No };
        eased.or(Seen::set(&mut self.snapshotting, Snapshotting::default()))
    }

    pub(super) fn ease(&mut self, at: SimTime) {
        if let Some(since) = self.back_pressured_since.take() {
            self.back_pressured = self.back_pressured.saturating_add(at.since(since));
        }
    }
}
