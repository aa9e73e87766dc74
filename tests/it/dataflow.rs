//! Records through whole clusters: what every operator, partitioner, source and sink does.

mod accumulators;
mod closing;
mod failures;
pub mod laws;
mod parallelism;
mod programs;
mod told_state;
mod wide;

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use weir::api::{DataStream, ProgramError, SourceOptions, StreamExecutionEnvironment};
use weir::base::{Seed, SimTime};
use weir::cluster::{
    self, ClusterOptions, EndReason, JobSubmission, Onlooker, RunLabel, RunReport,
};
use weir::trace::{Event, ExchangeEvent, JobStatus, Level, TaskEvent, TraceFile};

fn cluster() -> ClusterOptions {
    let mut options = ClusterOptions::new(2, 4);
    // A job that hangs is to fail its test.
    options.sim.limits.virtual_time = Duration::from_secs(600);
    options
}

/// Runs a program of one environment at a parallelism.
fn run(
    options: ClusterOptions,
    parallelism: u32,
    declare: impl Fn(&StreamExecutionEnvironment),
) -> RunReport {
    let env = StreamExecutionEnvironment::new("test");
    env.set_parallelism(parallelism);
    declare(&env);
    cluster::execute(options, env.build().unwrap()).unwrap()
}

/// The rows of the sink `out`, joined and sorted.
fn rows(report: &RunReport) -> Vec<String> {
    assert_eq!(report.jobs[0].status, JobStatus::Finished, "{:?}", report.jobs[0].cause);
    let mut rows: Vec<String> =
        report.sinks["out"].rows.iter().map(|row| row.fields.join(" ")).collect();
    rows.sort();
    rows
}

/// A program's rows are the same at every parallelism.
fn check(declare: impl Fn(&StreamExecutionEnvironment), expected: &[&str]) {
    for parallelism in 1..=3 {
        let report = run(cluster(), parallelism, &declare);
        assert_eq!(rows(&report), expected, "at parallelism {parallelism}");
    }
}

type Pair = (String, i64);

fn pairs(env: &StreamExecutionEnvironment) -> DataStream<Pair> {
    let pairs = [("a", 3), ("b", 5), ("a", 1), ("b", 5), ("a", 7), ("c", 2)];
    env.from_collection(pairs.map(|(key, value)| (key.to_string(), value)).to_vec())
}

const COLUMNS: [&str; 2] = ["key", "value"];

#[test]
fn operators_do_what_they_say() {
    check(
        |env| {
            pairs(env).map(|(key, value)| (key, value * 10)).write_to("out", COLUMNS);
        },
        &["a 10", "a 30", "a 70", "b 50", "b 50", "c 20"],
    );
    check(
        |env| {
            pairs(env).filter(|(_, value)| *value > 3).write_to("out", COLUMNS);
        },
        &["a 7", "b 5", "b 5"],
    );
    check(
        |env| {
            let repeated = pairs(env).flat_map(|(key, value): Pair, out| {
                for _ in 0..value / 3 {
                    out.collect(key.clone());
                }
            });
            repeated.write_to("out", ["key"]);
        },
        &["a", "a", "a", "b", "b"],
    );
    check(
        |env| {
            let (small, large) = (pairs(env).filter(|p| p.1 < 3), pairs(env).filter(|p| p.1 > 5));
            small.union(&[&large]).write_to("out", COLUMNS);
        },
        &["a 1", "a 7", "c 2"],
    );
}

