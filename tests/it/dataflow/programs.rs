//! Random programs, run in random worlds, against an oracle that knows nothing of either.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use weir::api::{DataStream, SourceOptions, StreamExecutionEnvironment};
use weir::base::{Seed, SimTime};
use weir::cluster::{
    self, ClusterError, ClusterOptions, EndReason, JobReport, JobSubmission, RunReport,
};
use weir::sim::{FaultAction, FaultOptions, LinkOptions, When};
use weir::trace::{JobStatus, Level};

use super::laws;

type Record = (u64, i64);

/// How a stream is dealt to what is behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Dealing {
    Forward,
    Rebalance,
    Rescale,
    Shuffle,
    Broadcast,
    Global,
    Custom,
    ByKey,
}

/// One declaration of a program. Streams are named by number, modulo how many there are.
#[derive(Clone, Debug)]
enum Declaration {
    Source { records: u64, splits: Option<u16> },
    Map(usize),
    Filter(usize),
    FlatMap(usize),
    Union(usize, usize),
    Deal(usize, Dealing),
    Count(usize),
}

/// A declaration with the parallelism of its operator.
type Step = (Declaration, u32);

#[derive(Clone, Debug)]
struct RandomProgram {
    chaining: bool,
    steps: Vec<Step>,
}

/// A part of a stream as it should be: one operator's output, and how it is dealt.
#[derive(Clone)]
struct Part {
    records: Vec<Record>,
    parallelism: u32,
    dealing: Option<Dealing>,
}

/// A stream beside what it should hold.
#[derive(Clone)]
struct Modelled {
    stream: DataStream<Record>,
    parts: Vec<Part>,
    used: bool,
}

/// What the program should come to: the records of each sink, or a refusal.
struct Expected {
    sinks: Vec<Vec<Record>>,
    refused: bool,
}

impl Modelled {
    /// What an operator behind this stream sees. Forwarding asks for its parallelism.
    fn read_by(&self, parallelism: u32, expected: &mut Expected) -> Vec<Record> {
        let mut records = Vec::new();
        for part in &self.parts {
            let copies = match part.dealing {
                Some(Dealing::Broadcast) => parallelism,
                Some(Dealing::Forward) if part.parallelism != parallelism => {
                    expected.refused = true;
                    1
                }
                _ => 1,
            };
            (0..copies).for_each(|_| records.extend(&part.records));
        }
        records
    }

    fn dealt(&self, dealing: Dealing) -> Self {
        let stream = match dealing {
            Dealing::Forward => self.stream.forward(),
            Dealing::Rebalance => self.stream.rebalance(),
            Dealing::Rescale => self.stream.rescale(),
            Dealing::Shuffle => self.stream.shuffle(),
            Dealing::Broadcast => self.stream.broadcast(),
            Dealing::Global => self.stream.global(),
            Dealing::Custom => self.stream.partition_custom(|r, n| r.0 as usize % n),
            Dealing::ByKey => self.stream.key_by(|r| r.0).stream().clone(),
        };
        let mut parts = self.parts.clone();
        parts.iter_mut().for_each(|part| part.dealing = Some(dealing));
        Self { stream, parts, used: false }
    }
}

fn operator(stream: DataStream<Record>, parallelism: u32, records: Vec<Record>) -> Modelled {
    let stream = stream.parallelism(parallelism);
    let parts = vec![Part { records, parallelism, dealing: None }];
    Modelled { stream, parts, used: false }
}

fn flat_mapped(record: Record) -> impl Iterator<Item = Record> {
    (0..record.0 % 3).map(move |copy| (record.0 + copy, record.1))
}

/// Counting each key leaves 1, 2, … of it, in whatever order its records came.
fn counted(records: &[Record]) -> Vec<Record> {
    let mut counts = std::collections::BTreeMap::new();
    let count = |record: &Record| {
        let count = counts.entry(record.0).or_insert(0);
        *count += 1;
        (record.0, *count)
    };
    records.iter().map(count).collect()
}

fn source(
    env: &StreamExecutionEnvironment,
    step: (u64, Option<u16>),
    parallelism: u32,
) -> Modelled {
    let (records, splits) = step;
    let options = SourceOptions { splits, ..SourceOptions::default() };
    let record = |offset: u64| (offset % 7, offset as i64);
    let stream = env.from_generator("numbers", records, options, record);
    operator(stream, parallelism, (0..records).map(record).collect())
}

