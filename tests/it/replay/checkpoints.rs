//! Checkpoints and restarts, as the trace tells of them.

use proptest::prelude::*;
use weir::base::{CheckpointId, Name};
use weir::record::CheckpointKind;
use weir::replay::{Checkpoint, CheckpointState, Job, SnapshotProgress, World};
use weir::trace::{
    CheckpointEvent as E, Event, ExecutionState, JobEvent, JobStatus, RecoveryEvent, TaskEvent,
};

use super::generate::events;
use super::{JOB, exchange, folded, key, plan, record, sent, submitted};

/// The job of the plan after these events.
fn job(events: impl IntoIterator<Item = Event>) -> Job {
    world(events).jobs.get(JOB).unwrap().clone()
}

fn world(events: impl IntoIterator<Item = Event>) -> World {
    folded(&record([submitted(&plan())].into_iter().chain(events)))
}

fn id(number: u64) -> CheckpointId {
    CheckpointId(number)
}

fn triggered(number: u64) -> Event {
    Event::Checkpoint(E::CheckpointTriggered {
        job: JOB,
        checkpoint: id(number),
        barriers: CheckpointKind::Aligned { timeout_ms: None }.word().into(),
        sources: vec!["a#1".into(), "a#2".into()],
        tasks: ["a#1", "a#2", "b#1"].map(Name::from).to_vec(),
        finished: vec!["b#2".into()],
    })
}

fn aligning(subtask: &str, attempt: u32, number: u64) -> Event {
    let (job, subtask, checkpoint) = (JOB, subtask.into(), id(number));
    Event::Checkpoint(E::AlignmentStarted { job, subtask, attempt, checkpoint })
}

