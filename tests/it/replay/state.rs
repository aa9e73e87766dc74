//! Keyed state and timers, as the trace tells of them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use weir::base::{EventTime, Name, StateBackendKind, Step, TimeDomain};
use weir::record::KeyGroupRange;
use weir::replay::{Gone, Job, OperatorState, Place, World};
use weir::trace::{
    Event, ExecutionState, Span, StateEvent, TaskEvent, TimeEvent, TimerEvent, WindowEvent,
};

use super::generate::{events, group_of};
use super::{JOB, folded, plan, record, submitted};

const OPERATOR: &str = "hourly";

fn span(start: i64, end: i64) -> Span {
    Span { start, end }
}

fn opened() -> Event {
    Event::State(StateEvent::StateBackendOpened {
        job: JOB,
        subtask: "b#1".into(),
        operator: OPERATOR.into(),
        backend: StateBackendKind::Lsm,
        first_key_group: 0,
        last_key_group: 63,
    })
}

/// A state of key `x` of a subtask is written, or cleared.
fn written(state: &str, window: Option<Span>, value: Option<&str>) -> Event {
    Event::State(StateEvent::StateWritten {
        job: JOB,
        subtask: "b#1".into(),
        operator: OPERATOR.into(),
        key_group: group_of("x"),
        key: "x".to_owned(),
        state: state.to_owned(),
        window,
        value: value.map(str::to_owned),
    })
}

fn read(state: &str, value: Option<&str>) -> Event {
    let Event::State(StateEvent::StateWritten {
        job,
        subtask,
        operator,
        key_group,
        key,
        state,
        window,
        ..
    }) = written(state, None, None)
    else {
        unreachable!("that is what it makes")
    };
    let value = value.map(str::to_owned);
    Event::State(StateEvent::StateRead {
        job,
        subtask,
        operator,
        key_group,
        key,
        state,
        window,
        value,
    })
}

fn state(world: &World) -> OperatorState {
    let job = world.jobs.get(JOB).unwrap();
    job.states.of("b#1").next().map(|(_, state)| state.clone()).unwrap_or_default()
}

fn entries(state: &OperatorState) -> Vec<(String, Option<Span>, String)> {
    let entry = |(of, entry): (&weir::replay::EntryKey, &weir::replay::Entry)| {
        (of.state.to_string(), of.window, entry.value.to_string())
    };
    state.entries().map(entry).collect()
}

#[test]
fn an_entry_is_what_was_written_last_until_it_is_cleared() {
    let check = |events: Vec<Event>, expected: &[&str]| {
        let state =
            state(&folded(&record([submitted(&plan()), opened()].into_iter().chain(events))));
        let values: Vec<_> = entries(&state).into_iter().map(|(.., value)| value).collect();
        assert_eq!(values, expected);
        assert_eq!(state.key_count(), usize::from(!expected.is_empty()));
        let backend = state.backend.unwrap();
        assert_eq!(backend.kind, StateBackendKind::Lsm);
        assert_eq!(backend.key_groups, KeyGroupRange { start: 0, end: 63 });
    };
    let put = |value| written("total", None, Some(value));
    let cleared = || written("total", None, None);
    check(vec![], &[]);
    check(vec![put("1"), put("2")], &["2"]);
    check(vec![put("1"), cleared()], &[]);
    check(vec![cleared(), put("1")], &["1"]);
    check(vec![put("1"), written("last", None, Some("3"))], &["3", "1"]);
    check(vec![put("1"), written("total", Some(span(0, 9)), Some("3"))], &["1", "3"]);
    // What a read finds is what is there.
    check(vec![read("total", Some("4"))], &["4"]);
    check(vec![put("1"), read("total", Some("1"))], &["1"]);
    check(vec![put("1"), read("total", None)], &[]);
    // Whoever opens a place for state begins without any.
    check(vec![put("1"), opened()], &[]);
}

#[test]
fn contents_of_merged_windows_are_those_of_the_new_one() {
    let contents = |window, value| written("window-contents", Some(window), value);
    let merged = Event::Window(WindowEvent::WindowMerged {
        job: JOB,
        subtask: "b#1".into(),
        operator: OPERATOR.into(),
        key: "x".to_owned(),
        window: Some(span(0, 12)),
        merged: vec![span(0, 5), span(6, 12)],
    });
    let events = [
        submitted(&plan()),
        contents(span(0, 5), Some("1")),
        contents(span(6, 12), Some("2")),
        contents(span(20, 25), Some("4")),
        written("seen", None, Some("true")),
        merged,
        contents(span(0, 12), Some("3")),
    ];
    let state = state(&folded(&record(events)));
    let expected = [
        ("seen", None, "true"),
        ("window-contents", Some(span(0, 12)), "3"),
        ("window-contents", Some(span(20, 25)), "4"),
    ];
    let expected =
        expected.map(|(name, window, value)| (name.to_owned(), window, value.to_owned()));
    assert_eq!(entries(&state), expected);
    let gone: Vec<_> = state.gone().map(|(_, gone)| matches!(gone, Gone::Merged(_))).collect();
    assert_eq!(gone, [true, true]);
}

/// What happens to a timer of key `x`.
fn timer(build: fn(TimerParts) -> TimerEvent, domain: TimeDomain, timestamp: i64) -> Event {
    Event::Timer(build(TimerParts { domain, timestamp: EventTime(timestamp) }))
}

