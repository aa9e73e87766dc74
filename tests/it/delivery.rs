//! What the outside was given, judged on traces made by hand; what scenarios may expect of it.

use weir::base::{CheckpointId, Incarnation, JobId, Name, NodeId, Seed, SimTime, Step};
use weir::check::{Checker, Delivery, Verdict};
use weir::record::{Row, RowKind};
use weir::trace::{
    CheckpointEvent, Event, FaultEvent, Header, JobEvent, JobStatus, Recorded, RecoveryEvent,
    SinkEvent,
};

const JOB: JobId = JobId(1);

fn n(name: &str) -> Name {
    name.into()
}

/// Rows of one letter for each field.
fn fields(rows: &str) -> Vec<Vec<String>> {
    let row = |row: &str| row.split(',').map(str::to_owned).collect();
    rows.split_whitespace().map(row).collect()
}

fn expected_in(sink: &str, key_columns: Option<u16>, rows: &str) -> Event {
    let (sink, rows) = (n(sink), fields(rows));
    Event::Sink(SinkEvent::RowsExpected { sink, key_columns, rows })
}

fn shown_in(sink: &str, rows: &str) -> Event {
    let row = |fields| Row { kind: RowKind::Insert, fields, id: None, number: None };
    let shown: Vec<Row> = fields(rows).into_iter().map(row).collect();
    let rows = shown.len() as u32;
    let (sink, subtask) = (n(sink), n("out#1"));
    let (attempt, hash, numbers) = (0, 0, Vec::new());
    Event::Sink(SinkEvent::RowsVisible { sink, subtask, attempt, rows, hash, numbers, shown })
}

fn submitted() -> Event {
    Event::Job(JobEvent::JobSubmitted { job: JOB, name: n("job"), plan: "{}".to_owned() })
}

fn ends(to: JobStatus) -> Event {
    let from = JobStatus::Running;
    Event::Job(JobEvent::JobStatusChanged { job: JOB, from, to, cause: None })
}

fn verdict(events: Vec<Event>, end: &str) -> Verdict {
    let header = Header::new("by/hand", "0", Seed(7), vec![n("client")]);
    let mut checker = Checker::new(&header);
    for (place, event) in (1..).zip(events) {
        checker.apply(&Recorded {
            step: Step(place),
            sub: 0,
            at: SimTime(place * 1_000),
            node: NodeId(0),
            incarnation: Incarnation(1),
            event,
        });
    }
    checker.finish(end)
}

/// The verdict on a sink that must show `expected` and shows `shown`, one batch after the other, in
/// a run that completes: delivery, duplicates, lost and unexpected rows, and the witnesses.
fn check(key_columns: Option<u16>, expected: &str, shown: &[&str], end: JobStatus) -> String {
    let mut events = vec![expected_in("out", key_columns, expected), submitted()];
    events.extend(shown.iter().map(|rows| shown_in("out", rows)));
    events.push(ends(end));
    told(&verdict(events, "completed"))
}

fn told(verdict: &Verdict) -> String {
    let sink = &verdict.sinks["out"];
    let mut lines = vec![format!("{}: {}", verdict.delivery, sink.summary())];
    for witness in &sink.witnesses {
        assert_eq!(witness.reproduce, "weir run by/hand --seed 7");
        lines.push(witness.text.clone());
    }
    lines.join("\n")
}

