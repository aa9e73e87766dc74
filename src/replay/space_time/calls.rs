//! The calls with which the coordinator and the tasks talk about checkpoints.

use super::Carries;
use crate::base::CheckpointId;

/// Which way a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// From the coordinator to a task.
    ToTask,
    /// From a task to the coordinator.
    FromTask,
}

/// A call about a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Call<'a> {
    pub task: &'a str,
    pub carries: Carries,
    way: Way,
}

impl<'a> Call<'a> {
    /// Who sends it and who receives it; the coordinator is the process 0.
    pub fn ends(&self, task: usize) -> (usize, usize) {
        match self.way {
            Way::ToTask => (0, task),
            Way::FromTask => (task, 0),
        }
    }

    /// The call, if this is one: a method, and what it is about, such as `sum#1: checkpoint 2`.
    pub fn read(message: &str, about: &'a str) -> Option<Self> {
        let (carries, way): (fn(CheckpointId) -> Carries, Way) = match message {
            "TriggerCheckpoint" => (Carries::Trigger, Way::ToTask),
            "ConfirmCheckpoint" => (Carries::Complete, Way::ToTask),
            "AbortCheckpoint" => (Carries::Abort, Way::ToTask),
            "AcknowledgeCheckpoint" => (Carries::Acknowledge, Way::FromTask),
            "DeclineCheckpoint" => (Carries::Decline, Way::FromTask),
            // Methods are text: all others are about something else.
            _ => return None,
        };
        let (task, rest) = about.split_once(": checkpoint ")?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).map_or(rest, |end| &rest[..end]);
        let checkpoint = CheckpointId(digits.parse().ok()?);
        Some(Self { task, carries: carries(checkpoint), way })
    }
}
