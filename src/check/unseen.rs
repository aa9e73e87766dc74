//! Rows that are written in transactions and that nobody sees: not yet, or not any more.

use std::collections::BTreeMap;

use crate::base::Name;
use crate::trace::{DatabaseEvent, Event, LogEvent, TransactionResult};

/// See the module.
#[derive(Default)]
pub(super) struct Unseen {
    /// By transaction: its sink, and how many rows it has.
    open: BTreeMap<Name, (Name, u64)>,
    /// By sink.
    aborted: BTreeMap<Name, u64>,
}

impl Unseen {
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Log(LogEvent::RecordsAppended { topic, transactional_id, from, to, .. })
                if !transactional_id.is_empty() =>
            {
                self.write(transactional_id, topic, to.saturating_sub(*from));
            }
            Event::Log(LogEvent::TransactionDecided { transactional_id, result, .. }) => {
                self.end(transactional_id, *result);
            }
            Event::Database(DatabaseEvent::TransactionPrepared { transaction, table, rows }) => {
                self.write(transaction, table, u64::from(*rows));
            }
            Event::Database(DatabaseEvent::PreparedCommitted { transaction }) => {
                self.end(transaction, TransactionResult::Commit);
            }
            Event::Database(DatabaseEvent::PreparedRolledBack { transaction }) => {
                self.end(transaction, TransactionResult::Abort);
            }
            Event::Database(DatabaseEvent::DatabaseRecovered { committed, .. }) => {
                committed.iter().for_each(|it| self.end(it, TransactionResult::Commit));
            }
            _ => {}
        }
    }

    fn write(&mut self, transaction: &Name, sink: &Name, rows: u64) {
        let open = self.open.entry(transaction.clone()).or_insert_with(|| (sink.clone(), 0));
        open.1 = open.1.saturating_add(rows);
    }

    fn end(&mut self, transaction: &Name, result: TransactionResult) {
        let Some((sink, rows)) = self.open.remove(transaction) else { return };
        if result == TransactionResult::Abort {
            let aborted = self.aborted.entry(sink).or_default();
            *aborted = aborted.saturating_add(rows);
        }
    }

    /// How many rows of a sink are written and not yet visible, and how many were taken back.
    pub fn of(&self, sink: &Name) -> (u64, u64) {
        let pending = self.open.values().filter(|(of, _)| of == sink);
        let pending = pending.fold(0, |sum: u64, (_, rows)| sum.saturating_add(*rows));
        (pending, self.aborted.get(sink).copied().unwrap_or_default())
    }
}
