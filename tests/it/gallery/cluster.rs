//! The lessons about jobs and their cluster: what their texts say, also of other settings, is so.

use std::collections::BTreeMap;

use weir::base::{SimDuration, SimTime};
use weir::cluster::{Onlooker, RunReport};
use weir::gallery;
use weir::scenario::{self, Overrides};
use weir::trace::{CheckpointEvent, Event, JobEvent, JobStatus, Level, TaskEvent, TraceFile};

use super::without_expectations;

/// What becomes of a scenario with other settings.
fn run(name: &str, flags: &[&str]) -> RunReport {
    let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    let scenario = without_expectations(name, &flags);
    let overrides = Overrides { level: Level::Control, ..Overrides::default() };
    let outcome =
        scenario::run(&scenario, &gallery::registry(), &overrides, Onlooker::default()).unwrap();
    outcome.report
}

/// Its events.
fn events(report: &mut RunReport) -> Vec<(SimTime, Event)> {
    let trace = TraceFile::parse(report.trace.take().unwrap()).unwrap();
    trace.iter().map(|recorded| (recorded.at, recorded.event)).collect()
}

/// How the jobs of a scenario end, each with what its root cause contains.
fn check(name: &str, flags: &[&str], expected: &[(JobStatus, &str)]) {
    let report = run(name, flags);
    let found: Vec<_> = report.jobs.iter().map(|job| (job.status, job.cause.as_deref())).collect();
    assert_eq!(found.len(), expected.len(), "{name} {flags:?}: {found:?}");
    for ((status, cause), (expected, text)) in found.iter().zip(expected) {
        assert_eq!(status, expected, "{name} {flags:?}: {cause:?}");
        assert!(cause.unwrap_or_default().contains(text), "{name} {flags:?}: {cause:?}");
    }
    let broken = report.verdict.invariants.iter().find(|judged| !judged.holds());
    assert!(broken.is_none(), "{name} {flags:?}: {broken:?}");
}

#[test]
fn what_becomes_of_jobs_depends_on_slots_and_on_who_cancels_them() {
    use JobStatus::{Canceled, Failed, Finished};
    let finished = (Finished, "");
    let session = "cluster/session-of-two-jobs";
    let impatient = ["cluster.slot-request-timeout=\"2s\""];
    check(session, &impatient, &[finished, (Failed, "1 of 2 missing after 2s")]);
    check(session, &["cluster.taskmanagers=4"], &[finished, finished]);
    // A job that waits for slots is cancelled, too.
    check(session, &["job.2.cancel-at=\"2s\""], &[finished, (Canceled, "")]);

    let few = "cluster/too-few-slots";
    check(few, &[], &[(Failed, "1 of 5 missing after 20s")]);
    check(few, &["cluster.taskmanagers=1"], &[(Failed, "3 of 5 missing")]);
    for enough in ["job.parallelism=4", "cluster.slots=3"] {
        check(few, &[enough], &[finished]);
    }

    let cancelled = "cluster/cancelled";
    check(cancelled, &[], &[(Canceled, "")]);
    // Nobody cancels what has ended.
    check(cancelled, &["job.cancel-at=\"1h\""], &[finished]);
}

/// When each job took on each status.
fn statuses(events: &[(SimTime, Event)]) -> BTreeMap<(u32, JobStatus), SimTime> {
    let change = |(at, event): &(SimTime, Event)| match event {
        Event::Job(JobEvent::JobStatusChanged { job, to, .. }) => Some(((job.0, *to), *at)),
        _ => None,
    };
    events.iter().filter_map(change).collect()
}

#[test]
fn a_job_that_lacks_a_slot_begins_when_another_has_ended() {
    let mut report = run("cluster/session-of-two-jobs", &[]);
    let at = statuses(&events(&mut report));
    let (ended, began) = (at[&(1, JobStatus::Finished)], at[&(2, JobStatus::Running)]);
    let between = began.since(ended);
    assert!(between >= SimDuration::from_millis(50), "{between:?}");
    assert!(between <= SimDuration::from_millis(80), "{between:?}");
}

