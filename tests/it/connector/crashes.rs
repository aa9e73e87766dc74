//! What is left of the rows of a user's own sinks, and of the records of a user's own sources, when
//! tasks and nodes fail: by a job of the test's own in scenarios.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rand::RngExt;
use weir::api::{ExpectedRows, Program, SourceOptions, StreamExecutionEnvironment};
use weir::base::{Name, Seed, StreamRng};
use weir::check::Invariant;
use weir::cluster::Onlooker;
use weir::connector::{
    CommitOutcome, Done, SinkContext, SinkFunction, SinkRow, SplitSource, TwoPhaseCommit,
};
use weir::gallery::{ArgumentError, ArgumentKind, Arguments, GalleryJob, Registry};
use weir::operator::{Closure, OperatorContext};
use weir::record::{Failure, Row};
use weir::scenario::{self, Outcome, Overrides};
use weir::sweep::{Faults, Subject, SweepOptions, Tally, sweep};
use weir::time::WatermarkStrategy;

const COUNT: u64 = 1_500;
const RATE: f64 = 500.0;
const SPLITS: u64 = 4;
const COLUMNS: [&str; 2] = ["key", "total"];

/// Who rolls a dice, and how many points that gives.
fn roll(offset: u64, random: &mut StreamRng) -> (u64, u64) {
    (offset % 10, random.random_range(1..=6))
}

/// The same rolls in splits of the test's own, by their rests.
struct Rolls(Seed);

impl SplitSource for Rolls {
    type Record = (u64, u64);
    type Split = u64;
    type Reader = Box<dyn Iterator<Item = Result<(u64, u64), Failure>>>;

    fn splits(&self) -> Vec<u64> {
        (0..SPLITS).collect()
    }

    fn reader(&self, split: u64, position: u64) -> Result<Self::Reader, Failure> {
        let dice = self.0.numbered("dice");
        let offsets = (split..COUNT).step_by(SPLITS as usize).skip(position as usize);
        Ok(Box::new(offsets.map(move |offset| Ok(roll(offset, &mut dice.stream(offset))))))
    }
}

/// Holds rows back until there are seven.
#[derive(Clone, Default)]
struct BySeven(Vec<(u64, u64)>);

impl SinkFunction<(u64, u64)> for BySeven {
    fn invoke(&mut self, row: (u64, u64), context: &mut SinkContext<'_>) -> Result<(), Failure> {
        self.0.push(row);
        if self.0.len() == 7 { self.flush(context) } else { Ok(()) }
    }

    fn flush(&mut self, context: &mut SinkContext<'_>) -> Result<(), Failure> {
        self.0.drain(..).try_for_each(|row| context.write(&row))
    }
}

/// Holds rows back until their checkpoint is complete.
struct Ledger {
    context: OperatorContext,
    /// Whether it says that it has committed and shows nothing.
    is_forgetful: bool,
    current: (Name, Vec<Row>),
}

impl TwoPhaseCommit for Ledger {
    type Transaction = (Name, Vec<Row>);

    fn name(&self, (name, _): &Self::Transaction) -> Name {
        name.clone()
    }

    fn begin(&mut self, name: &Name) {
        self.current = (name.clone(), Vec::new());
    }

    fn write(&mut self, rows: Vec<SinkRow>) -> Result<(), Failure> {
        self.current.1.extend(rows.into_iter().map(|written| written.row));
        Ok(())
    }

    fn pre_commit(&mut self, done: Done<Result<Self::Transaction, Failure>>) {
        done(Ok(std::mem::take(&mut self.current)));
    }

    fn commit(&mut self, (name, rows): &Self::Transaction, done: Done<CommitOutcome>) {
        if !self.is_forgetful {
            self.context.host.outside.reveal("out", name, (0..).zip(rows.clone()).collect());
        }
        done(CommitOutcome::Committed);
    }

    fn abort(&mut self, _: &Self::Transaction, done: Done<()>) {
        done(());
    }
}

/// Each player's points so far, after each roll.
fn totals(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("dice");
    let options = SourceOptions { splits: None, ..SourceOptions::at_rate(RATE) };
    let rolls = match arguments.text("source")? {
        "generator" => env.from_seeded_generator("dice", COUNT, arguments.seed(), options, roll),
        _ => {
            let strategy = WatermarkStrategy::no_watermarks();
            env.add_source("dice", Rolls(arguments.seed()), options, strategy)
        }
    };
    let totals = rolls.key_by_field(|(key, _)| key).sum(|(_, points)| points).uid("totals");
    match arguments.text("sink")? {
        "append" => totals.add_sink("out", COLUMNS, BySeven::default()),
        "upsert" => {
            let write = |row: (u64, u64), context: &mut SinkContext<'_>| context.write(&row);
            totals.add_upsert_sink("out", COLUMNS, 1, Closure(write))
        }
        sink => {
            let is_forgetful = sink == "forgetful";
            totals.two_phase_to("out", COLUMNS, move |context, _| {
                let context = context.clone();
                Ok(Ledger { context, is_forgetful, current: Default::default() })
            })
        }
    };
    env.build().map_err(|error| ArgumentError { argument: None, message: error.to_string() })
}