/// Declares the program and works out what it should come to.
fn declare(program: &RandomProgram, env: &StreamExecutionEnvironment) -> Expected {
    if !program.chaining {
        env.disable_operator_chaining();
    }
    let mut expected = Expected { sinks: Vec::new(), refused: false };
    let mut streams = vec![source(env, (20, Some(2)), 2)];
    for (declaration, parallelism) in &program.steps {
        let (parallelism, count) = (*parallelism, streams.len());
        let mut input = |index: usize| {
            let stream: &mut Modelled = &mut streams[index % count];
            stream.used = true;
            stream.clone()
        };
        let next = match *declaration {
            Declaration::Source { records, splits } => source(env, (records, splits), parallelism),
            Declaration::Map(of) => {
                let input = input(of);
                let records = input.read_by(parallelism, &mut expected);
                let records = records.into_iter().map(|r| (r.0, r.1 + 1)).collect();
                operator(input.stream.map(|r| (r.0, r.1 + 1)), parallelism, records)
            }
            Declaration::Filter(of) => {
                let input = input(of);
                let mut records = input.read_by(parallelism, &mut expected);
                records.retain(|r| r.1 % 3 != 0);
                operator(input.stream.filter(|r| r.1 % 3 != 0), parallelism, records)
            }
            Declaration::FlatMap(of) => {
                let input = input(of);
                let records = input.read_by(parallelism, &mut expected);
                let records = records.into_iter().flat_map(flat_mapped).collect();
                let stream = input
                    .stream
                    .flat_map(|r: Record, out| flat_mapped(r).for_each(|r| out.collect(r)));
                operator(stream, parallelism, records)
            }
            Declaration::Union(a, b) => {
                let (a, b) = (input(a), input(b));
                let parts = [a.parts, b.parts].concat();
                Modelled { stream: a.stream.union(&[&b.stream]), parts, used: false }
            }
            Declaration::Deal(of, dealing) => input(of).dealt(dealing),
            Declaration::Count(of) => {
                let ones = input(of);
                let records = ones.read_by(parallelism, &mut expected);
                let ones = ones.stream.map(|r| (r.0, 1)).parallelism(parallelism);
                let counts = ones.key_by_field(|r| &r.0).sum(|r| &mut r.1);
                operator(counts, parallelism, counted(&records))
            }
        };
        // Without this, programs that double at every step would never end.
        if next.parts.iter().map(|part| part.records.len()).sum::<usize>() < 2_000 {
            streams.push(next);
        } else {
            end(&next, &mut expected);
        }
    }
    for stream in streams.iter().filter(|stream| !stream.used) {
        end(stream, &mut expected);
    }
    expected
}

/// Puts a sink behind a stream.
fn end(stream: &Modelled, expected: &mut Expected) {
    let records = stream.read_by(1, expected);
    let name = format!("out-{}", expected.sinks.len());
    stream.stream.write_to(&name, ["key", "value"]).parallelism(1);
    expected.sinks.push(records);
}

fn dealing() -> impl Strategy<Value = Dealing> {
    use Dealing as D;
    let all = [
        D::Forward,
        D::Rebalance,
        D::Rescale,
        D::Shuffle,
        D::Broadcast,
        D::Global,
        D::Custom,
        D::ByKey,
    ];
    proptest::sample::select(all.to_vec())
}

fn step() -> impl Strategy<Value = Step> {
    let of = 0_usize..100;
    let declaration = prop_oneof![
        (prop_oneof![Just(0_u64), 1_u64..200], proptest::option::of(1_u16..12))
            .prop_map(|(records, splits)| Declaration::Source { records, splits }),
        of.clone().prop_map(Declaration::Map),
        of.clone().prop_map(Declaration::Filter),
        of.clone().prop_map(Declaration::FlatMap),
        (of.clone(), of.clone()).prop_map(|(a, b)| Declaration::Union(a, b)),
        (of.clone(), dealing()).prop_map(|(of, dealing)| Declaration::Deal(of, dealing)),
        of.prop_map(Declaration::Count),
    ];
    (declaration, 1_u32..5)
}

fn program() -> impl Strategy<Value = RandomProgram> {
    let parts = (any::<bool>(), vec(step(), 1..9));
    parts.prop_map(|(chaining, steps)| RandomProgram { chaining, steps })
}

