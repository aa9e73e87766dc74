//! What it takes to deploy a job, run it and see it finish: `cargo bench --bench deploying`.
//!
//! 50 subtasks on 10 TaskManagers and 500 on 100, half of them sources of one record each, half of
//! them maps behind them: with a channel from one to one, and from all to all. The time of a whole
//! run, without a trace and without checkpoints, is fitted as a · subtasks + b · channels; what a
//! TaskManager costs is in a, since there are as many subtasks on each.

use std::time::Instant;

use weir::api::{Program, SourceOptions, StreamExecutionEnvironment};
use weir::cluster::{self, ClusterOptions};
use weir::trace::JobStatus;

const SUBTASKS_ON_EACH: u32 = 5;

fn main() {
    println!("sources, and as many maps behind them, on a TaskManager for {SUBTASKS_ON_EACH}");
    let few = fit(50, 21);
    let many = fit(500, 7);
    println!("from 50 to 500 subtasks:");
    println!("  a grows by {:.2}, b by {:.2}", many.a / few.a, many.b / few.b);
}

/// How a source and the map behind it are joined.
#[derive(Clone, Copy)]
enum Topology {
    OneToOne,
    AllToAll,
}

fn program(subtasks: u32, topology: Topology) -> Program {
    let env = StreamExecutionEnvironment::new("nothing much");
    let pairs = subtasks / 2;
    env.set_parallelism(pairs);
    let options = SourceOptions { splits: None, ..SourceOptions::default() };
    let numbers = env.from_generator("numbers", u64::from(pairs), options, |number| number);
    let joined = match topology {
        Topology::OneToOne => numbers.forward(),
        Topology::AllToAll => numbers.rebalance(),
    };
    joined.map(|number| number + 1).start_new_chain().discard();
    env.build().expect("the program is sound")
}

/// The least time of so many runs, in seconds.
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn cost(subtasks: u32, topology: Topology, runs: usize) -> f64 {
    let taskmanagers = subtasks / SUBTASKS_ON_EACH;
    let slots = (subtasks / 2).div_ceil(taskmanagers);
    let [taskmanagers, slots] = [taskmanagers, slots].map(|count| u16::try_from(count).unwrap());
    let run = || {
        let program = program(subtasks, topology);
        let options = ClusterOptions::new(taskmanagers, slots);
        let start = Instant::now();
        let report = cluster::execute(options, program).unwrap();
        let took = start.elapsed().as_secs_f64();
        assert_eq!(report.jobs[0].status, JobStatus::Finished, "{:?}", report.jobs[0].cause);
        took
    };
    (0..runs).map(|_| run()).min_by(f64::total_cmp).expect("there are runs")
}

/// Seconds that a subtask costs, and a channel.
struct Fit {
    a: f64,
    b: f64,
}

fn fit(subtasks: u32, runs: usize) -> Fit {
    let pairs = f64::from(subtasks / 2);
    let one_to_one = cost(subtasks, Topology::OneToOne, runs);
    let all_to_all = cost(subtasks, Topology::AllToAll, runs);
    let b = (all_to_all - one_to_one) / (pairs * pairs - pairs);
    let a = (one_to_one - b * pairs) / f64::from(subtasks);
    println!(
        "{subtasks} subtasks on {} TaskManagers: {:.2} ms with {pairs} channels from one to one, \
         {:.2} ms with {} from all to all",
        subtasks / SUBTASKS_ON_EACH,
        one_to_one * 1e3,
        all_to_all * 1e3,
        pairs * pairs
    );
    println!("  a = {:.2} us a subtask, b = {:.3} us a channel", a * 1e6, b * 1e6);
    Fit { a, b }
}
