//! What the replay shows of keyed state and timers is what the runs left.

use std::collections::{BTreeMap, BTreeSet};

use weir::base::{Name, Step};
use weir::graph::JobVertex;
use weir::record::KeyGroup;
use weir::replay::{Job, OperatorState, Place, Timeline, World};
use weir::scenario::Outcome;
use weir::trace::{Event, Level, TimerEvent, TraceFile};

use super::{rows, run};

fn replay(name: &str) -> (Outcome, Timeline) {
    let outcome = run(name, None, Level::Records);
    assert_eq!(outcome.exit_code(), 0, "{name}: {:?}", outcome.judgement);
    let trace = TraceFile::parse(outcome.report.trace.clone().unwrap()).unwrap();
    let timeline = Timeline::new(trace.header().clone(), trace.iter());
    (outcome, timeline)
}

fn job(world: &World) -> &Job {
    world.jobs.iter().next().unwrap().1
}

/// The state of each operator in each of its subtasks.
fn states(job: &Job) -> impl Iterator<Item = (&Name, &Name, &OperatorState)> {
    job.tasks.keys().flat_map(|subtask| {
        job.states.of(subtask).map(move |(operator, state)| (subtask, operator, state))
    })
}

/// Each key group has one owner, and state and timers are with it.
fn check_key_groups(job: &Job) {
    let mut owned: BTreeMap<&Name, BTreeSet<KeyGroup>> = BTreeMap::new();
    for (subtask, operator, state) in states(job) {
        let groups = state.backend.unwrap().key_groups;
        for group in groups.start..=groups.end {
            let is_new = owned.entry(operator).or_default().insert(group);
            assert!(is_new, "{subtask} {operator}: key group {group} has two owners");
        }
        let used = state.entries().map(|(of, _)| of.key_group);
        let used = used.chain(state.timers().map(|(timer, _)| timer.key_group));
        for group in used {
            assert!(groups.contains(group), "{subtask} {operator}: group {group} is not its own");
        }
    }
    let plan = job.plan.as_ref().unwrap();
    let groups_of = |vertex: &JobVertex| (0..vertex.max_parallelism as KeyGroup).collect();
    for (operator, groups) in owned {
        let of = |vertex: &&JobVertex| vertex.chain.iter().any(|it| it.uid == **operator);
        let vertex = plan.execution.job.vertices.iter().find(of).unwrap();
        assert_eq!(groups, groups_of(vertex), "{operator}: some key group has no owner");
    }
}

/// As many timers are set as were and have neither fired nor been taken back.
fn check_timers(timeline: &Timeline) {
    let mut set: BTreeMap<(Name, Name), i64> = BTreeMap::new();
    for recorded in timeline.events() {
        let Event::Timer(event) = &recorded.event else { continue };
        let (operator, by) = match event {
            TimerEvent::TimerRegistered { operator, .. } => (operator, 1),
            TimerEvent::TimerDeleted { operator, .. } | TimerEvent::TimerFired { operator, .. } => {
                (operator, -1)
            }
        };
        *set.entry((event.subtask().clone(), operator.clone())).or_default() += by;
    }
    for (subtask, operator, state) in states(job(timeline.end())) {
        let set = set.remove(&(subtask.clone(), operator.clone())).unwrap_or_default();
        assert_eq!(i64::try_from(state.timer_count()), Ok(set), "{subtask} {operator}");
    }
    assert!(set.is_empty(), "these have timers and no state: {set:?}");
}

/// The windows that hold something are those whose contents are known, after each step.
fn check_windows(timeline: &mut Timeline) {
    let steps = timeline.end().step.0;
    for step in (0..=steps).step_by(7).chain([steps]) {
        timeline.seek(Place { step: Step(step), sub: u32::MAX });
        let Some((_, job)) = timeline.world().jobs.iter().next() else { continue };
        for subtask in job.tasks.keys() {
            let hold = job.windows.of(subtask).filter(|(_, window)| window.holds);
            let hold = hold.map(|(of, _)| (of.operator.clone(), of.window, of.key.clone()));
            let known = job.states.of(subtask).flat_map(|(operator, state)| {
                let entries = state.entries().filter(|(of, _)| &*of.state == "window-contents");
                entries.map(|(of, _)| (operator.clone(), of.window, of.key.to_string()))
            });
            let (hold, known): (BTreeSet<_>, BTreeSet<_>) = (hold.collect(), known.collect());
            assert_eq!(hold, known, "{subtask} at step {step}");
        }
    }
}

/// How many entries and timers are left at the end.
fn left(name: &str) -> (usize, usize) {
    let (_, mut timeline) = replay(name);
    check_key_groups(job(timeline.end()));
    check_timers(&timeline);
    check_windows(&mut timeline);
    let states = || states(job(timeline.end())).map(|(.., state)| state);
    assert!(states().count() > 0, "{name} has keyed state");
    (states().map(OperatorState::entry_count).sum(), states().map(OperatorState::timer_count).sum())
}

#[test]
fn totals_in_state_are_the_rows_of_the_sink() {
    for name in ["state/keyed-totals-hashmap", "state/keyed-totals-lsm"] {
        let (outcome, timeline) = replay(name);
        let job = job(timeline.end());
        check_key_groups(job);
        let entries = states(job).flat_map(|(.., state)| state.entries());
        let mut totals: Vec<_> = entries
            .map(|(of, entry)| {
                assert_eq!(&*of.state, "total");
                vec![of.key.to_string(), entry.value.to_string()]
            })
            .collect();
        totals.sort();
        assert_eq!(totals, rows(&outcome, "totals"), "{name}");
    }
}

#[test]
fn what_is_settled_leaves_neither_state_nor_timers() {
    for name in [
        "state/order-timeouts",
        "state/user-sessions",
        "windows/click-sessions",
        "windows/checkout-sessions",
        "windows/three-stages",
    ] {
        assert_eq!(left(name), (0, 0), "{name}");
    }
    // Of each of six windows the firings are gathered in a global one, which is never over.
    assert_eq!(left("windows/early-results"), (6, 0));
}
