//! Wrong parts of two-phase commit, and of sources that read what others commit.

use crate::base::CheckpointId;
use crate::broker::ProducerFencing;
use crate::checkpoint::seams::{
    CommitTiming, CommitterCheck, IsolationKeeping, PositionTaking, Recovered, TransactionNaming,
    TransactionRecovery,
};

/// Commits as soon as all is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommitOnPrecommit;

impl CommitTiming for CommitOnPrecommit {
    fn commits_when_prepared(&self) -> bool {
        true
    }
}

/// Commits when the checkpoint is over, complete or not.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommitWithoutCompletion;

impl CommitTiming for CommitWithoutCompletion {
    fn commits_when_aborted(&self) -> bool {
        true
    }
}

/// Takes what is in the checkpoint for committed.
#[derive(Clone, Copy, Debug, Default)]
pub struct ForgetRecommit;

impl TransactionRecovery for ForgetRecommit {
    fn recovered(&self) -> Recovered {
        Recovered::Forgets
    }
}

/// Aborts what is in the checkpoint, as if it had never been complete.
#[derive(Clone, Copy, Debug, Default)]
pub struct AbortInsteadOfRecommit;

impl TransactionRecovery for AbortInsteadOfRecommit {
    fn recovered(&self) -> Recovered {
        Recovered::Aborts
    }
}

/// Never asks whether what the checkpoint holds was written before.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriteAheadWithoutDedup;

impl CommitterCheck for WriteAheadWithoutDedup {
    fn is_written(&self, _is_noted: bool) -> bool {
        false
    }
}

/// Gives all transactions of a subtask one name.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReuseTransactionId;

impl TransactionNaming for ReuseTransactionId {
    fn name(&self, prefix: &str, subtask: u32, _attempt: u32, _: CheckpointId) -> String {
        format!("{prefix}-{subtask}")
    }
}

/// Stores how far records were fetched, and not how far they were sent on.
#[derive(Clone, Copy, Debug, Default)]
pub struct PositionsBeforeResults;

impl PositionTaking for PositionsBeforeResults {
    fn position(&self, _emitted: u64, fetched: u64) -> u64 {
        fetched
    }
}

/// Reads what is not committed, and may never be.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadUncommittedDownstream;

impl IsolationKeeping for ReadUncommittedDownstream {
    fn keeps(&self) -> bool {
        false
    }
}

/// Lets producers of any epoch act.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFencing;

impl ProducerFencing for NoFencing {
    fn admits(&self, _epoch: u32, _current: u32) -> bool {
        true
    }
}