#[test]
fn rolling_aggregations_end_in_their_last_value() {
    type Aggregate = fn(&DataStream<Pair>) -> DataStream<Pair>;
    let cases: [(Aggregate, &[&str]); 6] = [
        (|s| s.key_by_field(|p| &p.0).sum(|p| &mut p.1), &["a 11", "b 10", "c 2"]),
        (|s| s.key_by(|p| p.0.clone()).min(|p| &mut p.1), &["a 1", "b 5", "c 2"]),
        (|s| s.key_by_field(|p| &p.0).max(|p| &mut p.1), &["a 7", "b 5", "c 2"]),
        (|s| s.key_by_field(|p| &p.0).min_by(|p| p.1), &["a 1", "b 5", "c 2"]),
        (|s| s.key_by_field(|p| &p.0).max_by(|p| p.1), &["a 7", "b 5", "c 2"]),
        (|s| s.key_by_field(|p| &p.0).reduce(|a, b| (a.0, a.1 * b.1)), &["a 21", "b 25", "c 2"]),
    ];
    for (aggregate, expected) in cases {
        check(
            |env| {
                aggregate(&pairs(env)).upsert_to("out", COLUMNS, 1);
            },
            expected,
        );
    }
}

#[test]
fn aggregations_of_a_field_keep_the_first_record_and_those_by_a_value_the_best() {
    let records = || vec![(1_u32, 5_i64, "first"), (1, 9, "second"), (1, 9, "third")];
    let named = |(key, value, name): (u32, i64, &str)| (key, value, name.to_string());
    let columns = ["key", "value", "name"];
    let records = move || records().into_iter().map(named).collect::<Vec<_>>();
    let max = |env: &StreamExecutionEnvironment| {
        let stream = env.from_collection(records());
        stream.key_by(|r| r.0).max(|r| &mut r.1).upsert_to("out", columns, 1);
    };
    check(max, &["1 9 first"]);
    let max_by = |env: &StreamExecutionEnvironment| {
        let stream = env.from_collection(records());
        stream.key_by(|r| r.0).max_by(|r| r.1).upsert_to("out", columns, 1);
    };
    check(max_by, &["1 9 second"]);
}

/// How many of 120 numbers from two producers each of three consumers gets.
fn dealt(deal: impl Fn(&DataStream<u64>) -> DataStream<u64>) -> Vec<usize> {
    let report = run(cluster(), 3, |env| {
        let options = SourceOptions { splits: None, ..SourceOptions::default() };
        let numbers = env.from_generator("numbers", 120, options, |n| n).parallelism(2);
        deal(&numbers).map(|n| n).parallelism(3).print("out").parallelism(3);
    });
    let rows = rows(&report);
    let received = |subtask| rows.iter().filter(|row| row.starts_with(subtask)).count();
    ["1>", "2>", "3>"].map(received).to_vec()
}

#[test]
fn partitioners_deal_as_in_flink() {
    assert_eq!(dealt(DataStream::rebalance), [40, 40, 40]);
    // Of three consumers, the first producer feeds the first two.
    assert_eq!(dealt(DataStream::rescale), [30, 30, 60]);
    assert_eq!(dealt(DataStream::global), [120, 0, 0]);
    assert_eq!(dealt(DataStream::broadcast), [120, 120, 120]);
    assert_eq!(dealt(|numbers| numbers.partition_custom(|n, _| (*n % 2) as usize)), [60, 60, 0]);
    let shuffled = dealt(DataStream::shuffle);
    assert_eq!(shuffled.iter().sum::<usize>(), 120);
    assert!(shuffled.iter().all(|received| *received > 20), "{shuffled:?}");
}

#[test]
fn a_union_deals_each_stream_as_it_was_to_be() {
    let report = run(cluster(), 3, |env| {
        let numbers = |from: u64| {
            let options = SourceOptions { splits: None, ..SourceOptions::default() };
            env.from_generator("numbers", 30, options, move |n| from + n).parallelism(2)
        };
        let (all, first) = (numbers(100).broadcast(), numbers(200).global());
        let by_key = numbers(300).key_by(|_| 7_u64);
        let union = first.union(&[&all, by_key.stream()]);
        union.filter(|_| true).rebalance().filter(|n| *n >= 200).map(|n| n).print("out");
        union.print("all");
    });
    assert_eq!(rows(&report).len(), 60);
    let received = |subtask: &str, hundred: &str| {
        let prefix = format!("{subtask}> {hundred}");
        let lines = report.sinks["all"].rows.iter();
        lines.filter(|row| row.fields[0].starts_with(&prefix)).count()
    };
    assert_eq!(["1", "2", "3"].map(|subtask| received(subtask, "1")), [60 / 2; 3]);
    assert_eq!(["1", "2", "3"].map(|subtask| received(subtask, "2")), [30, 0, 0]);
    let mut keyed = ["1", "2", "3"].map(|subtask| received(subtask, "3"));
    keyed.sort_unstable();
    assert_eq!(keyed, [0, 0, 30], "records of one key meet");
}

