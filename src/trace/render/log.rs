//! What happens in the log and to transactions, in words.

use super::escape::{brief, escape};
use super::sentence::{VALUE_CHARS, execution};
use super::{LogEvent, Tone, TransactionEvent};
use crate::trace::TransactionResult;

pub(super) fn log(event: &LogEvent) -> String {
    use LogEvent as E;
    match event {
        E::LogRecovered { entries, torn_bytes: 0 } => {
            format!("log is read again, {entries} entries")
        }
        E::LogRecovered { entries, torn_bytes } => {
            format!("log is read again, {entries} entries; {torn_bytes} torn bytes are cut off")
        }
        E::ProducerInitialized { transactional_id, producer, epoch } => {
            format!("producer {} is given out", who(transactional_id, *producer, *epoch))
        }
        E::ProducerFenced { transactional_id, producer, epoch, current } => {
            let who = who(transactional_id, *producer, *epoch);
            format!("producer {who} is fenced: its epoch is {current} by now")
        }
        E::RecordsAppended { topic, partition, producer, epoch, transactional_id, from, to } => {
            let place = place(topic, *partition);
            let who = who(transactional_id, *producer, *epoch);
            format!("{place}  {from}..{to} appended by {who}")
        }
        E::AppendRefused { topic, partition, producer, epoch, cause } => {
            let (place, who) = (place(topic, *partition), who("", *producer, *epoch));
            format!("{place}  records of {who} are refused: {}", brief(cause, VALUE_CHARS))
        }
        E::PartitionJoined { transactional_id, topic, partition } => {
            format!("{} joins transaction {}", place(topic, *partition), escape(transactional_id))
        }
        E::TransactionDecided { transactional_id, producer, epoch, result } => {
            let who = who(transactional_id, *producer, *epoch);
            format!("transaction {who} will {}", word(*result))
        }
        E::TransactionExpired { transactional_id, producer, epoch } => {
            let who = who(transactional_id, *producer, *epoch);
            format!("transaction {who} was open for too long")
        }
        E::MarkerWritten { topic, partition, producer, result, offset } => {
            let (place, word) = (place(topic, *partition), word(*result));
            format!("{place}  {word} of producer {producer} marked at {offset}")
        }
        E::TransactionEnded { transactional_id, producer, result } => {
            let id = escape(transactional_id);
            format!("transaction {id} of producer {producer}: {} is complete", word(*result))
        }
        E::StableOffsetAdvanced { topic, partition, offset } => {
            format!("{}  is stable up to {offset}", place(topic, *partition))
        }
        E::RecordsDeleted { topic, partition, from, to } => {
            format!("{}  {from}..{to} are too old, and deleted", place(topic, *partition))
        }
        E::PartitionsAdded { topic, partitions } => {
            format!("topic {} has {partitions} partitions from now on", escape(topic))
        }
        E::PartitionDiscovered { job, subtask, attempt, topic, partition } => {
            let (which, place) = (execution(*job, subtask, *attempt), place(topic, *partition));
            format!("{which}  has found {place}, and reads it")
        }
        E::PositionReset { job, subtask, attempt, topic, partition, from, to } => {
            let (which, place) = (execution(*job, subtask, *attempt), place(topic, *partition));
            format!("{which}  finds nothing at {from} of {place}, and goes on at {to}")
        }
    }
}

pub(super) fn transaction(event: &TransactionEvent) -> String {
    use TransactionEvent as E;
    match event {
        E::TransactionBegun { job, subtask, attempt, transaction } => {
            format!(
                "{}  begins transaction {}",
                execution(*job, subtask, *attempt),
                escape(transaction)
            )
        }
        E::TransactionPreCommitted { job, subtask, attempt, transaction, checkpoint } => {
            let (which, transaction) = (execution(*job, subtask, *attempt), escape(transaction));
            format!("{which}  pre-commits transaction {transaction} for checkpoint {checkpoint}")
        }
        E::CommitRequested { job, subtask, attempt, transaction } => {
            let (which, transaction) = (execution(*job, subtask, *attempt), escape(transaction));
            format!("{which}  commits transaction {transaction}")
        }
        E::RecommitRequested { job, subtask, attempt, transaction } => {
            let (which, transaction) = (execution(*job, subtask, *attempt), escape(transaction));
            format!("{which}  commits transaction {transaction}, which it finds in its checkpoint")
        }
        E::TransactionCommitted { job, subtask, attempt, transaction } => {
            let (which, transaction) = (execution(*job, subtask, *attempt), escape(transaction));
            format!("{which}  transaction {transaction} is committed")
        }
        E::TransactionAborted { job, subtask, attempt, transaction } => {
            let (which, transaction) = (execution(*job, subtask, *attempt), escape(transaction));
            format!("{which}  aborts transaction {transaction}")
        }
        E::LingeringAborted { job, subtask, attempt, transaction } => {
            let (which, transaction) = (execution(*job, subtask, *attempt), escape(transaction));
            format!("{which}  aborts transaction {transaction}, which was left open")
        }
        E::CommitFailed { job, subtask, attempt, transaction, cause } => {
            let (which, transaction) = (execution(*job, subtask, *attempt), escape(transaction));
            let cause = brief(cause, VALUE_CHARS);
            format!("{which}  transaction {transaction} cannot be committed, and is lost: {cause}")
        }
    }
}

pub(super) fn log_tone(event: &LogEvent) -> Tone {
    use LogEvent as E;
    match event {
        E::ProducerFenced { .. }
        | E::AppendRefused { .. }
        | E::TransactionExpired { .. }
        | E::PositionReset { .. } => Tone::Bad,
        E::StableOffsetAdvanced { .. } => Tone::Good,
        E::LogRecovered { .. }
        | E::ProducerInitialized { .. }
        | E::RecordsAppended { .. }
        | E::PartitionJoined { .. }
        | E::TransactionDecided { .. }
        | E::MarkerWritten { .. }
        | E::RecordsDeleted { .. }
        | E::PartitionsAdded { .. }
        | E::PartitionDiscovered { .. }
        | E::TransactionEnded { .. } => Tone::Plain,
    }
}

pub(super) fn transaction_tone(event: &TransactionEvent) -> Tone {
    use TransactionEvent as E;
    match event {
        E::TransactionBegun { .. }
        | E::TransactionPreCommitted { .. }
        | E::CommitRequested { .. }
        | E::RecommitRequested { .. } => Tone::Plain,
        E::TransactionCommitted { .. } => Tone::Good,
        E::TransactionAborted { .. } | E::LingeringAborted { .. } => Tone::Waiting,
        E::CommitFailed { .. } => Tone::Bad,
    }
}

fn place(topic: &str, partition: u16) -> String {
    format!("{}-{partition}", escape(topic))
}

fn who(transactional_id: &str, producer: u64, epoch: u32) -> String {
    match transactional_id {
        "" => format!("{producer}/{epoch}"),
        id => format!("{} ({producer}/{epoch})", escape(id)),
    }
}

fn word(result: TransactionResult) -> &'static str {
    result.into()
}