fn taken(subtask: &str, attempt: u32, number: u64) -> Event {
    Event::Checkpoint(E::SnapshotTaken {
        job: JOB,
        subtask: subtask.into(),
        attempt,
        checkpoint: id(number),
        barriers: CheckpointKind::default().word().into(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        positions: Vec::new(),
        state: Vec::new(),
        state_version: 0,
        watermark: None,
        start_delay_us: 1,
        alignment_us: 2,
        sync_us: 3,
        bytes: 40,
    })
}

fn stored(subtask: &str, number: u64) -> Event {
    Event::Checkpoint(E::SnapshotStored {
        job: JOB,
        subtask: subtask.into(),
        attempt: 0,
        checkpoint: id(number),
        files: Vec::new(),
        stored_bytes: 30,
        async_us: 4,
    })
}

fn acknowledged(subtask: &str, number: u64) -> Event {
    Event::Checkpoint(E::CheckpointAcknowledged {
        job: JOB,
        subtask: subtask.into(),
        attempt: 0,
        checkpoint: id(number),
        files: Vec::new(),
        bytes: 40,
        stored_bytes: 30,
        in_flight_bytes: 5,
        start_delay_us: 1,
        alignment_us: 2,
        sync_us: 3,
        async_us: 4,
    })
}

fn declined(subtask: &str, number: u64) -> Event {
    let (job, subtask, checkpoint) = (JOB, subtask.into(), id(number));
    let reason = "busy".into();
    Event::Checkpoint(E::CheckpointDeclined { job, subtask, attempt: 0, checkpoint, reason })
}

fn completed(number: u64) -> Event {
    Event::Checkpoint(E::CheckpointCompleted {
        job: JOB,
        checkpoint: id(number),
        duration_us: 9_000,
        bytes: 120,
        stored_bytes: 90,
    })
}

fn aborted(number: u64) -> Event {
    let (job, checkpoint, reason) = (JOB, id(number), "late".into());
    Event::Checkpoint(E::CheckpointAborted { job, checkpoint, reason })
}

fn discarded(number: u64) -> Event {
    let (job, checkpoint, files) = (JOB, id(number), Vec::new());
    Event::Checkpoint(E::CheckpointDiscarded { job, checkpoint, files })
}

/// A checkpoint in a line.
fn told((number, of): (CheckpointId, &Checkpoint)) -> String {
    let state = match &of.state {
        CheckpointState::InProgress => "in progress".to_owned(),
        CheckpointState::Completed => "completed".to_owned(),
        CheckpointState::Aborted(reason) => format!("aborted: {reason}"),
        CheckpointState::Discarded => "discarded".to_owned(),
    };
    let (acknowledged, expected) = (of.acknowledged(), of.expected());
    let (bytes, stored) = (of.bytes, of.stored_bytes);
    format!("{number} {state} {acknowledged}/{expected} {bytes} B, {stored} B written")
}

#[test]
fn a_checkpoint_is_in_progress_until_it_is_complete_or_aborted() {
    let check = |events: Vec<Event>, expected: &[&str]| {
        let job = job(events);
        let list: Vec<_> = job.checkpoints.iter().map(told).collect();
        assert_eq!(list, expected);
        assert_eq!(job.checkpoints.len(), expected.len());
    };
    let all = || ["a#1", "a#2", "b#1"].map(|subtask| acknowledged(subtask, 1));
    check(vec![], &[]);
    check(vec![triggered(1)], &["1 in progress 0/3 0 B, 0 B written"]);
    check(
        vec![triggered(1), acknowledged("a#1", 1), acknowledged("a#1", 1)],
        &["1 in progress 1/3 40 B, 30 B written"],
    );
    // Whoever need not acknowledge it is not counted.
    check(vec![triggered(1), acknowledged("b#2", 1)], &["1 in progress 0/3 0 B, 0 B written"]);
    let [a, b, c] = all();
    check(
        vec![triggered(1), a, b, c, completed(1), triggered(2)],
        &["1 completed 3/3 120 B, 90 B written", "2 in progress 0/3 0 B, 0 B written"],
    );
    check(
        vec![triggered(1), declined("a#1", 1), aborted(1)],
        &["1 aborted: late 0/3 0 B, 0 B written"],
    );
    check(vec![triggered(1), completed(1), discarded(1)], &["1 discarded 0/3 120 B, 90 B written"]);
    // Of what begins again nothing is left.
    check(
        vec![triggered(1), acknowledged("a#1", 1), aborted(1), triggered(1)],
        &["1 in progress 0/3 0 B, 0 B written"],
    );
    // A trace may speak of one of which it never said that it began.
    check(vec![acknowledged("x", 7)], &["7 in progress 0/0 0 B, 0 B written"]);
}

#[test]
fn what_a_subtask_contributes_is_known_as_soon_as_it_is_told() {
    use SnapshotProgress as P;
    let check = |events: Vec<Event>, progress: P, known: [Option<u64>; 7]| {
        let job = job([triggered(1)].into_iter().chain(events));
        let snapshot = job.checkpoints.get(id(1)).unwrap().subtask("b#1").unwrap().clone();
        assert_eq!(snapshot.progress, progress);
        let told = [
            snapshot.start_delay_us,
            snapshot.alignment_us,
            snapshot.sync_us,
            snapshot.async_us,
            snapshot.bytes,
            snapshot.stored_bytes,
            snapshot.in_flight_bytes,
        ];
        assert_eq!(told, known);
    };
    let collected = || {
        Event::Checkpoint(E::ChannelStateCollected {
            job: JOB,
            subtask: "b#1".into(),
            attempt: 0,
            checkpoint: id(1),
            inputs: Vec::new(),
            outputs: Vec::new(),
            bytes: 5,
        })
    };
    let failed = Event::Checkpoint(E::SnapshotFailed {
        job: JOB,
        subtask: "b#1".into(),
        attempt: 0,
        checkpoint: id(1),
        reason: "disk".into(),
    });
    let none = [None; 7];
    let first = [Some(1), Some(2), Some(3), None, Some(40), None, None];
    let all = [Some(1), Some(2), Some(3), Some(4), Some(40), Some(30), Some(5)];
    let so_far = || vec![aligning("b#1", 0, 1), taken("b#1", 0, 1)];
    let and = |more: Vec<Event>| so_far().into_iter().chain(more).collect::<Vec<_>>();
    check(vec![], P::Waiting, none);
    check(vec![aligning("b#1", 0, 1)], P::Aligning, none);
    check(so_far(), P::Taken, first);
    check(and(vec![collected(), stored("b#1", 1)]), P::Stored, all);
    check(and(vec![acknowledged("b#1", 1)]), P::Acknowledged, all);
    check(and(vec![failed]), P::Failed("disk".into()), first);
    check(vec![declined("b#1", 1)], P::Declined("busy".into()), none);
}

fn barrier_sent(number: u64, attempt: u32, seq: u64, overtaken: u64) -> Event {
    Event::Checkpoint(E::BarrierSent {
        job: JOB,
        edge: 0,
        from: "a#1".into(),
        to: "b#1".into(),
        attempt,
        checkpoint: id(number),
        seq,
        records: 0,
        overtaken,
    })
}

fn barrier_received(number: u64, attempt: u32, seq: u64) -> Event {
    Event::Checkpoint(E::BarrierReceived {
        job: JOB,
        edge: 0,
        from: "a#1".into(),
        to: "b#1".into(),
        attempt,
        checkpoint: id(number),
        seq,
        records: 0,
        overtaken: 0,
    })
}

fn blocked(number: u64) -> Event {
    let (from, to, checkpoint) = ("a#1".into(), "b#1".into(), id(number));
    Event::Checkpoint(E::ChannelBlocked { job: JOB, edge: 0, from, to, checkpoint })
}

fn resumed(number: u64) -> Event {
    let (from, to, checkpoint) = ("a#1".into(), "b#1".into(), id(number));
    Event::Checkpoint(E::ChannelResumed { job: JOB, edge: 0, from, to, checkpoint })
}

fn turned(subtask: &str, attempt: u32, to: ExecutionState) -> Event {
    Event::Task(TaskEvent::ExecutionStateChanged {
        job: JOB,
        subtask: subtask.into(),
        attempt,
        from: ExecutionState::Created,
        to,
        taskmanager: None,
        cause: None,
    })
}

fn started(subtask: &str, attempt: u32) -> Event {
    Event::Task(TaskEvent::TaskStarted { job: JOB, subtask: subtask.into(), attempt })
}

/// Barriers on the channel from `a#1` to `b#1`, buffers of records there, and what it waits for.
#[test]
fn barriers_are_underway_until_they_are_taken_or_an_end_of_the_channel_is_gone() {
    use ExecutionState as S;
    let check = |events: Vec<Event>, barriers: &[u64], buffers: usize, waits: Option<u64>| {
        let job = job(events);
        let channel = job.channels.get(&key("a#1", "b#1")).unwrap();
        let underway: Vec<_> = channel.barriers().map(|checkpoint| checkpoint.0).collect();
        assert_eq!(underway, barriers);
        assert_eq!(channel.buffers_in_flight(), buffers);
        assert_eq!(channel.blocked_for, waits.map(CheckpointId));
    };
    let two = || vec![sent(1, 3, 3), barrier_sent(1, 0, 2, 0), barrier_sent(2, 0, 3, 0)];
    let and = |more: Vec<Event>| two().into_iter().chain(more).collect::<Vec<_>>();
    check(two(), &[1, 2], 1, None);
    check(and(vec![barrier_received(1, 0, 2)]), &[2], 1, None);
    check(and(vec![barrier_received(2, 0, 3)]), &[], 1, None);
    // It has overtaken the records at the consumer: these are still to be read.
    check(vec![sent(1, 3, 3), barrier_sent(1, 0, 2, 3), barrier_received(1, 0, 2)], &[], 1, None);
    check(and(vec![blocked(1)]), &[1, 2], 1, Some(1));
    check(and(vec![blocked(1), resumed(1)]), &[1, 2], 1, None);
    check(and(vec![blocked(1), turned("b#1", 0, S::Finished)]), &[], 1, None);
    check(and(vec![blocked(1), turned("b#1", 0, S::Failed)]), &[], 0, None);
    check(and(vec![blocked(1), started("b#1", 1)]), &[], 0, None);
    check(and(vec![turned("a#1", 1, S::Created)]), &[], 0, None);
    // What a producer that is done has sent is still on its way.
    check(and(vec![turned("a#1", 0, S::Finished)]), &[1, 2], 1, None);
    // What a replaced execution still tells is of no channel that there is.
    check(vec![started("a#1", 1), barrier_sent(1, 0, 9, 0)], &[], 0, None);
    check(vec![started("a#1", 1), barrier_sent(1, 1, 1, 0)], &[1], 0, None);
    check(
        vec![started("b#1", 1), barrier_sent(1, 0, 1, 0), barrier_received(1, 0, 1)],
        &[1],
        0,
        None,
    );
}

#[test]
fn a_task_says_what_it_does_about_checkpoints() {
    let check = |events: Vec<Event>, expected: &str| {
        let job = job(events);
        let of = &job.tasks["b#1"].snapshotting;
        let mut said: Vec<String> = Vec::new();
        said.extend(of.aligning.map(|since| format!("aligning {}", since.checkpoint)));
        said.extend(of.paused.map(|since| format!("paused {}", since.checkpoint)));
        said.extend(of.storing.keys().map(|checkpoint| format!("storing {checkpoint}")));
        assert_eq!(said.join(", "), expected);
    };
    let subtask = || Name::from("b#1");
    let paused = || {
        let (subtask, checkpoint) = (subtask(), id(1));
        Event::Checkpoint(E::SourcePaused { job: JOB, subtask, checkpoint })
    };
    let goes_on = || {
        let (subtask, checkpoint) = (subtask(), id(1));
        Event::Checkpoint(E::SourceResumed { job: JOB, subtask, checkpoint, paused_us: 1 })
    };
    let given_up = |number| {
        let (subtask, checkpoint) = (subtask(), id(number));
        Event::Checkpoint(E::AbortionNotified { job: JOB, subtask, attempt: 0, checkpoint })
    };
    check(vec![], "");
    check(vec![aligning("b#1", 0, 1)], "aligning 1");
    check(vec![aligning("b#1", 0, 1), taken("b#1", 0, 1)], "storing 1");
    check(vec![taken("b#1", 0, 1), aligning("b#1", 0, 2)], "aligning 2, storing 1");
    check(vec![taken("b#1", 0, 1), stored("b#1", 1)], "");
    check(vec![aligning("b#1", 0, 1), given_up(1)], "");
    check(vec![aligning("b#1", 0, 2), given_up(1)], "aligning 2");
    check(vec![taken("b#1", 0, 1), given_up(1)], "");
    check(vec![paused()], "paused 1");
    check(vec![paused(), goes_on()], "");
    let ended = turned("b#1", 0, ExecutionState::Canceled);
    check(vec![paused(), aligning("b#1", 0, 1), taken("b#1", 0, 2), ended], "");
    check(vec![aligning("b#1", 0, 1), started("b#1", 1)], "");
    check(vec![started("b#1", 1), aligning("b#1", 0, 1)], "");
}

fn status(to: JobStatus, cause: Option<&str>) -> Event {
    let (from, cause) = (JobStatus::Running, cause.map(str::to_owned));
    Event::Job(JobEvent::JobStatusChanged { job: JOB, from, to, cause })
}

fn recovery(build: impl FnOnce() -> RecoveryEvent) -> Event {
    Event::Recovery(build())
}

#[test]
fn a_restart_is_scheduled_and_then_begins() {
    let check = |events: Vec<Event>, expected: (u32, Option<u64>, Option<u64>)| {
        let job = job(events);
        let delay = job.restarts.scheduled.as_ref().map(|scheduled| scheduled.delay_ms);
        let restored = job.restarts.restored.map(|checkpoint| checkpoint.0);
        assert_eq!((job.restarts.count, delay, restored), expected);
    };
    let scheduled = |restart| {
        let (delay_ms, cause) = (50, "boom".to_owned());
        recovery(|| RecoveryEvent::RestartScheduled { job: JOB, restart, delay_ms, cause })
    };
    let restored = |restart, checkpoint: Option<u64>| {
        let checkpoint = checkpoint.map(CheckpointId);
        recovery(|| RecoveryEvent::JobRestored { job: JOB, restart, checkpoint })
    };
    check(vec![], (0, None, None));
    check(vec![scheduled(1)], (1, Some(50), None));
    check(vec![scheduled(1), restored(1, Some(3))], (1, None, Some(3)));
    check(vec![scheduled(1), restored(1, Some(3)), scheduled(2)], (2, Some(50), Some(3)));
    check(vec![scheduled(1), restored(1, Some(3)), restored(2, None)], (2, None, None));
    check(vec![scheduled(1), status(JobStatus::Failed, None)], (1, None, None));
}

#[test]
fn the_cause_of_a_failure_is_forgotten_when_the_job_runs_again() {
    let cause = |events: Vec<Event>| job(events).cause;
    let failed = || status(JobStatus::Restarting, Some("boom"));
    assert_eq!(cause(vec![failed()]), Some("boom".to_owned()));
    assert_eq!(cause(vec![failed(), status(JobStatus::Running, None)]), None);
    let failed_at_last = vec![failed(), status(JobStatus::Failed, None)];
    assert_eq!(cause(failed_at_last), Some("boom".to_owned()));
}

#[test]
fn a_checkpoint_that_cannot_be_restored_says_why() {
    let unusable = recovery(|| {
        let cause = "torn".to_owned();
        RecoveryEvent::CheckpointUnusable { job: JOB, checkpoint: id(1), cause }
    });
    let job = job([triggered(1), completed(1), unusable]);
    let (_, checkpoint) = job.checkpoints.newest().unwrap();
    assert_eq!(checkpoint.unusable.as_deref(), Some("torn"));
    assert_eq!(checkpoint.state, CheckpointState::Completed);
}

/// A restart: whatever belonged to the old executions is gone, and channels count from 1 again.
#[test]
fn a_new_attempt_begins_with_nothing_of_the_old_one() {
    use ExecutionState as S;
    let old = || {
        vec![
            sent(7, 3, 1),
            Event::Task(TaskEvent::BackPressured { job: JOB, subtask: "a#1".into() }),
            barrier_sent(1, 0, 8, 0),
            status(JobStatus::Restarting, Some("boom")),
            turned("a#1", 0, S::Canceled),
            turned("b#1", 0, S::Failed),
        ]
    };
    let restored = recovery(|| RecoveryEvent::StateRestored {
        job: JOB,
        subtask: "a#1".into(),
        attempt: 1,
        checkpoint: id(1),
        files: Vec::new(),
        positions: Vec::new(),
        state: Vec::new(),
        state_version: 0,
        inputs: Vec::new(),
        outputs: Vec::new(),
    });
    let new = vec![
        turned("a#1", 1, S::Created),
        turned("b#1", 1, S::Created),
        restored,
        started("a#1", 1),
        started("b#1", 1),
        exchange(|job, edge, from, to| weir::trace::ExchangeEvent::PartitionRequested {
            job,
            edge,
            from,
            to,
            credit: 2,
        }),
        sent(1, 5, 1),
        // The old execution was not there to hear that it is over.
        barrier_sent(1, 0, 9, 0),
        turned("a#1", 0, S::Failed),
    ];
    let job = job(old().into_iter().chain(new));
    let task = job.task("a", 0).unwrap();
    assert_eq!((task.attempt, task.state, task.started), (1, S::Created, true));
    assert_eq!((task.records_out, task.back_pressured_since), (5, None));
    assert_eq!(task.restored, Some(id(1)));
    let channel = job.channels.get(&key("a#1", "b#1")).unwrap();
    let underway: Vec<_> = channel.in_flight.iter().map(|sent| sent.seq).collect();
    assert_eq!(underway, [1]);
    assert_eq!((channel.connected, channel.credit, channel.records_sent), (true, 1, 5));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn those_that_have_acknowledged_are_counted(events in events()) {
        let world = folded(&events);
        let jobs = world.jobs.iter();
        for (_, checkpoint) in jobs.flat_map(|(_, job)| job.checkpoints.iter()) {
            let expected = || checkpoint.subtasks().filter(|(_, snapshot)| snapshot.expected);
            let done = expected().filter(|(_, of)| of.progress == SnapshotProgress::Acknowledged);
            prop_assert_eq!(checkpoint.expected(), expected().count());
            prop_assert_eq!(checkpoint.acknowledged(), done.count());
            prop_assert_eq!(checkpoint.subtask_count(), checkpoint.subtasks().count());
        }
    }
}
