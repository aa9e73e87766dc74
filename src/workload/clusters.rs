//! Whole simulations: `small-simulations` and `idle-cluster`, and how the other workloads run.

use std::sync::Arc;

use madsim::runtime::Runtime;

use super::{Prepared, Processed, Size};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment};
use crate::base::{Seed, SimDuration, SimTime};
use crate::checkpoint::CheckpointConfig;
use crate::cluster::{self, ClusterOptions, JobSubmission, Onlooker, RunLabel};
use crate::connector::Lines;
use crate::trace::{JobStatus, Level};

/// Client, JobManager and four TaskManagers.
const TASKMANAGERS: u16 = 4;

/// Runs a program on a cluster as large as its parallelism asks, with a trace of this level.
pub(super) fn run(program: Program, parallelism: u32, level: Level) {
    finish(options(parallelism, level), SimTime::ZERO, program);
}

/// The same with checkpoints.
pub(super) fn run_checkpointed(
    program: Program,
    parallelism: u32,
    config: CheckpointConfig,
    level: Level,
) {
    let options = options(parallelism, level).with_checkpoints(config);
    finish(options, SimTime::ZERO, program);
}

/// A cluster as large as this parallelism asks.
pub(super) fn options(parallelism: u32, level: Level) -> ClusterOptions {
    let slots = u16::try_from(parallelism).expect("a workload's parallelism is small");
    let mut options = ClusterOptions::new(1, slots);
    options.sim.level = level;
    options
}

fn finish(options: ClusterOptions, at: SimTime, program: Program) {
    let jobs = [JobSubmission::new(at, program)];
    let report = cluster::run(options, &jobs, RunLabel::default(), Onlooker::default())
        .expect("a workload's cluster is sound");
    assert_eq!(report.jobs[0].status, JobStatus::Finished, "{:?}", report.jobs[0].cause);
}

struct SmallSimulations {
    count: u64,
    lines: Arc<Lines>,
}

pub(super) fn prepare_small(size: Size) -> Box<dyn Prepared> {
    let line = |number: u64| format!("the {number}th of a hundred lines of words to be counted\n");
    let text: String = (1..=100).map(line).collect();
    let count = size.records.unwrap_or(500);
    Box::new(SmallSimulations { count, lines: Arc::new(Lines::new(text)) })
}

impl SmallSimulations {
    fn program(&self) -> Program {
        let env = StreamExecutionEnvironment::new("small");
        env.set_parallelism(2);
        env.from_splits("lines", self.lines.clone(), SourceOptions::default())
            .parallelism(1)
            .flat_map(|line: String, out| {
                line.split(' ').for_each(|word| out.collect((word.to_string(), 1_u64)));
            })
            .key_by_field(|(word, _)| word)
            .sum(|(_, count)| count)
            .discard();
        env.build().expect("the program is sound")
    }
}

impl Prepared for SmallSimulations {
    fn engine(&self, level: Level) -> Processed {
        for seed in 0..self.count {
            let mut options = ClusterOptions::new(TASKMANAGERS, 1);
            (options.sim.seed, options.sim.level) = (Seed(seed), level);
            finish(options, SimTime::ZERO, self.program());
        }
        Processed { records: self.count, bytes: None }
    }

    /// As many bare runs of madsim with six nodes, each of which sleeps ten times.
    fn hand_written(&self) -> Option<Processed> {
        for seed in 0..self.count {
            std::thread::scope(|scope| {
                let thread = std::thread::Builder::new().name("bare".to_string());
                let run = move || bare_run(seed);
                let running = thread.spawn_scoped(scope, run).expect("there are threads enough");
                running.join().expect("a bare run does not panic");
            });
        }
        Some(Processed { records: self.count, bytes: None })
    }
}

fn bare_run(seed: u64) {
    let runtime = Runtime::with_seed_and_config(seed, madsim::Config::default());
    let nodes: Vec<_> = (0..6).map(|_| runtime.create_node().build()).collect();
    runtime.block_on(async {
        let sleep_ten_times = || async {
            for _ in 0..10 {
                #[expect(clippy::disallowed_methods, reason = "this is the bare executor")]
                madsim::time::sleep(SimDuration::from_millis(2)).await;
            }
        };
        let tasks: Vec<_> = nodes.iter().map(|node| node.spawn(sleep_ten_times())).collect();
        for task in tasks {
            task.await.expect("a node that sleeps does not fail");
        }
    });
}

struct IdleCluster {
    seconds: u64,
}

pub(super) fn prepare_idle(size: Size) -> Box<dyn Prepared> {
    Box::new(IdleCluster { seconds: size.records.unwrap_or(500_000) })
}

impl Prepared for IdleCluster {
    fn engine(&self, level: Level) -> Processed {
        let env = StreamExecutionEnvironment::new("at last");
        env.from_sequence(1).discard();
        let program = env.build().expect("the program is sound");
        let mut options = ClusterOptions::new(TASKMANAGERS, 1);
        options.sim.level = level;
        options.sim.limits.virtual_time = SimDuration::from_secs(self.seconds + 3600);
        let at = SimTime::ZERO + SimDuration::from_secs(self.seconds);
        finish(options, at, program);
        Processed { records: self.seconds, bytes: None }
    }

    fn hand_written(&self) -> Option<Processed> {
        None
    }
}
