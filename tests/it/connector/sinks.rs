//! Sinks of the user's own that write at once: when they are called, and what becomes of what they
//! write.

use std::time::Duration;

use weir::api::{SourceOptions, StreamExecutionEnvironment};
use weir::base::EventTime;
use weir::check::Delivery;
use weir::checkpoint::CheckpointConfig;
use weir::cluster::ClusterOptions;
use weir::connector::{SinkContext, SinkFunction};
use weir::operator::{Closure, RuntimeContext};
use weir::record::{Failure, RecordId};
use weir::time::WatermarkStrategy;
use weir::trace::Level;

use super::{check_failure, rows, run};

/// Holds numbers back until there are so many, and says who writes them, and when.
#[derive(Clone)]
struct Held {
    at_once: usize,
    subtask: u32,
    held: Vec<u64>,
    is_closed: bool,
}

fn held(at_once: usize) -> Held {
    Held { at_once, subtask: 0, held: Vec::new(), is_closed: false }
}

impl Held {
    fn write(&mut self, why: &str, context: &mut SinkContext<'_>) -> Result<(), Failure> {
        assert!(!self.is_closed, "nothing comes behind the end");
        let subtask = self.subtask;
        self.held.drain(..).try_for_each(|number| context.write(&(number, why, subtask)))
    }
}

impl SinkFunction<u64> for Held {
    fn open(&mut self, context: &RuntimeContext) -> Result<(), Failure> {
        self.subtask = context.index;
        Ok(())
    }

    fn invoke(&mut self, number: u64, context: &mut SinkContext<'_>) -> Result<(), Failure> {
        self.held.push(number);
        if self.held.len() == self.at_once { self.write("full", context) } else { Ok(()) }
    }

    fn flush(&mut self, context: &mut SinkContext<'_>) -> Result<(), Failure> {
        self.write("flush", context)
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.is_closed = true;
        Ok(())
    }
}

const COLUMNS: [&str; 3] = ["number", "why", "subtask"];

#[test]
fn what_is_held_back_is_written_at_the_end() {
    let report = run(ClusterOptions::new(1, 1), 1, |env| {
        env.from_sequence(5).add_sink("out", COLUMNS, held(3));
    });
    assert_eq!(rows(&report), ["0 full 0", "1 full 0", "2 full 0", "3 flush 0", "4 flush 0"]);
    // Each subtask has a function of its own, which knows where it runs.
    let report = run(ClusterOptions::new(2, 2), 3, |env| {
        env.from_sequence(30).add_sink("out", COLUMNS, held(100));
    });
    let mut found = rows(&report);
    found.sort();
    let mut expected: Vec<String> = (0..30).map(|n| format!("{n} flush {}", n / 10)).collect();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(report.verdict.delivery, Delivery::ExactlyOnce);
}

#[test]
fn a_checkpoint_is_behind_a_flush() {
    let options = ClusterOptions::new(1, 1)
        .with_checkpoints(CheckpointConfig::every(Duration::from_millis(200)));
    let report = run(options, 1, |env| {
        let options = SourceOptions::at_rate(100.0);
        let numbers = env.from_generator("numbers", 200, options, |number| number);
        numbers.add_sink("out", COLUMNS, held(1_000));
    });
    let found = rows(&report);
    assert_eq!(found, (0..200).map(|n| format!("{n} flush 0")).collect::<Vec<_>>());
    assert_eq!(report.verdict.delivery, Delivery::ExactlyOnce);
    assert!(report.jobs[0].counts.completed >= 5, "{:?}", report.jobs[0].counts);
}

