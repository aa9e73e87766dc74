//! The decisions on which the guarantees of checkpoints rest, each a part that can be replaced.
//!
//! Each trait has one question; its default answer is the correct one, and [`Correct`] gives them
//! all. Whoever takes the decision asks the part and knows nothing of who fills it.

use std::fmt::Debug;
use std::sync::Arc;

use crate::base::CheckpointId;
use crate::record::KeyGroupRange;

/// Decides what a channel does that has delivered its barrier.
pub trait BarrierAlignment: Debug + Send + Sync {
    /// Whether it waits for the others. If not, what comes behind its barrier is in the snapshot.
    fn blocks(&self) -> bool {
        true
    }
}

/// Decides when a snapshot is taken.
pub trait SnapshotTiming: Debug + Send + Sync {
    /// Whether the task first goes on with what follows the barrier.
    fn after_followers(&self) -> bool {
        false
    }
}

/// Decides when a task acknowledges.
pub trait Acknowledging: Debug + Send + Sync {
    /// Whether it waits until its snapshot is durable.
    fn waits_for_storage(&self) -> bool {
        true
    }
}

/// Decides whether records that a barrier has overtaken belong to the checkpoint.
pub trait ChannelStateKeeping: Debug + Send + Sync {
    /// Whether they are stored.
    fn keeps(&self) -> bool {
        true
    }
}

/// Decides which timers are set again after a restore.
pub trait TimerRestoring: Debug + Send + Sync {
    /// Whether those of the checkpoint are.
    fn restores(&self) -> bool {
        true
    }
}

/// Decides where a source goes on after a restore.
pub trait PositionRestoring: Debug + Send + Sync {
    /// At which offset, if this one is in the checkpoint.
    fn position(&self, stored: u64) -> u64 {
        stored
    }
}

/// Decides which key groups a subtask takes over.
pub trait KeyGroupRestoring: Debug + Send + Sync {
    /// Those of this range, if it is responsible for that.
    fn restored(&self, own: KeyGroupRange) -> KeyGroupRange {
        own
    }
}

/// Decides when a checkpoint is acknowledged.
pub trait Completion: Debug + Send + Sync {
    /// Whether so many of so many acknowledgements are enough.
    fn is_acknowledged(&self, acknowledged: usize, expected: usize) -> bool {
        acknowledged == expected
    }
}

/// Decides when tasks are told that a checkpoint is complete.
pub trait Notifying: Debug + Send + Sync {
    /// Whether its metadata is durable by then.
    fn waits_for_metadata(&self) -> bool {
        true
    }
}

/// Decides which files of shared state are deleted.
pub trait SharedFileKeeping: Debug + Send + Sync {
    /// Whether a file may go that a discarded checkpoint has used and that so many others use.
    fn may_delete(&self, users: usize) -> bool {
        users == 0
    }
}

/// Decides when what a sink has prepared is committed.
pub trait CommitTiming: Debug + Send + Sync {
    /// Whether already when it is prepared, before any checkpoint is complete.
    fn commits_when_prepared(&self) -> bool {
        false
    }
    /// Whether also when its checkpoint has come to nothing.
    fn commits_when_aborted(&self) -> bool {
        false
    }
}

/// What becomes of a transaction that is found in a checkpoint after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// It is committed, perhaps for the second time.
    Commits,
    /// It is aborted.
    Aborts,
    /// Nobody thinks of it.
    Forgets,
}

/// Decides what becomes of the transactions in a checkpoint after a restart.
pub trait TransactionRecovery: Debug + Send + Sync {
    /// What.
    fn recovered(&self) -> Recovered {
        Recovered::Commits
    }
}

/// Decides whether what a write-ahead sink holds is still to be written (Flink's
/// `CheckpointCommitter`).
pub trait CommitterCheck: Debug + Send + Sync {
    /// Whether it counts as written, if that is noted or not.
    fn is_written(&self, is_noted: bool) -> bool {
        is_noted
    }
}

