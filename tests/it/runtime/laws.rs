//! What must hold of every run, whatever happened: folds over its trace.

use std::collections::BTreeMap;

use super::cluster::Cluster;
use super::setting::{DRIFT_MS, JOBMANAGER, Script, watermark};
use weir::operator::AccumulatorValue;
use weir::runtime::{execution_may_become, job_may_become, ports};
use weir::trace::{
    Event, ExecutionState, JobEvent, JobStatus, NodeEvent, ResourceEvent, TaskEvent,
};

/// Holds a run that is over to the laws.
pub fn check(cluster: &Cluster, script: &Script) {
    slots_have_one_grant_and_all_end(cluster);
    executions_move_legally(cluster);
    // A second life of a JobManager knows nothing of the jobs of the first.
    if script.jobmanager_kill.is_none() {
        jobs_end_once_with_their_first_failure(cluster, script);
        accumulators_are_those_of_the_tasks(cluster);
    }
    every_job_ends_once_for_its_client(cluster, script);
    sources_wait_only_for_those_that_run(cluster, script);
}

/// Announcements go to executions that are not over, and say what one of these allows.
fn sources_wait_only_for_those_that_run(cluster: &Cluster, script: &Script) {
    let mut over = BTreeMap::new();
    for (now, _, event) in &cluster.trace {
        if let Event::Task(TaskEvent::ExecutionStateChanged { job, subtask, to, .. }) = event
            && to.is_terminal()
        {
            over.insert((ports::job_master(*job), subtask.to_string()), *now);
        }
    }
    for (now, from, _, name, about) in &cluster.messages {
        assert!(script.aligned || !name.contains("OperatorEvent"), "{name} {about}");
        if *name != "SendOperatorEventToTask" {
            continue;
        }
        let runs = |subtask: &str| {
            over.get(&(from.port, subtask.to_owned())).is_none_or(|over| over >= now)
        };
        let (subtask, allowed) = about.split_once(": WatermarkAlignment ").unwrap();
        assert!(runs(subtask), "at {now}: {about}");
        let slowest = (1..5).find(|n| allowed == (watermark(*n).0 + DRIFT_MS as i64).to_string());
        let slowest = slowest.unwrap_or_else(|| panic!("nobody reported that: {about}"));
        assert!(runs(&format!("read#{slowest}")), "at {now}: {about}");
    }
}

fn slots_have_one_grant_and_all_end(cluster: &Cluster) {
    let mut grants = BTreeMap::new();
    for (now, node, event) in &cluster.trace {
        match event {
            Event::Resource(ResourceEvent::SlotAllocated { slot, allocation, .. }) => {
                let before = grants.insert(slot.clone(), *allocation);
                assert_eq!(before, None, "{slot} was granted twice at {now}");
            }
            Event::Resource(ResourceEvent::SlotFreed { slot, allocation, .. }) => {
                assert_eq!(grants.remove(slot), Some(*allocation), "{slot} at {now}");
            }
            // What the ResourceManager knew is gone; the next one adopts what still stands.
            Event::Node(NodeEvent::NodeKilled { .. }) if *node == JOBMANAGER => grants.clear(),
            _ => {}
        }
    }
    assert!(grants.is_empty(), "never returned: {grants:?}");
}

fn executions_move_legally(cluster: &Cluster) {
    let mut states = BTreeMap::new();
    for (_, _, event) in &cluster.trace {
        if let Event::Task(TaskEvent::ExecutionStateChanged {
            job,
            subtask,
            attempt,
            from,
            to,
            ..
        }) = event
        {
            let key = (*job, subtask.clone(), *attempt);
            let known = states.insert(key, *to).unwrap_or(ExecutionState::Created);
            assert_eq!(known, *from, "{subtask} of job {job}");
            assert!(execution_may_become(*from, *to), "{subtask}: {from:?} -> {to:?}");
        }
    }
}

