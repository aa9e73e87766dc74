//! What functions add up, merged over the subtasks of a job.

use std::collections::BTreeMap;

use weir::api::StreamExecutionEnvironment;
use weir::operator::{
    AccumulatorValue as V, AccumulatorValues, AverageAccumulator, DoubleCounter, DoubleMaximum,
    DoubleMinimum, FilterFunction, Histogram, LongCounter, LongMaximum, LongMinimum, MapFunction,
    RuntimeContext, merge_accumulators,
};
use weir::record::Failure;
use weir::trace::{Event, JobEvent, JobStatus, Level};

use super::{cluster, events, run};

/// What the job of a program adds up, in JSON; whatever becomes of the job.
fn added_up(parallelism: u32, declare: impl Fn(&StreamExecutionEnvironment)) -> Vec<String> {
    let report = run(cluster(), parallelism, declare);
    let results = report.jobs[0].accumulators.iter().map(|(name, result)| match result {
        Ok(value) => format!("{name} {} {}", value.kind(), value.to_json()),
        Err(error) => format!("{name} {error}"),
    });
    results.collect()
}

/// A program's accumulators are the same at every parallelism.
fn check(declare: impl Fn(&StreamExecutionEnvironment), expected: &[&str]) {
    for parallelism in 1..=3 {
        assert_eq!(added_up(parallelism, &declare), expected, "at parallelism {parallelism}");
    }
}

/// Adds numbers up in every way.
#[derive(Clone, Default)]
struct Everything {
    count: LongCounter,
    sum: DoubleCounter,
    least: LongMinimum,
    most: LongMaximum,
    least_half: DoubleMinimum,
    most_half: DoubleMaximum,
    mean: AverageAccumulator,
    each: Histogram,
}

impl FilterFunction<i64> for Everything {
    fn open(&mut self, context: &RuntimeContext) -> Result<(), Failure> {
        context.add_accumulator("count", &self.count)?;
        context.add_accumulator("sum", &self.sum)?;
        context.add_accumulator("least", &self.least)?;
        context.add_accumulator("most", &self.most)?;
        context.add_accumulator("least half", &self.least_half)?;
        context.add_accumulator("most half", &self.most_half)?;
        context.add_accumulator("mean", &self.mean)?;
        context.add_accumulator("each", &self.each)?;
        Ok(())
    }

    fn filter(&mut self, number: &i64) -> bool {
        let half = *number as f64 / 2.0;
        self.count.add(1);
        self.sum.add(half);
        self.least.add(*number);
        self.most.add(*number);
        self.least_half.add(half);
        self.most_half.add(half);
        self.mean.add(half);
        self.each.add(*number);
        true
    }
}

#[test]
fn every_kind_is_merged_over_the_subtasks() {
    let everything = |env: &StreamExecutionEnvironment, numbers: Vec<i64>| {
        let numbers = env.from_collection(numbers).rebalance();
        numbers.filter_with(Everything::default()).discard();
    };
    check(
        |env| everything(env, vec![3, -5, 11, 7, -5, 1, 10]),
        &[
            "count LongCounter 7",
            r#"each Histogram {"-5":2,"1":1,"3":1,"7":1,"10":1,"11":1}"#,
            "least LongMinimum -5",
            "least half DoubleMinimum -2.5",
            "mean AverageAccumulator 1.5714285714285714",
            "most LongMaximum 11",
            "most half DoubleMaximum 5.5",
            "sum DoubleCounter 11.0",
        ],
    );
    // At least one of several subtasks gets nothing.
    check(
        |env| everything(env, vec![4]),
        &[
            "count LongCounter 1",
            r#"each Histogram {"4":1}"#,
            "least LongMinimum 4",
            "least half DoubleMinimum 2.0",
            "mean AverageAccumulator 2.0",
            "most LongMaximum 4",
            "most half DoubleMaximum 2.0",
            "sum DoubleCounter 2.0",
        ],
    );
    check(
        |env| everything(env, Vec::new()),
        &[
            "count LongCounter 0",
            "each Histogram {}",
            "least LongMinimum null",
            "least half DoubleMinimum null",
            "mean AverageAccumulator null",
            "most LongMaximum null",
            "most half DoubleMaximum null",
            "sum DoubleCounter 0.0",
        ],
    );
    check(
        |env| {
            env.from_sequence(9).discard();
        },
        &[],
    );
}

