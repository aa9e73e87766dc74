//! The control plane, run without a simulation: scripts with snapshots, and a property test.

mod cluster;
mod laws;
mod setting;
mod shell;

use cluster::Cluster;
use proptest::prelude::{Strategy, any, prop};
use setting::Script;
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
                    ExecutionState::Deploying
                    | ExecutionState::Finished
                    | ExecutionState::Canceled
                    | ExecutionState::Failed => {}
                    ExecutionState::Created
                    | ExecutionState::Scheduled
                    | ExecutionState::Initializing
                    | ExecutionState::Running
                    | ExecutionState::Canceling => continue,
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
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
          0 taskmanager-1 -> jobmanager-1: RegisterTaskExecutor 1 slots
       1000 jobmanager-1 -> taskmanager-1: TaskExecutorRegistered
       2000 taskmanager-1 -> jobmanager-1: SendSlotReport 1 of 1 slots free
      10000 client -> jobmanager-1: SubmitJob job 1: job
      11000 jobmanager-1 -> jobmanager-1: JobStatusChanged job 1: Created
      11000 jobmanager-1 -> jobmanager-1: RegisterJobMaster job 1
      11000 jobmanager-1 -> client: SubmitJobAcknowledged job 1
      11020 jobmanager-1 -> jobmanager-1: JobMasterRegistered
      11040 jobmanager-1 -> jobmanager-1: DeclareRequiredResources job 1 needs 1 slots
      12000 client -> jobmanager-1: RequestJobStatus job 1
      13000 jobmanager-1 -> client: JobStatus job 1: Created
      61060 jobmanager-1 -> taskmanager-1: RequestSlot slot 0 for job 1, allocation 1
      62060 taskmanager-1 -> jobmanager-1: SlotRequestAcknowledged slot 0, allocation 1
      62060 taskmanager-1 -> jobmanager-1: RegisterTaskManager
      63060 jobmanager-1 -> taskmanager-1: TaskManagerRegistered job 1
      64060 taskmanager-1 -> jobmanager-1: OfferSlots allocations 1
      65060 jobmanager-1 -> taskmanager-1: AcceptSlots allocations 1
      65060 jobmanager-1 -> jobmanager-1: JobStatusChanged job 1: Running
      65060 jobmanager-1 -> taskmanager-1: SubmitTask read#1
      65060 jobmanager-1 -> taskmanager-1: SubmitTask write#1
      66060 taskmanager-1 -> jobmanager-1: UpdateTaskExecutionState read#1: Initializing
      66060 taskmanager-1 -> jobmanager-1: UpdateTaskExecutionState write#1: Initializing
     166060 taskmanager-1 -> jobmanager-1: UpdateTaskExecutionState read#1: Running
     166060 taskmanager-1 -> jobmanager-1: UpdateTaskExecutionState write#1: Running
    1066060 taskmanager-1 -> jobmanager-1: UpdateTaskExecutionState read#1: Finished
    1066060 taskmanager-1 -> jobmanager-1: UpdateTaskExecutionState write#1: Finished
    1067060 jobmanager-1 -> jobmanager-1: JobStatusChanged job 1: Finished
    1067060 jobmanager-1 -> taskmanager-1: FreeSlot allocation 1
    1067060 jobmanager-1 -> taskmanager-1: DisconnectJobManager job 1: FINISHED
    1067060 jobmanager-1 -> jobmanager-1: DisconnectJobManager job 1
    1067080 jobmanager-1 -> client: JobStatus job 1: Finished
    1068060 taskmanager-1 -> jobmanager-1: NotifySlotAvailable slot 0, allocation 1
    ");
}

