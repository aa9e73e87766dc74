//! What becomes of the files of checkpoints, and of jobs whose checkpoints cannot be stored or used.

use std::collections::BTreeSet;

use weir::base::Name;
use weir::cluster::{Onlooker, RunReport};
use weir::gallery;
use weir::scenario::{self, Overrides};
use weir::trace::{CheckpointEvent, Event, Level, StorageEvent, TraceFile};

/// A run of a scenario with settings and faults of its own.
fn run(scenario: &str, sets: &[&str], faults: &str) -> RunReport {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let mut scenario = scenario::load_with(scenario, &sets).unwrap();
    if !faults.is_empty() {
        scenario.faults = scenario::parse_faults(faults, "faults.toml", &scenario).unwrap();
    }
    let overrides = Overrides { seed: None, level: Level::Control, mutant: None };
    let registry = gallery::registry();
    scenario::run(&scenario, &registry, &overrides, Onlooker::default()).unwrap().report
}

/// How the job ended, and why.
fn check(scenario: &str, sets: &[&str], faults: &str) -> String {
    let report = run(scenario, sets, faults);
    let job = &report.jobs[0];
    format!("{:?}: {}", job.status, job.cause.as_deref().unwrap_or("-"))
}

fn events(report: RunReport) -> Vec<Event> {
    let trace = TraceFile::parse(report.trace.expect("its level is control")).unwrap();
    trace.iter().map(|recorded| recorded.event).collect()
}

/// The files that were stored and never deleted.
fn left(report: RunReport) -> BTreeSet<Name> {
    let mut files = BTreeSet::new();
    for event in events(report) {
        match event {
            Event::Storage(StorageEvent::FileStored { path, .. }) => files.insert(path),
            Event::Storage(StorageEvent::FileDeleted { path }) => files.remove(&path),
            _ => false,
        };
    }
    files
}

/// Nobody waits for a deletion: what the disk refuses is asked again until it is done.
#[test]
fn a_refused_deletion_is_repeated() {
    let faults = r#"
        [[fault]]
        when = { event = "checkpoint-completed", checkpoint = 2 }
        disk = "storage"
        trouble = "errors"
        for = "100ms"
    "#;
    let report = run("checkpoints/alignment", &[], faults);
    let is_refused =
        |event: &Event| matches!(event, Event::Storage(StorageEvent::FileRefused { .. }));
    assert!(events(report.clone()).iter().any(is_refused), "the disk refuses something");
    assert_eq!(left(report), BTreeSet::new());
}

/// A task that fails while its snapshot is stored takes away what it has stored of it.
#[test]
fn a_failing_task_leaves_no_files() {
    let faults = r#"
        [[fault]]
        when = { event = "snapshot-taken", subtask = "sum#1", checkpoint = 2 }
        fail = "sum#1"
    "#;
    let sets = ["restart.strategy=\"fixed-delay\"", "restart.delay=\"100ms\""];
    let report = run("checkpoints/alignment", &sets, faults);
    let mut aborted = false;
    for event in events(report.clone()) {
        aborted |= matches!(event, Event::Checkpoint(CheckpointEvent::CheckpointAborted { .. }));
    }
    assert!(aborted, "its checkpoint comes to nothing");
    assert_eq!(left(report), BTreeSet::new());
}

/// Records in flight are state, and count against what the JobManager keeps.
#[test]
fn channel_state_counts_against_the_limit_of_the_jobmanager() {
    let sets = |limit: &'static str| {
        let storage = "checkpointing.storage=\"jobmanager\"";
        [storage, "checkpointing.tolerable-failures=0", "restart.attempts=1", limit]
    };
    let aligned =
        [&sets("checkpointing.max-state-size=\"1500B\"")[..], &["checkpointing.unaligned=false"]];
    assert_eq!(check("checkpoints/unaligned", &aligned.concat(), ""), "Finished: -");
    let check = |limit| check("checkpoints/unaligned", &sets(limit), "");
    insta::assert_snapshot!(check("checkpointing.max-state-size=\"5MiB\""), @r#"Finished: -"#);
    insta::assert_snapshot!(check("checkpointing.max-state-size=\"1500B\""), @r#"Failed: Recovery is suppressed after 1 restarts: Exceeded checkpoint tolerable failure threshold. The latest checkpoint failed due to Size of the state is larger than the maximum permitted memory-backed state. Size=2020, maxSize=1500. Consider using a different checkpoint storage, like the FileSystemCheckpointStorage."#);
}

/// With nothing left to fall back to, the job does not begin anew as if there had been nothing.
#[test]
fn a_job_with_nothing_to_fall_back_to_fails() {
    let sets = ["checkpointing.retained=1"];
    insta::assert_snapshot!(check("checkpoints/corrupted-latest-fall-back", &sets, ""), @r#"Failed: sum#2: job-1/chk-4/sum#2 is damaged: its checksum is another"#);
}
