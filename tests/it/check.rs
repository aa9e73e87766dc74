//! What breaks an invariant, shown on traces made by hand; and that no trace breaks the checker.

use proptest::prelude::*;
use weir::base::{
    AllocationId, CheckpointId, EventTime, Incarnation, JobId, Name, NodeId, Seed, SimTime,
    StateBackendKind, Step,
};
use weir::check::{Checker, Invariant, Verdict};
use weir::trace::{
    ChannelCut, CheckpointEvent, DatabaseEvent, Event, Header, JobEvent, JobStatus, NodeEvent,
    Recorded, RecoveryEvent, ResourceEvent, SinkEvent, StateEvent, StorageEvent, StoredFile,
    TaskEvent, TimeEvent, TransactionEvent,
};

use crate::trace::strategy::arbitrary_event;

fn n(name: &str) -> Name {
    name.into()
}

const JOB: JobId = JobId(1);

/// The verdict on these events, all of one node's first life.
fn verdict(events: &[Event], end: &str) -> Verdict {
    let header = Header::new("by/hand", "0", Seed(7), vec![n("client")]);
    let mut checker = Checker::new(&header);
    for (place, event) in (1..).zip(events) {
        checker.apply(&Recorded {
            step: Step(place),
            sub: 0,
            at: SimTime(place * 1_000),
            node: NodeId(0),
            incarnation: Incarnation(1),
            event: event.clone(),
        });
    }
    checker.finish(end)
}

/// What is violated in a run that was cut off, with its witness.
fn check(events: &[Event]) -> String {
    violated(&verdict(events, "limit: events"))
}

fn violated(verdict: &Verdict) -> String {
    let line = |judged: &weir::check::Judged| {
        let witness = judged.witness.as_ref().expect("what is violated has a witness");
        assert_eq!(witness.reproduce, "weir run by/hand --seed 7");
        format!("{}: {}", judged.invariant, witness.text)
    };
    verdict.violated().map(line).collect::<Vec<_>>().join("\n")
}

fn snapshot(subtask: &str, consumed: Option<u64>, given: Option<u64>, barriers: &str) -> Event {
    let cut = |peer: &str, records| ChannelCut { edge: 0, peer: n(peer), records };
    Event::Checkpoint(CheckpointEvent::SnapshotTaken {
        job: JOB,
        subtask: n(subtask),
        attempt: 0,
        checkpoint: CheckpointId(1),
        barriers: n(barriers),
        inputs: consumed.map(|records| cut("from#1", records)).into_iter().collect(),
        outputs: given.map(|records| cut("to#1", records)).into_iter().collect(),
        positions: Vec::new(),
        state: Vec::new(),
        state_version: 0,
        watermark: None,
        start_delay_us: 0,
        alignment_us: 0,
        sync_us: 0,
        bytes: 0,
    })
}

fn completed(checkpoint: u64) -> Event {
    let (checkpoint, duration_us) = (CheckpointId(checkpoint), 0);
    let (bytes, stored_bytes) = (0, 0);
    let event = CheckpointEvent::CheckpointCompleted {
        job: JOB,
        checkpoint,
        duration_us,
        bytes,
        stored_bytes,
    };
    Event::Checkpoint(event)
}

fn cut(consumed: u64, given: u64, barriers: &str) -> String {
    check(&[
        snapshot("from#1", None, Some(given), barriers),
        snapshot("to#1", Some(consumed), None, barriers),
        completed(1),
    ])
}