/// What a counting function does beside counting.
#[derive(Clone, Copy, PartialEq)]
enum Quirk {
    None,
    /// Registers its counter again.
    Again,
    /// Has another kind of counter in every subtask but the first.
    Doubles,
    /// Does not survive the fourth record.
    Fails,
}

#[derive(Clone)]
struct Counting {
    quirk: Quirk,
    records: LongCounter,
    doubles: DoubleCounter,
}

impl Counting {
    fn new(quirk: Quirk) -> Self {
        Self { quirk, records: LongCounter::default(), doubles: DoubleCounter::default() }
    }
}

impl MapFunction<u64> for Counting {
    type Out = u64;

    fn open(&mut self, context: &RuntimeContext) -> Result<(), Failure> {
        if self.quirk == Quirk::Doubles && context.index > 0 {
            return Ok(context.add_accumulator("records", &self.doubles)?);
        }
        context.add_accumulator("records", &self.records)?;
        if self.quirk == Quirk::Again {
            context.add_accumulator("records", &self.records)?;
        }
        Ok(())
    }

    fn map(&mut self, number: u64) -> u64 {
        self.records.add(1);
        assert!(self.quirk != Quirk::Fails || number != 3, "no more");
        number
    }
}

#[test]
fn a_name_is_the_jobs_but_a_task_has_it_once() {
    let counting = || Counting::new(Quirk::None);
    check(
        |env| {
            let counted = env.from_sequence(12).rebalance().map_with(counting());
            counted.rebalance().map_with(counting()).discard();
        },
        &["records LongCounter 24"],
    );
    let cause = |declare: fn(&StreamExecutionEnvironment)| {
        let report = run(cluster(), 1, declare);
        assert_eq!(report.jobs[0].status, JobStatus::Failed);
        report.jobs[0].cause.clone().unwrap()
    };
    let expected =
        "source-sequence#1: The accumulator 'records' already exists and cannot be added.";
    let twice = cause(|env| {
        env.from_sequence(12).map_with(Counting::new(Quirk::Again)).discard();
    });
    assert_eq!(twice, expected);
    let chained = cause(|env| {
        let counted = env.from_sequence(12).map_with(Counting::new(Quirk::None));
        counted.map_with(Counting::new(Quirk::None)).discard();
    });
    assert_eq!(chained, expected);
}

#[test]
fn kinds_that_differ_fail_their_name_alone() {
    let declare = |env: &StreamExecutionEnvironment| {
        let counted = env.from_sequence(6).rebalance().map_with(Counting::new(Quirk::Doubles));
        counted.map(|n| n as i64).rebalance().filter_with(Everything::default()).discard();
    };
    let records = |parallelism| {
        let results = added_up(parallelism, declare);
        assert_eq!(results[0], "count LongCounter 6");
        results.into_iter().find(|result| result.starts_with("records ")).unwrap()
    };
    assert_eq!(records(1), "records LongCounter 6");
    let failed = "records The accumulator object 'records' was created with two different types: \
                  LongCounter and DoubleCounter";
    assert_eq!([records(2), records(3)], [failed, failed]);
}

#[test]
fn a_job_that_fails_has_added_up_what_its_tasks_have_come_to() {
    let report = run(cluster(), 1, |env| {
        env.from_sequence(9).map_with(Counting::new(Quirk::Fails)).discard();
    });
    assert_eq!(report.jobs[0].status, JobStatus::Failed);
    assert_eq!(report.jobs[0].accumulators["records"], Ok(V::LongCounter(4)));
}