fn jobs_end_once_with_their_first_failure(cluster: &Cluster, script: &Script) {
    let mut statuses = BTreeMap::new();
    let mut first_failures = BTreeMap::new();
    let mut ends = BTreeMap::new();
    for (_, _, event) in &cluster.trace {
        match event {
            Event::Task(TaskEvent::ExecutionStateChanged {
                job,
                to: ExecutionState::Failed,
                cause,
                ..
            }) => {
                let cause = cause.clone().expect("a failure has a cause");
                first_failures.entry(*job).or_insert(cause);
            }
            Event::Job(JobEvent::JobStatusChanged { job, from, to, cause }) => {
                let known = statuses.insert(*job, *to).unwrap_or(JobStatus::Initializing);
                assert_eq!(known, *from, "job {job}");
                assert!(job_may_become(*from, *to), "job {job}: {from:?} -> {to:?}");
                if to.is_terminal() {
                    ends.insert(*job, (*to, cause.clone()));
                }
            }
            _ => {}
        }
    }
    for (job, (status, cause)) in &ends {
        match status {
            JobStatus::Failed => {
                let cause = cause.as_ref().expect("a failed job has a cause");
                let first = first_failures.get(job);
                let explained = match first {
                    Some(first) => cause.ends_with(first.as_str()),
                    None => cause.starts_with("not enough slots"),
                };
                assert!(explained, "job {job} failed with {cause:?}, first was {first:?}");
            }
            JobStatus::Finished => assert_eq!(first_failures.get(job), None, "job {job}"),
            _ => {}
        }
    }
    assert_eq!(ends.len(), script.jobs.len(), "every job reaches a terminal status");
    for result in &cluster.results {
        let (status, cause) = &ends[&result.job];
        assert_eq!((result.status, &result.cause), (*status, cause), "job {}", result.job);
    }
}

/// Every task adds itself up. One that has finished is counted, whatever messages were lost; one
/// that was lost with its TaskManager is not.
fn accumulators_are_those_of_the_tasks(cluster: &Cluster) {
    let (mut merged, mut finished, mut known) =
        (BTreeMap::new(), BTreeMap::<_, i64>::new(), BTreeMap::<_, i64>::new());
    for (_, _, event) in &cluster.trace {
        match event {
            Event::Job(JobEvent::AccumulatorsMerged { job, accumulators }) => {
                let before = merged.insert(*job, accumulators.clone());
                assert_eq!(before, None, "job {job} ends once");
            }
            Event::Task(TaskEvent::ExecutionStateChanged { job, to, .. }) => match to {
                ExecutionState::Scheduled => *known.entry(*job).or_default() += 1,
                ExecutionState::Finished => *finished.entry(*job).or_default() += 1,
                _ => {}
            },
            _ => {}
        }
    }
    for result in &cluster.results {
        let tasks = match result.accumulators.get("tasks") {
            None => 0,
            Some(Ok(AccumulatorValue::LongCounter(tasks))) => *tasks,
            Some(other) => panic!("{other:?}"),
        };
        let of = |counts: &BTreeMap<_, i64>| counts.get(&result.job).copied().unwrap_or(0);
        let (finished, known) = (of(&finished), of(&known));
        assert!((finished..=known).contains(&tasks), "{finished} <= {tasks} <= {known}");
        let traced = merged.remove(&result.job).unwrap_or_default();
        let traced: Vec<_> = traced.iter().map(|it| (&*it.name, it.value.clone())).collect();
        let expected = (tasks > 0).then(|| ("tasks", tasks.to_string()));
        assert_eq!(traced, expected.into_iter().collect::<Vec<_>>());
    }
}

fn every_job_ends_once_for_its_client(cluster: &Cluster, script: &Script) {
    let mut jobs: Vec<_> = cluster.results.iter().map(|result| result.job.0).collect();
    jobs.sort_unstable();
    let submitted = u32::try_from(script.jobs.len()).unwrap();
    assert_eq!(jobs, (1..=submitted).collect::<Vec<_>>());
}
