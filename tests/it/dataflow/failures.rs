//! Failures of user code: each is the root cause of its job's, wherever it happens.

use std::time::Duration;

use weir::api::{SourceOptions, StreamExecutionEnvironment};
use weir::base::Seed;
use weir::cluster::Onlooker;
use weir::gallery;
use weir::operator::{MapFunction, RuntimeContext};
use weir::record::Failure;
use weir::scenario::{self, Overrides};
use weir::trace::{Event, JobStatus, Level, RecoveryEvent, TraceFile};

use super::{COLUMNS, Pair, cluster, pairs, rows, run};

/// A program whose job fails, and the root cause.
fn check_failure(declare: impl Fn(&StreamExecutionEnvironment), cause: &str) {
    let report = run(cluster(), 2, declare);
    assert_eq!(report.jobs[0].status, JobStatus::Failed);
    assert_eq!(report.jobs[0].cause.as_deref(), Some(cause));
}

#[test]
fn a_failure_of_user_code_is_the_root_cause() {
    check_failure(
        |env| {
            pairs(env).map(|(key, _): Pair| key.parse::<u32>().expect("a number")).discard();
        },
        "map#1: user code panicked: a number: ParseIntError { kind: InvalidDigit }",
    );
    check_failure(
        |env| {
            pairs(env).rebalance().try_map(|(key, _)| key.parse::<f64>()).uid("parse").discard();
        },
        "parse#1: invalid float literal",
    );
    check_failure(
        |env| {
            pairs(env).write_to("out", ["key"]);
        },
        "out#1: sink `out` has 1 columns, but (\"a\", 3) has 2 fields",
    );
}

/// A map function that cannot be opened.
#[derive(Clone)]
struct Unopenable;

impl MapFunction<Pair> for Unopenable {
    type Out = Pair;

    fn open(&mut self, context: &RuntimeContext) -> Result<(), Failure> {
        panic!("{} has no table", context.subtask);
    }

    fn map(&mut self, value: Pair) -> Pair {
        value
    }
}

/// A record that panics when it is sent.
#[derive(Clone, Debug)]
struct Unsendable;

impl serde::Serialize for Unsendable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("cannot be sent")
    }
}

impl<'de> serde::Deserialize<'de> for Unsendable {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

/// A map function that does not even go quietly.
#[derive(Clone)]
struct Undroppable {
    opened: bool,
}

impl Drop for Undroppable {
    fn drop(&mut self) {
        assert!(!self.opened, "will not go");
    }
}

impl MapFunction<Pair> for Undroppable {
    type Out = Pair;

    fn open(&mut self, _: &RuntimeContext) -> Result<(), Failure> {
        self.opened = true;
        Ok(())
    }

    fn map(&mut self, value: Pair) -> Pair {
        value
    }
}

#[test]
fn a_panic_anywhere_in_user_code_is_the_root_cause() {
    check_failure(
        |env| {
            pairs(env).map_with(Unopenable).uid("open").parallelism(1).discard();
        },
        "source-collection#1: user code panicked: source-collection#1 has no table",
    );
    check_failure(
        |env| {
            pairs(env).map(|_: Pair| -> u8 { std::panic::panic_any(7_u8) }).discard();
        },
        "map#1: user code panicked: no message",
    );
    check_failure(
        |env| {
            let keyed = pairs(env).key_by(|p| p.0.parse::<u64>().expect("a key"));
            keyed.sum(|p| &mut p.1).discard();
        },
        "source-collection#1: user code panicked: a key: ParseIntError { kind: InvalidDigit }",
    );
    check_failure(
        |env| {
            pairs(env).partition_custom(|_, _| panic!("nowhere")).discard();
        },
        "source-collection#1: user code panicked: nowhere",
    );
    check_failure(
        |env| {
            pairs(env).partition_custom(|_, subtasks| subtasks).discard();
        },
        "source-collection#1: the partitioner sends (\"a\", 3) to subtask 2, but the last is 1",
    );
    check_failure(
        |env| {
            let options = SourceOptions::default();
            let generated = env.from_generator("numbers", 9, options, |n: u64| {
                n.checked_sub(5).expect("a number")
            });
            generated.parallelism(1).discard();
        },
        "source-numbers#1: user code panicked: a number",
    );
}

#[test]
fn a_panic_where_the_network_meets_user_code_is_contained() {
    let mut options = cluster();
    options.sim.network.default.bandwidth = Some(1_000_000);
    let report = run(options, 1, |env| {
        let sent = env.from_sequence(9).map(|_| Unsendable).rebalance();
        sent.discard().slot_sharing_group("elsewhere");
    });
    let cause = report.jobs[0].cause.as_deref();
    assert_eq!(cause, Some("source-sequence#1: user code panicked: cannot be sent"));
    let report = run(cluster(), 1, |env| {
        pairs(env).map_with(Undroppable { opened: false }).write_to("out", COLUMNS);
    });
    assert_eq!(rows(&report).len(), 6);
}

#[test]
fn the_root_cause_is_that_of_the_task_that_failed_first() {
    for seed in 0..60 {
        let mut options = cluster();
        options.sim.seed = Seed(seed);
        options.sim.network.default.loss = 0.3;
        options.task.buffer_records = 1;
        let report = run(options, 2, |env| {
            let bad = env.from_sequence(200).map(|n| 1_000 / 150_u64.saturating_sub(n)).uid("bad");
            bad.record_cost(Duration::from_millis(20)).rebalance().map(|n| n).discard();
        });
        let cause = report.jobs[0].cause.as_deref().unwrap_or_default();
        assert!(cause.ends_with("attempt to divide by zero"), "seed {seed}: {cause}");
    }
}

#[test]
fn a_poisoned_record_is_the_same_in_every_attempt() {
    let scenario = scenario::load("failure/poisoned-record").unwrap();
    let overrides = Overrides { seed: None, level: Level::Control, mutant: None };
    let registry = gallery::registry();
    let outcome = scenario::run(&scenario, &registry, &overrides, Onlooker::default()).unwrap();
    let trace = TraceFile::parse(outcome.report.trace.expect("its level is control")).unwrap();
    let of_restart = trace.iter().filter_map(|recorded| match recorded.event {
        Event::Recovery(RecoveryEvent::RestartScheduled { cause, .. }) => Some(cause),
        _ => None,
    });
    let of_job = outcome.report.jobs[0].cause.iter().cloned();
    let causes: Vec<String> = of_restart.chain(of_job).collect();
    let records: Vec<&str> = causes
        .iter()
        .map(|cause| cause.split_once("poisoned record: ").expect("it is the record").1)
        .collect();
    assert_eq!(records.len(), 4, "{causes:?}");
    assert!(records.iter().all(|record| *record == records[0]), "{causes:?}");
}
