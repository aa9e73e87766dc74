//! What the outside was given by jobs of which nobody knows what they must show: on traces made by
//! hand, and on those of scenarios of which it is known, where both ways to judge must agree.

use weir::base::{CheckpointId, Incarnation, JobId, NodeId, Seed, SimTime, Step};
use weir::check::{Checker, Delivery, Verdict};
use weir::cluster::Onlooker;
use weir::gallery;
use weir::record::{Row, RowKind, RowNumber};
use weir::scenario::{Lowered, Overrides, load, load_with, lower, run_lowered};
use weir::sweep::{Reference, Token, plan};
use weir::trace::{
    CheckpointEvent, Event, Header, JobEvent, JobStatus, Level, Recorded, RecoveryEvent, RowRange,
    SinkEvent, TraceFile,
};

const JOB: JobId = JobId(1);

/// The events that a line says; see [`check`].
fn events(line: &str) -> Vec<Event> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |word: &str| -> u64 { word.parse().unwrap_or_else(|_| panic!("{line}")) };
    let sink = || "out".into();
    vec![match words[..] {
        ["checkpoint", checkpoint, "completes"] => {
            let checkpoint = CheckpointId(number(checkpoint));
            let stored = CheckpointEvent::MetadataStored { job: JOB, checkpoint, path: None };
            let completed = CheckpointEvent::CheckpointCompleted {
                job: JOB,
                checkpoint,
                duration_us: 0,
                bytes: 0,
                stored_bytes: 0,
            };
            return vec![Event::Checkpoint(stored), Event::Checkpoint(completed)];
        }
        ["checkpoint", checkpoint, "is", "damaged"] => {
            let (checkpoint, cause) = (CheckpointId(number(checkpoint)), "damaged".into());
            Event::Recovery(RecoveryEvent::CheckpointUnusable { job: JOB, checkpoint, cause })
        }
        ["append"] => Event::Sink(SinkEvent::SinkDeclared { sink: sink(), key_columns: None }),
        ["upsert"] => Event::Sink(SinkEvent::SinkDeclared { sink: sink(), key_columns: Some(1) }),
        ["attempt", attempt, "shows", from, "to", to, ref keys @ ..] => {
            let (attempt, rows) = (number(attempt) as u32, (number(to) - number(from) + 1) as u32);
            let first = RowNumber { job: JOB, subtask: 0, attempt, number: number(from) - 1 };
            let row = |key: &&str| Row {
                kind: RowKind::UpdateAfter,
                fields: vec![(*key).to_owned(), format!("{attempt}")],
                id: None,
                number: None,
            };
            Event::Sink(SinkEvent::RowsVisible {
                sink: sink(),
                subtask: "out#1".into(),
                attempt,
                rows,
                hash: 0,
                numbers: vec![RowRange { first, rows }],
                shown: keys.iter().map(row).collect(),
            })
        }
        ["attempt", attempt, "has", rows, "at", place] => {
            let checkpoint = (place != "end").then(|| CheckpointId(number(place)));
            Event::Sink(SinkEvent::RowsCounted {
                job: JOB,
                sink: sink(),
                subtask: "out#1".into(),
                index: 0,
                attempt: number(attempt) as u32,
                checkpoint,
                rows: number(rows),
            })
        }
        ["attempt", attempt, "goes", "back", "to", place] => {
            let checkpoint = (place != "nothing").then(|| CheckpointId(number(place)));
            let restart = number(attempt) as u32;
            Event::Recovery(RecoveryEvent::JobRestored { job: JOB, restart, checkpoint })
        }
        ["attempt", attempt, "cannot", "rewind"] => Event::Recovery(RecoveryEvent::RecordsMissed {
            job: JOB,
            subtask: "in#1".into(),
            attempt: number(attempt) as u32,
            operator: "in".into(),
        }),
        _ => panic!("{line}"),
    }]
}

fn status(to: JobStatus) -> Event {
    Event::Job(JobEvent::JobStatusChanged { job: JOB, from: JobStatus::Running, to, cause: None })
}

