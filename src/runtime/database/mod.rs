//! The database's node.
//!
//! What it knows is a [`DatabaseState`]; whatever changes that is an entry of the redo log. It is
//! tried first: what SQLite refuses is no entry. What others may learn of it (answers, rows that
//! are visible, events) waits until the entry is durable, and so does what queries say. So a kill
//! falls between statements, or between a statement and its sync, and whoever got no answer does
//! not know which.
//!
//! Previous: [`DatabaseClient`]. Next: the disk, and [`crate::host::Outside`], which sees what is
//! committed.

mod client;
mod text;

use std::sync::Arc;

use super::journal::{Journal, JournalResult, JournalTimer, JournalWork, Next, Recovered};
use super::outbox::{Component, Outbox};
use super::ports;
use super::rpc::{DatabaseClientRpc, DatabaseRpc};
use crate::base::{Name, SimTime};
use crate::database::{DatabaseState, RedoEntry, Table, TableError, Visible};
use crate::host::{
    Address, DatabaseAnswer, DatabaseError, DatabaseRequest, DatabaseWriter, Port, WriterFencing,
};
use crate::record::{Row, RowKind};
use crate::trace::{DatabaseEvent, Event, SinkEvent};

pub use client::{DatabaseClient, DatabaseHandle};

/// What the database is told.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    /// Its tables.
    pub tables: Vec<Table>,
    /// Who may write.
    pub fencing: Arc<dyn WriterFencing>,
}

/// What it asks of its shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseAction {
    /// Have the disk do something for the redo log.
    Journal(JournalWork),
    /// Show rows to the world. Some may have been shown in an earlier life.
    Reveal(Visible),
}

/// What happens once an entry is durable.
enum Then {
    Answer(Asked, Result<DatabaseAnswer, DatabaseError>),
    Trace(Event),
    Reveal(Visible),
}

/// A request of a client.
#[derive(Clone, Copy)]
struct Asked {
    client: Address,
    request: u64,
}

/// See the module.
pub struct Database {
    options: DatabaseOptions,
    state: DatabaseState,
    journal: Journal<RedoEntry, Then>,
    /// What has arrived before the redo log was read.
    early: Vec<(Address, DatabaseRpc)>,
    /// Whether somebody else has a lock.
    is_locked: Box<dyn Fn() -> bool>,
}

type Out = Outbox<Database>;

impl Database {
    /// A life that begins. `is_locked` says whether somebody outside has a lock.
    pub fn new(
        options: DatabaseOptions,
        is_locked: impl Fn() -> bool + 'static,
    ) -> Result<Self, TableError> {
        let state = DatabaseState::new(&options.tables)?;
        let is_locked = Box::new(is_locked);
        Ok(Self { options, state, journal: Journal::default(), early: Vec::new(), is_locked })
    }

    /// What it knows.
    pub fn state(&self) -> &DatabaseState {
        &self.state
    }

    fn answer(&mut self, asked: Asked, answer: Result<DatabaseAnswer, DatabaseError>) {
        self.journal.then(Then::Answer(asked, answer));
    }

    /// Changes something, for good once it is durable. What was done before is done.
    fn change(
        &mut self,
        entry: &RedoEntry,
        event: Option<DatabaseEvent>,
    ) -> Result<(), DatabaseError> {
        let visible = self.state.apply(entry)?;
        self.journal.push(entry);
        if let Some(event) = event {
            self.journal.then(Then::Trace(Event::Database(event)));
        }
        if let Some(visible) = visible {
            self.journal.then(Then::Reveal(visible));
        }
        Ok(())
    }

    fn handle(&mut self, asked: Asked, request: DatabaseRequest) {
        let answer = match self.refusal(&request) {
            Some(error) => Err(error),
            None => self.perform(request),
        };
        if let Err(error) = &answer
            && !matches!(error, DatabaseError::UnknownTransaction(_))
        {
            let refused = DatabaseEvent::DatabaseRefused { cause: error.to_string().into() };
            self.journal.then(Then::Trace(Event::Database(refused)));
        }
        self.answer(asked, answer);
    }

