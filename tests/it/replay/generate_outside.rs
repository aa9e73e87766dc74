//! What is around jobs in runs that never were: the log, the database, files, transactions.

use proptest::prelude::*;
use weir::base::{CheckpointId, Name};
use weir::trace::{
    DatabaseEvent, Event, LogEvent, StorageEvent, TransactionEvent, TransactionResult,
};

use super::JOB;
use super::generate::subtask;

/// Few, so that they meet; the empty one is that of producers without transactions.
fn transaction() -> impl Strategy<Value = Name> {
    prop::sample::select(vec!["t-1", "t-2", "t-3", ""]).prop_map(Name::from)
}

fn result() -> impl Strategy<Value = TransactionResult> {
    prop::sample::select(vec![TransactionResult::Commit, TransactionResult::Abort])
}

pub fn transaction_event() -> impl Strategy<Value = Event> {
    let checkpoint = (1u64..4).prop_map(CheckpointId);
    (subtask(), 0u32..3, transaction(), checkpoint, 0..9).prop_map(
        |(subtask, attempt, transaction, checkpoint, kind)| {
            use TransactionEvent as E;
            let job = JOB;
            Event::Transaction(match kind {
                0 | 1 => E::TransactionBegun { job, subtask, attempt, transaction },
                2 => E::TransactionPreCommitted { job, subtask, attempt, transaction, checkpoint },
                3 => E::CommitRequested { job, subtask, attempt, transaction },
                4 => E::RecommitRequested { job, subtask, attempt, transaction },
                5 => E::TransactionCommitted { job, subtask, attempt, transaction },
                6 => E::TransactionAborted { job, subtask, attempt, transaction },
                7 => E::LingeringAborted { job, subtask, attempt, transaction },
                _ => {
                    let cause = "it is gone".into();
                    E::CommitFailed { job, subtask, attempt, transaction, cause }
                }
            })
        },
    )
}

pub fn log_event() -> impl Strategy<Value = Event> {
    let numbers = (0u16..2, 1u64..3, 0u32..3, 0u64..40, 0u64..9);
    (transaction(), result(), numbers, 0..14).prop_map(
        |(transactional_id, result, (partition, producer, epoch, from, length), kind)| {
            let (topic, to) = (Name::from("orders"), from + length);
            Event::Log(match kind {
                0 => LogEvent::LogRecovered { entries: from, torn_bytes: length },
                1 => LogEvent::ProducerInitialized { transactional_id, producer, epoch },
                2 => {
                    let current = epoch + 1;
                    LogEvent::ProducerFenced { transactional_id, producer, epoch, current }
                }
                3..=6 => LogEvent::RecordsAppended {
                    topic,
                    partition,
                    producer,
                    epoch,
                    transactional_id,
                    from,
                    to,
                },
                7 => {
                    let cause = "fenced".into();
                    LogEvent::AppendRefused { topic, partition, producer, epoch, cause }
                }
                8 => LogEvent::PartitionJoined { transactional_id, topic, partition },
                9 => LogEvent::TransactionDecided { transactional_id, producer, epoch, result },
                10 => LogEvent::TransactionExpired { transactional_id, producer, epoch },
                11 => {
                    let offset = from;
                    LogEvent::MarkerWritten { topic, partition, producer, result, offset }
                }
                12 => LogEvent::TransactionEnded { transactional_id, producer, result },
                _ => LogEvent::StableOffsetAdvanced { topic, partition, offset: from },
            })
        },
    )
}

pub fn database_event() -> impl Strategy<Value = Event> {
    let table = prop::sample::select(vec!["accounts", "transfers"]).prop_map(Name::from);
    (transaction(), table, 0u32..5, 0..9).prop_map(|(transaction, table, rows, kind)| {
        Event::Database(match kind {
            0 => {
                let (entries, torn_bytes) = (u64::from(rows), 0);
                let committed = vec![transaction];
                DatabaseEvent::DatabaseRecovered { entries, torn_bytes, committed }
            }
            1 => DatabaseEvent::TableChanged { table, rows, part_of: transaction },
            2 | 3 => DatabaseEvent::TransactionPrepared { transaction, table, rows },
            4 => DatabaseEvent::PreparedCommitted { transaction },
            5 => DatabaseEvent::PreparedRolledBack { transaction },
            6 => DatabaseEvent::CommitMarked { transaction },
            7 => DatabaseEvent::DatabaseRefused { cause: "locked".into() },
            _ => {
                let answer = vec![rows.to_string()];
                let expected = if rows > 3 { Vec::new() } else { vec!["2".to_owned()] };
                DatabaseEvent::QueryAnswered { query: table, answer, expected }
            }
        })
    })
}

pub fn storage_event() -> impl Strategy<Value = Event> {
    let path = || {
        let paths = vec!["a", "files/out/.t-1.0.inprogress", "files/out/t-1.0", "checkpoints/1/b"];
        prop::sample::select(paths).prop_map(Name::from)
    };
    (path(), path(), 1u64..9, 0..7).prop_map(|(path, to, bytes, kind)| {
        Event::Storage(match kind {
            0..=2 => StorageEvent::FileStored { path, bytes, checksum: "feed".into() },
            3 => StorageEvent::FileRead { path, bytes },
            4 => StorageEvent::FileDeleted { path },
            5 => StorageEvent::FileRenamed { from: path, to },
            _ => StorageEvent::FileRefused { path, cause: "the disk is full".to_owned() },
        })
    })
}