#[test]
fn a_sink_sees_the_times_of_its_records_and_its_rows_know_theirs() {
    let mut options = ClusterOptions::new(1, 1);
    options.sim.level = Level::Records;
    let report =
        run(options, 1, |env| {
            let strategy = WatermarkStrategy::for_punctuated(|_: &i64, at: EventTime| Some(at))
                .with_timestamp_assigner(|number: &i64, _| EventTime(*number));
            let write = |number: i64, context: &mut SinkContext<'_>| {
                let (at, watermark) = (context.timestamp(), context.current_watermark());
                assert!(context.current_processing_time() > EventTime(0));
                let watermark = (watermark != EventTime::NONE).then_some(watermark.0);
                context.write(&(number, at.map(|at| at.0), watermark))?;
                context.write(&(number, None::<i64>, None::<i64>))
            };
            env.from_collection(vec![5_i64, 7, 9])
                .assign_timestamps_and_watermarks(strategy)
                .add_sink("out", ["number", "at", "watermark"], Closure(write));
        });
    assert_eq!(rows(&report), ["5 5 ", "5  ", "7 7 5", "7  ", "9 9 7", "9  "]);
    for (index, row) in (0..).zip(&report.sinks["out"].rows) {
        assert_eq!(row.id, Some(RecordId { source: 0, split: 0, offset: index / 2 }));
        assert_eq!(row.number.map(|number| number.number), Some(index));
    }
}

#[test]
fn rows_of_a_key_replace_each_other_and_are_removed() {
    let report = run(ClusterOptions::new(1, 1), 1, |env| {
        let change = |number: i64, context: &mut SinkContext<'_>| match number {
            0.. => context.write(&(number % 3, number)),
            _ => context.delete(&(-number, 0)),
        };
        let numbers = vec![0_i64, 1, 2, 4, -2, 6];
        env.from_collection(numbers).add_upsert_sink("out", ["key", "n"], 1, Closure(change));
    });
    assert_eq!(rows(&report), ["1 4", "0 6"]);
    assert_eq!(report.sinks["out"].committed, 6);
}

/// Fails where it is told to.
#[derive(Clone)]
struct Failing(&'static str);

impl Failing {
    fn at(&self, place: &str) -> Result<(), Failure> {
        if self.0 == place { Err(Failure(format!("cannot {place}"))) } else { Ok(()) }
    }
}

impl SinkFunction<u64> for Failing {
    fn open(&mut self, _: &RuntimeContext) -> Result<(), Failure> {
        self.at("open")
    }

    fn invoke(&mut self, number: u64, context: &mut SinkContext<'_>) -> Result<(), Failure> {
        context.write(&[number])?;
        self.at("write")
    }

    fn flush(&mut self, _: &mut SinkContext<'_>) -> Result<(), Failure> {
        self.at("flush")
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.at("close")
    }
}

#[test]
fn what_a_sink_says_is_the_root_cause() {
    fn numbers(env: &StreamExecutionEnvironment) -> weir::api::DataStream<u64> {
        env.from_sequence(3).rebalance()
    }
    for place in ["open", "write", "flush", "close"] {
        let declare = |env: &StreamExecutionEnvironment| {
            numbers(env).add_sink("out", ["n"], Failing(place));
        };
        check_failure(declare, &format!("out#1: cannot {place}"));
    }
    check_failure(
        |env| {
            let write = |n: u64, context: &mut SinkContext<'_>| context.write(&(n, "x"));
            numbers(env).add_sink("out", ["n"], Closure(write));
        },
        "out#1: sink `out` has 1 columns, but [0, x] has 2 fields",
    );
    check_failure(
        |env| {
            let remove = |n: u64, context: &mut SinkContext<'_>| context.delete(&[n]);
            numbers(env).add_sink("out", ["n"], Closure(remove));
        },
        "out#1: sink `out` has no key by which a row is removed",
    );
}

#[test]
fn what_was_written_before_a_failure_stays_written() {
    let report = run(ClusterOptions::new(1, 1), 1, |env| {
        let write = |n: u64, context: &mut SinkContext<'_>| match n {
            2 => Err(Failure("no more".to_owned())),
            _ => context.write(&[n]),
        };
        env.from_sequence(5).add_sink("out", ["n"], Closure(write));
    });
    let rows: Vec<_> = report.sinks["out"].rows.iter().map(|row| row.fields.concat()).collect();
    assert_eq!(rows, ["0", "1"]);
}
