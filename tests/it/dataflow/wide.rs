//! A job as wide as a cluster of a hundred TaskManagers.

use std::collections::BTreeMap;

use weir::api::{SourceOptions, StreamExecutionEnvironment};
use weir::base::Name;
use weir::cluster::{self, ClusterOptions};
use weir::trace::{Event, ExecutionState, JobStatus, Level, TaskEvent, TraceFile};

#[test]
fn five_hundred_subtasks_on_a_hundred_taskmanagers_deploy_run_and_finish() {
    let env = StreamExecutionEnvironment::new("wide");
    env.set_parallelism(250);
    let options = SourceOptions { splits: None, ..SourceOptions::default() };
    // A channel from each source to each map: 62,500.
    let numbers = env.from_generator("numbers", 1_000, options, |number| number);
    numbers.rebalance().map(|number| number + 1).collect("numbers");
    let mut options = ClusterOptions::new(100, 3);
    options.sim.level = Level::Control;
    let report = cluster::execute(options, env.build().unwrap()).unwrap();

    assert_eq!(report.jobs[0].status, JobStatus::Finished, "{:?}", report.jobs[0].cause);
    let violated: Vec<_> = report.verdict.violated().collect();
    assert!(violated.is_empty(), "{violated:?}");
    let mut collected = report.collected::<u64>("numbers").unwrap();
    collected.sort_unstable();
    assert_eq!(collected, (1..=1_000).collect::<Vec<u64>>());

    let mut finished = BTreeMap::<Name, usize>::new();
    for recorded in &TraceFile::parse(report.trace.unwrap()).unwrap() {
        if let Event::Task(TaskEvent::ExecutionStateChanged { to, taskmanager, .. }) =
            recorded.event
            && to == ExecutionState::Finished
        {
            *finished.entry(taskmanager.unwrap()).or_default() += 1;
        }
    }
    assert_eq!(finished.values().sum::<usize>(), 500);
    // Slots are spread evenly, and two subtasks share each.
    assert_eq!(finished.len(), 100);
    assert!(finished.values().all(|count| [4, 6].contains(count)), "{finished:?}");
}
