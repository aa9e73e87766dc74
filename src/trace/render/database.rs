//! What happens in the database, in words.

use super::escape::{brief, escape};
use super::sentence::VALUE_CHARS;
use super::{DatabaseEvent, Tone};

pub(super) fn database(event: &DatabaseEvent) -> String {
    use DatabaseEvent as E;
    match event {
        E::DatabaseRecovered { entries, torn_bytes: 0, .. } => {
            format!("redo log is read again, {entries} entries")
        }
        E::DatabaseRecovered { entries, torn_bytes, .. } => {
            format!(
                "redo log is read again, {entries} entries; {torn_bytes} torn bytes are cut off"
            )
        }
        E::TableChanged { table, rows, part_of } => {
            let part = match part_of.is_empty() {
                true => String::new(),
                false => format!(", a part of {}", escape(part_of)),
            };
            format!("table {}  {} changed{part}", escape(table), counted(*rows))
        }
        E::TransactionPrepared { transaction, table, rows } => {
            let (name, table) = (escape(transaction), escape(table));
            format!("transaction {name} is prepared, {} for {table}", counted(*rows))
        }
        E::PreparedCommitted { transaction } => {
            format!("transaction {} is committed", escape(transaction))
        }
        E::PreparedRolledBack { transaction } => {
            format!("transaction {} is rolled back", escape(transaction))
        }
        E::CommitMarked { transaction } => {
            format!("transaction {} is marked as written", escape(transaction))
        }
        E::DatabaseRefused { cause } => format!("refuses: {}", brief(cause, VALUE_CHARS)),
        E::QueryAnswered { query, answer, expected } => {
            let answer = brief(&answer.join(", "), VALUE_CHARS);
            let wrong = match is_wrong(event) {
                true => format!(", and not {}", brief(&expected.join(", "), VALUE_CHARS)),
                false => String::new(),
            };
            format!("query {} says {answer}{wrong}", escape(query))
        }
    }
}

fn counted(rows: u32) -> String {
    match rows {
        1 => "1 row".to_owned(),
        _ => format!("{rows} rows"),
    }
}

fn is_wrong(event: &DatabaseEvent) -> bool {
    let DatabaseEvent::QueryAnswered { answer, expected, .. } = event else { return false };
    !expected.is_empty() && answer != expected
}

pub(super) fn database_tone(event: &DatabaseEvent) -> Tone {
    use DatabaseEvent as E;
    match event {
        E::DatabaseRefused { .. } => Tone::Bad,
        E::QueryAnswered { .. } if is_wrong(event) => Tone::Bad,
        E::PreparedCommitted { .. } | E::CommitMarked { .. } => Tone::Good,
        E::PreparedRolledBack { .. } => Tone::Waiting,
        E::DatabaseRecovered { .. }
        | E::TableChanged { .. }
        | E::TransactionPrepared { .. }
        | E::QueryAnswered { .. } => Tone::Plain,
    }
}