#[test]
fn a_cut_counts_each_record_once() {
    assert_eq!(cut(5, 5, "aligned"), "");
    assert_eq!(cut(7, 5, "at-least-once"), "");
    let found = [cut(7, 5, "aligned"), cut(3, 5, "unaligned"), cut(3, 5, "at-least-once")];
    insta::assert_snapshot!(found.join("\n"), @r#"
    consistent-cut: checkpoint 1 is complete (step 3), but of the channel from#1 -> to#1/e0 the snapshot of to#1 (step 2) has consumed 7 records and that of from#1 (step 1) has given 5: 2 records would be counted twice
    consistent-cut: checkpoint 1 is complete (step 3), but of the channel from#1 -> to#1/e0 the snapshot of to#1 (step 2) has consumed 3 records and that of from#1 (step 1) has given 5: 2 records would be lost
    consistent-cut: checkpoint 1 is complete (step 3), but of the channel from#1 -> to#1/e0 the snapshot of to#1 (step 2) has consumed 3 records and that of from#1 (step 1) has given 5: 2 records would be lost
    "#);
}

fn acknowledged(checkpoint: u64, path: &str) -> Event {
    let file = StoredFile { path: n(path), bytes: 1, checksum: n("1") };
    Event::Checkpoint(CheckpointEvent::CheckpointAcknowledged {
        job: JOB,
        subtask: n("to#1"),
        attempt: 0,
        checkpoint: CheckpointId(checkpoint),
        files: vec![file],
        bytes: 1,
        stored_bytes: 1,
        in_flight_bytes: 0,
        start_delay_us: 0,
        alignment_us: 0,
        sync_us: 0,
        async_us: 0,
    })
}

#[test]
fn a_restart_goes_back_to_the_latest_complete_checkpoint() {
    let restored = |checkpoint: Option<u64>| {
        let checkpoint = checkpoint.map(CheckpointId);
        Event::Recovery(RecoveryEvent::JobRestored { job: JOB, restart: 1, checkpoint })
    };
    assert_eq!(check(&[completed(1), completed(2), restored(Some(2))]), "");
    assert_eq!(check(&[restored(None)]), "");
    let found = [
        check(&[completed(1), completed(2), restored(Some(1))]),
        check(&[completed(1), restored(None)]),
        check(&[restored(Some(1))]),
    ];
    insta::assert_snapshot!(found.join("\n"), @r#"
restored-state: job 1 goes back to checkpoint 1 (step 3), and checkpoint 2 is the latest that is complete and was not given up
restored-state: job 1 goes back to no checkpoint (step 2), and checkpoint 1 is the latest that is complete and was not given up
restored-state: job 1 goes back to checkpoint 1 (step 1), and no checkpoint is the latest that is complete and was not given up
"#);
}

#[test]
fn a_retained_file_stays() {
    let deleted = Event::Storage(StorageEvent::FileDeleted { path: n("shared") });
    let discarded = |files: &[&str]| {
        let files = files.iter().map(|file| n(file)).collect();
        let (job, checkpoint) = (JOB, CheckpointId(1));
        Event::Checkpoint(CheckpointEvent::CheckpointDiscarded { job, checkpoint, files })
    };
    let two = [acknowledged(1, "shared"), completed(1), acknowledged(2, "shared"), completed(2)];
    let with = |event: Event| check(&[&two[..], &[event]].concat());
    assert_eq!(with(discarded(&["other"])), "");
    assert_eq!(
        check(&[acknowledged(1, "shared"), completed(1), discarded(&["shared"]), deleted.clone()]),
        ""
    );
    insta::assert_snapshot!([with(discarded(&["shared"])), with(deleted)].join("\n"), @r#"
    retained-files: shared is deleted (step 5), but checkpoint 2, which is complete (step 4) and retained, consists of it (step 3)
    retained-files: shared is deleted (step 5), but checkpoint 1, which is complete (step 2) and retained, consists of it (step 1)
    "#);
}

#[test]
fn what_is_acknowledged_is_durable() {
    let file = StoredFile { path: n("f"), bytes: 1, checksum: n("1") };
    let hasty = Event::Checkpoint(CheckpointEvent::SnapshotStored {
        job: JOB,
        subtask: n("to#1"),
        attempt: 0,
        checkpoint: CheckpointId(1),
        files: vec![file],
        stored_bytes: 1,
        async_us: 0,
    });
    let stored = |checksum: &str| {
        let (path, bytes, checksum) = (n("f"), 1, n(checksum));
        Event::Storage(StorageEvent::FileStored { path, bytes, checksum })
    };
    assert_eq!(check(&[stored("1"), hasty.clone(), acknowledged(1, "f")]), "");
    // Nobody has taken it in.
    assert_eq!(check(std::slice::from_ref(&hasty)), "");
    let never = check(&[hasty.clone(), acknowledged(1, "f")]);
    let other = check(&[stored("2"), hasty, acknowledged(1, "f")]);
    insta::assert_snapshot!([never, other].join("\n"), @r#"
    durable-acknowledgement: to#1 acknowledges checkpoint 1 (step 1) with the file f, which is not durable at that moment
    durable-acknowledgement: to#1 acknowledges checkpoint 1 (step 2) with the file f, which is durable with other contents at that moment
    "#);
}

#[test]
fn the_rest_of_the_engine_keeps_its_word() {
    let watermark = |millis| {
        let (subtask, watermark) = (n("to#1"), EventTime(millis));
        Event::Time(TimeEvent::WatermarkAdvanced { job: JOB, subtask, watermark })
    };
    let started = Event::Task(TaskEvent::TaskStarted { job: JOB, subtask: n("to#1"), attempt: 1 });
    assert_eq!(check(&[watermark(5), started, watermark(3)]), "");
    let opened = |subtask: &str, first_key_group, last_key_group| {
        let (subtask, operator, backend) = (n(subtask), n("sum"), StateBackendKind::Hashmap);
        Event::State(StateEvent::StateBackendOpened {
            job: JOB,
            subtask,
            operator,
            backend,
            first_key_group,
            last_key_group,
        })
    };
    assert_eq!(check(&[opened("a#1", 0, 63), opened("a#2", 64, 127), opened("a#1", 0, 63)]), "");
    let granted = |number| {
        let (slot, allocation) = (n("taskmanager-1/0"), AllocationId(number));
        Event::Resource(ResourceEvent::SlotAllocated { slot, allocation, job: JOB })
    };
    let row = |attempt| {
        let (sink, subtask) = (n("out"), n("to#1"));
        Event::Sink(SinkEvent::RowsVisible {
            sink,
            subtask,
            attempt,
            rows: 1,
            hash: 0,
            numbers: Vec::new(),
            shown: Vec::new(),
        })
    };
    let (sink, subtask, attempt) = (n("out"), n("to#1"), 1);
    let writer = Event::Sink(SinkEvent::WriterOpened { sink, subtask, attempt });
    assert_eq!(check(&[row(0), writer.clone(), row(1)]), "");
    let killed = Event::Node(NodeEvent::NodeKilled { incarnation: Incarnation(1) });
    let (name, plan) = (n("job"), "{}".to_string());
    let submitted = Event::Job(JobEvent::JobSubmitted { job: JOB, name, plan });
    let found = [
        check(&[watermark(5), watermark(3)]),
        check(&[opened("a#1", 0, 64), opened("a#2", 64, 127)]),
        check(&[granted(1), granted(2)]),
        check(&[writer, row(0)]),
        check(&[killed, granted(1)]),
        violated(&verdict(&[submitted], "completed")),
    ];
    insta::assert_snapshot!(found.join("\n"), @r#"
    monotonic-watermarks: to#1 was at 5 (step 1) and goes back to 3 (step 2)
    one-owner-per-key-group: a#2 takes key groups 64 to 127 of sum (step 2), some of which are those of a#1, 0 to 64 (step 1)
    one-grant-per-slot: slot taskmanager-1/0 is granted by allocation 2 (step 2) while allocation 1 has it (step 1)
    fencing: attempt 0 at to#1 makes rows visible in out (step 2), though attempt 1 writes there since step 1
    fencing: node 0 was killed (step 1), and its life 1 still does something (step 2)
    progress: job 1 is Initializing at the end of the run, and nothing of it was seen for 0ns (last at step 1)
    "#);
}

proptest! {
    #[test]
    fn any_trace_has_a_verdict(events in prop::collection::vec(arbitrary_event(), 0..60)) {
        let first = verdict(&events, "limit: events");
        prop_assert_eq!(first.invariants.len(), Invariant::all().count());
        prop_assert_eq!(first, verdict(&events, "limit: events"));
    }
}

/// What is violated in a run of these events, each after so many minutes, that is cut off at the
/// last.
fn check_after(events: &[(u64, Event)]) -> String {
    let header = Header::new("by/hand", "0", Seed(7), vec![n("client")]);
    let mut checker = Checker::new(&header);
    for (place, (minutes, event)) in (1..).zip(events) {
        checker.apply(&Recorded {
            step: Step(place),
            sub: 0,
            at: SimTime(minutes * 60_000_000_000),
            node: NodeId(0),
            incarnation: Incarnation(1),
            event: event.clone(),
        });
    }
    violated(&checker.finish("limit: virtual time"))
}

#[test]
fn rows_that_are_written_again_and_again_are_no_progress() {
    let (name, plan) = (n("job"), "{}".to_string());
    let submitted =
        || Event::Job(JobEvent::JobSubmitted { job: JOB, name: name.clone(), plan: plan.clone() });
    let triggered = || {
        Event::Checkpoint(CheckpointEvent::CheckpointTriggered {
            job: JOB,
            checkpoint: CheckpointId(1),
            barriers: n("aligned"),
            sources: Vec::new(),
            tasks: Vec::new(),
            finished: Vec::new(),
        })
    };
    let completed = || {
        Event::Checkpoint(CheckpointEvent::CheckpointCompleted {
            job: JOB,
            checkpoint: CheckpointId(1),
            duration_us: 0,
            bytes: 0,
            stored_bytes: 0,
        })
    };
    let restored = |restart| {
        Event::Recovery(RecoveryEvent::JobRestored { job: JOB, restart, checkpoint: None })
    };
    let row = || {
        Event::Sink(SinkEvent::RowsVisible {
            sink: n("out"),
            subtask: n("out#1"),
            attempt: 0,
            rows: 1,
            hash: 0,
            numbers: Vec::new(),
            shown: Vec::new(),
        })
    };
    let (again, restarts) = ([(20, restored(1)), (25, row())], [(30, restored(2)), (35, row())]);
    let begin = [(0, submitted()), (1, triggered())];
    let repeating = [&begin[..], &again, &restarts].concat();
    insta::assert_snapshot!(check_after(&repeating), @r#"progress: job 1 is Initializing at the end of the run, and nothing of it was seen for 2100s (last at step 1)"#);
    let goes_on = [&begin[..], &again, &[(28, completed())], &restarts[1..]].concat();
    assert!(!check_after(&goes_on).contains("progress"), "{}", check_after(&goes_on));
    // Without checkpoints nobody can tell what comes again.
    assert_eq!(check_after(&[&begin[..1], &again, &restarts].concat()), "");
}

#[test]
fn what_a_database_has_committed_before_it_died_is_committed() {
    let (subtask, transaction, checkpoint) = (n("out#1"), n("out-0-0-1"), CheckpointId(1));
    let prepared = Event::Transaction(TransactionEvent::TransactionPreCommitted {
        job: JOB,
        subtask: subtask.clone(),
        attempt: 0,
        transaction: transaction.clone(),
        checkpoint,
    });
    let acknowledged = Event::Checkpoint(CheckpointEvent::CheckpointAcknowledged {
        job: JOB,
        subtask,
        attempt: 0,
        checkpoint,
        files: Vec::new(),
        bytes: 0,
        stored_bytes: 0,
        in_flight_bytes: 0,
        start_delay_us: 0,
        alignment_us: 0,
        sync_us: 0,
        async_us: 0,
    });
    let completed = Event::Checkpoint(CheckpointEvent::CheckpointCompleted {
        job: JOB,
        checkpoint,
        duration_us: 0,
        bytes: 0,
        stored_bytes: 0,
    });
    let recovered = |committed: &[Name]| {
        let committed = committed.to_vec();
        Event::Database(DatabaseEvent::DatabaseRecovered { entries: 2, torn_bytes: 0, committed })
    };
    let finished = Event::Job(JobEvent::JobStatusChanged {
        job: JOB,
        from: JobStatus::Running,
        to: JobStatus::Finished,
        cause: None,
    });
    let check = |recovered| {
        let (prepared, acknowledged) = (prepared.clone(), acknowledged.clone());
        let events = [prepared, acknowledged, completed.clone(), recovered, finished.clone()];
        let verdict = verdict(&events, "completed");
        let of = |it: &&weir::check::Judged| it.invariant == Invariant::AtomicCommit;
        verdict.violated().find(of).map(|it| it.witness.as_ref().unwrap().text.clone())
    };
    assert_eq!(check(recovered(std::slice::from_ref(&transaction))), None);
    insta::assert_snapshot!(check(recovered(&[])).unwrap(), @r#"transaction out-0-0-1 was prepared for checkpoint 1 (step 1), which is complete (step 3), and was never committed, though job 1 has finished (step 5)"#);
}