struct TimerParts {
    domain: TimeDomain,
    timestamp: EventTime,
}

macro_rules! timer_event {
    ($name:ident, $variant:ident) => {
        fn $name(TimerParts { domain, timestamp }: TimerParts) -> TimerEvent {
            TimerEvent::$variant {
                job: JOB,
                subtask: "b#1".into(),
                operator: OPERATOR.into(),
                key_group: group_of("x"),
                key: "x".to_owned(),
                window: None,
                domain,
                timestamp,
            }
        }
    };
}

timer_event!(registered, TimerRegistered);
timer_event!(deleted, TimerDeleted);
timer_event!(fired, TimerFired);

#[test]
fn timers_are_set_until_they_fire_or_are_taken_back() {
    use TimeDomain::{EventTime as E, ProcessingTime as P};
    let state = state(&folded(&record([
        timer(registered, P, 3),
        timer(registered, E, 9),
        timer(registered, E, 5),
        timer(registered, E, 7),
        timer(registered, E, 1),
        timer(fired, E, 1),
        timer(deleted, E, 7),
        timer(deleted, P, 9),
    ])));
    let left: Vec<_> = state.timers().map(|(timer, _)| (timer.domain, timer.timestamp.0)).collect();
    assert_eq!(left, [(E, 5), (E, 9), (P, 3)]);
    assert_eq!((state.timer_count(), state.key_count()), (3, 0));
    let gone = state.gone().map(|(_, gone)| match gone {
        Gone::Fired(timer) => ("fired", timer.timestamp.0),
        Gone::Deleted(timer) => ("deleted", timer.timestamp.0),
        Gone::Cleared(_) | Gone::Expired(_) | Gone::Merged(_) => ("not a timer", 0),
    });
    assert_eq!(gone.collect::<Vec<_>>(), [("fired", 1), ("deleted", 7), ("deleted", 9)]);
}

#[test]
fn state_ends_with_its_execution_unless_that_has_finished() {
    let ended = |to| {
        Event::Task(TaskEvent::ExecutionStateChanged {
            job: JOB,
            subtask: "b#1".into(),
            attempt: 0,
            from: ExecutionState::Running,
            to,
            taskmanager: None,
            cause: None,
        })
    };
    let left = |then: Event| {
        let put = written("total", None, Some("1"));
        let timer = timer(registered, TimeDomain::EventTime, 1);
        let state = state(&folded(&record([submitted(&plan()), opened(), put, timer, then])));
        (state.entry_count(), state.timer_count(), state.backend.is_some())
    };
    let started = |attempt| {
        let subtask = "b#1".into();
        Event::Task(TaskEvent::TaskStarted { job: JOB, subtask, attempt })
    };
    assert_eq!(left(ended(ExecutionState::Finished)), (1, 1, true));
    assert_eq!(left(ended(ExecutionState::Failed)), (0, 0, false));
    assert_eq!(left(ended(ExecutionState::Canceled)), (0, 0, false));
    // It is opened before the task starts.
    assert_eq!(left(started(0)), (1, 1, true));
    assert_eq!(left(started(1)), (0, 0, false));
}

/// A step leads from a control event to the next; what happened between them is what it brings.
#[test]
fn what_a_step_has_brought_is_fresh() {
    let put = |value| written("total", None, Some(value));
    let step = || {
        let (subtask, watermark) = ("b#1".into(), EventTime(1));
        Event::Time(TimeEvent::WatermarkAdvanced { job: JOB, subtask, watermark })
    };
    let fresh_after = |events: Vec<Event>| {
        let world = folded(&record(events));
        let state = state(&world);
        let written = state.entries().next().and_then(|(_, entry)| entry.written);
        written.map(|at| (at, world.is_fresh(at)))
    };
    let at = Some((Place { step: Step(1), sub: 1 }, true));
    assert_eq!(fresh_after(vec![step(), put("1")]), at);
    assert_eq!(fresh_after(vec![step(), put("1"), read("total", Some("1"))]), at);
    assert_eq!(fresh_after(vec![step(), put("1"), step()]), at);
    let stale = |place: Option<(Place, bool)>| place.is_some_and(|(_, fresh)| !fresh);
    assert!(stale(fresh_after(vec![step(), put("1"), step(), step()])));
    assert!(stale(fresh_after(vec![step(), put("1"), step(), read("total", Some("1"))])));
    // What was only ever read was written where nobody saw it.
    assert_eq!(fresh_after(vec![step(), read("total", Some("1"))]), None);
}

fn states(job: &Job) -> impl Iterator<Item = &OperatorState> {
    job.tasks.keys().flat_map(|name| job.states.of(name).map(|(_, state)| state))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn counts_are_those_of_what_is_there(events in events()) {
        let world = folded(&events);
        for state in world.jobs.iter().flat_map(|(_, job)| states(job)) {
            let keys: BTreeSet<&Name> = state.entries().map(|(of, _)| &of.key).collect();
            prop_assert_eq!(state.key_count(), keys.len());
            prop_assert_eq!(state.entry_count(), state.entries().count());
            prop_assert_eq!(state.timer_count(), state.timers().count());
            prop_assert!(state.gone().len() <= OperatorState::GONE);
        }
    }
}