/// The verdict on what these lines say, one event each, of a job that finishes.
fn check(lines: &str) -> String {
    let header = Header::new("by/hand", "0", Seed(7), vec!["client".into()]);
    let mut checker = Checker::new(&header);
    let (name, plan) = ("job".into(), "{}".to_owned());
    let begins = Event::Job(JobEvent::JobSubmitted { job: JOB, name, plan });
    let told = lines.split(';').map(str::trim).flat_map(events);
    let events = [begins].into_iter().chain(told).chain([status(JobStatus::Finished)]);
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
    let verdict = checker.finish("completed");
    let sink = &verdict.sinks["out"];
    let mut lines = vec![format!("{}: {}", verdict.delivery, sink.summary())];
    lines.extend(sink.witnesses.iter().map(|witness| witness.text.clone()));
    lines.join("\n")
}

#[test]
fn rows_are_numbered_over_all_attempts() {
    let found = [
        // Without faults.
        "append; attempt 0 shows 1 to 4; attempt 0 has 4 at 1; checkpoint 1 completes; \
         attempt 0 shows 5 to 6; \
         attempt 0 has 6 at end",
        // What came behind the checkpoint was not visible yet.
        "append; attempt 0 shows 1 to 4; attempt 0 has 4 at 1; checkpoint 1 completes; \
         attempt 1 goes back to 1; \
         attempt 1 shows 1 to 2; attempt 1 has 2 at end",
        // It was, and comes again.
        "append; attempt 0 shows 1 to 4; attempt 0 has 4 at 1; checkpoint 1 completes; \
         attempt 0 shows 5 to 7; \
         attempt 1 goes back to 1; attempt 1 shows 1 to 2; attempt 1 has 2 at end",
        // What the checkpoint holds is committed only after the restart, in the name of the attempt
        // that has written it.
        "append; attempt 0 has 4 at 1; checkpoint 1 completes; \
         attempt 1 goes back to 1; attempt 0 shows 1 to 4; \
         attempt 1 shows 1 to 2; attempt 1 has 2 at end",
        // And it never is.
        "append; attempt 0 has 4 at 1; checkpoint 1 completes; \
         attempt 1 goes back to 1; attempt 1 shows 1 to 2; \
         attempt 1 has 2 at end",
        // Without a checkpoint all comes again.
        "append; attempt 0 shows 1 to 4; attempt 1 goes back to nothing; attempt 1 shows 1 to 6; \
         attempt 1 has 6 at end",
        // Nothing comes again, and what was underway is gone.
        "append; attempt 0 shows 1 to 4; attempt 1 goes back to nothing; attempt 1 cannot rewind; \
         attempt 1 shows 1 to 2; attempt 1 has 2 at end",
        // The second restart goes back further than the first.
        "append; attempt 0 shows 1 to 4; attempt 0 has 4 at 1; checkpoint 1 completes; \
         attempt 0 shows 5 to 6; \
         attempt 0 has 6 at 2; checkpoint 2 completes; \
         attempt 1 goes back to 2; attempt 1 shows 1 to 1; \
         checkpoint 2 is damaged; attempt 2 goes back to 1; attempt 2 shows 1 to 3; attempt 2 has 3 at end",
        // A subtask that has finished is not started again.
        "append; attempt 0 shows 1 to 4; checkpoint 1 completes; attempt 0 has 4 at end; \
         attempt 1 goes back to 1",
        // Both.
        "append; attempt 0 shows 1 to 4; attempt 0 shows 2 to 2; attempt 0 has 6 at end",
    ];
    insta::assert_snapshot!(found.map(check).join("\n"));
}

#[test]
fn the_last_row_of_a_key_must_count() {
    let found = [
        // What is written again replaces what was there.
        "upsert; attempt 0 shows 1 to 2 a b; attempt 0 has 2 at 1; checkpoint 1 completes; \
         attempt 0 shows 3 to 4 a b; \
         attempt 1 goes back to 1; attempt 1 shows 1 to 2 a b; attempt 1 has 2 at end",
        // It is not written again.
        "upsert; attempt 0 shows 1 to 2 a b; attempt 0 has 2 at 1; checkpoint 1 completes; \
         attempt 0 shows 3 to 4 a b; \
         attempt 1 goes back to 1; attempt 1 shows 1 to 2 a c; attempt 1 has 2 at end",
        // A late commit brings an earlier row back.
        "upsert; attempt 0 has 1 at 1; checkpoint 1 completes; \
         attempt 0 shows 2 to 2 a; attempt 0 shows 1 to 1 a; \
         attempt 0 has 2 at end",
    ];
    insta::assert_snapshot!(found.map(check).join("\n"));
}