/// All points of each player, if that is what the sink is to show.
fn expected(arguments: &Arguments) -> Result<ExpectedRows, ArgumentError> {
    if arguments.text("sink")? != "upsert" {
        return Ok(ExpectedRows::new());
    }
    let dice = arguments.seed().numbered("dice");
    let mut totals = BTreeMap::<u64, u64>::new();
    for offset in 0..COUNT {
        let (key, points) = roll(offset, &mut dice.stream(offset));
        *totals.entry(key).or_default() += points;
    }
    let row = |(key, total): (u64, u64)| vec![key.to_string(), total.to_string()];
    Ok(ExpectedRows::from([("out".to_owned(), totals.into_iter().map(row).collect())]))
}

fn registry() -> Registry {
    let job = GalleryJob::new("dice", "Each player's points.", totals)
        .argument("source", ArgumentKind::Text, "generator or splits")
        .argument("sink", ArgumentKind::Text, "append, upsert, two-phase or forgetful")
        .sink("out", &COLUMNS)
        .expecting(expected);
    Registry::default().with(job)
}

/// A scenario of the job, with more sections at its end.
fn scenario(source: &str, sink: &str, more: &str) -> String {
    format!(
        r#"title = "Dice"
seed = 7

[cluster]
taskmanagers = 3
slots = 1
heartbeat-interval = "500ms"
heartbeat-timeout = "2s"

[job]
program = "dice"
args = {{ source = "{source}", sink = "{sink}" }}
parallelism = 2
buffer-timeout = "10ms"

[checkpointing]
interval = "200ms"
tolerable-failures = "unlimited"

[restart]
strategy = "fixed-delay"
attempts = "unlimited"
delay = "200ms"

[limits]
virtual-time = "10min"

{more}"#
    )
}

fn run(text: &str, seed: u64) -> Outcome {
    let scenario = scenario::parse(text, "dice.toml").unwrap_or_else(|error| panic!("{error}"));
    let overrides = Overrides { seed: Some(Seed(seed)), ..Overrides::default() };
    scenario::run(&scenario, &registry(), &overrides, Onlooker::default()).unwrap()
}

/// What becomes of the rows when a task fails just after some have become visible.
fn check(sink: &str, nth: u32, expect: &str) {
    for source in ["generator", "splits"] {
        let more = format!(
            r#"[[fault]]
when = {{ event = "rows-visible", sink = "out", nth = {nth} }}
fail = "totals#1"

[expect]
job = "finished"
restarts = 1
{expect}
"#
        );
        for seed in [7, 8] {
            let outcome = run(&scenario(source, sink, &more), seed);
            let name = format!("{source}, {sink}, seed {seed}");
            assert_eq!(outcome.exit_code(), 0, "{name}: {:#?}", outcome.judgement);
            let rows = &outcome.report.sinks["out"].rows;
            assert!(rows.iter().all(|row| row.number.is_some()), "{name}: rows have numbers");
        }
    }
}

#[test]
fn rows_that_are_written_at_once_come_again_after_a_failure() {
    check("append", 40, "delivery-is = \"at-least-once\"");
}

#[test]
fn rows_that_replace_each_other_may_come_again() {
    check("upsert", 150, "delivery-is = \"exactly-once\"\nrows = { out = 10 }");
}

#[test]
fn rows_that_wait_for_their_checkpoint_come_once() {
    check("two-phase", 7, "delivery-is = \"exactly-once\"\nrows = { out = 1500 }");
}

/// Saying so is not committing.
#[test]
fn a_commit_that_shows_nothing_is_found() {
    let outcome = run(&scenario("generator", "forgetful", "[expect]\njob = \"finished\"\n"), 7);
    let violated: Vec<_> = outcome.report.verdict.violated().map(|it| it.invariant).collect();
    assert_eq!(violated, [Invariant::AtomicCommit]);
}

/// The seed of the run makes the data, and so there are others with another seed.
#[test]
fn a_job_knows_the_seed_of_its_run() {
    let totals = |seed| {
        let outcome = run(&scenario("generator", "upsert", "[expect]\njob = \"finished\"\n"), seed);
        assert_eq!(outcome.exit_code(), 0, "{:#?}", outcome.judgement);
        let rows = &outcome.report.sinks["out"].rows;
        let rows = rows.iter().map(|row| (row.fields[0].clone(), row.fields[1].clone()));
        rows.collect::<BTreeMap<String, String>>()
    };
    assert_eq!(totals(1), totals(1));
    assert_ne!(totals(1), totals(2));
}

#[test]
fn random_faults_break_no_promise() {
    let folder = tempfile::tempdir().unwrap();
    for (source, sink, delivery) in [
        ("splits", "append", "at-least-once"),
        ("generator", "upsert", "exactly-once"),
        ("splits", "two-phase", "exactly-once"),
    ] {
        let path = folder.path().join(format!("{sink}.toml"));
        let expect = format!("[expect]\njob = \"finished\"\ndelivery = \"{delivery}\"\n");
        std::fs::write(&path, scenario(source, sink, &expect)).unwrap();
        let (path, registry) = (path.display().to_string(), registry());
        let subject = Subject::load(&path, &[], &Faults::Random, &registry).unwrap();
        let options = SweepOptions {
            seeds: "0..30".parse().unwrap(),
            jobs: 2,
            shard: "1/1".parse().unwrap(),
            shrink: false,
        };
        let stop = Arc::new(AtomicBool::new(false));
        let report = sweep(&[subject], &registry, &options, &Tally::default(), &stop).unwrap();
        let failures: Vec<_> =
            report.failures.iter().map(|it| (it.invariant(), &it.token)).collect();
        assert!(failures.is_empty(), "{sink}: {failures:#?}");
    }
}
