//! What checkpoints take: `cargo bench --bench checkpoints`.
//!
//! First the bytes of incremental checkpoints beside those of full ones, then the time of a
//! checkpoint, fitted as a · subtasks + b · channels.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use weir::api::{Program, SourceOptions, StreamExecutionEnvironment};
use weir::base::SimTime;
use weir::checkpoint::CheckpointConfig;
use weir::cluster::{self, ClusterOptions, JobSubmission, Onlooker, RunLabel};
use weir::trace::{CheckpointEvent, Event, JobStatus, Level, Recorded};

const KEYS: u64 = 1_000_000;
/// One percent of the keys, between two checkpoints a second apart.
const CHANGED: u64 = KEYS / 100;
/// How many checkpoints the average is over, once all keys are there.
const AVERAGED: usize = 20;

fn main() {
    incremental();
    println!();
    for subtasks in [50, 500] {
        fit(subtasks);
    }
}

/// Keeps what each checkpoint came to: the bytes of its state, and those it wrote.
#[derive(Clone, Default)]
struct Completed(Arc<Mutex<Vec<(u64, u64)>>>);

impl Completed {
    fn apply(&self, recorded: &Recorded) {
        let Event::Checkpoint(event) = &recorded.event else { return };
        if let CheckpointEvent::CheckpointCompleted { bytes, stored_bytes, .. } = event {
            self.0.lock().unwrap().push((*bytes, *stored_bytes));
        }
    }
}

fn run(options: ClusterOptions, program: Program) -> Vec<(u64, u64)> {
    let completed = Completed::default();
    let seen = completed.clone();
    let onlooker =
        Onlooker { observer: Some(Box::new(move |it: &_| seen.apply(it))), ..Onlooker::default() };
    let jobs = [JobSubmission::new(SimTime::ZERO, program)];
    let report = cluster::run(options, &jobs, RunLabel::default(), onlooker).unwrap();
    assert_eq!(report.jobs[0].status, JobStatus::Finished, "{:?}", report.jobs[0].cause);
    Arc::into_inner(completed.0).unwrap().into_inner().unwrap()
}

fn incremental() {
    let full = written(false);
    let incremental = written(true);
    println!("a checkpoint of {KEYS} keys, {CHANGED} of them changed, average of {AVERAGED}");
    println!("  full         {full:12.0} bytes written");
    println!(
        "  incremental  {incremental:12.0} bytes written ({:.1} %)",
        incremental * 100.0 / full
    );
}

/// How many bytes the last checkpoints write on average.
fn written(incremental: bool) -> f64 {
    let env = StreamExecutionEnvironment::new("a million counts");
    env.set_state_backend("lsm");
    let rate = SourceOptions::at_rate(CHANGED as f64);
    let seconds = KEYS / CHANGED + AVERAGED as u64 + 1;
    env.from_generator("records", CHANGED * seconds, rate, |offset| (offset * 7919 % KEYS, 1_u64))
        .key_by_field(|(key, _)| key)
        .sum(|(_, count)| count)
        .discard();
    let config =
        CheckpointConfig { incremental, ..CheckpointConfig::every(Duration::from_secs(1)) };
    let mut options = ClusterOptions::new(1, 1).with_checkpoints(config);
    options.sim.level = Level::Control;
    let completed = run(options, env.build().unwrap());
    let last = completed.iter().rev().take(AVERAGED);
    last.map(|(_, stored)| *stored as f64).sum::<f64>() / AVERAGED as f64
}

/// Sources and as many sums, or maps: with a channel from each to each, or from one to one.
fn program(subtasks: u32, all_to_all: bool) -> Program {
    let env = StreamExecutionEnvironment::new("nothing much");
    env.set_parallelism(subtasks / 2);
    let pairs = subtasks / 2;
    let rate = Some(f64::from(pairs));
    let once_a_second = SourceOptions { rate, splits: None, side_by_side: false };
    let numbers =
        env.from_generator("numbers", 45 * u64::from(subtasks / 2), once_a_second, |it| (it, it));
    if all_to_all {
        numbers.key_by_field(|(key, _)| key).sum(|(_, count)| count).discard();
    } else {
        numbers.map(|(_, number)| number).start_new_chain().discard();
    }
    env.build().unwrap()
}

/// The least time of one checkpoint, in seconds: of two runs that differ in how many there are.
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn cost(subtasks: u32, all_to_all: bool) -> f64 {
    let slots = u16::try_from(subtasks.div_ceil(20)).unwrap();
    let time = |interval: Duration| {
        let options = ClusterOptions::new(10, slots);
        let mut options = options.with_checkpoints(CheckpointConfig::every(interval));
        options.sim.level = Level::Control;
        let program = program(subtasks, all_to_all);
        let start = Instant::now();
        let completed = run(options, program);
        (start.elapsed().as_secs_f64(), completed.len())
    };
    let best = |interval: Duration| {
        let runs = (0..5).map(|_| time(interval));
        runs.min_by(|a, b| a.0.total_cmp(&b.0)).expect("there are runs")
    };
    let (few, many) = (best(Duration::from_secs(2)), best(Duration::from_millis(500)));
    (many.0 - few.0) / (many.1 - few.1) as f64
}

fn fit(subtasks: u32) {
    let pairs = f64::from(subtasks / 2);
    let (one_to_one, all_to_all) = (cost(subtasks, false), cost(subtasks, true));
    let b = (all_to_all - one_to_one) / (pairs * pairs - pairs);
    let a = (one_to_one - b * pairs) / f64::from(subtasks);
    println!(
        "{subtasks} subtasks: a checkpoint takes {:.2} ms with a channel from one to one, \
              {:.2} ms from all to all",
        one_to_one * 1e3,
        all_to_all * 1e3
    );
    println!("  a = {:.2} us a subtask, b = {:.3} us a channel", a * 1e6, b * 1e6);
}