/// The verdict on a run, and what it would be if nobody knew what its sinks must show.
fn both(lowered: Lowered) -> [Verdict; 2] {
    let report = run_lowered(lowered, Onlooker::default()).unwrap().report;
    let file = TraceFile::parse(report.trace.expect("its level is control")).unwrap();
    let mut checker = Checker::new(file.header());
    let is_kept = |it: &Recorded| !matches!(it.event, Event::Sink(SinkEvent::RowsExpected { .. }));
    for recorded in file.into_iter().filter(is_kept) {
        checker.apply(&recorded);
    }
    [report.verdict, checker.finish(&file.trailer().end)]
}

/// Both ways to judge a run say the same of every sink.
fn agree(of: &str, [known, unknown]: [Verdict; 2]) -> Delivery {
    let deliveries = |verdict: &Verdict| {
        let sinks = verdict.sinks.iter().map(|(name, sink)| (name.clone(), sink.delivery));
        sinks.collect::<Vec<_>>()
    };
    assert_eq!(deliveries(&known), deliveries(&unknown), "{of}: {:#?}", unknown.sinks);
    known.delivery
}

/// Scenarios of each class, and of all kinds of sinks.
const JUDGED: [(&str, Delivery); 14] = [
    ("checkpoints/alignment", Delivery::ExactlyOnce),
    ("checkpoints/at-least-once", Delivery::AtLeastOnce),
    ("checkpoints/no-checkpoints", Delivery::AtMostOnce),
    ("transactions/bank-transfers", Delivery::ExactlyOnce),
    ("transactions/crash-while-committing", Delivery::ExactlyOnce),
    ("transactions/database-crash", Delivery::ExactlyOnce),
    ("transactions/duplicates-in-a-table", Delivery::ExactlyOnce),
    ("transactions/files", Delivery::ExactlyOnce),
    ("transactions/nothing-promised", Delivery::AtMostOnce),
    ("transactions/transaction-timeout", Delivery::AtMostOnce),
    ("transactions/two-jobs", Delivery::ExactlyOnce),
    ("transactions/weakest-link", Delivery::AtLeastOnce),
    ("transactions/write-ahead-weakness", Delivery::AtLeastOnce),
    ("transactions/zombie-writer", Delivery::ExactlyOnce),
];

#[test]
fn both_ways_to_judge_agree_on_scenarios() {
    let registry = gallery::registry();
    for (name, delivery) in JUDGED {
        let overrides = Overrides { seed: None, level: Level::Control, mutant: None };
        let lowered = lower(&load(name).unwrap(), &registry, &overrides).unwrap();
        assert_eq!(agree(name, both(lowered)), delivery, "{name}");
    }
}

/// Whatever fails, and whatever was promised.
#[test]
fn both_ways_to_judge_agree_under_random_faults() {
    let registry = gallery::registry();
    let exactly_once = "job.args.delivery=\"exactly-once\"";
    let at_least_once = "job.args.delivery=\"at-least-once\"";
    let tracking = "checkpointing.mode=\"at-least-once\"";
    for (name, sets) in [
        ("transactions/two-phase-commit", &[exactly_once][..]),
        ("transactions/two-phase-commit", &[at_least_once]),
        ("transactions/two-phase-commit", &[at_least_once, tracking]),
        ("transactions/bank-transfers", &[]),
        ("transactions/files", &[]),
        ("transactions/write-ahead", &[]),
    ] {
        let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
        let scenario = load_with(name, &sets).unwrap();
        let plain = Token::new(&scenario, scenario.seed);
        let reference = Reference::run(&plain, &scenario, &registry, Onlooker::default()).unwrap();
        for seed in (0..25).map(Seed) {
            let faults = plan(seed, &reference.stage);
            let token = Token { faults, ..Token::new(&scenario, seed) };
            let lowered = token.lower(&scenario, &registry, Level::Control).unwrap();
            agree(&format!("{name} {sets:?}: {token}"), both(lowered));
        }
    }
}