fn millis(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

fn link() -> impl Strategy<Value = LinkOptions> {
    let loss = prop_oneof![3 => Just(0.0), 2 => 0.0..0.15, 1 => 0.15..0.5, 1 => Just(0.9)];
    let latency = prop_oneof![
        4 => Just((Duration::from_micros(500), Duration::from_millis(1))),
        1 => Just((Duration::ZERO, Duration::ZERO)),
        1 => Just((Duration::from_millis(500), Duration::from_secs(2))),
    ];
    (latency, loss).prop_map(|((low, high), loss)| LinkOptions {
        latency: low..=high,
        loss,
        bandwidth: None,
    })
}

prop_compose! {
    /// A world with so many TaskManagers.
    fn world(taskmanagers: std::ops::RangeInclusive<u16>)(
        seed in any::<u64>(),
        link in link(),
        buffer_records in prop_oneof![Just(1_usize), 2_usize..40, Just(1024)],
        credits in prop_oneof![Just(1_u32), 2_u32..8],
        output_buffers in 1_usize..4,
        buffer_timeout in prop_oneof![Just(Duration::ZERO), millis(1..200)],
        record_cost in prop_oneof![Just(Duration::ZERO), millis(0..3)],
        taskmanagers in taskmanagers,
    ) -> ClusterOptions {
        let mut options = ClusterOptions::new(taskmanagers, 6);
        options.sim.seed = Seed(seed);
        options.sim.level = Level::Records;
        options.sim.network.default = link;
        options.sim.limits.virtual_time = Duration::from_secs(4 * 3600);
        options.sim.limits.events = 2_000_000;
        options.task.buffer_records = buffer_records;
        options.task.credits = credits;
        options.task.output_buffers = output_buffers;
        options.task.buffer_timeout = buffer_timeout;
        options.task.record_cost = record_cost;
        options
    }
}

/// What goes wrong, of a world of that many nodes.
fn fault() -> impl Strategy<Value = FaultOptions> {
    let nodes = ["jobmanager-1", "taskmanager-1", "taskmanager-2", "client"].map(str::to_string);
    let node = proptest::sample::select(nodes.to_vec());
    let span = prop_oneof![millis(1..500), millis(500..120_000)];
    let action = (0..5_u8, node, span, any::<bool>(), -90_000_000_i64..90_000_000).prop_map(
        |(kind, node, span, flag, jump_us)| match kind {
            // Nobody waits for what a dead client submitted.
            0 if node == "client" => FaultAction::Pause { node, duration: Some(span) },
            0 => FaultAction::Kill { node, restart_after: flag.then_some(span) },
            1 => FaultAction::Pause { node, duration: Some(span) },
            2 => FaultAction::Partition {
                from: vec![node],
                to: Vec::new(),
                one_way: flag,
                duration: Some(span),
            },
            3 => FaultAction::Partition {
                from: vec!["taskmanager-1".into()],
                to: vec![if node == "taskmanager-1" { "taskmanager-2".into() } else { node }],
                one_way: flag,
                duration: Some(span),
            },
            _ => FaultAction::Clock { node, jump_us, drift_ppm: jump_us / 1_000 },
        },
    );
    let when = prop_oneof![
        (1_u64..400).prop_map(|step| When::Step(weir::base::Step(step))),
        millis(0..3_000).prop_map(|span| When::At(SimTime::ZERO + span)),
    ];
    (when, action).prop_map(|(when, action)| FaultOptions { when, action, optional: false })
}

/// Runs the program; `None` if it is refused, as it then must be.
fn run(program: &RandomProgram, options: ClusterOptions) -> Option<(RunReport, Expected)> {
    let env = StreamExecutionEnvironment::new("random");
    let expected = declare(program, &env);
    let jobs = [JobSubmission::new(SimTime::ZERO, env.build().unwrap())];
    let report = cluster::run(options, &jobs, Default::default(), Default::default());
    match report {
        Ok(report) => {
            assert!(!expected.refused, "forwarding between different parallelisms");
            Some((report, expected))
        }
        Err(ClusterError::Graph { error, .. }) => {
            assert!(expected.refused, "{error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// If the job has finished, every sink holds what it should.
fn check_rows(report: &RunReport, expected: &Expected) {
    if report.jobs[0].status != JobStatus::Finished {
        return;
    }
    for (place, records) in expected.sinks.iter().enumerate() {
        let rows = &report.sinks[&format!("out-{place}")].rows;
        let mut rows: Vec<String> = rows.iter().map(|row| row.fields.join(" ")).collect();
        let mut records: Vec<String> = records.iter().map(|r| format!("{} {}", r.0, r.1)).collect();
        rows.sort();
        records.sort();
        assert_eq!(rows, records, "sink {place}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Whatever a program is and whatever its world, its sinks hold what they should.
    #[test]
    fn a_random_program_comes_to_what_its_oracle_says(program in program(), world in world(1..=3)) {
        // In worse networks what the cluster's timeouts allow for does not suffice.
        let LinkOptions { loss, latency, .. } = world.sim.network.default.clone();
        let passable = loss == 0.0 || loss < 0.15 && *latency.end() < Duration::from_millis(10);
        if let Some((report, expected)) = run(&program, world) {
            prop_assert_eq!(&report.end, &EndReason::Completed);
            let JobReport { status, cause, .. } = &report.jobs[0];
            prop_assert!(*status == JobStatus::Finished || !passable, "{:?}", cause);
            check_rows(&report, &expected);
            laws::check(&report, *status == JobStatus::Finished);
        }
    }

    /// A random fault may fail the job, but neither hangs it nor breaks a law, and a job that
    /// finishes all the same has the right result.
    #[test]
    fn a_random_fault_leaves_the_laws_in_force(
        program in program(),
        mut world in world(2..=2),
        fault in fault(),
    ) {
        world.sim.faults = vec![fault];
        if let Some((report, expected)) = run(&program, world) {
            prop_assert_eq!(&report.end, &EndReason::Completed);
            prop_assert!(report.jobs[0].status.is_terminal());
            check_rows(&report, &expected);
            laws::check(&report, false);
        }
    }

    /// The same seed gives the same run, whatever is kept of it.
    #[test]
    fn what_is_kept_of_a_run_does_not_change_it(program in program(), world in world(1..=3)) {
        let digests = [Level::Off, Level::Control, Level::Records, Level::Records].map(|level| {
            let mut world = world.clone();
            world.sim.level = level;
            run(&program, world).map(|(report, _)| (report.digest, report.virtual_time))
        });
        prop_assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
    }
}