#[test]
fn a_record_is_the_same_however_many_subtasks_read_its_source() {
    let identities = |parallelism| {
        let mut options = cluster();
        options.sim.level = Level::Records;
        let report = run(options, parallelism, |env| {
            let options = SourceOptions { splits: Some(5), ..SourceOptions::default() };
            env.from_generator("numbers", 103, options, |n| n).write_to("out", ["n"]);
        });
        let row = |row: &weir::record::Row| (row.fields[0].clone(), row.id.unwrap());
        let identities: BTreeMap<_, _> = report.sinks["out"].rows.iter().map(row).collect();
        identities
    };
    let of_one = identities(1);
    assert_eq!(of_one.len(), 103);
    for parallelism in 2..=6 {
        assert_eq!(identities(parallelism), of_one, "at parallelism {parallelism}");
    }
}

#[test]
fn extreme_settings_of_sources_and_costs_do_not_break_a_task() {
    let check = |declare: fn(&StreamExecutionEnvironment)| {
        let mut options = cluster();
        options.sim.limits.virtual_time = Duration::from_millis(200);
        let report = run(options, 2, declare);
        assert_eq!(report.jobs[0].status, JobStatus::Running, "{:?}", report.jobs[0].cause);
        assert!(matches!(report.end, EndReason::Limit(_)), "{}", report.end);
    };
    check(|env| {
        env.from_sequence(u64::MAX).discard();
    });
    check(|env| {
        env.from_sequence(u64::MAX).record_cost(Duration::MAX).discard();
    });
    for rate in [1e-300, 1e300] {
        let mut options = cluster();
        options.sim.limits.virtual_time = Duration::from_millis(200);
        let report = run(options, 2, |env| {
            let options = SourceOptions::at_rate(rate);
            env.from_generator("numbers", u64::MAX, options, |n| n).discard();
        });
        assert_eq!(report.jobs[0].status, JobStatus::Running, "{:?}", report.jobs[0].cause);
    }
}

