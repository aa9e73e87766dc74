//! Wrong parts of checkpoints and recovery.

use crate::checkpoint::seams::{
    Acknowledging, BarrierAlignment, ChannelStateKeeping, Completion, KeyGroupRestoring, Notifying,
    PositionRestoring, SharedFileKeeping, SnapshotTiming, TimerRestoring,
};
use crate::host::WriterFencing;
use crate::record::KeyGroupRange;

/// Reads on behind a barrier while others have yet to come: at least once, sold as exactly once.
#[derive(Clone, Copy, Debug, Default)]
pub struct SkipAlignment;

impl BarrierAlignment for SkipAlignment {
    fn blocks(&self) -> bool {
        false
    }
}

/// Sends the barrier on, processes what follows it, and only then takes the snapshot.
#[derive(Clone, Copy, Debug, Default)]
pub struct SnapshotAfterFollowers;

impl SnapshotTiming for SnapshotAfterFollowers {
    fn after_followers(&self) -> bool {
        true
    }
}

/// Acknowledges when the upload begins.
#[derive(Clone, Copy, Debug, Default)]
pub struct AckBeforeDurable;

impl Acknowledging for AckBeforeDurable {
    fn waits_for_storage(&self) -> bool {
        false
    }
}

/// Takes one missing acknowledgement for none.
#[derive(Clone, Copy, Debug, Default)]
pub struct CompleteWithoutAllAcks;

impl Completion for CompleteWithoutAllAcks {
    fn is_acknowledged(&self, acknowledged: usize, expected: usize) -> bool {
        acknowledged + 1 >= expected
    }
}

/// Lets barriers overtake records and forgets to store these.
#[derive(Clone, Copy, Debug, Default)]
pub struct ForgetChannelState;

impl ChannelStateKeeping for ForgetChannelState {
    fn keeps(&self) -> bool {
        false
    }
}

/// Restores state and forgets the timers.
#[derive(Clone, Copy, Debug, Default)]
pub struct ForgetTimers;

impl TimerRestoring for ForgetTimers {
    fn restores(&self) -> bool {
        false
    }
}

/// Takes the position for that of the last record read, and goes on behind it.
#[derive(Clone, Copy, Debug, Default)]
pub struct RestoreWrongPositions;

impl PositionRestoring for RestoreWrongPositions {
    fn position(&self, stored: u64) -> u64 {
        stored + 1
    }
}

/// Tells tasks that a checkpoint is complete when all have acknowledged.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotifyBeforeMetadata;

impl Notifying for NotifyBeforeMetadata {
    fn waits_for_metadata(&self) -> bool {
        false
    }
}

/// Lets an attempt write that has been replaced.
#[derive(Clone, Copy, Debug, Default)]
pub struct ZombieWrites;

impl WriterFencing for ZombieWrites {
    fn admits(&self, _attempt: u32, _current: u32) -> bool {
        true
    }
}

/// Deletes the files of a discarded checkpoint, whoever else uses them.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeleteSharedFile;

impl SharedFileKeeping for DeleteSharedFile {
    fn may_delete(&self, _users: usize) -> bool {
        true
    }
}

/// Takes the last key group of a range for the first that is outside.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyGroupOffByOne;

impl KeyGroupRestoring for KeyGroupOffByOne {
    fn restored(&self, own: KeyGroupRange) -> KeyGroupRange {
        KeyGroupRange { end: own.end.saturating_sub(1).max(own.start), ..own }
    }
}
