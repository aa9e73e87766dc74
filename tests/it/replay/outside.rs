//! What is around the jobs: the log, the database, files, transactions, positions of sources.

use proptest::prelude::*;
use weir::base::{CheckpointId, Name};
use weir::replay::{OffsetRange, Seen, Timeline, TransactionPhase, Transactions, World};
use weir::trace::{
    CheckpointEvent, DatabaseEvent, Event, LogEvent, RecoveryEvent, SplitPosition, StorageEvent,
    TransactionEvent, TransactionResult,
};

use super::generate::events;
use super::{JOB, folded, header, plan, record, submitted};

fn world(events: impl IntoIterator<Item = Event>) -> World {
    folded(&record(events))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_not_seen_around_leaves_the_outside_as_it_was(events in events()) {
        let mut timeline = Timeline::new(header(), events);
        while let Some(next) = timeline.next_seen_around() {
            let before = timeline.world().clone();
            timeline.seek_position(next - 1);
            let now = timeline.world();
            prop_assert_eq!(&before.transactions, &now.transactions);
            prop_assert_eq!(&before.log, &now.log);
            prop_assert_eq!(&before.database, &now.database);
            prop_assert_eq!(&before.files, &now.files);
            prop_assert_eq!(&before.messages, &now.messages);
            prop_assert_eq!(&before.resources, &now.resources);
            prop_assert!(before.nodes.iter().eq(now.nodes.iter()));
            let positions = |world: &World| {
                let jobs = world.jobs.iter();
                jobs.map(|(_, job)| job.positions.clone()).collect::<Vec<_>>()
            };
            prop_assert_eq!(positions(&before), positions(now));
            timeline.seek_position(next);
            prop_assert!(timeline.previous_seen_around().unwrap_or(0) < next);
        }
    }

    #[test]
    fn files_are_counted_as_if_one_looked_at_each(events in events()) {
        let world = folded(&events);
        let pending: u64 = world.files.pending().map(|(_, bytes)| bytes).sum();
        prop_assert!(pending <= world.files.bytes());
        prop_assert!(world.files.pending().count() <= world.files.count());
    }
}

fn begun(transaction: &str) -> Event {
    let (job, subtask, attempt) = (JOB, "c#1".into(), 0);
    let transaction = transaction.into();
    Event::Transaction(TransactionEvent::TransactionBegun { job, subtask, attempt, transaction })
}

fn pre_committed(transaction: &str, checkpoint: u64) -> Event {
    let (job, subtask, attempt, transaction) = (JOB, "c#1".into(), 0, transaction.into());
    let checkpoint = CheckpointId(checkpoint);
    Event::Transaction(TransactionEvent::TransactionPreCommitted {
        job,
        subtask,
        attempt,
        transaction,
        checkpoint,
    })
}

fn committed(transaction: &str) -> Event {
    let (job, subtask, attempt) = (JOB, "c#1".into(), 0);
    let transaction = transaction.into();
    Event::Transaction(TransactionEvent::TransactionCommitted {
        job,
        subtask,
        attempt,
        transaction,
    })
}

#[test]
fn a_transaction_goes_through_its_phases_and_may_come_back() {
    let mut events = vec![begun("t-1"), begun("t-2"), pre_committed("t-1", 4)];
    let before = world(events.clone());
    let names = |world: &World| -> Vec<Name> {
        world.transactions.pending().iter().map(|it| it.name.clone()).collect()
    };
    assert_eq!(names(&before), ["t-1", "t-2"].map(Name::from));
    let first = before.transactions.get("t-1").unwrap();
    assert_eq!(first.phase, TransactionPhase::PreCommitted);
    assert_eq!(first.checkpoint, Some(CheckpointId(4)));
    assert!(first.begun < first.pre_committed);

    events.push(committed("t-1"));
    let over = world(events.clone());
    assert_eq!(names(&over), ["t-2"].map(Name::from));
    assert_eq!(over.transactions.over().len(), 1);

    let (job, subtask, attempt, transaction) = (JOB, "c#1".into(), 1, "t-1".into());
    let again = TransactionEvent::RecommitRequested { job, subtask, attempt, transaction };
    events.push(Event::Transaction(again));
    let again = world(events);
    assert_eq!(names(&again), ["t-1", "t-2"].map(Name::from));
    assert_eq!(again.transactions.over().len(), 0);
    assert_eq!(again.transactions.get("t-1").unwrap().attempt, 0);
}

#[test]
fn only_the_last_that_are_over_are_remembered() {
    let names: Vec<String> = (0..Transactions::OVER + 5).map(|it| format!("t-{it}")).collect();
    let world = world(names.iter().flat_map(|name| [begun(name), committed(name)]));
    let over: Vec<_> = world.transactions.over().map(|it| it.name.to_string()).collect();
    assert_eq!(over, names[5..]);
    assert_eq!(world.transactions.committed, 25);
}

fn appended(transactional_id: &str, producer: u64, from: u64, to: u64) -> Event {
    Event::Log(LogEvent::RecordsAppended {
        topic: "orders".into(),
        partition: 0,
        producer,
        epoch: 0,
        transactional_id: transactional_id.into(),
        from,
        to,
    })
}

fn marked(producer: u64, result: TransactionResult, offset: u64) -> Event {
    let topic = "orders".into();
    Event::Log(LogEvent::MarkerWritten { topic, partition: 0, producer, result, offset })
}

