//! Sources that wait for each other.

use std::sync::Arc;
use std::time::Duration;

use weir::api::{DataStream, SourceOptions, StreamExecutionEnvironment};
use weir::base::{EventTime, SimTime};
use weir::cluster::{ClusterOptions, EndReason, Onlooker, RunReport};
use weir::connector::{Generator, Splits, Timed};
use weir::gallery;
use weir::record::WatermarkStatus;
use weir::scenario;
use weir::sim::{FaultAction, FaultOptions, When};
use weir::time::WatermarkStrategy;
use weir::trace::{Event, ExecutionState, JobStatus, Level, TaskEvent, TimeEvent};

use super::{cluster, events, rows, run};

/// Which source a reading is from, and when it was taken.
type Reading = (String, i64);

const STEP_MS: i64 = 10;
const DRIFT_MS: i64 = 1000;
const INTERVAL_MS: u64 = 100;
const WATERMARKS_MS: u64 = 50;
const BUFFER_RECORDS: usize = 16;
/// How much event time the fast source reads in a second, in seconds; the slow one reads one.
const FAST: u64 = 10;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn options() -> ClusterOptions {
    let mut options = cluster();
    options.task.buffer_records = BUFFER_RECORDS;
    options.sim.level = Level::Control;
    options
}

fn unaligned() -> WatermarkStrategy<Reading> {
    WatermarkStrategy::for_monotonous_timestamps()
        .with_timestamp_assigner(|(_, taken): &Reading, _| EventTime(*taken))
}

fn aligned() -> WatermarkStrategy<Reading> {
    let drift = millis(DRIFT_MS as u64);
    unaligned().with_watermark_alignment_every("group", drift, millis(INTERVAL_MS))
}

/// A source of `records` readings, ten milliseconds apart; a second of them takes `1 / speed`.
fn source(
    env: &StreamExecutionEnvironment,
    name: &'static str,
    (records, speed): (u64, u64),
    strategy: WatermarkStrategy<Reading>,
) -> DataStream<Reading> {
    let splits = Generator::new(records, move |n| (name.to_string(), n as i64 * STEP_MS));
    let cost = millis(STEP_MS as u64) / speed as u32;
    let options = SourceOptions::default();
    env.from_source(name, Arc::new(splits), options, strategy).uid(name).record_cost(cost)
}

/// Counts what each source has in every second of event time.
fn count(readings: &DataStream<Reading>) {
    readings
        .map(|(source, taken)| (source, taken / 1000, 1_u64))
        .key_by_field(|(source, ..)| source)
        .time_window(Duration::from_secs(1))
        .sum(|(.., readings)| readings)
        .write_to("out", ["source", "second", "readings"]);
}

/// A fast source with ten seconds of readings and a slow one with `slow` readings, which may run
/// on TaskManagers of their own.
fn fast_and_slow(
    options: ClusterOptions,
    slow: u64,
    strategy: fn() -> WatermarkStrategy<Reading>,
) -> RunReport {
    run(options, |env| {
        env.set_auto_watermark_interval(millis(WATERMARKS_MS));
        let fast = source(env, "fast", (1000, FAST), strategy());
        let slow = source(env, "slow", (slow, 1), strategy()).slot_sharing_group("slow");
        count(&fast.union(&[&slow]));
    })
}

/// All counts of two sources with these many readings.
fn counts(fast: i64, slow: i64) -> Vec<String> {
    let seconds = |source: &'static str, readings: i64| {
        (0..readings / 100).map(move |second| format!("{source} {second} 100"))
    };
    let mut rows: Vec<_> = seconds("fast", fast).chain(seconds("slow", slow)).collect();
    rows.sort();
    rows
}