#[test]
fn each_subtask_goes_on_from_its_own_copy() {
    let counting = Counting::new(Quirk::None);
    counting.records.add(100);
    for parallelism in 1..=3 {
        let counted = added_up(parallelism, |env| {
            env.from_sequence(5).rebalance().map_with(counting.clone()).discard();
        });
        let expected = 100 * parallelism + 5;
        assert_eq!(counted, [format!("records LongCounter {expected}")]);
    }
}

#[test]
fn the_trace_says_what_was_added_up_if_anything_was() {
    let merged = |declare: fn(&StreamExecutionEnvironment)| {
        let mut options = cluster();
        options.sim.level = Level::Control;
        let all = events(&run(options, 2, declare)).into_iter();
        let told = all.filter_map(|event| match event {
            Event::Job(JobEvent::AccumulatorsMerged { accumulators, .. }) => Some(accumulators),
            _ => None,
        });
        let told = told.flatten().map(|it| format!("{} = {}", it.name, it.value));
        told.collect::<Vec<_>>()
    };
    let counted = merged(|env| {
        env.from_sequence(5).map_with(Counting::new(Quirk::None)).discard();
    });
    assert_eq!(counted, ["records = 5"]);
    let nothing = merged(|env| {
        env.from_sequence(5).discard();
    });
    assert!(nothing.is_empty());
}

/// What values of one name come to, merged in this order: in words and in JSON.
fn merged<const N: usize>(values: [V; N]) -> (String, String) {
    let tasks = values.map(|value| AccumulatorValues::from([("it".into(), value)]));
    let merged = merge_accumulators(&tasks);
    let value = merged["it"].as_ref().unwrap();
    (value.to_string(), value.to_json().to_string())
}

#[test]
fn values_are_merged_as_in_java() {
    let cases: [(_, &str, &str); 12] = [
        (merged([V::LongCounter(i64::MAX), V::LongCounter(1)]), "-9223372036854775808", "same"),
        // Of doubles the order counts.
        (merged([1e16, 1.0, -1e16].map(V::DoubleCounter)), "0.0", "same"),
        (merged([1e16, -1e16, 1.0].map(V::DoubleCounter)), "1.0", "same"),
        (merged([V::DoubleCounter(f64::MAX), V::DoubleCounter(f64::MAX)]), "Infinity", "text"),
        (merged([V::DoubleCounter(f64::NEG_INFINITY)]), "-Infinity", "text"),
        (
            merged([V::DoubleCounter(f64::INFINITY), V::DoubleCounter(-f64::INFINITY)]),
            "NaN",
            "text",
        ),
        (merged([1.0, f64::NAN, -1.0].map(Some).map(V::DoubleMinimum)), "NaN", "text"),
        (merged([1.0, f64::NAN, -1.0].map(Some).map(V::DoubleMaximum)), "NaN", "text"),
        (merged([0.0, -0.0].map(Some).map(V::DoubleMinimum)), "-0.0", "same"),
        (merged([-0.0, 0.0].map(Some).map(V::DoubleMaximum)), "0.0", "same"),
        (merged([V::DoubleMaximum(None), V::DoubleMaximum(None)]), "-", "null"),
        (merged([V::Average { sum: 0.0, count: 0 }]), "-", "null"),
    ];
    for ((text, json), expected, how) in cases {
        assert_eq!(text, expected);
        let expected = match how {
            "same" => text,
            "text" => format!("\"{text}\""),
            other => other.to_owned(),
        };
        assert_eq!(json, expected);
    }
    let counts = BTreeMap::from([(-2, 1), (10, 3), (9, 2)]);
    let (text, json) = merged([V::Histogram(counts.clone()), V::Histogram(counts)]);
    assert_eq!(text, "{-2: 2, 9: 4, 10: 6}");
    assert_eq!(json, r#"{"-2":2,"9":4,"10":6}"#);
}