#[test]
fn programs_that_cannot_be_are_refused() {
    let check = |declare: fn(&StreamExecutionEnvironment), expected: &str| {
        let env = StreamExecutionEnvironment::new("test");
        declare(&env);
        let error: ProgramError = env.build().map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(|_| (), "a program needs a source and a sink");
    check(
        |env| {
            pairs(env).uid("x").map(|p| p).uid("x").discard();
        },
        "two operators have the uid `x`",
    );
    check(
        |env| {
            pairs(env).write_to("../out", COLUMNS);
        },
        "`../out` is no name for a sink: letters, digits, `-`, `_` and `.` only, not beginning \
         with `.`",
    );
    check(
        |env| {
            pairs(env).upsert_to("out", COLUMNS, 3);
        },
        "the columns of sink `out` are empty, ambiguous or fewer than its key",
    );
    check(
        |env| {
            pairs(env).rebalance().name("who?").discard();
        },
        "`name` belongs to one operator, but this is a union or a partitioned stream",
    );
    check(
        |env| {
            let other = StreamExecutionEnvironment::new("other");
            pairs(env).union(&[&pairs(&other)]).discard();
        },
        "a union of streams that belong to different environments",
    );
    check(
        |env| {
            env.from_sequence(1).parallelism(0).discard();
        },
        "`Source: Sequence` cannot have a parallelism of 0: 1 to 32768",
    );
}

#[test]
fn a_rate_spreads_a_source_over_simulated_time() {
    let report = run(cluster(), 1, |env| {
        let options = SourceOptions::at_rate(500.0);
        env.from_generator("numbers", 2_000, options, |n| n).write_to("out", ["n"]);
    });
    assert_eq!(rows(&report).len(), 2_000);
    let seconds = report.virtual_time.as_millis() as f64 / 1e3;
    assert!((4.0..4.5).contains(&seconds), "{seconds}");
}

#[test]
fn the_buffer_timeout_bounds_how_long_a_slow_stream_waits() {
    let mut options = cluster();
    options.task.buffer_timeout = Duration::from_millis(20);
    let report = run(options, 1, |env| {
        let options = SourceOptions::at_rate(100.0);
        env.from_generator("numbers", 100, options, |n| n).rebalance().write_to("out", ["n"]);
    });
    let latency = report.latency.expect("a sink measures");
    assert!(latency.max < 25.0 && latency.p50 > 5.0, "{latency:?}");
}

fn events(report: &RunReport) -> Vec<Event> {
    let trace = TraceFile::parse(report.trace.clone().unwrap()).unwrap();
    trace.iter().map(|recorded| recorded.event.clone()).collect()
}

#[test]
fn a_slow_consumer_stops_its_producer_and_never_gets_more_than_its_credit() {
    let mut options = cluster();
    options.sim.level = Level::Records;
    options.task.buffer_records = 8;
    options.task.credits = 3;
    let report = run(options, 1, |env| {
        let slow = env.from_sequence(800).rebalance().map(|n| n).uid("slow");
        slow.record_cost(Duration::from_millis(1)).disable_chaining().discard();
    });
    let (mut underway, mut most, mut stops) = (0_i64, 0_i64, 0);
    for event in events(&report) {
        match event {
            Event::Exchange(ExchangeEvent::BufferSent { to, .. }) if &*to == "slow#1" => {
                underway += 1;
                most = most.max(underway);
            }
            Event::Exchange(ExchangeEvent::BufferConsumed { to, .. }) if &*to == "slow#1" => {
                underway -= 1;
            }
            Event::Task(TaskEvent::BackPressured { subtask, .. }) => {
                assert_eq!(&*subtask, "source-sequence#1");
                stops += 1;
            }
            _ => {}
        }
    }
    assert_eq!(underway, 0);
    assert_eq!(most, 3, "all credit is used, and no more than that");
    assert!(stops > 10, "{stops}");
}

#[test]
fn a_record_keeps_its_identity_to_the_sink() {
    let mut options = cluster();
    options.sim.level = Level::Records;
    let report = run(options, 3, |env| {
        let numbers = env.from_sequence(600).filter(|n| n % 3 != 0).rebalance();
        numbers.flat_map(|n, out| (0..2).for_each(|_| out.collect(n))).write_to("out", ["n"]);
    });
    let mut seen = BTreeMap::new();
    for row in &report.sinks["out"].rows {
        let id = row.id.expect("at this level rows know where they come from");
        let number: u64 = row.fields[0].parse().unwrap();
        assert_eq!(number, u64::from(id.split) * 200 + id.offset, "three splits of 200 each");
        *seen.entry(id).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 400);
    assert!(seen.values().all(|times| *times == 2));
}

#[test]
fn collected_records_come_back_as_they_were() {
    let report = run(cluster(), 1, |env| {
        let optional = |(key, value): Pair| (value > 2).then_some((key, vec![value, -value]));
        pairs(env).map(optional).collect("records");
    });
    let records: Vec<Option<(String, Vec<i64>)>> = report.collected("records").unwrap();
    assert_eq!(records.len(), 6);
    assert_eq!(records[0], Some(("a".to_string(), vec![3, -3])));
    assert_eq!(records[2], None);
    let error = report.collected::<u8>("records").unwrap_err().to_string();
    assert!(error.starts_with("the records are of another type: "), "{error}");
    assert_eq!(report.collected::<u8>("?").unwrap_err().to_string(), "there is no sink `?`");
}

#[test]
fn files_are_sources_and_their_mistakes_have_a_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.csv");
    std::fs::write(&path, "key,value,more\r\na,1,x\r\n\"b,c\",2,\r\n").unwrap();
    let report = run(cluster(), 1, |env| {
        let options = SourceOptions::default();
        let pairs = env.read_csv_file::<Pair>(&path, options).unwrap();
        let lines = env.read_text_file(&path, options).unwrap();
        pairs.collect("pairs");
        lines.collect("lines");
    });
    let pair = |key: &str, value| (key.to_string(), value);
    assert_eq!(report.collected::<Pair>("pairs").unwrap(), [pair("a", 1), pair("b,c", 2)]);
    let lines = ["key,value,more", "a,1,x", "\"b,c\",2,"];
    assert_eq!(report.collected::<String>("lines").unwrap(), lines);

    std::fs::write(&path, "key,value\na,1\nb,x\n").unwrap();
    let env = StreamExecutionEnvironment::new("test");
    let error = env.read_csv_file::<Pair>(&path, SourceOptions::default()).err().unwrap();
    let expected = "pairs.csv, line 3: column `value`: invalid digit found in string";
    assert!(error.to_string().ends_with(expected), "{error}");
    let missing = folder.path().join("missing");
    let error = env.read_text_file(missing, SourceOptions::default()).err().unwrap();
    assert!(error.to_string().contains("missing: No such file"), "{error}");
}