/// The greatest distance in event time by which the watermarks of `fast` are ahead of those of
/// `slow`, from a moment on and while both run.
fn lead(report: &RunReport, from: SimTime) -> i64 {
    let (mut fast, mut slow) = (None::<i64>, None::<i64>);
    let mut lead = 0;
    for (at, event) in events(report) {
        if let Event::Time(TimeEvent::WatermarkEmitted { subtask, watermark, .. }) = event {
            match &*subtask {
                "fast#1" => fast = Some(watermark.0),
                "slow#1" => slow = Some(watermark.0),
                _ => {}
            }
        }
        if let (Some(fast), Some(slow)) = (fast, slow) {
            if fast == i64::MAX || slow == i64::MAX {
                return lead;
            }
            if at >= from {
                lead = lead.max(fast - slow);
            }
        }
    }
    lead
}

/// When a task ended.
fn end_of(report: &RunReport, task: &str) -> SimTime {
    let end = events(report).into_iter().find_map(|(at, event)| match event {
        Event::Task(TaskEvent::TaskEnded { subtask, .. }) if *subtask == *task => Some(at),
        _ => None,
    });
    end.unwrap_or_else(|| panic!("{task} never ends"))
}

fn is_late(event: &Event) -> bool {
    matches!(event, Event::Time(TimeEvent::RecordsLate { .. }))
}

#[test]
fn a_fast_source_stays_within_the_drift_and_what_is_read_between_two_updates() {
    let seconds = |seconds| SimTime::ZERO + Duration::from_secs(seconds);
    let free = fast_and_slow(options(), 1000, unaligned);
    let held = fast_and_slow(options(), 1000, aligned);
    for report in [&free, &held] {
        assert_eq!(rows(report, "out"), counts(1000, 1000));
        assert!(!events(report).iter().any(|(_, event)| is_late(event)));
    }
    assert!(lead(&free, SimTime::ZERO) > 8000, "{}", lead(&free, SimTime::ZERO));

    // Between two watermarks it reads what that time allows, and what it has begun with.
    let batch = BUFFER_RECORDS as u64 * STEP_MS as u64 / FAST;
    let between_watermarks = (FAST * (WATERMARKS_MS + batch)) as i64;
    let steady = lead(&held, seconds(1));
    assert!(steady <= DRIFT_MS + between_watermarks, "{steady}");
    // And it really goes that far ahead.
    assert!(steady > DRIFT_MS - between_watermarks, "{steady}");

    // In the beginning it is told after two intervals: one until the reports, one until the news.
    let before_the_first = ((FAST - 1) * 2 * INTERVAL_MS) as i64;
    let greatest = lead(&held, SimTime::ZERO);
    assert!(greatest <= before_the_first + 2 * between_watermarks, "{greatest}");
}

#[test]
fn a_job_without_alignment_is_told_nothing() {
    let report = fast_and_slow(options(), 1000, unaligned);
    let told = events(&report).into_iter().filter(|(_, event)| match event {
        Event::Time(TimeEvent::AlignmentAnnounced { .. }) => true,
        Event::Rpc(event) => format!("{event:?}").contains("OperatorEvent"),
        _ => false,
    });
    assert_eq!(told.count(), 0);
}

#[test]
fn a_source_that_ends_no_longer_holds_the_other() {
    let report = fast_and_slow(options(), 100, aligned);
    assert_eq!(rows(&report, "out"), counts(1000, 100));
    assert!(end_of(&report, "fast#1") > end_of(&report, "slow#1"));
    // One second for the slow one's readings, one for those of the fast one, and the announcements.
    assert!(report.virtual_time < SimTime::ZERO + Duration::from_secs(3));
}

/// What happens if the TaskManager of the slow source meets with something after two seconds.
fn slow_meets(action: impl Fn(String) -> FaultAction) -> RunReport {
    let mut options = ClusterOptions { slots: 1, ..options() };
    options.heartbeat_interval = Duration::from_secs(1);
    options.heartbeat_timeout = Duration::from_secs(20);
    let calm = fast_and_slow(options.clone(), 1000, aligned);
    let place = events(&calm).into_iter().find_map(|(_, event)| match event {
        Event::Task(TaskEvent::ExecutionStateChanged {
            subtask,
            to: ExecutionState::Deploying,
            taskmanager,
            ..
        }) if &*subtask == "slow#1" => taskmanager,
        _ => None,
    });
    let node = place.expect("it is deployed").to_string();
    let when = When::At(SimTime::ZERO + Duration::from_secs(2));
    options.sim.faults.push(FaultOptions { when, action: action(node), optional: false });
    fast_and_slow(options, 1000, aligned)
}

