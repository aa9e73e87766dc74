//! One event of each kind of the database.

use weir::base::Name;
use weir::trace::{DatabaseEvent, Event};

fn n(name: &str) -> Name {
    name.into()
}

pub fn database() -> Vec<Event> {
    let (table, transaction) = (n("balances"), || n("balances-0-1-7"));
    let fields = |text: &str| vec![text.to_owned()];
    [
        DatabaseEvent::DatabaseRecovered {
            entries: 310,
            torn_bytes: 9,
            committed: vec![transaction()],
        },
        DatabaseEvent::TableChanged { table: table.clone(), rows: 20, part_of: transaction() },
        DatabaseEvent::TransactionPrepared {
            transaction: transaction(),
            table: table.clone(),
            rows: 38,
        },
        DatabaseEvent::PreparedCommitted { transaction: transaction() },
        DatabaseEvent::PreparedRolledBack { transaction: transaction() },
        DatabaseEvent::CommitMarked { transaction: transaction() },
        DatabaseEvent::DatabaseRefused { cause: n("database is locked") },
        DatabaseEvent::QueryAnswered {
            query: n("total"),
            answer: fields("19997"),
            expected: fields("20000"),
        },
    ]
    .map(Event::Database)
    .into()
}
