//! Why checkpoints fail, and when a job fails for it: Flink's `CheckpointFailureReason` and
//! `CheckpointFailureManager`.

use std::fmt;

/// Why a checkpoint comes to nothing, as the coordinator sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckpointFailure {
    /// It took longer than the timeout.
    Expired,
    /// A later one is complete.
    Subsumed,
    /// A task did not get the state of it stored.
    AsyncException,
    /// A task had reasons of its own.
    Declined,
    /// A later one has begun at a task.
    DeclinedSubsumed,
    /// A task has learnt from another that it was given up.
    DeclinedOnCancellationBarrier,
    /// A task was about to end.
    DeclinedTaskClosing,
    /// A task is not running yet.
    DeclinedTaskNotReady,
    /// Its metadata could not be stored.
    FinalizeFailure,
    /// A task has failed, and the job is started again.
    TaskFailure,
    /// The job has ended.
    CoordinatorShutdown,
}

impl CheckpointFailure {
    /// Whether it counts towards the number that is tolerated: it speaks of checkpointing itself,
    /// and not of something that has failed anyway.
    fn counts(self) -> bool {
        match self {
            Self::Expired | Self::AsyncException | Self::Declined | Self::FinalizeFailure => true,
            Self::Subsumed
            | Self::DeclinedSubsumed
            | Self::DeclinedOnCancellationBarrier
            | Self::DeclinedTaskClosing
            | Self::DeclinedTaskNotReady
            | Self::TaskFailure
            | Self::CoordinatorShutdown => false,
        }
    }
}

impl fmt::Display for CheckpointFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "Checkpoint expired before completing.",
            Self::Subsumed => "Checkpoint has been subsumed.",
            Self::AsyncException => "Asynchronous task checkpoint failed.",
            Self::Declined => "Checkpoint was declined.",
            Self::DeclinedSubsumed => {
                "Checkpoint was canceled because a barrier from newer checkpoint was received."
            }
            Self::DeclinedOnCancellationBarrier => {
                "Task received cancellation from one of its inputs"
            }
            Self::DeclinedTaskClosing => {
                "Checkpoint was declined (task's operators partially closed)"
            }
            Self::DeclinedTaskNotReady => "Checkpoint was declined (tasks not ready)",
            Self::FinalizeFailure => "Failure to finalize checkpoint.",
            Self::TaskFailure => "Task has failed.",
            Self::CoordinatorShutdown => "CheckpointCoordinator shutdown.",
        })
    }
}

/// Counts failures in a row.
#[derive(Clone, Copy, Debug)]
pub struct FailureCounter {
    tolerable: Option<u32>,
    in_a_row: u32,
}

impl FailureCounter {
    /// So many are tolerated; any number if there is none.
    pub fn new(tolerable: Option<u32>) -> Self {
        Self { tolerable, in_a_row: 0 }
    }

    /// A checkpoint has failed. Whether that is one too many.
    pub fn failed(&mut self, failure: CheckpointFailure) -> bool {
        if !failure.counts() {
            return false;
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        let too_many = self.tolerable.is_some_and(|tolerable| self.in_a_row > tolerable);
        if too_many {
            self.in_a_row = 0;
        }
        too_many
    }

    /// A checkpoint is complete.
    pub fn succeeded(&mut self) {
        self.in_a_row = 0;
    }
}
