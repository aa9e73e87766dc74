//! What happens in the transactional log, and to the transactions with which sinks write.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use crate::base::{CheckpointId, JobId, Name};

/// How a transaction ends.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum TransactionResult {
    /// All of it becomes visible.
    Commit,
    /// None of it does.
    #[default]
    Abort,
}

/// What a broker of the log does, and what a reader finds there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum LogEvent {
    /// A broker has read its log again after a start.
    LogRecovered {
        /// How many entries it has.
        entries: u64,
        /// How many bytes at its end were torn and are cut off.
        torn_bytes: u64,
    },
    /// A producer is given out; producers of the same transactional id before it are fenced.
    ProducerInitialized {
        /// Its transactional id, empty without one.
        transactional_id: Name,
        /// Its number.
        producer: u64,
        /// Which of those with that number it is.
        epoch: u32,
    },
    /// Something is refused since it comes from a producer that was replaced.
    ProducerFenced {
        /// Its transactional id, empty without one.
        transactional_id: Name,
        /// Its number.
        producer: u64,
        /// Which of those with that number it is.
        epoch: u32,
        /// Which of them is the latest.
        current: u32,
    },
    /// Records are in a partition, and no crash can take them.
    RecordsAppended {
        /// The topic.
        topic: Name,
        /// The partition.
        partition: u16,
        /// Who appended.
        producer: u64,
        /// Which of those with that number it is.
        epoch: u32,
        /// The transactional id, empty if they belong to no transaction.
        transactional_id: Name,
        /// The offset of the first.
        from: u64,
        /// The offset behind the last.
        to: u64,
    },
    /// Records are refused.
    AppendRefused {
        /// The topic.
        topic: Name,
        /// The partition.
        partition: u16,
        /// Who would have appended.
        producer: u64,
        /// Which of those with that number it is.
        epoch: u32,
        /// Why.
        cause: Name,
    },
    /// A partition joins a transaction, which begins with its first.
    PartitionJoined {
        /// The transactional id.
        transactional_id: Name,
        /// The topic.
        topic: Name,
        /// The partition.
        partition: u16,
    },
    /// It is decided how a transaction ends, and durable.
    TransactionDecided {
        /// The transactional id.
        transactional_id: Name,
        /// Its producer.
        producer: u64,
        /// Which of those with that number it is.
        epoch: u32,
        /// How it ends.
        result: TransactionResult,
    },
    /// A transaction was open for too long and will be aborted.
    TransactionExpired {
        /// The transactional id.
        transactional_id: Name,
        /// Its producer.
        producer: u64,
        /// Which of those with that number it was.
        epoch: u32,
    },
    /// The end of a transaction is marked in a partition.
    MarkerWritten {
        /// The topic.
        topic: Name,
        /// The partition.
        partition: u16,
        /// The producer.
        producer: u64,
        /// How the transaction ends.
        result: TransactionResult,
        /// The marker's offset.
        offset: u64,
    },
    /// All partitions of a transaction have its end.
    TransactionEnded {
        /// The transactional id.
        transactional_id: Name,
        /// Its producer.
        producer: u64,
        /// How it has ended.
        result: TransactionResult,
    },
    /// Readers of what is committed can read on.
    StableOffsetAdvanced {
        /// The topic.
        topic: Name,
        /// The partition.
        partition: u16,
        /// How far.
        offset: u64,
    },
    /// Records are removed since they are too old, read or not.
    RecordsDeleted {
        /// The topic.
        topic: Name,
        /// The partition.
        partition: u16,
        /// The first offset before.
        from: u64,
        /// The first offset from now on.
        to: u64,
    },
    /// A broker knows of more partitions of a topic.
    PartitionsAdded {
        /// The topic.
        topic: Name,
        /// How many it has from now on.
        partitions: u16,
    },
    /// A source has found a partition that was added, and reads it.
    PartitionDiscovered {
        /// The job.
        job: JobId,
        /// The source's subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The topic.
        topic: Name,
        /// The partition.
        partition: u16,
    },
    /// What a source wanted to read next is gone: it goes on elsewhere.
    PositionReset {
        /// The job.
        job: JobId,
        /// The source's subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The topic.
        topic: Name,
        /// The partition.
        partition: u16,
        /// The offset that is gone.
        from: u64,
        /// The offset with which it goes on.
        to: u64,
    },
}

/// What a sink does with a transaction in the two phases of its commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum TransactionEvent {
    /// A sink begins a transaction: what it writes from now on belongs to it.
    TransactionBegun {
        /// The job.
        job: JobId,
        /// The sink's subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The transaction.
        transaction: Name,
    },
    /// All that belongs to a transaction is written and durable, so that it can be committed whatever
    /// happens: the first phase.
    TransactionPreCommitted {
        /// The job.
        job: JobId,
        /// The sink's subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The transaction.
        transaction: Name,
        /// The checkpoint that it belongs to.
        checkpoint: CheckpointId,
    },
    /// The second phase begins: the checkpoint is complete.
    CommitRequested {
        /// The job.
        job: JobId,
        /// The sink's subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The transaction.
        transaction: Name,
    },
    /// A transaction is found in the checkpoint after a restart, and committed, perhaps for the
    /// second time.
    RecommitRequested {
        /// The job.
        job: JobId,
        /// The sink's subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The transaction.
        transaction: Name,
    },
    /// A transaction is committed.
    TransactionCommitted {
        /// The job.
        job: JobId,
        /// The sink's subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The transaction.
        transaction: Name,
    },
    /// A transaction is aborted: nothing of it will be seen.
    TransactionAborted {
        /// The job.
        job: JobId,
        /// The sink's subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The transaction.
        transaction: Name,
    },
    /// A transaction is aborted that an earlier attempt has left open.
    LingeringAborted {
        /// The job.
        job: JobId,
        /// The sink's subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The transaction.
        transaction: Name,
    },
    /// A transaction whose checkpoint is complete cannot be committed: what it holds is lost.
    CommitFailed {
        /// The job.
        job: JobId,
        /// The sink's subtask.
        subtask: Name,
        /// Which attempt.
        attempt: u32,
        /// The transaction.
        transaction: Name,
        /// Why.
        cause: Name,
    },
}
