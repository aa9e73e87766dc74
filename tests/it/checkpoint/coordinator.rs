//! When checkpoints begin, are complete, fail and are discarded.

use std::fmt::Write as _;
use std::sync::Arc;

use weir::base::{CheckpointId, JobId, SimDuration, SimTime, SubtaskId, VertexId};
use weir::checkpoint::coordinator::{
    Acknowledgement, CheckpointCoordinator, CheckpointPlan, JobEnd, Tick,
};
use weir::checkpoint::{
    CheckpointConfig, CheckpointFailure, CompletionParts, ExternalizedRetention, FileHandle,
    StateHandle, SubtaskState,
};

/// What happens to a coordinator of two subtasks; times are in milliseconds.
enum Step {
    Tick(u64),
    /// A subtask acknowledges a checkpoint with these files.
    Acknowledge(u64, u16, &'static [&'static str]),
    Stored(u64, u64),
    Abort(u64, CheckpointFailure),
    Discard,
    End(JobEnd),
}

use Step::{Abort, Acknowledge, Discard, End, Stored, Tick as At};

fn at(millis: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_millis(millis)
}

fn subtask(index: u16) -> SubtaskId {
    SubtaskId { job: JobId(1), vertex: VertexId(0), index }
}

fn state(files: &[&str]) -> SubtaskState {
    let handle = |path: &str| StateHandle::File(FileHandle::of(path.to_string(), b"state"));
    let file = |name: &&str| weir::checkpoint::BackendFile {
        operator: "sum".into(),
        name: (*name).into(),
        handle: handle(name),
    };
    SubtaskState {
        snapshot: StateHandle::Memory(Arc::from([])),
        channel_state: None,
        backend_files: files.iter().map(file).collect(),
        has_union: false,
    }
}

/// What the coordinator says, a line for each step.
fn check(config: CheckpointConfig, steps: &[Step]) -> String {
    let mut coordinator =
        CheckpointCoordinator::new(config, CompletionParts::default(), "job-1".into());
    let tasks = vec![subtask(0), subtask(1)];
    let plan = CheckpointPlan { triggered: tasks.clone(), expected: tasks, finished: Vec::new() };
    let mut said = String::new();
    for step in steps {
        let line = match step {
            At(now) => match coordinator.tick(at(*now), *now as i64) {
                Tick::Begin(barrier) => {
                    coordinator.begin(at(*now), barrier, &plan);
                    format!("{} begins on {}, {}", barrier.id, barrier.base, barrier.kind.word())
                }
                Tick::Later(then) => format!("not before {then}"),
                Tick::Waits => "waits".to_string(),
            },
            Acknowledge(id, index, files) => {
                let taken =
                    coordinator.acknowledge(CheckpointId(*id), subtask(*index), state(files), 5);
                match taken {
                    Acknowledgement::Taken => "taken".to_string(),
                    Acknowledgement::Last(metadata) => format!("last: {:?}", metadata.path),
                    Acknowledgement::Ignored { reason, files } => {
                        format!("ignored, {reason}: deletes {files:?}")
                    }
                }
            }
            Stored(now, id) => match coordinator.metadata_stored(at(*now), CheckpointId(*id)) {
                None => "nothing to complete".to_string(),
                Some(completion) => {
                    let (us, subsumed) = (completion.duration_us, completion.subsumed);
                    format!("complete after {us} us, subsumes {subsumed:?}")
                }
            },
            Abort(id, failure) => {
                let aborted = coordinator.abort(CheckpointId(*id), *failure);
                match aborted {
                    None => "nothing to abort".to_string(),
                    Some(aborted) => {
                        format!("deletes {:?}, fails the job: {}", aborted.files, aborted.fails_job)
                    }
                }
            }
            Discard => format!("discards {:?}", coordinator.discard()),
            End(end) => format!("discards {:?}", coordinator.end(*end)),
        };
        writeln!(said, "{line}").expect("a string can be written to");
    }
    said
}

fn config() -> CheckpointConfig {
    CheckpointConfig::every(SimDuration::from_millis(100))
}

