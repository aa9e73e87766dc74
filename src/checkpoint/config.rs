//! How a job is checkpointed (Flink's `CheckpointConfig` and `CheckpointingOptions`).

use thiserror::Error;

use crate::base::SimDuration;

/// What checkpoints guarantee, and how they go about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CheckpointingMode {
    /// Each record counts once.
    #[default]
    ExactlyOnce,
    /// Each record counts at least once; no channel ever waits.
    AtLeastOnce,
    /// Each record counts once, since sources stand still until the checkpoint is over. Not in
    /// Flink: it is what barriers make needless.
    StopTheWorld,
}

/// Where snapshots are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CheckpointStorage {
    /// In files of durable storage (Flink's `FileSystemCheckpointStorage`).
    #[default]
    Filesystem,
    /// In the memory of the JobManager (Flink's `JobManagerCheckpointStorage`).
    JobManager {
        /// No state of a subtask may be larger.
        max_state_size: u64,
    },
}

impl CheckpointStorage {
    /// The largest state that the JobManager takes by default, in bytes.
    pub const MAX_STATE_SIZE: u64 = 5 * 1024 * 1024;
}

/// What becomes of the last checkpoints when the job has ended
/// (`execution.checkpointing.externalized-checkpoint-retention`). A job that has finished needs
/// none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExternalizedRetention {
    /// They are deleted.
    #[default]
    NoExternalizedCheckpoints,
    /// They are deleted if the job was cancelled, and kept if it has failed.
    DeleteOnCancellation,
    /// They are kept.
    RetainOnCancellation,
}

/// What happens if a checkpoint turns out to be damaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnCorrupt {
    /// The job fails for good, as in Flink.
    #[default]
    Fail,
    /// The checkpoint before it is taken; what was written since is written again.
    FallBack,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointConfig {
    /// How often a checkpoint begins (`execution.checkpointing.interval`).
    pub interval: SimDuration,
    /// What they guarantee (`execution.checkpointing.mode`).
    pub mode: CheckpointingMode,
    /// Whether barriers overtake records (`execution.checkpointing.unaligned.enabled`).
    pub unaligned: bool,
    /// After how long an aligned checkpoint becomes an unaligned one
    /// (`execution.checkpointing.aligned-checkpoint-timeout`).
    pub aligned_timeout: Option<SimDuration>,
    /// After how long a checkpoint is given up (`execution.checkpointing.timeout`).
    pub timeout: SimDuration,
    /// How long there is none after one (`execution.checkpointing.min-pause`).
    pub min_pause: SimDuration,
    /// How many may be underway (`execution.checkpointing.max-concurrent-checkpoints`).
    pub max_concurrent: u32,
    /// How many may fail in a row before the job does; no limit if unset
    /// (`execution.checkpointing.tolerable-failed-checkpoints`).
    pub tolerable_failures: Option<u32>,
    /// Where snapshots are kept (`execution.checkpointing.storage`).
    pub storage: CheckpointStorage,
    /// How many complete ones are kept (`execution.checkpointing.num-retained`).
    pub retained: u32,
    /// What becomes of them when the job has ended.
    pub externalized: ExternalizedRetention,
    /// Whether a serialized backend stores only files that are new
    /// (`execution.checkpointing.incremental`).
    pub incremental: bool,
    /// What happens if one is damaged.
    pub on_corrupt: OnCorrupt,
}

/// Why a configuration cannot be, in Flink's words where it has any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CheckpointConfigError {
    /// Checkpoints without end.
    #[error("Checkpoint interval must be larger than or equal to 10 ms")]
    Interval,
    /// No checkpoint can be complete in time.
    #[error("Checkpoint timeout must be larger than or equal to 10 ms")]
    Timeout,
    /// Nothing is ever underway.
    #[error("The maximum number of concurrent attempts must be at least one.")]
    MaxConcurrent,
    /// Nothing is kept.
    #[error("at least one checkpoint must be retained")]
    Retained,
    /// Overtaking would count records twice.
    #[error("Unaligned checkpoints can only be used with checkpointing mode EXACTLY_ONCE")]
    UnalignedMode,
    /// Overtaking barriers of two checkpoints would mix.
    #[error("concurrent unaligned checkpoints are not supported")]
    UnalignedConcurrent,
    /// There is nothing to switch to.
    #[error("an aligned-timeout needs unaligned checkpoints")]
    AlignedTimeout,
    /// Sources cannot stand still and go on.
    #[error("stop-the-world checkpoints cannot be concurrent")]
    StopTheWorldConcurrent,
}

impl CheckpointConfig {
    /// Flink's defaults.
    pub fn every(interval: SimDuration) -> Self {
        Self {
            interval,
            mode: CheckpointingMode::default(),
            unaligned: false,
            aligned_timeout: None,
            timeout: SimDuration::from_secs(600),
            min_pause: SimDuration::ZERO,
            max_concurrent: 1,
            tolerable_failures: Some(0),
            storage: CheckpointStorage::default(),
            retained: 1,
            externalized: ExternalizedRetention::default(),
            incremental: false,
            on_corrupt: OnCorrupt::default(),
        }
    }

    /// Whether it can be followed.
    pub fn validate(&self) -> Result<(), CheckpointConfigError> {
        use CheckpointConfigError as Error;
        const MINIMUM: SimDuration = SimDuration::from_millis(10);
        let exactly_once = self.mode == CheckpointingMode::ExactlyOnce;
        let stop_the_world = self.mode == CheckpointingMode::StopTheWorld;
        let wrong = [
            (self.interval < MINIMUM, Error::Interval),
            (self.timeout < MINIMUM, Error::Timeout),
            (self.max_concurrent == 0, Error::MaxConcurrent),
            (self.retained == 0, Error::Retained),
            (self.unaligned && !exactly_once, Error::UnalignedMode),
            (self.unaligned && self.max_concurrent > 1, Error::UnalignedConcurrent),
            (self.aligned_timeout.is_some() && !self.unaligned, Error::AlignedTimeout),
            (stop_the_world && self.max_concurrent > 1, Error::StopTheWorldConcurrent),
        ];
        wrong.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, error)| Err(error))
    }
}