#[test]
fn a_source_that_stands_still_holds_the_other_until_it_goes_on() {
    let report =
        slow_meets(|node| FaultAction::Pause { node, duration: Some(Duration::from_secs(5)) });
    assert_eq!(rows(&report, "out"), counts(1000, 1000));
    let first = SimTime::ZERO + Duration::from_secs(1);
    assert!(lead(&report, first) < 2 * DRIFT_MS, "{}", lead(&report, first));
    assert!(end_of(&report, "fast#1") > SimTime::ZERO + Duration::from_secs(13));
}

#[test]
fn a_source_that_is_killed_ends_the_job_and_not_the_waiting_alone() {
    let report = slow_meets(|node| FaultAction::Kill { node, restart_after: None });
    assert_eq!(report.jobs[0].status, JobStatus::Failed);
    assert_eq!(report.end, EndReason::Completed);
    assert!(report.virtual_time < SimTime::ZERO + Duration::from_secs(30));
}

/// Ten readings, one every `every`, a second of event time apart; then nothing for a minute, and
/// one more.
fn sparse(every: Duration) -> Arc<dyn Splits<Reading>> {
    let reading = |n: i64| (every * n as u32, ("slow".to_string(), n * 1000));
    let mut readings: Vec<_> = (0..10).map(reading).collect();
    readings.push((every * 10 + Duration::from_secs(60), ("slow".to_string(), 10_000)));
    Arc::new(Timed(readings))
}

/// A fast source and a sparse one, each with its idleness.
fn fast_and_sparse(every: Duration, fast_idle: Option<u64>, slow_idle: Option<u64>) -> RunReport {
    let with = |idle: Option<u64>| match idle {
        Some(idle) => aligned().with_idleness(millis(idle)),
        None => aligned(),
    };
    run(options(), |env| {
        env.set_auto_watermark_interval(millis(WATERMARKS_MS));
        let fast = source(env, "fast", (2000, FAST), with(fast_idle));
        let options = SourceOptions::default();
        let slow = env.from_source("slow", sparse(every), options, with(slow_idle)).uid("slow");
        count(&fast.union(&[&slow]));
    })
}

#[test]
fn a_source_that_is_idle_does_not_hold_the_other() {
    let minute = SimTime::ZERO + Duration::from_secs(60);
    let silent = fast_and_sparse(millis(100), None, None);
    assert!(end_of(&silent, "fast#1") > minute);
    let idle = fast_and_sparse(millis(100), None, Some(1000));
    assert!(end_of(&idle, "fast#1") < SimTime::ZERO + Duration::from_secs(6));
    assert!(end_of(&idle, "slow#1") > minute);
}

#[test]
fn a_source_that_waits_is_not_idle_for_that() {
    // Each second of event time comes after four of waiting, far longer than it takes to be idle.
    let report = fast_and_sparse(Duration::from_secs(4), Some(500), None);
    let fallen = |event: &Event| match event {
        Event::Time(TimeEvent::WatermarkStatusEmitted { subtask, status, .. }) => {
            &**subtask == "fast#1" && *status == WatermarkStatus::Idle
        }
        _ => false,
    };
    let events = events(&report);
    assert!(events.iter().any(|(_, event)| matches!(
        event,
        Event::Time(TimeEvent::SplitPaused { subtask, .. }) if &**subtask == "fast#1"
    )));
    assert!(!events.iter().any(|(_, event)| fallen(event)));
    assert!(!events.iter().any(|(_, event)| is_late(event)));
    assert!(end_of(&report, "fast#1") > SimTime::ZERO + Duration::from_secs(36));
}

