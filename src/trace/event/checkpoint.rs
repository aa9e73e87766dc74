//! What happens to checkpoints, to what they store, and to jobs that are restored from them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use crate::base::{CheckpointId, EventTime, JobId, Name};

/// Where a snapshot cuts a channel. Counted by the input gate and the result partition; an attempt
/// that is restored goes on counting where the checkpoint stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelCut {
    /// The edge of the job graph, by its place there.
    pub edge: u16,
    /// The subtask at the other end.
    pub peer: Name,
    /// Of an input: records consumed. Of an output: records given to the channel.
    pub records: u64,
}

/// Records of a channel that are stored in a checkpoint since its barrier has overtaken them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelRange {
    /// The edge of the job graph, by its place there.
    pub edge: u16,
    /// The subtask at the other end.
    pub peer: Name,
    /// How many records of the channel come before those that are stored.
    pub from: u64,
    /// That number and those that are stored.
    pub to: u64,
}

/// How far a split of a source is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SplitPosition {
    /// The source operator's uid.
    pub operator: Name,
    /// The split.
    pub split: u16,
    /// The offset of the next record.
    pub position: u64,
}

/// What a state holds, without regard to order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateDigest {
    /// The operator's uid.
    pub operator: Name,
    /// The state's name; timers are called `timers`.
    pub state: Name,
    /// How many entries it has.
    pub entries: u64,
    /// The sum of the hashes of its entries, in hexadecimal: sums of subtasks may be added up.
    pub digest: Name,
}

/// A file in durable storage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredFile {
    /// Where it is.
    pub path: Name,
    /// How long it is.
    pub bytes: u64,
    /// The checksum of what it holds, in hexadecimal.
    pub checksum: Name,
}

/// Checkpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum CheckpointEvent {
    /// The coordinator begins a checkpoint.
    CheckpointTriggered {
        /// The job.
        job: JobId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// How its barriers travel.
        barriers: Name,
        /// The subtasks that are told to send barriers.
        sources: Vec<Name>,
        /// The subtasks that must acknowledge it.
        tasks: Vec<Name>,
        /// The subtasks that have finished, which it takes for granted.
        finished: Vec<Name>,
    },
    /// The coordinator cannot begin a checkpoint now.
    CheckpointNotTriggered {
        /// The job.
        job: JobId,
        /// Why.
        reason: Name,
    },
    /// A source stands still until the checkpoint is over.
    SourcePaused {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// A source goes on.
    SourceResumed {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// For how long it stood still, in microseconds.
        paused_us: u64,
    },
    /// A producer sends a barrier on a channel.
    BarrierSent {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// Which attempt at the producer.
        attempt: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Its number on the channel.
        seq: u64,
        /// Records that were given to the channel before it.
        records: u64,
        /// How many of these it overtakes.
        overtaken: u64,
    },
    /// A consumer takes a barrier from its input gate.
    BarrierReceived {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// Which attempt at the consumer.
        attempt: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Its number on the channel.
        seq: u64,
        /// Records of the channel that were consumed before.
        records: u64,
        /// Records that have arrived and that it overtakes.
        overtaken: u64,
    },
    /// The first barrier of a checkpoint has come to a task with several channels.
    AlignmentStarted {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// A channel that has delivered its barrier waits for the others.
    ChannelBlocked {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// A channel that waited goes on.
    ChannelResumed {
        /// The job.
        job: JobId,
        /// The edge.
        edge: u16,
        /// The producer.
        from: Name,
        /// The consumer.
        to: Name,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// Alignment took too long: from here on the barriers overtake.
    AlignmentTimedOut {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// A task has taken its snapshot, which still has to be stored.
    SnapshotTaken {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// How its barriers travelled.
        barriers: Name,
        /// Where it cuts the task's input channels.
        inputs: Vec<ChannelCut>,
        /// Where it cuts the task's output channels.
        outputs: Vec<ChannelCut>,
        /// How far splits are read.
        positions: Vec<SplitPosition>,
        /// What the states hold.
        state: Vec<StateDigest>,
        /// How often keyed state had been changed.
        state_version: u64,
        /// How far the task is in event time.
        watermark: Option<EventTime>,
        /// From the trigger to the first barrier, in microseconds.
        start_delay_us: u64,
        /// From the first barrier to the last, in microseconds.
        alignment_us: u64,
        /// What taking it cost, in microseconds.
        sync_us: u64,
        /// How large it is.
        bytes: u64,
    },
    /// The records that the barriers of a checkpoint have overtaken at a task are known.
    ChannelStateCollected {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Of its input channels.
        inputs: Vec<ChannelRange>,
        /// Of its output channels.
        outputs: Vec<ChannelRange>,
        /// How large they are.
        bytes: u64,
    },
    /// A task's snapshot is stored, so that it can acknowledge the checkpoint.
    SnapshotStored {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// All files that it consists of; none if it travels in the acknowledgement.
        files: Vec<StoredFile>,
        /// How many bytes of these were written for it; the others were there before.
        stored_bytes: u64,
        /// How long that took, in microseconds.
        async_us: u64,
    },
    /// A task cannot take or store its snapshot.
    SnapshotFailed {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Why.
        reason: Name,
    },
    /// The coordinator takes an acknowledgement in.
    CheckpointAcknowledged {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// All files that the snapshot consists of.
        files: Vec<StoredFile>,
        /// How large it is.
        bytes: u64,
        /// How much of that was written for it.
        stored_bytes: u64,
        /// How large the channel state in it is.
        in_flight_bytes: u64,
        /// From the trigger to the first barrier, in microseconds.
        start_delay_us: u64,
        /// From the first barrier to the last, in microseconds.
        alignment_us: u64,
        /// What taking the snapshot cost, in microseconds.
        sync_us: u64,
        /// How long storing it took, in microseconds.
        async_us: u64,
    },
    /// The coordinator has no use for an acknowledgement.
    AcknowledgementIgnored {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Why.
        reason: Name,
    },
    /// The coordinator learns that a task has given a checkpoint up.
    CheckpointDeclined {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Why.
        reason: Name,
    },
    /// All tasks have acknowledged; what the checkpoint consists of is stored too.
    MetadataStored {
        /// The job.
        job: JobId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Where; none if the JobManager keeps it in memory.
        path: Option<Name>,
    },
    /// A checkpoint is complete: the job can be restored from it.
    CheckpointCompleted {
        /// The job.
        job: JobId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// How long it took, in microseconds.
        duration_us: u64,
        /// How large it is.
        bytes: u64,
        /// How much of that was written for it.
        stored_bytes: u64,
    },
    /// A checkpoint comes to nothing.
    CheckpointAborted {
        /// The job.
        job: JobId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Why.
        reason: Name,
    },
    /// A task learns that a checkpoint is complete.
    CompletionNotified {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// A task learns that a checkpoint came to nothing.
    AbortionNotified {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// A checkpoint is no longer retained; what no other needs is deleted.
    CheckpointDiscarded {
        /// The job.
        job: JobId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// The files that are deleted.
        files: Vec<Name>,
    },
}

/// Restarts and what they restore.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum RecoveryEvent {
    /// A job will be started again.
    RestartScheduled {
        /// The job.
        job: JobId,
        /// The how-manieth restart, from 1.
        restart: u32,
        /// In how many milliseconds.
        delay_ms: u64,
        /// What failed.
        cause: String,
    },
    /// A job is started again.
    JobRestored {
        /// The job.
        job: JobId,
        /// The how-manieth restart.
        restart: u32,
        /// From which checkpoint; none if it begins anew.
        checkpoint: Option<CheckpointId>,
    },
    /// A source that cannot be rewound goes on with what comes from now on: whatever its earlier
    /// attempts had read, and no row shows yet, is lost.
    RecordsMissed {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The source operator's uid.
        operator: Name,
    },
    /// A checkpoint cannot be restored, and the one before is taken.
    CheckpointUnusable {
        /// The job.
        job: JobId,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Why.
        cause: String,
    },
    /// A task has taken over what a checkpoint holds for it.
    StateRestored {
        /// The job.
        job: JobId,
        /// The subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// The files that were read.
        files: Vec<StoredFile>,
        /// How far splits are read.
        positions: Vec<SplitPosition>,
        /// What the states hold.
        state: Vec<StateDigest>,
        /// How often keyed state had been changed.
        state_version: u64,
        /// Records that are processed again before those that its input channels bring.
        inputs: Vec<ChannelRange>,
        /// Records that are sent again before all others.
        outputs: Vec<ChannelRange>,
    },
}