    /// Why a request is not even tried, if so. Readers do not mind locks.
    fn refusal(&self, request: &DatabaseRequest) -> Option<DatabaseError> {
        match request {
            DatabaseRequest::Query { .. }
            | DatabaseRequest::ListPrepared { .. }
            | DatabaseRequest::ListCommitted { .. } => None,
            _ => (self.is_locked)().then_some(DatabaseError::Locked),
        }
    }

    fn perform(&mut self, request: DatabaseRequest) -> Result<DatabaseAnswer, DatabaseError> {
        match request {
            DatabaseRequest::Connect { writer: DatabaseWriter { sink, subtask, attempt } } => {
                let opened = SinkEvent::WriterOpened {
                    sink: sink.clone(),
                    subtask: subtask.clone(),
                    attempt,
                };
                if attempt > self.state.connected(&sink, &subtask) {
                    self.change(&RedoEntry::Connected { sink, subtask, attempt }, None)?;
                }
                self.journal.then(Then::Trace(Event::Sink(opened)));
            }
            DatabaseRequest::Execute { writer, part_of, table, rows } => {
                self.admit(&writer, rows.len())?;
                let count = rows.len() as u32;
                let name = table.clone();
                let changed = DatabaseEvent::TableChanged { table: name, rows: count, part_of };
                let rows = rows.to_vec();
                self.change(&RedoEntry::Executed { table, rows }, Some(changed))?;
            }
            DatabaseRequest::Prepare { transaction, table, rows } => {
                if let Some((_, before)) = self.state.prepared(&transaction)? {
                    let again = before[..] == rows[..];
                    let taken = DatabaseError::TransactionExists(transaction.to_string());
                    return if again { Ok(DatabaseAnswer::Done) } else { Err(taken) };
                }
                let (name, count) = (transaction.clone(), rows.len() as u32);
                let prepared = DatabaseEvent::TransactionPrepared {
                    transaction: name,
                    table: table.clone(),
                    rows: count,
                };
                let rows = rows.to_vec();
                self.change(&RedoEntry::Prepared { transaction, table, rows }, Some(prepared))?;
            }
            DatabaseRequest::CommitPrepared { transaction } => {
                let committed =
                    DatabaseEvent::PreparedCommitted { transaction: transaction.clone() };
                self.change(&RedoEntry::Committed { transaction }, Some(committed))?;
            }
            DatabaseRequest::RollbackPrepared { transaction } => {
                if self.state.prepared(&transaction)?.is_some() {
                    let rolled_back =
                        DatabaseEvent::PreparedRolledBack { transaction: transaction.clone() };
                    self.change(&RedoEntry::RolledBack { transaction }, Some(rolled_back))?;
                }
            }
            DatabaseRequest::MarkCommitted { transaction } => {
                let marked = DatabaseEvent::CommitMarked { transaction: transaction.clone() };
                self.change(&RedoEntry::Marked { transaction }, Some(marked))?;
            }
            DatabaseRequest::ListCommitted { prefix } => {
                return Ok(DatabaseAnswer::Transactions(self.state.list_marked(&prefix)));
            }
            DatabaseRequest::ListPrepared { prefix } => {
                return Ok(DatabaseAnswer::Transactions(self.state.list_prepared(&prefix)?));
            }
            DatabaseRequest::Query { sql } => {
                return Ok(DatabaseAnswer::Rows(self.state.query(&sql)?));
            }
        }
        Ok(DatabaseAnswer::Done)
    }

    fn admit(&mut self, writer: &DatabaseWriter, rows: usize) -> Result<(), DatabaseError> {
        let DatabaseWriter { sink, subtask, attempt } = writer;
        let current = self.state.connected(sink, subtask);
        if self.options.fencing.admits(*attempt, current) {
            return Ok(());
        }
        let (sink, subtask, attempt) = (sink.clone(), subtask.clone(), *attempt);
        let refused = SinkEvent::WriteRefused { sink, subtask, attempt, rows: rows as u32 };
        self.journal.then(Then::Trace(Event::Sink(refused)));
        Err(DatabaseError::Disconnected)
    }