/// Two partitions of a log in one subtask, of ten seconds each: one has its readings ten times as
/// early as the other.
fn partitions() -> Arc<dyn Splits<Reading>> {
    let reading = |name: &str, n: i64, speed: u32| {
        (millis(STEP_MS as u64) * n as u32 / speed, (name.to_string(), n * STEP_MS))
    };
    let ahead = (0..1000).map(|n| reading("ahead", n, FAST as u32));
    let behind = (0..1000).map(|n| reading("behind", n, 1));
    Arc::new(Timed(ahead.chain(behind).collect()))
}

fn two_partitions(at_source: &WatermarkStrategy<Reading>) -> RunReport {
    run(options(), |env| {
        env.set_auto_watermark_interval(millis(WATERMARKS_MS));
        let two = SourceOptions { splits: Some(2), side_by_side: true, ..SourceOptions::default() };
        let stream = env.from_source("log", partitions(), two, at_source.clone()).uid("log");
        // Else all that came while a split was paused would be read between two watermarks.
        let stream = stream.record_cost(millis(1));
        match at_source.assigns_timestamps() {
            true => count(&stream),
            false => count(&stream.assign_timestamps_and_watermarks(unaligned())),
        }
    })
}

/// Which splits were paused and resumed, in turn.
fn turns(report: &RunReport) -> Vec<(u16, bool)> {
    let turns = events(report).into_iter().filter_map(|(_, event)| match event {
        Event::Time(TimeEvent::SplitPaused { split, .. }) => Some((split, true)),
        Event::Time(TimeEvent::SplitResumed { split, .. }) => Some((split, false)),
        _ => None,
    });
    turns.collect()
}

#[test]
fn a_split_that_is_ahead_is_paused_and_read_again() {
    let report = two_partitions(&aligned());
    let turns = turns(&report);
    assert!(turns.len() > 10, "{turns:?}");
    for (turn, (split, paused)) in turns.iter().enumerate() {
        assert_eq!((*split, *paused), (0, turn % 2 == 0), "{turns:?}");
    }
    assert!(!events(&report).iter().any(|(_, event)| is_late(event)));
    assert_eq!(rows(&report, "out"), rows(&two_partitions(&unaligned()), "out"));
}

#[test]
fn watermarks_per_split_keep_one_from_making_the_other_late() {
    let per_split = two_partitions(&unaligned());
    assert_eq!(turns(&per_split), []);
    let each = |source| (0..10).map(move |second| format!("{source} {second} 100"));
    let all: Vec<_> = each("ahead").chain(each("behind")).collect();
    assert_eq!(rows(&per_split, "out"), all);
    assert!(!events(&per_split).iter().any(|(_, event)| is_late(event)));
    // One generator for both goes by whichever is ahead.
    let together = two_partitions(&WatermarkStrategy::no_watermarks());
    assert!(events(&together).iter().any(|(_, event)| is_late(event)));
    assert_ne!(rows(&together, "out"), all);
}

#[test]
fn without_alignment_the_scenario_counts_the_same_and_holds_more() {
    let run = |name: &str| {
        let scenario = scenario::load(name).unwrap();
        let (registry, overrides) = (gallery::registry(), Default::default());
        let outcome = scenario::run(&scenario, &registry, &overrides, Onlooker::default());
        let report = outcome.unwrap().report;
        let held: Vec<u64> = report.sinks["held"]
            .rows
            .iter()
            .filter(|row| row.fields[0] == "fast")
            .map(|row| row.fields[1].parse().unwrap())
            .collect();
        (rows(&report, "counts"), held)
    };
    let (aligned, held_aligned) = run("time/alignment");
    let (free, held_free) = run("time/without-alignment");
    assert_eq!(aligned, free);
    assert!(3 * held_aligned[0] < held_free[0], "{held_aligned:?} {held_free:?}");
}
