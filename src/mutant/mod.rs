//! Mutants: parts that are plausibly wrong, each for one seam.
//!
//! A mutant fills the same seam as the correct part, so that the engine around it is the engine
//! that is tested, with no branch for mutants in it. A scenario or a sweep that does not notice a
//! mutant does not test the guarantee that its seam gives.
//!
//! Previous: the traits of the seams, in [`crate::time`], [`crate::window`] and
//! [`crate::checkpoint::seams`]. Next:
//! [`crate::cluster`], which puts a mutant in its place.

mod checkpoint;
mod commit;
mod watermark;
mod window;

use std::fmt;
use std::str::FromStr;

use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};

pub use checkpoint::{
    AckBeforeDurable, CompleteWithoutAllAcks, DeleteSharedFile, ForgetChannelState, ForgetTimers,
    KeyGroupOffByOne, NotifyBeforeMetadata, RestoreWrongPositions, SkipAlignment,
    SnapshotAfterFollowers, ZombieWrites,
};
pub use commit::{
    AbortInsteadOfRecommit, CommitOnPrecommit, CommitWithoutCompletion, ForgetRecommit, NoFencing,
    PositionsBeforeResults, ReadUncommittedDownstream, ReuseTransactionId, WriteAheadWithoutDedup,
};
pub use watermark::MaxWatermark;
pub use window::{LateWindowReopened, SessionMergeLosesState, WindowOffByOne};

/// The named mutants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Mutant {
    /// An operator is as far as its fastest channel.
    MaxWatermark,
    /// A record at the very beginning of a window goes into the one before.
    WindowOffByOne,
    /// A window that is over opens again for a late record.
    LateWindowReopened,
    /// Sessions that merge keep the contents of only one of them.
    SessionMergeLosesState,
    /// A channel that has delivered its barrier is read on.
    SkipAlignment,
    /// Snapshots hold what follows the barrier.
    SnapshotAfterFollowers,
    /// A task acknowledges before its snapshot is stored.
    AckBeforeDurable,
    /// A checkpoint lacks a task.
    CompleteWithoutAllAcks,
    /// Overtaken records are not stored.
    ForgetChannelState,
    /// Timers are not restored.
    ForgetTimers,
    /// Sources go on behind a record that was not read.
    RestoreWrongPositions,
    /// Tasks are told too early.
    NotifyBeforeMetadata,
    /// Who was replaced still writes.
    ZombieWrites,
    /// A file goes that is in use.
    DeleteSharedFile,
    /// A key group is left behind.
    KeyGroupOffByOne,
    /// What is prepared is committed at once.
    CommitOnPrecommit,
    /// What is prepared is committed though its checkpoint came to nothing.
    CommitWithoutCompletion,
    /// What a checkpoint holds is not committed after a restart.
    ForgetRecommit,
    /// It is aborted.
    AbortInsteadOfRecommit,
    /// A transaction takes the name of the one before.
    ReuseTransactionId,
    /// The log lets those write that were replaced.
    NoFencing,
    /// A write-ahead sink writes again what was written.
    WriteAheadWithoutDedup,
    /// A source is further in its checkpoint than what it has sent on.
    PositionsBeforeResults,
    /// A source reads what is not committed.
    ReadUncommittedDownstream,
}

impl Mutant {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What is wrong with it, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::MaxWatermark => "an operator is as far in event time as its fastest channel",
            Self::WindowOffByOne => {
                "a record at the very beginning of a window goes into the one before"
            }
            Self::LateWindowReopened => "a window that is over opens again for a late record",
            Self::SessionMergeLosesState => {
                "sessions that merge keep the contents of only one of them"
            }
            Self::SkipAlignment => {
                "a channel that has delivered its barrier does not wait for the others"
            }
            Self::SnapshotAfterFollowers => {
                "a snapshot is taken after what follows the barrier was processed"
            }
            Self::AckBeforeDurable => {
                "a task acknowledges a checkpoint before its snapshot is durable"
            }
            Self::CompleteWithoutAllAcks => {
                "a checkpoint is complete though one task has not acknowledged it"
            }
            Self::ForgetChannelState => "records that a barrier has overtaken are not stored",
            Self::ForgetTimers => "timers are not set again after a restore",
            Self::RestoreWrongPositions => "a source goes on one record too late after a restore",
            Self::NotifyBeforeMetadata => {
                "tasks are told that a checkpoint is complete before its metadata is durable"
            }
            Self::ZombieWrites => "an attempt that has been replaced still writes to the outside",
            Self::DeleteSharedFile => {
                "a file of shared state is deleted though a retained checkpoint needs it"
            }
            Self::KeyGroupOffByOne => "the last key group of a subtask is not restored",
            Self::CommitOnPrecommit => {
                "a sink commits its transaction when it is prepared, before the checkpoint is \
                 complete"
            }
            Self::CommitWithoutCompletion => {
                "a sink commits its transaction also when the checkpoint has come to nothing"
            }
            Self::ForgetRecommit => {
                "transactions that a checkpoint holds are not committed after a restart"
            }
            Self::AbortInsteadOfRecommit => {
                "transactions that a checkpoint holds are aborted after a restart"
            }
            Self::ReuseTransactionId => "all transactions of a sink's subtask have one name",
            Self::NoFencing => "the log admits producers that were replaced",
            Self::WriteAheadWithoutDedup => {
                "a write-ahead sink does not ask whether what its checkpoint holds was written \
                 before"
            }
            Self::PositionsBeforeResults => {
                "a source stores how far it has fetched, and not how far it has sent on"
            }
            Self::ReadUncommittedDownstream => {
                "a source reads records of transactions that are open or aborted"
            }
        }
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Mutant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(mutant) = Self::all().find(|mutant| mutant.name() == text) {
            return Ok(mutant);
        }
        let score = |mutant: &Self| strsim::jaro_winkler(text, mutant.name());
        let nearest = Self::all().max_by(|a, b| score(a).total_cmp(&score(b)));
        let hint = nearest
            .filter(|mutant| score(mutant) > 0.75)
            .map_or(", see `weir list`".to_string(), |it| format!(", did you mean `{it}`?"));
        Err(format!("there is no such mutant{hint}"))
    }
}
