//! Checkpoints in the export for Perfetto.

use std::collections::BTreeMap;

use weir::base::{CheckpointId, JobId, Name};
use weir::record::CheckpointKind;
use weir::trace::{CheckpointEvent as E, Event, ExecutionState, Level, TaskEvent};

use super::trace_of;
use super::views::check_chrome;

const JOB: JobId = JobId(1);

fn triggered(number: u64) -> E {
    E::CheckpointTriggered {
        job: JOB,
        checkpoint: CheckpointId(number),
        barriers: CheckpointKind::Unaligned.word().into(),
        sources: Vec::new(),
        tasks: Vec::new(),
        finished: Vec::new(),
    }
}

fn completed(number: u64) -> E {
    E::CheckpointCompleted {
        job: JOB,
        checkpoint: CheckpointId(number),
        duration_us: 1,
        bytes: 2,
        stored_bytes: 3,
    }
}

fn aborted(number: u64) -> E {
    E::CheckpointAborted { job: JOB, checkpoint: CheckpointId(number), reason: "late".into() }
}

fn subtask() -> Name {
    "count#1".into()
}

fn aligning(number: u64) -> E {
    let checkpoint = CheckpointId(number);
    E::AlignmentStarted { job: JOB, subtask: subtask(), attempt: 0, checkpoint }
}

fn taken(number: u64) -> E {
    E::SnapshotTaken {
        job: JOB,
        subtask: subtask(),
        attempt: 0,
        checkpoint: CheckpointId(number),
        barriers: CheckpointKind::default().word().into(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        positions: Vec::new(),
        state: Vec::new(),
        state_version: 0,
        watermark: None,
        start_delay_us: 0,
        alignment_us: 0,
        sync_us: 0,
        bytes: 9,
    }
}

fn stored(number: u64) -> E {
    E::SnapshotStored {
        job: JOB,
        subtask: subtask(),
        attempt: 0,
        checkpoint: CheckpointId(number),
        files: Vec::new(),
        stored_bytes: 9,
        async_us: 1,
    }
}

/// Each event happens a millisecond after the last; told are track, name, begin and end of spans.
fn check_events(events: impl IntoIterator<Item = Event>, expected: &[&str]) {
    let run: Vec<_> = events.into_iter().map(|event| (1_000_000, 2, 1, event)).collect();
    let document = check_chrome(&trace_of(Level::Control, &run));
    let mut tracks = BTreeMap::new();
    let mut open: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut spans = Vec::new();
    for event in document["traceEvents"].as_array().unwrap() {
        let track = event["tid"].as_u64().unwrap_or(0);
        let millis = || event["ts"].as_u64().unwrap() / 1_000;
        match event["ph"].as_str().unwrap() {
            "M" if event["name"] == "thread_name" => {
                let name = event["args"]["name"].as_str().unwrap();
                tracks.insert(track, name.to_owned());
            }
            "B" => {
                let (name, begin) = (event["name"].as_str().unwrap(), millis());
                let said = format!("{}: {name}, {begin} to", tracks[&track]);
                open.entry(track).or_default().push(said);
            }
            "E" => {
                let begun = open.get_mut(&track).and_then(Vec::pop).unwrap();
                spans.push(format!("{begun} {}", millis()));
            }
            _ => {}
        }
    }
    assert_eq!(spans, expected);
}

fn check(events: Vec<E>, expected: &[&str]) {
    check_events(events.into_iter().map(Event::Checkpoint), expected);
}

#[test]
fn a_checkpoint_is_a_span_from_its_beginning_to_its_end() {
    check(vec![triggered(1), completed(1)], &["checkpoints: checkpoint 1, 1 to 2"]);
    check(vec![triggered(1), aborted(1)], &["checkpoints: checkpoint 1, 1 to 2"]);
    // Those that go on at the same time stand beside each other.
    check(
        vec![triggered(1), triggered(2), completed(1), triggered(3), completed(2), completed(3)],
        &[
            "checkpoints: checkpoint 1, 1 to 3",
            "checkpoints (2): checkpoint 2, 2 to 5",
            "checkpoints: checkpoint 3, 4 to 6",
        ],
    );
    // One that has no end ends with the trace; an end without a beginning is none.
    check(vec![completed(7), triggered(1)], &["checkpoints: checkpoint 1, 2 to 2"]);
}

#[test]
fn a_task_aligns_and_then_stores() {
    check(
        vec![aligning(1), taken(1), stored(1)],
        &["snapshots of count#1: aligning 1, 1 to 2", "snapshots of count#1: storing 1, 2 to 3"],
    );
    check(
        vec![taken(1), aligning(2), stored(1), taken(2), stored(2)],
        &[
            "snapshots of count#1: storing 1, 1 to 3",
            "snapshots of count#1 (2): aligning 2, 2 to 4",
            "snapshots of count#1: storing 2, 4 to 5",
        ],
    );
    let ended = Event::Task(TaskEvent::TaskEnded {
        job: JOB,
        subtask: subtask(),
        attempt: 0,
        state: ExecutionState::Canceled,
        records_in: 0,
        records_out: 0,
        busy_us: 0,
        back_pressured_us: 0,
        idle_us: 0,
    });
    let events = [Event::Checkpoint(taken(1)), ended, Event::Checkpoint(stored(1))];
    check_events(events, &["snapshots of count#1: storing 1, 1 to 2"]);
}