#[test]
fn a_checkpoint_is_complete_when_all_have_acknowledged_and_its_metadata_is_stored() {
    let steps = [
        At(100),
        At(200),
        Acknowledge(1, 0, &["a1"]),
        Acknowledge(1, 0, &["a1"]),
        Acknowledge(1, 1, &["b1"]),
        Stored(210, 1),
        Acknowledge(1, 1, &["b1", "late"]),
        Discard,
    ];
    insta::assert_snapshot!(check(config(), &steps), @r#"
    1 begins on 0, aligned
    waits
    taken
    ignored, it has been acknowledged already: deletes []
    last: Some("job-1/chk-1/_metadata")
    complete after 110000 us, subsumes []
    ignored, the checkpoint is over: deletes ["late"]
    discards []
    "#);
}

#[test]
fn a_file_goes_with_the_last_checkpoint_that_consists_of_it() {
    let steps = [
        At(100),
        Acknowledge(1, 0, &["a1", "shared"]),
        Acknowledge(1, 1, &["b1"]),
        Stored(110, 1),
        At(200),
        Acknowledge(2, 0, &["a2", "shared"]),
        Acknowledge(2, 1, &["b2"]),
        Stored(210, 2),
        Discard,
        At(300),
        Acknowledge(3, 0, &["a3"]),
        Acknowledge(3, 1, &["b3"]),
        Stored(310, 3),
        Discard,
        End(JobEnd::Finished),
    ];
    insta::assert_snapshot!(check(config(), &steps), @r#"
    1 begins on 0, aligned
    taken
    last: Some("job-1/chk-1/_metadata")
    complete after 10000 us, subsumes []
    2 begins on 1, aligned
    taken
    last: Some("job-1/chk-2/_metadata")
    complete after 10000 us, subsumes []
    discards [(CheckpointId(1), ["a1", "b1", "job-1/chk-1/_metadata"])]
    3 begins on 2, aligned
    taken
    last: Some("job-1/chk-3/_metadata")
    complete after 10000 us, subsumes []
    discards [(CheckpointId(2), ["a2", "shared", "b2", "job-1/chk-2/_metadata"])]
    discards [(CheckpointId(3), ["a3", "b3", "job-1/chk-3/_metadata"])]
    "#);
}

#[test]
fn what_a_pending_checkpoint_builds_on_is_kept() {
    let config = CheckpointConfig { max_concurrent: 2, ..config() };
    let steps = [
        At(100),
        Acknowledge(1, 0, &["a1"]),
        Acknowledge(1, 1, &["b1"]),
        Stored(110, 1),
        At(200),
        At(300),
        Acknowledge(2, 0, &["a2"]),
        Acknowledge(2, 1, &["b2"]),
        Stored(310, 2),
        Discard,
        Abort(3, CheckpointFailure::Expired),
        Discard,
    ];
    insta::assert_snapshot!(check(config, &steps), @r#"
1 begins on 0, aligned
taken
last: Some("job-1/chk-1/_metadata")
complete after 10000 us, subsumes []
2 begins on 1, aligned
3 begins on 1, aligned
taken
last: Some("job-1/chk-2/_metadata")
complete after 110000 us, subsumes []
discards []
deletes [], fails the job: true
discards [(CheckpointId(1), ["a1", "b1", "job-1/chk-1/_metadata"])]
"#);
}

#[test]
fn failures_in_a_row_are_tolerated_up_to_a_number() {
    let config = CheckpointConfig {
        tolerable_failures: Some(1),
        min_pause: SimDuration::from_millis(50),
        ..config()
    };
    let steps = [
        At(100),
        Acknowledge(1, 0, &["a1"]),
        Abort(1, CheckpointFailure::Expired),
        At(220),
        At(250),
        Abort(2, CheckpointFailure::DeclinedTaskClosing),
        At(350),
        Abort(3, CheckpointFailure::AsyncException),
        Abort(3, CheckpointFailure::AsyncException),
        Stored(400, 3),
    ];
    insta::assert_snapshot!(check(config, &steps), @r#"
1 begins on 0, aligned
taken
deletes ["a1"], fails the job: false
2 begins on 0, aligned
waits
deletes [], fails the job: false
3 begins on 0, aligned
deletes [], fails the job: true
nothing to abort
nothing to complete
"#);
}

#[test]
fn the_last_checkpoint_outlives_its_job_only_if_that_was_asked() {
    use ExternalizedRetention as R;
    let mut said = String::new();
    for (retention, end) in [
        (R::NoExternalizedCheckpoints, JobEnd::Failed),
        (R::DeleteOnCancellation, JobEnd::Canceled),
        (R::DeleteOnCancellation, JobEnd::Failed),
        (R::RetainOnCancellation, JobEnd::Canceled),
        (R::RetainOnCancellation, JobEnd::Finished),
    ] {
        let config = CheckpointConfig { externalized: retention, ..config() };
        let steps = [
            At(100),
            Acknowledge(1, 0, &["a1"]),
            Acknowledge(1, 1, &["b1"]),
            Stored(110, 1),
            End(end),
        ];
        let last = check(config, &steps).lines().last().unwrap().contains("a1");
        writeln!(said, "{retention:?}, {end:?}: deleted {last}").expect("a string");
    }
    insta::assert_snapshot!(said, @r#"
    NoExternalizedCheckpoints, Failed: deleted true
    DeleteOnCancellation, Canceled: deleted true
    DeleteOnCancellation, Failed: deleted false
    RetainOnCancellation, Canceled: deleted false
    RetainOnCancellation, Finished: deleted true
    "#);
}

/// Found by a sweep: what was left of a job that had ended was discarded all at once, and a file was
/// deleted while a checkpoint that consists of it was still retained.
#[test]
fn a_file_that_several_share_goes_with_the_last() {
    let config = CheckpointConfig { retained: 2, ..config() };
    let steps = [
        At(100),
        Acknowledge(1, 0, &["a1", "shared"]),
        Acknowledge(1, 1, &["b1"]),
        Stored(110, 1),
        At(200),
        Acknowledge(2, 0, &["a2", "shared"]),
        Acknowledge(2, 1, &["b2"]),
        Stored(210, 2),
        Discard,
        End(JobEnd::Finished),
    ];
    insta::assert_snapshot!(check(config, &steps), @r#"
1 begins on 0, aligned
taken
last: Some("job-1/chk-1/_metadata")
complete after 10000 us, subsumes []
2 begins on 1, aligned
taken
last: Some("job-1/chk-2/_metadata")
complete after 10000 us, subsumes []
discards []
discards [(CheckpointId(1), ["a1", "b1", "job-1/chk-1/_metadata"]), (CheckpointId(2), ["a2", "shared", "b2", "job-1/chk-2/_metadata"])]
"#);
}