/// Decides what transactions are called (Flink's `TransactionalIdFactory`).
pub trait TransactionNaming: Debug + Send + Sync {
    /// The name of the one that an attempt at a subtask, by its index, writes for a checkpoint.
    ///
    /// No two attempts share a name: else a request that an earlier one had sent, and that comes
    /// late, would take the transaction away from a later one, perhaps after all is prepared.
    fn name(&self, prefix: &str, subtask: u32, attempt: u32, checkpoint: CheckpointId) -> String {
        format!("{prefix}-{subtask}-{attempt}-{checkpoint}")
    }
}

/// Decides how far a source has read, for a checkpoint.
pub trait PositionTaking: Debug + Send + Sync {
    /// The position, if it has sent on what is before `emitted` and has fetched what is before
    /// `fetched`.
    fn position(&self, emitted: u64, _fetched: u64) -> u64 {
        emitted
    }
}

/// Decides what a source sees of open and aborted transactions.
pub trait IsolationKeeping: Debug + Send + Sync {
    /// Whether it sees only what is committed, if that is what it was told.
    fn keeps(&self) -> bool {
        true
    }
}

/// The correct parts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Correct;

impl BarrierAlignment for Correct {}
impl SnapshotTiming for Correct {}
impl Acknowledging for Correct {}
impl ChannelStateKeeping for Correct {}
impl TimerRestoring for Correct {}
impl PositionRestoring for Correct {}
impl KeyGroupRestoring for Correct {}
impl Completion for Correct {}
impl Notifying for Correct {}
impl SharedFileKeeping for Correct {}
impl CommitTiming for Correct {}
impl TransactionRecovery for Correct {}
impl CommitterCheck for Correct {}
impl TransactionNaming for Correct {}
impl PositionTaking for Correct {}
impl IsolationKeeping for Correct {}

/// What fills the seams of a task.
#[derive(Clone, Debug)]
pub struct SnapshotParts {
    /// What a channel does that has delivered its barrier.
    pub alignment: Arc<dyn BarrierAlignment>,
    /// When a snapshot is taken.
    pub timing: Arc<dyn SnapshotTiming>,
    /// When it is acknowledged.
    pub acknowledging: Arc<dyn Acknowledging>,
    /// Whether overtaken records are stored.
    pub channel_state: Arc<dyn ChannelStateKeeping>,
    /// Which timers are set again.
    pub timers: Arc<dyn TimerRestoring>,
    /// Where sources go on.
    pub positions: Arc<dyn PositionRestoring>,
    /// Which key groups are taken over.
    pub key_groups: Arc<dyn KeyGroupRestoring>,
    /// When sinks commit.
    pub commits: Arc<dyn CommitTiming>,
    /// What becomes of their transactions after a restart.
    pub recovery: Arc<dyn TransactionRecovery>,
    /// Whether a write-ahead sink writes again what was written.
    pub committer: Arc<dyn CommitterCheck>,
    /// What these are called.
    pub transaction_names: Arc<dyn TransactionNaming>,
    /// How far a source of the log has read.
    pub position_taking: Arc<dyn PositionTaking>,
    /// What it sees of open transactions.
    pub isolation: Arc<dyn IsolationKeeping>,
}

impl Default for SnapshotParts {
    fn default() -> Self {
        Self {
            alignment: Arc::new(Correct),
            timing: Arc::new(Correct),
            acknowledging: Arc::new(Correct),
            channel_state: Arc::new(Correct),
            timers: Arc::new(Correct),
            positions: Arc::new(Correct),
            key_groups: Arc::new(Correct),
            commits: Arc::new(Correct),
            recovery: Arc::new(Correct),
            committer: Arc::new(Correct),
            transaction_names: Arc::new(Correct),
            position_taking: Arc::new(Correct),
            isolation: Arc::new(Correct),
        }
    }
}

/// What fills the seams of the coordinator.
#[derive(Clone, Debug)]
pub struct CompletionParts {
    /// When a checkpoint is acknowledged.
    pub completion: Arc<dyn Completion>,
    /// When tasks are told.
    pub notifying: Arc<dyn Notifying>,
    /// Which files of shared state are deleted.
    pub shared_files: Arc<dyn SharedFileKeeping>,
}

impl Default for CompletionParts {
    fn default() -> Self {
        Self {
            completion: Arc::new(Correct),
            notifying: Arc::new(Correct),
            shared_files: Arc::new(Correct),
        }
    }
}