#[test]
fn appended_rows_are_counted() {
    let check = |shown: &[&str]| check(None, "a,1 b,2 b,2", shown, JobStatus::Finished);
    assert_eq!(
        check(&["b,2", "a,1 b,2"]),
        "exactly-once: 3 visible, 0 duplicate, 0 lost, 0 unexpected"
    );
    let found = [
        check(&["a,1 b,2", "b,2", "b,2 a,1"]),
        check(&["a,1", "b,2"]),
        check(&["b,2 b,2"]),
        check(&["a,1 a,1"]),
        check(&["a,1 b,2 b,2", "c,3"]),
    ];
    insta::assert_snapshot!(found.join("\n"), @r"
    at-least-once: 5 visible, 2 duplicate, 0 lost, 0 unexpected
    The row [b, 2], which is expected twice, became visible once more at step 5: that is 3 times, the first time at step 3.
    at-most-once: 2 visible, 0 duplicate, 1 lost, 0 unexpected
    The row [b, 2], which is expected twice, became visible only once, the last time at step 4.
    at-most-once: 2 visible, 0 duplicate, 1 lost, 0 unexpected
    The row [a, 1], which is expected, never became visible.
    none: 2 visible, 1 duplicate, 2 lost, 0 unexpected
    The row [a, 1], which is expected once, became visible once more at step 3: that is twice, the first time at step 3.
    The row [b, 2], which is expected, never became visible.
    none: 4 visible, 0 duplicate, 0 lost, 1 unexpected
    The row [c, 3], which is not expected at all, became visible at step 4.
    ");
}

#[test]
fn the_last_row_of_each_key_is_compared() {
    let check = |shown: &[&str]| check(Some(1), "a,1 b,2", shown, JobStatus::Finished);
    assert_eq!(
        check(&["b,1", "a,1 b,2"]),
        "exactly-once: 3 visible, 0 duplicate, 0 lost, 0 unexpected"
    );
    let found = [
        check(&["a,1 b,3"]),
        check(&["b,2", "b,1 a,1"]),
        check(&["b,2"]),
        check(&["a,2 b,1"]),
        check(&["a,x b,2"]),
        check(&["a,1 b,2", "c,1"]),
    ];
    insta::assert_snapshot!(found.join("\n"), @r"
    at-least-once: 2 visible, 1 duplicate, 0 lost, 0 unexpected
    The last row of its key is [b, 3] (step 3), where [b, 2] is expected: something has counted more than once.
    at-most-once: 3 visible, 0 duplicate, 1 lost, 0 unexpected
    The last row of its key is [b, 1] (step 4), where [b, 2] is expected: something has not counted.
    at-most-once: 1 visible, 0 duplicate, 1 lost, 0 unexpected
    The row [a, 1], which is expected, never became visible.
    none: 2 visible, 1 duplicate, 1 lost, 0 unexpected
    The last row of its key is [a, 2] (step 3), where [a, 1] is expected: something has counted more than once.
    The last row of its key is [b, 1] (step 3), where [b, 2] is expected: something has not counted.
    none: 2 visible, 0 duplicate, 0 lost, 1 unexpected
    The last row of its key is [a, x] (step 3), where [a, 1] is expected: that is neither too much nor too little.
    none: 3 visible, 0 duplicate, 0 lost, 1 unexpected
    The row [c, 1] (step 4) has a key of which nothing is expected.
    ");
}

#[test]
fn what_is_lost_is_known_only_when_all_jobs_have_finished() {
    let found = [
        check(None, "a,1 b,2", &["a,1"], JobStatus::Failed),
        check(Some(1), "a,1 b,2", &["a,5"], JobStatus::Failed),
        check(None, "a,1 b,2", &["a,1", "a,1"], JobStatus::Failed),
        told(&verdict(vec![expected_in("out", None, "a"), shown_in("out", "a")], "completed")),
        told(&verdict(vec![expected_in("out", None, ""), ends(JobStatus::Finished)], "limit: x")),
    ];
    insta::assert_snapshot!(found.join("\n"), @r"
    unjudged: 1 visible, 0 duplicate, ? lost, 0 unexpected
    unjudged: 1 visible, ? duplicate, ? lost, 0 unexpected
    at-least-once: 2 visible, 1 duplicate, ? lost, 0 unexpected
    The row [a, 1], which is expected once, became visible once more at step 4: that is twice, the first time at step 3.
    unjudged: 1 visible, 0 duplicate, ? lost, 0 unexpected
    unjudged: 0 visible, 0 duplicate, ? lost, 0 unexpected
    ");
    assert_eq!(verdict(vec![submitted()], "completed").delivery, Delivery::Unjudged);
}

#[test]
fn a_run_gives_what_its_weakest_sink_gives() {
    let two = |one: &str, other: &str| {
        let events = vec![
            expected_in("one", None, "a b"),
            expected_in("other", None, "a b"),
            shown_in("one", one),
            shown_in("other", other),
            ends(JobStatus::Finished),
        ];
        verdict(events, "completed").delivery
    };
    assert_eq!(two("a b", "b a"), Delivery::ExactlyOnce);
    assert_eq!(two("a b", "b a b"), Delivery::AtLeastOnce);
    assert_eq!(two("a", "b a"), Delivery::AtMostOnce);
    assert_eq!(two("a", "b a b"), Delivery::None);
}

#[test]
fn a_witness_tells_what_went_wrong_before() {
    let completed = |checkpoint| {
        Event::Checkpoint(CheckpointEvent::CheckpointCompleted {
            job: JOB,
            checkpoint: CheckpointId(checkpoint),
            duration_us: 0,
            bytes: 0,
            stored_bytes: 0,
        })
    };
    let (restart, checkpoint) = (1, Some(CheckpointId(2)));
    let fault = FaultEvent::FaultInjected { fault: 1, what: "kill taskmanager-1".to_owned() };
    let events = vec![
        expected_in("out", None, "k,5"),
        submitted(),
        completed(2),
        shown_in("out", "k,5"),
        completed(3),
        Event::Fault(fault),
        Event::Recovery(RecoveryEvent::JobRestored { job: JOB, restart, checkpoint }),
        completed(4),
        shown_in("out", "k,5"),
        ends(JobStatus::Finished),
    ];
    let verdict = verdict(events, "completed");
    insta::assert_snapshot!(told(&verdict), @r"
    at-least-once: 2 visible, 1 duplicate, 0 lost, 0 unexpected
    Checkpoint 3 was complete at step 5. Fault 1 (kill taskmanager-1) struck at step 6. The job went back to checkpoint 2 at step 7. The row [k, 5], which is expected once, became visible once more at step 9: that is twice, the first time at step 4.
    ");
    let steps = &verdict.sinks["out"].witnesses[0].steps;
    assert_eq!(steps, &[1, 4, 5, 6, 7, 9].map(Step));
}

#[test]
fn whoever_is_promised_less_is_content_with_more() {
    use Delivery::{AtLeastOnce, AtMostOnce, ExactlyOnce, None, Unjudged};
    let all = [ExactlyOnce, AtLeastOnce, AtMostOnce, None, Unjudged];
    let granted = |given: Delivery| all.map(|asked| given.grants(asked));
    assert_eq!(granted(ExactlyOnce), [true, true, true, true, false]);
    assert_eq!(granted(AtLeastOnce), [false, true, false, true, false]);
    assert_eq!(granted(AtMostOnce), [false, false, true, true, false]);
    assert_eq!(granted(None), [false, false, false, true, false]);
    assert_eq!(granted(Unjudged), [false, false, false, false, true]);
}