#[test]
fn too_few_slots_fail_the_job_and_say_how_many_are_missing() {
    let mut options = ClusterOptions::new(1, 2);
    options.slot_request_timeout = Duration::from_secs(5);
    let report = run(options, 3, |env| {
        env.from_sequence(10).discard();
    });
    assert_eq!(report.jobs[0].status, JobStatus::Failed);
    let cause = report.jobs[0].cause.as_deref().unwrap_or_default();
    assert!(cause.contains("1 of 3 missing"), "{cause}");
}

#[test]
fn jobs_that_compete_for_slots_take_turns() {
    let jobs = ["one", "two", "three"].map(|name| {
        let env = StreamExecutionEnvironment::new(name);
        env.set_parallelism(2);
        let numbers = env.from_sequence(100).record_cost(Duration::from_millis(1));
        numbers.rebalance().write_to(name, ["n"]);
        JobSubmission::new(SimTime::ZERO, env.build().unwrap())
    });
    let options = ClusterOptions::new(1, 2);
    let report = cluster::run(options, &jobs, RunLabel::default(), Onlooker::default()).unwrap();
    for job in &report.jobs {
        assert_eq!(job.status, JobStatus::Finished, "{:?}", job.cause);
        assert_eq!(report.sinks[&job.name].rows.len(), 100);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Neither seed, parallelism, network nor buffer size changes what keyed counts come to.
    #[test]
    fn counts_are_those_of_a_loop(
        keys in proptest::collection::vec(0_u64..40, 0..400),
        parallelism in 1_u32..=4,
        seed in any::<u64>(),
        loss in prop_oneof![Just(0.0), 0.0..0.15],
        buffer_records in 1_usize..64,
        credits in 1_u32..4,
    ) {
        let mut expected = BTreeMap::<u64, u64>::new();
        for key in &keys {
            *expected.entry(*key).or_default() += 1;
        }
        let mut expected: Vec<String> =
            expected.into_iter().map(|(key, count)| format!("{key} {count}")).collect();
        expected.sort();
        let mut options = cluster();
        options.sim.seed = Seed(seed);
        options.sim.network.default.loss = loss;
        options.task.buffer_records = buffer_records;
        options.task.credits = credits;
        let report = run(options, parallelism, |env| {
            let counted = env.from_collection(keys.clone()).rebalance().map(|key| (key, 1_u64));
            counted.key_by_field(|p| &p.0).sum(|p| &mut p.1).upsert_to("out", COLUMNS, 1);
        });
        prop_assert_eq!(rows(&report), expected);
    }
}