#[test]
fn slots_are_spread_evenly_and_returned() {
    insta::assert_snapshot!(check(&Script::default(), 20), @r"
          1000 taskmanager-1 registered
          1000 taskmanager-2 registered
         11000 job 1 Initializing -> Created
         61060 taskmanager-1/0 to job 1 as 1
         61060 taskmanager-2/0 to job 1 as 2
         65060 job 1 Created -> Running
         65060 read#1 on taskmanager-1 Deploying
         65060 read#2 on taskmanager-2 Deploying
         65060 write#1 on taskmanager-1 Deploying
         65060 write#2 on taskmanager-2 Deploying
       1067060 read#1 on taskmanager-1 Finished
       1067060 read#2 on taskmanager-2 Finished
       1067060 write#1 on taskmanager-1 Finished
       1067060 write#2 on taskmanager-2 Finished
       1067060 job 1 Running -> Finished
       1069060 taskmanager-1/0 free
       1069060 taskmanager-2/0 free
    client: Finished None
    ");
}

#[test]
fn too_few_slots_fail_the_job_with_the_number_that_is_missing() {
    let script = Script { jobs: vec![7], ..Script::default() };
    insta::assert_snapshot!(check(&script, 100), @r#"
          1000 taskmanager-1 registered
          1000 taskmanager-2 registered
         11000 job 1 Initializing -> Created
         61060 taskmanager-1/0 to job 1 as 1
         61060 taskmanager-2/0 to job 1 as 2
         61060 taskmanager-1/1 to job 1 as 3
         61060 taskmanager-2/1 to job 1 as 4
         61060 job 1 misses 3 slots
      60011000 job 1 Created -> Failing: not enough slots: 3 of 7 missing after 60s (slot.request.timeout)
      60011000 read#1 on nowhere Canceled
      60011000 read#2 on nowhere Canceled
      60011000 read#3 on nowhere Canceled
      60011000 read#4 on nowhere Canceled
      60011000 read#5 on nowhere Canceled
      60011000 read#6 on nowhere Canceled
      60011000 read#7 on nowhere Canceled
      60011000 write#1 on nowhere Canceled
      60011000 write#2 on nowhere Canceled
      60011000 write#3 on nowhere Canceled
      60011000 write#4 on nowhere Canceled
      60011000 write#5 on nowhere Canceled
      60011000 write#6 on nowhere Canceled
      60011000 write#7 on nowhere Canceled
      60011000 job 1 Failing -> Failed: not enough slots: 3 of 7 missing after 60s (slot.request.timeout)
      60013000 taskmanager-1/0 free
      60013000 taskmanager-2/0 free
      60013000 taskmanager-1/1 free
      60013000 taskmanager-2/1 free
    client: Failed Some("not enough slots: 3 of 7 missing after 60s (slot.request.timeout)")
    "#);
}

#[test]
fn a_failing_task_fails_the_job_and_the_rest_is_cancelled() {
    let script = Script { fail_percent: 100, run_ms: (1000, 2000), ..Script::default() };
    insta::assert_snapshot!(check(&script, 20), @r#"
          1000 taskmanager-1 registered
          1000 taskmanager-2 registered
         11000 job 1 Initializing -> Created
         61060 taskmanager-1/0 to job 1 as 1
         61060 taskmanager-2/0 to job 1 as 2
         65060 job 1 Created -> Running
         65060 read#1 on taskmanager-1 Deploying
         65060 read#2 on taskmanager-2 Deploying
         65060 write#1 on taskmanager-1 Deploying
         65060 write#2 on taskmanager-2 Deploying
       1114060 write#1 on taskmanager-1 Failed: write#1 divided by zero
       1114060 job 1 Running -> Failing: write#1: write#1 divided by zero
       1134060 read#1 on taskmanager-1 Canceled
       1135060 read#2 on taskmanager-2 Canceled
       1135060 write#2 on taskmanager-2 Canceled
       1135060 job 1 Failing -> Failed: write#1: write#1 divided by zero
       1137060 taskmanager-1/0 free
       1137060 taskmanager-2/0 free
    client: Failed Some("write#1: write#1 divided by zero")
    "#);
}

#[test]
fn a_taskmanager_that_dies_and_returns_fails_its_tasks() {
    let script =
        Script { kills: vec![(1, 500, Some(100))], run_ms: (30_000, 30_001), ..Script::default() };
    insta::assert_snapshot!(check(&script, 40), @r#"
          1000 taskmanager-1 registered
          1000 taskmanager-2 registered
         11000 job 1 Initializing -> Created
         61060 taskmanager-1/0 to job 1 as 1
         61060 taskmanager-2/0 to job 1 as 2
         65060 job 1 Created -> Running
         65060 read#1 on taskmanager-1 Deploying
         65060 read#2 on taskmanager-2 Deploying
         65060 write#1 on taskmanager-1 Deploying
         65060 write#2 on taskmanager-2 Deploying
        500000 taskmanager-1 dies
        601000 taskmanager-1 lost: its process was started anew
        601000 taskmanager-1/0 free
        601000 taskmanager-1 registered
        601020 read#1 on taskmanager-1 Failed: taskmanager-1 was lost: its process was started anew
        601020 write#1 on taskmanager-1 Failed: taskmanager-1 was lost: its process was started anew
        601020 job 1 Running -> Failing: taskmanager-1 was lost: its process was started anew
        608020 read#2 on taskmanager-2 Canceled
        620020 write#2 on taskmanager-2 Canceled
        620020 job 1 Failing -> Failed: taskmanager-1 was lost: its process was started anew
        622020 taskmanager-2/0 free
    client: Failed Some("taskmanager-1 was lost: its process was started anew")
    "#);
}

#[test]
fn a_taskmanager_that_falls_silent_is_given_up_and_taken_in_again() {
    let script =
        Script { cuts: vec![(2, 500, 70_000)], run_ms: (90_000, 90_001), ..Script::default() };
    insta::assert_snapshot!(check(&script, 200), @r#"
          1000 taskmanager-1 registered
          1000 taskmanager-2 registered
         11000 job 1 Initializing -> Created
         61060 taskmanager-1/0 to job 1 as 1
         61060 taskmanager-2/0 to job 1 as 2
         65060 job 1 Created -> Running
         65060 read#1 on taskmanager-1 Deploying
         65060 read#2 on taskmanager-2 Deploying
         65060 write#1 on taskmanager-1 Deploying
         65060 write#2 on taskmanager-2 Deploying
      50001000 resourcemanager no longer hears taskmanager-2
      50001000 taskmanager-2 lost: its heartbeats stopped
      50001000 taskmanager-2/0 free
      50001020 read#2 on taskmanager-2 Failed: taskmanager-2 was lost: its heartbeats stopped
      50001020 write#2 on taskmanager-2 Failed: taskmanager-2 was lost: its heartbeats stopped
      50001020 job 1 Running -> Failing: taskmanager-2 was lost: its heartbeats stopped
      50002000 taskexecutor no longer hears jobmanager-1
      50006020 write#1 on taskmanager-1 Canceled
      50014020 read#1 on taskmanager-1 Canceled
      50014020 job 1 Failing -> Failed: taskmanager-2 was lost: its heartbeats stopped
      50016020 taskmanager-1/0 free
      50064060 taskexecutor no longer hears jobmanager-1
      75503000 taskmanager-2 registered
    client: Failed Some("taskmanager-2 was lost: its heartbeats stopped")
    "#);
}

#[test]
fn a_job_is_cancelled_on_request() {
    let script = Script { cancel_at: Some(700), ..Script::default() };
    insta::assert_snapshot!(check(&script, 20), @r"
          1000 taskmanager-1 registered
          1000 taskmanager-2 registered
         11000 job 1 Initializing -> Created
         61060 taskmanager-1/0 to job 1 as 1
         61060 taskmanager-2/0 to job 1 as 2
         65060 job 1 Created -> Running
         65060 read#1 on taskmanager-1 Deploying
         65060 read#2 on taskmanager-2 Deploying
         65060 write#1 on taskmanager-1 Deploying
         65060 write#2 on taskmanager-2 Deploying
        701020 job 1 Running -> Cancelling
        706020 write#2 on taskmanager-2 Canceled
        711020 write#1 on taskmanager-1 Canceled
        722020 read#1 on taskmanager-1 Canceled
        722020 read#2 on taskmanager-2 Canceled
        722020 job 1 Cancelling -> Canceled
        724020 taskmanager-1/0 free
        724020 taskmanager-2/0 free
    client: Canceled None
    ");
}

#[test]
fn a_job_that_is_lost_with_its_jobmanager_fails_for_its_client() {
    let script = Script {
        jobmanager_kill: Some((500, 1000)),
        run_ms: (30_000, 30_001),
        ..Script::default()
    };
    insta::assert_snapshot!(check(&script, 100), @r#"
          1000 taskmanager-1 registered
          1000 taskmanager-2 registered
         11000 job 1 Initializing -> Created
         61060 taskmanager-1/0 to job 1 as 1
         61060 taskmanager-2/0 to job 1 as 2
         65060 job 1 Created -> Running
         65060 read#1 on taskmanager-1 Deploying
         65060 read#2 on taskmanager-2 Deploying
         65060 write#1 on taskmanager-1 Deploying
         65060 write#2 on taskmanager-2 Deploying
        500000 jobmanager-1 dies
      50002000 taskexecutor no longer hears jobmanager-1
      50002000 taskexecutor no longer hears jobmanager-1
      50003000 taskmanager-1 registered
      50003000 taskmanager-2 registered
    client: Failed Some("the job was lost with its JobManager")
    "#);
}

/// What the sources report and are told (messages of these names), and when one is over.
fn alignment_story(script: &Script, names: &str) -> String {
    let cluster = run(script, 60);
    let told = cluster.messages.iter().filter(|message| message.3.contains(names));
    let told = told.map(|(now, from, to, _, about)| {
        let (from, to) = (cluster.node(from.node), cluster.node(to.node));
        (now, format!("{from} -> {to}: {about}"))
    });
    let over = cluster.trace.iter().filter_map(|(now, _, event)| match event {
        Event::Task(TaskEvent::ExecutionStateChanged { subtask, to, .. })
            if to.is_terminal() && subtask.starts_with("read") =>
        {
            Some((now, format!("{subtask} is {to:?}")))
        }
        _ => None,
    });
    let mut lines: Vec<_> = told.chain(over).collect();
    lines.sort_by_key(|(now, _)| *now);
    let lines: Vec<_> =
        lines.iter().map(|(now, text)| format!("{:>8} {text}", now.as_micros())).collect();
    lines.join("\n")
}

#[test]
fn sources_report_and_are_told_how_far_they_may_go() {
    let script = Script { aligned: true, run_ms: (1500, 3000), ..Script::default() };
    insta::assert_snapshot!(alignment_story(&script, "OperatorEvent"), @r"
     276160 taskmanager-1 -> jobmanager-1: read#1: ReportedWatermark 1000
     293860 taskmanager-2 -> jobmanager-1: read#2: ReportedWatermark 2000
     776160 taskmanager-1 -> jobmanager-1: read#1: ReportedWatermark 1000
     793860 taskmanager-2 -> jobmanager-1: read#2: ReportedWatermark 2000
    1276160 taskmanager-1 -> jobmanager-1: read#1: ReportedWatermark 1000
    1277160 jobmanager-1 -> taskmanager-1: read#1: WatermarkAlignment 1010
    1277160 jobmanager-1 -> taskmanager-2: read#2: WatermarkAlignment 1010
    1293860 taskmanager-2 -> jobmanager-1: read#2: ReportedWatermark 2000
    1776160 taskmanager-1 -> jobmanager-1: read#1: ReportedWatermark 1000
    1793860 taskmanager-2 -> jobmanager-1: read#2: ReportedWatermark 2000
    2168060 read#1 is Finished
    2277160 jobmanager-1 -> taskmanager-2: read#2: WatermarkAlignment 2010
    2293860 taskmanager-2 -> jobmanager-1: read#2: ReportedWatermark 2000
    2345060 read#2 is Finished
    ");
}

#[test]
fn a_source_whose_last_reports_are_lost_holds_nobody_once_it_is_known_to_be_over() {
    let script = Script {
        aligned: true,
        seed: 670,
        run_ms: (3000, 18_000),
        cuts: vec![(1, 2000, 5000)],
        ..Script::default()
    };
    // That the first is over is known when it answers the next heartbeat.
    insta::assert_snapshot!(alignment_story(&script, "OperatorEventToTask"), @r"
     2064960 jobmanager-1 -> taskmanager-1: read#1: WatermarkAlignment 1010
     2064960 jobmanager-1 -> taskmanager-2: read#2: WatermarkAlignment 1010
     3064960 jobmanager-1 -> taskmanager-1: read#1: WatermarkAlignment 1010
     3064960 jobmanager-1 -> taskmanager-2: read#2: WatermarkAlignment 1010
     4064960 jobmanager-1 -> taskmanager-1: read#1: WatermarkAlignment 1010
     4064960 jobmanager-1 -> taskmanager-2: read#2: WatermarkAlignment 1010
     5064960 jobmanager-1 -> taskmanager-1: read#1: WatermarkAlignment 1010
     5064960 jobmanager-1 -> taskmanager-2: read#2: WatermarkAlignment 1010
     6064960 jobmanager-1 -> taskmanager-1: read#1: WatermarkAlignment 1010
     6064960 jobmanager-1 -> taskmanager-2: read#2: WatermarkAlignment 1010
     7064960 jobmanager-1 -> taskmanager-1: read#1: WatermarkAlignment 1010
     7064960 jobmanager-1 -> taskmanager-2: read#2: WatermarkAlignment 1010
     8064960 jobmanager-1 -> taskmanager-1: read#1: WatermarkAlignment 1010
     8064960 jobmanager-1 -> taskmanager-2: read#2: WatermarkAlignment 1010
     9064960 jobmanager-1 -> taskmanager-1: read#1: WatermarkAlignment 1010
     9064960 jobmanager-1 -> taskmanager-2: read#2: WatermarkAlignment 1010
    10046060 read#1 is Finished
    10064960 jobmanager-1 -> taskmanager-2: read#2: WatermarkAlignment 2010
    11064960 jobmanager-1 -> taskmanager-2: read#2: WatermarkAlignment 2010
    11899060 read#2 is Finished
    ");
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
    let pace =
        (0..4u32, prop::option::of(0..20_000u64), 1..300_000u64, 1..30_000u64, any::<bool>());
    let trouble = (
        prop::collection::vec(kill, 0..3),
        prop::collection::vec(cut, 0..3),
        prop::option::weighted(0.2, (0..40_000u64, 1..20_000u64)),
    );
    (size, pace, trouble).prop_map(|(size, pace, trouble)| {
        let (seed, taskmanagers, slots, jobs) = size;
        let (fail, cancel_at, latency_us, run_ms, aligned) = pace;
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
            aligned,
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
