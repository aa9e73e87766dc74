//! What is told of each subtask when a run has ended.

use std::collections::BTreeMap;

use weir::api::StreamExecutionEnvironment;
use weir::base::{JobId, Name, SimDuration};
use weir::cluster::{self, AttemptMetrics, ClusterOptions, Onlooker, RunReport, SubtaskMetrics};
use weir::gallery;
use weir::scenario::{self, Overrides, load};
use weir::trace::{Event, Level, TaskEvent, TraceFile};

fn run(name: &str, level: Level) -> RunReport {
    let scenario = load(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let overrides = Overrides { level, ..Overrides::default() };
    let outcome = scenario::run(&scenario, &gallery::registry(), &overrides, Onlooker::default());
    outcome.unwrap_or_else(|error| panic!("{name}: {error}")).report
}

/// A subtask, how often it was tried, and what went in and out, as far as that is known.
fn line(subtask: &SubtaskMetrics) -> String {
    let last = match subtask.last {
        Some(AttemptMetrics { records_in, records_out, .. }) => {
            format!("{records_in} -> {records_out}")
        }
        None => "?".to_owned(),
    };
    format!("{} {}, {}x: {last}", subtask.job, subtask.subtask(), subtask.attempts)
}

/// What the subtasks of a scenario do.
fn check(name: &str, expected: &[&str]) {
    let report = run(name, Level::Off);
    let lines: Vec<String> = report.metrics.iter().map(line).collect();
    assert_eq!(lines, expected, "{name}");
}

#[test]
fn every_subtask_tells_what_it_did() {
    check(
        "basics/word-count",
        &[
            "word-count lines#1, 1x: 13 -> 13",
            "word-count words#1, 1x: 7 -> 62",
            "word-count words#2, 1x: 6 -> 52",
            "word-count count#1, 1x: 35 -> 35",
            "word-count count#2, 1x: 79 -> 79",
        ],
    );
    // Also one that fails.
    check(
        "failure/failing-function",
        &[
            "failing-function numbers#1, 1x: 50 -> 50",
            "failing-function numbers#2, 1x: 50 -> 50",
            "failing-function square#1, 1x: 50 -> 25",
            "failing-function square#2, 1x: 50 -> 50",
        ],
    );
}

#[test]
fn nothing_is_known_of_what_was_lost_with_its_taskmanager() {
    let report = run("failure/taskmanager-lost", Level::Off);
    let lost = report.metrics.iter().filter(|subtask| subtask.last.is_none());
    let lost: Vec<String> = lost.map(line).collect();
    let job = "flights-per-carrier";
    assert_eq!(lost, [format!("{job} carriers#2, 1x: ?"), format!("{job} count#2, 1x: ?")]);
}

/// What a trace file says of each subtask: the number of its last attempt, and how that ended.
fn told(report: &RunReport) -> BTreeMap<(JobId, Name), (u32, Option<TaskEvent>)> {
    let file = TraceFile::parse(report.trace.clone().expect("it was kept")).unwrap();
    let mut numbers = BTreeMap::<(JobId, Name), u32>::new();
    let mut ends = BTreeMap::new();
    for recorded in &file {
        match recorded.event {
            Event::Task(TaskEvent::ExecutionStateChanged { job, subtask, attempt, .. }) => {
                let last = numbers.entry((job, subtask)).or_default();
                *last = attempt.max(*last);
            }
            Event::Task(ref event @ TaskEvent::TaskEnded { job, ref subtask, attempt, .. }) => {
                ends.insert((job, subtask.clone(), attempt), event.clone());
            }
            _ => {}
        }
    }
    let with_end = |((job, subtask), attempt): ((JobId, Name), u32)| {
        let end = ends.remove(&(job, subtask.clone(), attempt));
        ((job, subtask), (attempt, end))
    };
    numbers.into_iter().map(with_end).collect()
}

/// Holds what is reported of a scenario to its trace file; gives the most attempts.
fn check_against_trace(name: &str) -> u32 {
    let report = run(name, Level::Control);
    assert_eq!(run(name, Level::Off).metrics, report.metrics, "{name}: the level changes nothing");
    let told = told(&report);
    assert_eq!(report.metrics.len(), told.len(), "{name}");
    for subtask in &report.metrics {
        let job = report.jobs.iter().position(|job| job.name == *subtask.job).unwrap();
        let key = (JobId(job as u32 + 1), Name::from(subtask.subtask()));
        let (attempt, end) = &told[&key];
        assert_eq!(subtask.attempts, attempt + 1, "{name}: {subtask:?}");
        let Some(TaskEvent::TaskEnded { records_in, records_out, busy_us, idle_us, .. }) = end
        else {
            assert_eq!(subtask.last, None, "{name}: {subtask:?}");
            continue;
        };
        let last = subtask.last.expect("it has said so");
        let counts = (last.records_in, last.records_out);
        assert_eq!(counts, (*records_in, *records_out), "{name}: {subtask:?}");
        let times = [busy_us, idle_us].map(|micros| SimDuration::from_micros(*micros));
        assert_eq!([last.busy, last.idle], times, "{name}: {subtask:?}");
    }
    report.metrics.iter().map(|subtask| subtask.attempts).max().unwrap_or(0)
}

#[test]
fn the_last_attempt_counts() {
    // Not deployed again, lost, replaced while it goes on elsewhere, two jobs.
    assert_eq!(check_against_trace("failure/taskmanager-lost"), 1);
    assert_eq!(check_against_trace("checkpoints/corrupted-latest"), 2);
    assert_eq!(check_against_trace("checkpoints/zombie"), 2);
    assert_eq!(check_against_trace("checkpoints/repeated-crashes"), 3);
    assert_eq!(check_against_trace("transactions/two-jobs"), 2);
}

#[test]
fn time_is_spent_where_it_is_lost() {
    let report = run("flow/back-pressure", Level::Off);
    let share = |subtask: &str, spent: fn(&AttemptMetrics) -> SimDuration| {
        let found = report.metrics.iter().find(|it| it.subtask() == subtask).unwrap();
        let last = found.last.as_ref().unwrap();
        let all = last.busy + last.back_pressured + last.idle;
        spent(last).as_secs_f64() / all.as_secs_f64()
    };
    assert!(share("numbers#1", |it| it.back_pressured) > 0.9);
    assert!(share("slow#1", |it| it.busy) > 0.9);
}

#[test]
fn each_sink_knows_how_long_its_records_were_on_their_way() {
    let env = StreamExecutionEnvironment::new("near-and-far");
    let numbers = env.from_sequence(100);
    numbers.map(|n| (n, n)).write_to("near", ["n", "again"]);
    numbers.key_by(|n| n % 3).sum(|n| n).write_to("far", ["sum"]);
    let report = cluster::execute(ClusterOptions::new(1, 1), env.build().unwrap()).unwrap();
    let [near, far] = ["near", "far"].map(|sink| report.sinks[sink].latency.unwrap());
    // One is chained to the source, between the other and the source there is an exchange.
    assert!(near.max < far.p50, "{near:?} {far:?}");
    let all = report.latency.unwrap();
    assert_eq!(all.max, far.max);
    assert!(near.p50 <= all.p50 && all.p50 <= far.p50, "{near:?} {all:?} {far:?}");
}