#[test]
fn a_partition_knows_where_its_transactions_are() {
    let events = [
        appended("", 9, 0, 5),
        appended("t-1", 1, 5, 7),
        appended("t-1", 1, 7, 8),
        appended("t-2", 2, 8, 9),
        appended("t-1", 1, 9, 10),
        marked(2, TransactionResult::Abort, 10),
        Event::Log(LogEvent::StableOffsetAdvanced {
            topic: "orders".into(),
            partition: 0,
            offset: 5,
        }),
    ];
    let world = world(events);
    let partition = &world.log.partitions[&("orders".into(), 0)];
    assert_eq!((partition.end, partition.stable), (11, 5));
    let ranges = [OffsetRange { from: 5, to: 8 }, OffsetRange { from: 9, to: 10 }];
    assert_eq!(partition.open["t-1"].ranges, ranges);
    assert_eq!(partition.open["t-1"].records(), 4);
    let markers: Vec<_> = partition.markers().collect();
    assert_eq!(markers.len(), 1);
    assert_eq!((markers[0].0, markers[0].1.transactional_id.as_deref()), (10, Some("t-2")));
    assert_eq!(markers[0].1.ranges, [OffsetRange { from: 8, to: 9 }]);
    assert_eq!(world.log.open().len(), 1);
}

#[test]
fn the_database_takes_up_what_is_prepared_when_it_is_committed() {
    let prepared = |name: &str| {
        let (transaction, table, rows) = (name.into(), "accounts".into(), 3);
        Event::Database(DatabaseEvent::TransactionPrepared { transaction, table, rows })
    };
    let asked = |answer: &str| {
        let (answer, expected) = (vec![answer.to_owned()], vec!["100".to_owned()]);
        Event::Database(DatabaseEvent::QueryAnswered { query: "total".into(), answer, expected })
    };
    let recovered = DatabaseEvent::DatabaseRecovered {
        entries: 4,
        torn_bytes: 0,
        committed: vec!["t-2".into(), "t-0".into()],
    };
    let world = world([
        prepared("t-1"),
        prepared("t-2"),
        prepared("t-3"),
        Event::Database(DatabaseEvent::PreparedCommitted { transaction: "t-1".into() }),
        Event::Database(recovered),
        asked("90"),
        asked("100"),
    ]);
    let table = &world.database.tables["accounts"];
    assert_eq!((table.changes, table.transactions), (6, 2));
    assert_eq!(world.database.prepared.keys().map(|it| &**it).collect::<Vec<_>>(), ["t-3"]);
    let total = &world.database.queries["total"];
    assert_eq!((total.is_right(), total.asked, total.wrong), (Some(true), 2, 1));
}

#[test]
fn a_part_is_pending_until_it_has_its_last_name() {
    let stored = |path: &str, bytes| {
        let checksum = "feed".into();
        Event::Storage(StorageEvent::FileStored { path: path.into(), bytes, checksum })
    };
    let events = [
        stored("checkpoints/1/a", 10),
        stored("files/out/.t-1.0.inprogress", 7),
        stored("files/out/.t-2.0.inprogress", 8),
        Event::Storage(StorageEvent::FileRenamed {
            from: "files/out/.t-1.0.inprogress".into(),
            to: "files/out/t-1.0".into(),
        }),
        stored("checkpoints/1/a", 12),
        Event::Storage(StorageEvent::FileDeleted { path: "checkpoints/1/b".into() }),
    ];
    let files = world(events).files;
    let pending: Vec<_> = files.pending().map(|(path, bytes)| (path.to_string(), bytes)).collect();
    assert_eq!(pending, [("files/out/.t-2.0.inprogress".to_owned(), 8)]);
    assert_eq!(files.finished().map(|part| part.bytes).collect::<Vec<_>>(), [Some(7)]);
    assert_eq!((files.count(), files.bytes()), (3, 27));
}

#[test]
fn sources_stand_where_the_last_snapshot_or_restart_has_put_them() {
    let positions = |position| vec![SplitPosition { operator: "a".into(), split: 0, position }];
    let taken = |attempt, position| {
        Event::Checkpoint(CheckpointEvent::SnapshotTaken {
            job: JOB,
            subtask: "a#1".into(),
            attempt,
            checkpoint: CheckpointId(2),
            barriers: "aligned".into(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            positions: positions(position),
            state: Vec::new(),
            state_version: 0,
            watermark: None,
            start_delay_us: 0,
            alignment_us: 0,
            sync_us: 0,
            bytes: 0,
        })
    };
    let restored = Event::Recovery(RecoveryEvent::StateRestored {
        job: JOB,
        subtask: "a#1".into(),
        attempt: 1,
        checkpoint: CheckpointId(1),
        files: Vec::new(),
        positions: positions(30),
        state: Vec::new(),
        state_version: 0,
        inputs: Vec::new(),
        outputs: Vec::new(),
    });
    // News of an attempt that is already replaced is none.
    let world = world([submitted(&plan()), taken(0, 50), restored, taken(0, 60)]);
    let job = world.jobs.get(JOB).unwrap();
    let all: Vec<_> = job.positions.iter().collect();
    assert_eq!(all.len(), 1);
    let read = all[0].2;
    assert_eq!((read.position, read.restored), (30, true));
}

#[test]
fn what_is_around_the_jobs_is_no_change_of_them() {
    let mut timeline = Timeline::new(header(), record([submitted(&plan()), begun("t-1")]));
    assert_eq!(timeline.next_seen_around(), Some(1));
    timeline.forward();
    assert_eq!((timeline.next_seen(), timeline.next_seen_around()), (None, Some(2)));
    let mut world = World::new(&header());
    let seen = record([begun("t-1"), submitted(&plan())])
        .iter()
        .map(|it| world.apply(it))
        .collect::<Vec<_>>();
    assert_eq!(seen, [Seen::Around, Seen::Yes]);
}
