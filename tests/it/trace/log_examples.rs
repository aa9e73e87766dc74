//! One event of each kind of the log and of transactions.

use weir::base::{CheckpointId, JobId, Name};
use weir::trace::{Event, LogEvent, TransactionEvent, TransactionResult};

fn n(name: &str) -> Name {
    name.into()
}

pub fn log() -> Vec<Event> {
    let (transactional_id, topic) = (n("out-1-7"), n("out"));
    let (partition, producer, epoch, result) = (1, 4_001, 3, TransactionResult::Commit);
    let id = || transactional_id.clone();
    let mut events: Vec<Event> = [
        LogEvent::LogRecovered { entries: 1_204, torn_bytes: 17 },
        LogEvent::ProducerInitialized { transactional_id: id(), producer, epoch },
        LogEvent::ProducerFenced { transactional_id: id(), producer, epoch, current: 4 },
        LogEvent::RecordsAppended {
            topic: topic.clone(),
            partition,
            producer,
            epoch,
            transactional_id: id(),
            from: 40,
            to: 52,
        },
        LogEvent::AppendRefused {
            topic: topic.clone(),
            partition,
            producer,
            epoch,
            cause: n("INVALID_PRODUCER_EPOCH"),
        },
        LogEvent::PartitionJoined { transactional_id: id(), topic: topic.clone(), partition },
        LogEvent::TransactionDecided { transactional_id: id(), producer, epoch, result },
        LogEvent::TransactionExpired { transactional_id: id(), producer, epoch },
        LogEvent::MarkerWritten { topic: topic.clone(), partition, producer, result, offset: 52 },
        LogEvent::TransactionEnded { transactional_id: id(), producer, result },
        LogEvent::StableOffsetAdvanced { topic: topic.clone(), partition, offset: 53 },
        LogEvent::RecordsDeleted { topic: topic.clone(), partition, from: 12, to: 40 },
        LogEvent::PartitionsAdded { topic: topic.clone(), partitions: 4 },
        LogEvent::PartitionDiscovered {
            job: JobId(1),
            subtask: n("in#2"),
            attempt: 1,
            topic: topic.clone(),
            partition,
        },
        LogEvent::PositionReset {
            job: JobId(1),
            subtask: n("in#2"),
            attempt: 1,
            topic,
            partition,
            from: 12,
            to: 40,
        },
    ]
    .map(Event::Log)
    .into();
    let (job, subtask, attempt, transaction) = (JobId(1), n("out#2"), 1, n("out-1-7"));
    let (subtask, transaction) = (|| subtask.clone(), || transaction.clone());
    events.extend(
        [
            TransactionEvent::TransactionBegun {
                job,
                subtask: subtask(),
                attempt,
                transaction: transaction(),
            },
            TransactionEvent::TransactionPreCommitted {
                job,
                subtask: subtask(),
                attempt,
                transaction: transaction(),
                checkpoint: CheckpointId(7),
            },
            TransactionEvent::CommitRequested {
                job,
                subtask: subtask(),
                attempt,
                transaction: transaction(),
            },
            TransactionEvent::RecommitRequested {
                job,
                subtask: subtask(),
                attempt,
                transaction: transaction(),
            },
            TransactionEvent::TransactionCommitted {
                job,
                subtask: subtask(),
                attempt,
                transaction: transaction(),
            },
            TransactionEvent::TransactionAborted {
                job,
                subtask: subtask(),
                attempt,
                transaction: transaction(),
            },
            TransactionEvent::LingeringAborted {
                job,
                subtask: subtask(),
                attempt,
                transaction: transaction(),
            },
            TransactionEvent::CommitFailed {
                job,
                subtask: subtask(),
                attempt,
                transaction: transaction(),
                cause: n("INVALID_TXN_STATE"),
            },
        ]
        .map(Event::Transaction),
    );
    events
}
