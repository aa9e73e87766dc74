//! The database as its clients have it: what is answered is durable, and whoever was replaced
//! changes nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use weir::base::{NodeId, SimTime};
use weir::host::{
    Address, DatabaseAnswer, DatabaseError, DatabaseRequest, DatabaseWriter, FenceReplaced,
};
use weir::record::RowKind;
use weir::runtime::rpc::{DatabaseClientRpc, DatabaseRpc, Rpc};
use weir::runtime::{
    Component, Database, DatabaseAction, DatabaseOptions, Effect, JournalResult, JournalTimer,
    Outbox, ports,
};
use weir::trace::{DatabaseEvent, Event, SinkEvent};

use super::{balances, log, n, row};
use crate::broker::TestDisk;

const CLIENT: Address = Address { node: NodeId(9), port: ports::DATABASE_CLIENT };

/// A database with its disk.
struct Served {
    database: Database,
    disk: TestDisk,
    now: SimTime,
    reports: VecDeque<JournalResult>,
    timers: BTreeMap<SimTime, JournalTimer>,
    answers: BTreeMap<u64, Result<DatabaseAnswer, DatabaseError>>,
    told: Vec<Event>,
}

fn options() -> DatabaseOptions {
    DatabaseOptions { tables: vec![balances(), log()], fencing: Arc::new(FenceReplaced) }
}

impl Served {
    fn new(disk: TestDisk, now: SimTime) -> Self {
        let mut served = Self {
            database: Database::new(options(), || false).unwrap(),
            disk,
            now,
            reports: VecDeque::new(),
            timers: BTreeMap::new(),
            answers: BTreeMap::new(),
            told: Vec::new(),
        };
        served.handle(Component::on_start);
        served.settle();
        served
    }

    fn handle(&mut self, handler: impl FnOnce(&mut Database, SimTime, &mut Outbox<Database>)) {
        let mut out = Outbox::default();
        self.disk.set_now(self.now);
        handler(&mut self.database, self.now, &mut out);
        for effect in out.drain() {
            match effect {
                Effect::Send {
                    rpc: Rpc::DatabaseClient(DatabaseClientRpc { request, answer }),
                    ..
                } => {
                    self.answers.insert(request, answer);
                }
                Effect::Send { .. } | Effect::Stop => panic!("a database does nothing of the kind"),
                Effect::Timer { at, timer } => {
                    self.timers.insert(at, timer);
                }
                Effect::Trace(event) => self.told.push(event),
                Effect::Act(DatabaseAction::Journal(work)) => {
                    self.reports.push_back(work.perform(&self.disk, self.now));
                }
                Effect::Act(DatabaseAction::Reveal(_)) => {}
            }
        }
    }

    fn ask(&mut self, request: u64, what: DatabaseRequest) {
        let message = DatabaseRpc { request, what };
        self.handle(|database, now, out| database.on_message(now, CLIENT, message, out));
    }

    /// Lets the disk do what it is at.
    fn settle(&mut self) {
        loop {
            if let Some(report) = self.reports.pop_front() {
                self.handle(|database, now, out| database.on_report(now, report, out));
            } else if let Some((at, timer)) = self.timers.pop_first() {
                self.now = self.now.max(at);
                self.handle(|database, now, out| database.on_timer(now, timer, out));
            } else {
                return;
            }
        }
    }

    /// It dies, and comes back with what is on its disk.
    fn crash(self) -> Self {
        self.disk.set_now(self.now);
        self.disk.crash(0);
        Self::new(self.disk, self.now)
    }

    fn rows(&self, sql: &str) -> String {
        let rows = self.database.state().query(sql).unwrap();
        rows.iter().map(|row| row.join(",")).collect::<Vec<_>>().join(" ")
    }
}

fn writer(attempt: u32) -> DatabaseWriter {
    DatabaseWriter { sink: n("log"), subtask: n("log#1"), attempt }
}

fn line(attempt: u32, text: &str) -> DatabaseRequest {
    let (table, part_of) = (n("log"), n(""));
    let rows = Arc::from([row(RowKind::Insert, &[text])]);
    DatabaseRequest::Execute { writer: writer(attempt), part_of, table, rows }
}

#[test]
fn whoever_was_replaced_changes_nothing() {
    let mut served = Served::new(TestDisk::default(), SimTime::ZERO);
    served.ask(1, DatabaseRequest::Connect { writer: writer(0) });
    served.ask(2, line(0, "first"));
    served.ask(3, DatabaseRequest::Connect { writer: writer(1) });
    served.ask(4, line(0, "late"));
    served.ask(5, line(1, "second"));
    served.settle();
    assert_eq!(served.answers[&2], Ok(DatabaseAnswer::Done));
    assert_eq!(served.answers[&4], Err(DatabaseError::Disconnected));
    assert_eq!(served.answers[&5], Ok(DatabaseAnswer::Done));
    assert_eq!(served.rows("SELECT line FROM log"), "first second");
    let refused = |it: &&Event| matches!(it, Event::Sink(SinkEvent::WriteRefused { .. }));
    assert_eq!(served.told.iter().filter(refused).count(), 1);
    // Nor after a crash.
    let mut served = served.crash();
    served.ask(6, line(0, "later"));
    served.settle();
    assert_eq!(served.answers[&6], Err(DatabaseError::Disconnected));
    assert_eq!(served.rows("SELECT line FROM log"), "first second");
}

#[test]
fn what_is_answered_is_durable_and_what_was_durable_is_told() {
    let mut served = Served::new(TestDisk::default(), SimTime::ZERO);
    let rows = Arc::from([row(RowKind::UpdateAfter, &["1", "70"])]);
    let (transaction, table) = (n("t-1"), n("balances"));
    served.ask(1, DatabaseRequest::Prepare { transaction, table, rows });
    assert!(served.answers.is_empty(), "nothing is durable yet");
    served.settle();
    assert_eq!(served.answers[&1], Ok(DatabaseAnswer::Done));
    served.ask(2, DatabaseRequest::CommitPrepared { transaction: n("t-1") });
    // The sync is done, and nobody has heard of it.
    let report = served.reports.pop_front();
    assert!(report.is_some() && !served.answers.contains_key(&2));
    served.now = SimTime(served.now.0 + 1_000_000_000);
    let served = served.crash();
    assert_eq!(served.rows("SELECT * FROM balances"), "1,70");
    let committed = served.told.iter().find_map(|event| match event {
        Event::Database(DatabaseEvent::DatabaseRecovered { committed, .. }) => Some(&committed[..]),
        _ => None,
    });
    assert_eq!(committed, Some(&[n("t-1")][..]));
}