/// What of a job that is cancelled is deleted when it is over: the checkpoints.
fn deleted_at_the_end(retention: &str) -> Vec<u64> {
    let retention = format!("checkpointing.retention={retention:?}");
    let mut report = run("cluster/cancelled", &[&retention]);
    let events = events(&mut report);
    let wished = statuses(&events)[&(1, JobStatus::Cancelling)];
    let at_the_end = events.iter().filter(|(at, _)| *at >= wished);
    let deleted = at_the_end.filter_map(|(_, event)| match event {
        Event::Checkpoint(CheckpointEvent::CheckpointDiscarded { checkpoint, .. }) => {
            Some(checkpoint.0)
        }
        _ => None,
    });
    deleted.collect()
}

#[test]
fn what_is_cancelled_leaves_its_latest_checkpoint_if_it_is_to() {
    assert_eq!(deleted_at_the_end("retain-on-cancellation"), [0; 0]);
    assert_eq!(deleted_at_the_end("delete-on-cancellation"), [2]);
    assert_eq!(deleted_at_the_end("no-externalized-checkpoints"), [2]);
}

#[test]
fn what_is_cancelled_shows_nothing_more() {
    let total = |flags: &[&str]| {
        let rows = run("cluster/cancelled", flags).sinks["sums"].rows.clone();
        rows.iter().map(|row| row.fields[1].parse::<u64>().unwrap()).sum::<u64>()
    };
    let (cancelled, whole) = (total(&[]), total(&["job.cancel-at=\"1h\""]));
    // Each source has the numbers from 1 on: 200 a second the one, 100 the other.
    let first = |n: u64| n * (n + 1) / 2;
    assert_eq!(whole, 2 * first(1_000));
    // Sources begin a moment after the job is submitted, and what they read last was underway.
    let seconds = |tenths: u64| first(20 * tenths) + first(10 * tenths);
    assert!((seconds(27)..=seconds(30)).contains(&cancelled), "{cancelled}");
}

/// Where the time of a task went.
struct Spent {
    records: u64,
    busy: f64,
    back_pressured: f64,
}

/// That of each subtask, in shares of its life; and how long the longest life was, in seconds.
fn spent(flags: &[&str]) -> (BTreeMap<String, Spent>, f64) {
    let mut report = run("flow/skewed-keys", flags);
    assert_eq!(report.jobs[0].status, JobStatus::Finished, "{flags:?}: {:?}", report.jobs[0].cause);
    let (mut tasks, mut longest) = (BTreeMap::new(), 0.0_f64);
    for (_, event) in events(&mut report) {
        let Event::Task(TaskEvent::TaskEnded {
            subtask,
            records_in,
            busy_us,
            back_pressured_us,
            idle_us,
            ..
        }) = event
        else {
            continue;
        };
        let life = (busy_us + back_pressured_us + idle_us) as f64;
        let (busy, back_pressured) = (busy_us as f64 / life, back_pressured_us as f64 / life);
        tasks.insert(subtask.to_string(), Spent { records: records_in, busy, back_pressured });
        longest = longest.max(life / 1e6);
    }
    (tasks, longest)
}

#[test]
fn a_hot_key_keeps_one_subtask_busy_and_all_others_waiting() {
    let (tasks, seconds) = spent(&[]);
    let records = ["count#1", "count#2", "count#3", "count#4"].map(|task| tasks[task].records);
    assert_eq!(records, [53, 21, 1_852, 74]);
    for (task, spent) in &tasks {
        let busy = if task == "count#3" { 0.95..=1.0 } else { 0.0..=0.05 };
        assert!(busy.contains(&spent.busy), "{task} is busy for {} of its life", spent.busy);
    }
    let waits = tasks["records#1"].back_pressured;
    assert!(waits > 0.9, "the source waits for {waits} of its life");

    // More subtasks do not help, and fewer records of the key do.
    let (_, with_eight) = spent(&["job.parallelism=8", "cluster.slots=4"]);
    assert!((0.95..1.05).contains(&(with_eight / seconds)), "{with_eight} s and {seconds} s");
    let (fair, of_fair) = spent(&["job.args.hot=5"]);
    assert_eq!(fair["count#4"].records, 700);
    assert!(of_fair < 0.6 * seconds, "{of_fair} s and {seconds} s");
    let (_, of_many) = spent(&["job.args.hot=0", "job.args.keys=1000"]);
    assert!(of_many < 0.45 * seconds, "{of_many} s and {seconds} s");
}
