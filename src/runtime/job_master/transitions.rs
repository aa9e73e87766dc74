//! Which state may follow which: the life of an execution and the life of a job, as tables.

use crate::trace::{ExecutionState, JobStatus};

/// Whether an execution may go from one state to the other.
///
/// Unlike Flink: states are never skipped. Where news of one was lost, the JobMaster passes
/// through it when it learns of a later one, so that every trace shows the whole way.
pub fn execution_may_become(from: ExecutionState, to: ExecutionState) -> bool {
    use ExecutionState as S;
    match from {
        S::Created => matches!(to, S::Scheduled | S::Canceled),
        S::Scheduled => matches!(to, S::Deploying | S::Canceled),
        S::Deploying => matches!(to, S::Initializing | S::Canceling | S::Failed),
        S::Initializing => matches!(to, S::Running | S::Canceling | S::Failed),
        S::Running => matches!(to, S::Finished | S::Canceling | S::Failed),
        S::Canceling => matches!(to, S::Canceled),
        S::Finished | S::Canceled | S::Failed => false,
    }
}

/// Whether a job may go from one status to the other.
pub fn job_may_become(from: JobStatus, to: JobStatus) -> bool {
    use JobStatus as S;
    match from {
        S::Initializing => matches!(to, S::Created),
        S::Created | S::Restarting => {
            matches!(to, S::Running | S::Restarting | S::Failing | S::Cancelling)
        }
        S::Running => matches!(to, S::Finished | S::Restarting | S::Failing | S::Cancelling),
        S::Failing => matches!(to, S::Failed),
        S::Cancelling => matches!(to, S::Canceled),
        S::Failed | S::Canceled | S::Finished => false,
    }
}
