//! The control plane, run without a simulation: scripts with snapshots, and a property test.

mod cluster;
mod laws;

use cluster::{Cluster, Script};
use proptest::prelude::{Strategy, any, prop};
use weir::base::{SimDuration, SimTime};
use weir::trace::{Event, ExecutionState, JobEvent, NodeEvent, ResourceEvent, RpcEvent, TaskEvent};

fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

fn run(script: &Script, seconds: u64) -> Cluster {
    let mut cluster = Cluster::new(script.clone());
    cluster.run_until(at(seconds));
    laws::check(&cluster, script);
    cluster
}

/// What happened, without the steps that every execution goes through.
fn story(cluster: &Cluster) -> String {
    let mut lines = Vec::new();
    for (now, node, event) in &cluster.trace {
        let text = match event {
            Event::Job(JobEvent::JobStatusChanged { job, from, to, cause }) => {
                let cause = cause.as_ref().map_or(String::new(), |cause| format!(": {cause}"));
                format!("job {job} {from:?} -> {to:?}{cause}")
            }
            Event::Task(TaskEvent::ExecutionStateChanged {
                subtask,
                to,
                taskmanager,
                cause,
                ..
            }) => {
                match to {
                    ExecutionState::Failed | ExecutionState::Canceled => {}
                    ExecutionState::Finished | ExecutionState::Deploying => {}
                    ExecutionState::Created | ExecutionState::Scheduled => continue,
                    ExecutionState::Initializing | ExecutionState::Running => continue,
                    ExecutionState::Canceling => continue,
                }
                let place = taskmanager.as_deref().unwrap_or("nowhere");
                let cause = cause.as_ref().map_or(String::new(), |cause| format!(": {cause}"));
                format!("{subtask} on {place} {to:?}{cause}")
            }
            Event::Resource(ResourceEvent::SlotAllocated { slot, allocation, job }) => {
                format!("{slot} to job {job} as {allocation}")
            }
            Event::Resource(ResourceEvent::SlotFreed { slot, .. }) => format!("{slot} free"),
            Event::Resource(ResourceEvent::NotEnoughResources { job, missing }) => {
                format!("job {job} misses {missing} slots")
            }
            Event::Resource(ResourceEvent::TaskExecutorLost { taskmanager, cause }) => {
                format!("{taskmanager} lost: {cause}")
            }
            Event::Resource(ResourceEvent::TaskExecutorRegistered { taskmanager, .. }) => {
                format!("{taskmanager} registered")
            }
            Event::Rpc(RpcEvent::HeartbeatTimedOut { by, peer }) => {
                format!("{by} no longer hears {peer}")
            }
            Event::Node(NodeEvent::NodeKilled { .. }) => {
                format!("{} dies", cluster.node(*node))
            }
            _ => continue,
        };
        lines.push(format!("{:>10} {text}", now.as_micros()));
    }
    for result in &cluster.results {
        lines.push(format!("client: {:?} {:?}", result.status, result.cause));
    }
    lines.join("\n")
}

fn check(script: &Script, seconds: u64) -> String {
    story(&run(script, seconds))
}

#[test]
fn a_job_goes_from_its_client_to_its_tasks_and_back() {
    let script = Script { taskmanagers: 1, slots: 1, jobs: vec![1], ..Script::default() };
    let cluster = run(&script, 5);
    let lines = cluster.messages.iter().map(|(now, from, to, name, about)| {
        let (from, to) = (cluster.node(from.node), cluster.node(to.node));
        format!("{:>8} {from} -> {to}: {name} {about}", now.as_micros()).trim_end().to_owned()
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @"");
}

#[test]
fn slots_are_spread_evenly_and_returned() {
    insta::assert_snapshot!(check(&Script::default(), 20), @"");
}

#[test]
fn too_few_slots_fail_the_job_with_the_number_that_is_missing() {
    let script = Script { jobs: vec![7], ..Script::default() };
    insta::assert_snapshot!(check(&script, 100), @"");
}

#[test]
fn a_failing_task_fails_the_job_and_the_rest_is_cancelled() {
    let script = Script { fail_percent: 100, run_ms: (1000, 2000), ..Script::default() };
    insta::assert_snapshot!(check(&script, 20), @"");
}

#[test]
fn a_taskmanager_that_dies_and_returns_fails_its_tasks() {
    let script =
        Script { kills: vec![(1, 500, Some(100))], run_ms: (30_000, 30_001), ..Script::default() };
    insta::assert_snapshot!(check(&script, 40), @"");
}

#[test]
fn a_taskmanager_that_falls_silent_is_given_up_and_taken_in_again() {
    let script =
        Script { cuts: vec![(2, 500, 70_000)], run_ms: (90_000, 90_001), ..Script::default() };
    insta::assert_snapshot!(check(&script, 200), @"");
}

#[test]
fn a_job_is_cancelled_on_request() {
    let script = Script { cancel_at: Some(700), ..Script::default() };
    insta::assert_snapshot!(check(&script, 20), @"");
}

#[test]
fn a_job_that_is_lost_with_its_jobmanager_fails_for_its_client() {
    let script = Script {
        jobmanager_kill: Some((500, 1000)),
        run_ms: (30_000, 30_001),
        ..Script::default()
    };
    insta::assert_snapshot!(check(&script, 100), @"");
}

#[test]
fn an_idle_cluster_sends_two_messages_per_taskmanager_and_interval() {
    let script = Script { taskmanagers: 4, jobs: Vec::new(), ..Script::default() };
    let mut cluster = Cluster::new(script);
    cluster.run_until(at(15));
    let before = cluster.messages.len();
    cluster.run_until(at(1015));
    assert_eq!(cluster.messages.len() - before, 100 * 4 * 2);
}

fn scripts() -> impl Strategy<Value = Script> {
    let kill = (1..4u16, 0..40_000u64, prop::option::of(1..20_000u64));
    let cut = (1..4u16, 0..40_000u64, 1..80_000u64);
    let size = (any::<u64>(), 1..4u16, 1..4u16, prop::collection::vec(1..5u32, 1..4));
    let pace = (0..4u32, prop::option::of(0..20_000u64), 1..300_000u64, 1..30_000u64);
    let trouble = (
        prop::collection::vec(kill, 0..3),
        prop::collection::vec(cut, 0..3),
        prop::option::weighted(0.2, (0..40_000u64, 1..20_000u64)),
    );
    (size, pace, trouble).prop_map(|(size, pace, trouble)| {
        let (seed, taskmanagers, slots, jobs) = size;
        let (fail, cancel_at, latency_us, run_ms) = pace;
        let (mut kills, mut cuts, jobmanager_kill) = trouble;
        kills.retain(|kill| kill.0 <= taskmanagers);
        kills.sort_unstable();
        // A process that is dead already cannot die, nor one that lives be started.
        kills.dedup_by_key(|kill| kill.0);
        cuts.retain(|cut| cut.0 <= taskmanagers);
        Script {
            seed,
            taskmanagers,
            slots,
            jobs,
            cancel_at,
            latency_us: (1, latency_us + 1),
            run_ms: (1, run_ms + 1),
            fail_percent: [0, 2, 10, 50][fail as usize],
            kills,
            cuts,
            jobmanager_kill,
        }
    })
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, ..Default::default() })]

    /// Whatever happens, every job ends exactly once, and nothing is left over.
    #[test]
    fn every_job_ends_and_every_slot_is_returned(script in scripts()) {
        run(&script, 3600);
    }
}
