//! All parts that give a cluster's guarantees, in one bundle.
//!
//! Invariant: only this room knows the bundle; each component is given the part that it uses.

use std::sync::Arc;

use crate::broker::{FenceOlderEpochs, ProducerFencing};
use crate::checkpoint::{CompletionParts, SnapshotParts};
use crate::host::{FenceReplaced, WriterFencing};
use crate::mutant::{
    AbortInsteadOfRecommit, AckBeforeDurable, CommitOnPrecommit, CommitWithoutCompletion,
    CompleteWithoutAllAcks, DeleteSharedFile, ForgetChannelState, ForgetRecommit, ForgetTimers,
    KeyGroupOffByOne, LateWindowReopened, MaxWatermark, Mutant, NoFencing, NotifyBeforeMetadata,
    PositionsBeforeResults, ReadUncommittedDownstream, RestoreWrongPositions, ReuseTransactionId,
    SessionMergeLosesState, SkipAlignment, SnapshotAfterFollowers, WindowOffByOne,
    WriteAheadWithoutDedup, ZombieWrites,
};
use crate::operator::EventTimeParts;
use crate::window::Merging;

/// See the module. By default, all parts are the correct ones.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// How event time is merged, where windows lie, when they close, and how they merge.
    pub event_time: EventTimeParts,
    /// How a task takes snapshots and takes them over.
    pub snapshot: SnapshotParts,
    /// When a checkpoint is complete and what it needs.
    pub completion: CompletionParts,
    /// Who may write to the outside.
    pub fencing: Arc<dyn WriterFencing>,
    /// Who may append to the log.
    pub producer_fencing: Arc<dyn ProducerFencing>,
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            event_time: EventTimeParts::default(),
            snapshot: SnapshotParts::default(),
            completion: CompletionParts::default(),
            fencing: Arc::new(FenceReplaced),
            producer_fencing: Arc::new(FenceOlderEpochs),
        }
    }
}

impl Protocol {
    /// The correct parts, with a mutant in the place of one.
    pub fn with(mutant: Mutant) -> Self {
        let mut protocol = Self::default();
        let Self { event_time, snapshot, completion, fencing, producer_fencing } = &mut protocol;
        match mutant {
            Mutant::MaxWatermark => event_time.watermark_merge = Arc::new(MaxWatermark),
            Mutant::WindowOffByOne => {
                event_time.window_placement = Some(Arc::new(WindowOffByOne));
            }
            Mutant::LateWindowReopened => event_time.lateness = Some(Arc::new(LateWindowReopened)),
            Mutant::SessionMergeLosesState => {
                event_time.window_merge = Merging::Custom(Arc::new(SessionMergeLosesState));
            }
            Mutant::SkipAlignment => snapshot.alignment = Arc::new(SkipAlignment),
            Mutant::SnapshotAfterFollowers => snapshot.timing = Arc::new(SnapshotAfterFollowers),
            Mutant::AckBeforeDurable => snapshot.acknowledging = Arc::new(AckBeforeDurable),
            Mutant::CompleteWithoutAllAcks => {
                completion.completion = Arc::new(CompleteWithoutAllAcks);
            }
            Mutant::ForgetChannelState => snapshot.channel_state = Arc::new(ForgetChannelState),
            Mutant::ForgetTimers => snapshot.timers = Arc::new(ForgetTimers),
            Mutant::RestoreWrongPositions => snapshot.positions = Arc::new(RestoreWrongPositions),
            Mutant::NotifyBeforeMetadata => completion.notifying = Arc::new(NotifyBeforeMetadata),
            Mutant::ZombieWrites => *fencing = Arc::new(ZombieWrites),
            Mutant::DeleteSharedFile => completion.shared_files = Arc::new(DeleteSharedFile),
            Mutant::KeyGroupOffByOne => snapshot.key_groups = Arc::new(KeyGroupOffByOne),
            Mutant::CommitOnPrecommit => snapshot.commits = Arc::new(CommitOnPrecommit),
            Mutant::CommitWithoutCompletion => {
                snapshot.commits = Arc::new(CommitWithoutCompletion);
            }
            Mutant::ForgetRecommit => snapshot.recovery = Arc::new(ForgetRecommit),
            Mutant::AbortInsteadOfRecommit => snapshot.recovery = Arc::new(AbortInsteadOfRecommit),
            Mutant::ReuseTransactionId => {
                snapshot.transaction_names = Arc::new(ReuseTransactionId);
            }
            Mutant::NoFencing => *producer_fencing = Arc::new(NoFencing),
            Mutant::WriteAheadWithoutDedup => {
                snapshot.committer = Arc::new(WriteAheadWithoutDedup);
            }
            Mutant::PositionsBeforeResults => {
                snapshot.position_taking = Arc::new(PositionsBeforeResults);
            }
            Mutant::ReadUncommittedDownstream => {
                snapshot.isolation = Arc::new(ReadUncommittedDownstream);
            }
        }
        protocol
    }
}