    /// Does what waits for nothing any more, and gives the disk what there is to write. The last
    /// thing in every handler.
    fn settle(&mut self, out: &mut Out) {
        while let Some(then) = self.journal.settled() {
            match then {
                Then::Answer(Asked { client, request }, answer) => {
                    out.send(client, DatabaseClientRpc { request, answer });
                }
                Then::Trace(event) => out.trace(event),
                Then::Reveal(visible) => out.act(DatabaseAction::Reveal(visible)),
            }
        }
        if let Some(work) = self.journal.begin_append() {
            out.act(DatabaseAction::Journal(work));
        }
    }

    fn follow(&mut self, next: Next<RedoEntry>, out: &mut Out) {
        match next {
            Next::Nothing | Next::Settle => {}
            Next::Wake(at, timer) => out.wake_at(at, timer),
            Next::Work(work) => out.act(DatabaseAction::Journal(work)),
            Next::Begin(recovered) => self.begin(recovered, out),
        }
    }

    /// All that was read is durable: it begins to serve.
    fn begin(&mut self, recovered: Recovered<RedoEntry>, out: &mut Out) {
        let Recovered { entries, torn_bytes, is_first_life } = recovered;
        for entry in &entries {
            // It was accepted before.
            if let Ok(Some(visible)) = self.state.apply(entry) {
                out.act(DatabaseAction::Reveal(visible));
            }
        }
        if is_first_life {
            self.fill();
        } else {
            let committed = entries.iter().filter_map(RedoEntry::committed).cloned().collect();
            let entries = entries.len() as u64;
            let recovered = DatabaseEvent::DatabaseRecovered { entries, torn_bytes, committed };
            out.trace(Event::Database(recovered));
        }
        for (client, DatabaseRpc { request, what }) in std::mem::take(&mut self.early) {
            self.handle(Asked { client, request }, what);
        }
    }

    /// What tables hold from the beginning.
    fn fill(&mut self) {
        for table in self.options.tables.clone() {
            let row = |fields| Row { kind: RowKind::Insert, fields, id: None, number: None };
            let rows: Vec<Row> = table.rows.into_iter().map(row).collect();
            if rows.is_empty() {
                continue;
            }
            let (count, table) = (rows.len() as u32, table.name);
            let (name, part_of) = (table.clone(), Name::default());
            let changed = DatabaseEvent::TableChanged { table: name, rows: count, part_of };
            let filled = self.change(&RedoEntry::Executed { table, rows }, Some(changed));
            if let Err(error) = filled {
                let refused = DatabaseEvent::DatabaseRefused { cause: error.to_string().into() };
                self.journal.then(Then::Trace(Event::Database(refused)));
            }
        }
    }
}

impl Component for Database {
    type Message = DatabaseRpc;
    type Timer = JournalTimer;
    type Action = DatabaseAction;
    type Report = JournalResult;

    fn name(&self) -> Name {
        "database".into()
    }

    fn port(&self) -> Port {
        ports::DATABASE
    }

    fn on_start(&mut self, _now: SimTime, out: &mut Out) {
        out.act(DatabaseAction::Journal(JournalWork::Read));
    }

    fn on_message(&mut self, _now: SimTime, from: Address, message: DatabaseRpc, out: &mut Out) {
        if !self.journal.is_open() {
            self.early.push((from, message));
            return;
        }
        let DatabaseRpc { request, what } = message;
        self.handle(Asked { client: from, request }, what);
        self.settle(out);
    }

    /// Whoever is not there may come back, and asks again then.
    fn on_reset(&mut self, _now: SimTime, _peer: Address, _out: &mut Out) {}

    fn on_timer(&mut self, now: SimTime, timer: JournalTimer, out: &mut Out) {
        let next = self.journal.on_timer(now, timer);
        self.follow(next, out);
        self.settle(out);
    }

    fn on_report(&mut self, now: SimTime, report: JournalResult, out: &mut Out) {
        let next = self.journal.on_result(now, report);
        self.follow(next, out);
    }
}
