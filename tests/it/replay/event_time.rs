//! Event time and windows, as the trace tells of them.

use weir::base::{EventTime, Name};
use weir::record::WatermarkStatus;
use weir::replay::{Late, Load, OpenWindow, Progress, Standing, World};
use weir::trace::{
    Event, ExchangeEvent, ExecutionState, FiringTime, Header, LateOutcome, Level, Span, TaskEvent,
    TimeEvent, WindowEvent,
};

use super::{JOB, exchange, folded, header, key, plan, record, sent, submitted};

fn received(from: &str, seq: u64, watermark: i64) -> Event {
    let (job, edge, watermark) = (JOB, 0, EventTime(watermark));
    let (from, to) = (from.into(), "b#1".into());
    Event::Exchange(ExchangeEvent::WatermarkReceived { job, edge, from, to, seq, watermark })
}

fn status_received(from: &str, seq: u64, status: WatermarkStatus) -> Event {
    let (job, edge) = (JOB, 0);
    let (from, to) = (from.into(), "b#1".into());
    Event::Exchange(ExchangeEvent::WatermarkStatusReceived { job, edge, from, to, seq, status })
}

fn advanced(watermark: i64) -> Event {
    let (subtask, watermark) = ("b#1".into(), EventTime(watermark));
    Event::Time(TimeEvent::WatermarkAdvanced { job: JOB, subtask, watermark })
}

#[test]
fn watermarks_and_statuses_keep_their_place_among_the_records() {
    let watermark = exchange(|job, edge, from, to| ExchangeEvent::WatermarkSent {
        job,
        edge,
        from,
        to,
        seq: 2,
        watermark: EventTime(5),
    });
    let status = exchange(|job, edge, from, to| ExchangeEvent::WatermarkStatusSent {
        job,
        edge,
        from,
        to,
        seq: 4,
        status: WatermarkStatus::Idle,
    });
    let events = [submitted(&plan()), sent(1, 3, 3), watermark, sent(3, 2, 2), status];
    let mut world = folded(&record(events));
    let channel = |world: &World| {
        let job = world.jobs.get(JOB).unwrap();
        let channel = job.channels.get(&key("a#1", "b#1")).unwrap().clone();
        let loads: Vec<Load> = channel.in_flight.iter().map(|it| it.load.clone()).collect();
        (channel, loads)
    };
    let records = |count| Load::Records { count, values: None };
    let (before, loads) = channel(&world);
    let idle = Load::Status(WatermarkStatus::Idle);
    let all = [records(3), Load::Watermark(EventTime(5)), records(2), idle];
    assert_eq!(loads, all);
    assert_eq!((before.buffers_in_flight(), before.records_in_flight()), (2, 5));
    let idle = Progress { watermark: EventTime(5), status: WatermarkStatus::Idle };
    assert_eq!((before.sent, before.received), (idle, Progress::default()));

    world.apply(&record([received("a#1", 2, 5)])[0]);
    let (after, loads) = channel(&world);
    assert_eq!(loads, all[2..]);
    assert_eq!(after.received, Progress { watermark: EventTime(5), ..Progress::default() });
}

/// What waits behind a buffer may be a watermark, which goes without credit.
#[test]
fn a_watermark_that_has_gone_waits_no_longer() {
    let watermark = exchange(|job, edge, from, to| ExchangeEvent::WatermarkSent {
        job,
        edge,
        from,
        to,
        seq: 2,
        watermark: EventTime(5),
    });
    let waits = super::sent_with_backlog(1, 3, 0, 1);
    let world = folded(&record([submitted(&plan()), waits, watermark]));
    let job = world.jobs.get(JOB).unwrap();
    let channel = job.channels.get(&key("a#1", "b#1")).unwrap();
    assert_eq!((channel.backlog, channel.lacks_credit()), (0, false));
}

#[test]
fn a_subtask_waits_for_the_least_of_the_channels_that_count() {
    use Standing::{CatchesUp, Counts, HoldsBack, Idle};
    let check = |events: Vec<Event>, standings: [Standing; 2]| {
        let world = folded(&record([submitted(&plan())].into_iter().chain(events)));
        let job = world.jobs.get(JOB).unwrap();
        let found: Vec<_> = job.inputs("b#1").iter().map(|input| input.standing).collect();
        assert_eq!(found, standings);
    };
    let idle = || status_received("a#2", 2, WatermarkStatus::Idle);
    let active = || status_received("a#2", 3, WatermarkStatus::Active);
    check(vec![], [Counts, Counts]);
    check(vec![received("a#1", 1, 7)], [Counts, HoldsBack]);
    check(vec![received("a#1", 1, 7), received("a#2", 1, 3)], [Counts, HoldsBack]);
    check(vec![received("a#1", 1, 7), received("a#2", 1, 7)], [Counts, Counts]);
    check(vec![received("a#1", 1, 7), idle(), advanced(7)], [Counts, Idle]);
    check(vec![received("a#1", 1, 7), idle(), advanced(7), active()], [Counts, CatchesUp]);
}

#[test]
fn event_time_of_a_source_is_what_it_emits() {
    let emitted = |edge, watermark| {
        let (subtask, watermark) = ("a#1".into(), EventTime(watermark));
        Event::Time(TimeEvent::WatermarkEmitted { job: JOB, subtask, edge, watermark })
    };
    let idle = |edge| {
        let (subtask, status) = ("a#1".into(), WatermarkStatus::Idle);
        Event::Time(TimeEvent::WatermarkStatusEmitted { job: JOB, subtask, edge, status })
    };
    let check = |events: Vec<Event>, watermark, status| {
        let world = folded(&record([submitted(&plan())].into_iter().chain(events)));
        let job = world.jobs.get(JOB).unwrap();
        let progress = job.task("a", 0).unwrap().event_time.progress();
        assert_eq!(progress, Progress { watermark, status });
    };
    check(vec![], EventTime::NONE, WatermarkStatus::Active);
    check(vec![emitted(0, 5), emitted(1, 3)], EventTime(3), WatermarkStatus::Active);
    check(vec![emitted(0, 5), idle(0)], EventTime(5), WatermarkStatus::Idle);
}

#[test]
fn the_end_of_time_alone_is_no_event_time() {
    let check = |watermark: EventTime, has: bool| {
        let subtask = Name::from("a#1");
        let event = TimeEvent::WatermarkEmitted { job: JOB, subtask, edge: 0, watermark };
        let world = folded(&record([submitted(&plan()), Event::Time(event)]));
        assert_eq!(world.jobs.get(JOB).unwrap().has_event_time, has);
    };
    check(EventTime::MAX, false);
    check(EventTime(0), true);
}

#[test]
fn late_records_are_counted_by_what_became_of_them() {
    let late = |operator: &str, records, outcome| {
        let (subtask, operator) = ("b#1".into(), operator.into());
        Event::Time(TimeEvent::RecordsLate { job: JOB, subtask, operator, records, outcome })
    };
    let world = folded(&record([
        late("hourly", 2, LateOutcome::Dropped),
        late("hourly", 1, LateOutcome::SideOutput),
        late("daily", 4, LateOutcome::Dropped),
    ]));
    let time = &world.jobs.get(JOB).unwrap().tasks["b#1"].event_time;
    assert_eq!(time.late["hourly"], Late { dropped: 2, side_output: 1 });
    assert_eq!(time.late(), Late { dropped: 6, side_output: 1 });
}

#[test]
fn splits_pause_and_go_on() {
    let split = |build: fn(u16) -> TimeEvent, split| Event::Time(build(split));
    let paused = |split| TimeEvent::SplitPaused { job: JOB, subtask: "a#1".into(), split };
    let resumed = |split| TimeEvent::SplitResumed { job: JOB, subtask: "a#1".into(), split };
    let world = folded(&record([split(paused, 1), split(paused, 2), split(resumed, 1)]));
    let time = &world.jobs.get(JOB).unwrap().tasks["a#1"].event_time;
    assert_eq!(time.paused_splits.iter().copied().collect::<Vec<_>>(), [2]);
}

/// What happens to windows of one key, in short.
enum Happens {
    Created(Span),
    Merged(Span, Vec<Span>),
    Fired(Span, FiringTime),
    Purged(Span),
    Cleaned(Span),
}

fn windowed(happens: Happens) -> Event {
    let (job, subtask, operator) = (JOB, Name::from("b#1"), Name::from("hourly"));
    let key = "x".to_owned();
    Event::Window(match happens {
        Happens::Created(span) => {
            WindowEvent::WindowCreated { job, subtask, operator, key, window: Some(span) }
        }
        Happens::Merged(span, merged) => {
            WindowEvent::WindowMerged { job, subtask, operator, key, window: Some(span), merged }
        }
        Happens::Fired(span, timing) => {
            WindowEvent::WindowFired { job, subtask, operator, key, window: Some(span), timing }
        }
        Happens::Purged(span) => {
            WindowEvent::WindowPurged { job, subtask, operator, key, window: Some(span) }
        }
        Happens::Cleaned(span) => {
            WindowEvent::WindowCleaned { job, subtask, operator, key, window: Some(span) }
        }
    })
}

#[test]
fn windows_are_open_until_they_are_cleaned_up() {
    use Happens::{Cleaned, Created, Fired, Merged, Purged};
    let span = |start, end| Span { start, end };
    let check = |events: Vec<Happens>, shown: &[&str]| {
        let world = folded(&record(events.into_iter().map(windowed)));
        let windows = &world.jobs.get(JOB).unwrap().windows;
        let show = |(key, state): (&weir::replay::WindowKey, &OpenWindow)| {
            let Span { start, end } = key.window.unwrap();
            let OpenWindow { merged, early, on_time, late, purged, holds, .. } = state;
            let held = if *holds { "" } else { " empty" };
            format!("{start}-{end} m{merged} {early}/{on_time}/{late} p{purged}{held}")
        };
        let found: Vec<_> = windows.of("b#1").map(show).collect();
        assert_eq!(found, shown);
        assert_eq!(windows.count("b#1"), shown.len());
        assert_eq!(windows.count("b#2"), 0);
    };
    let (a, b, both) = (span(0, 10), span(12, 20), span(0, 20));
    check(vec![Created(a)], &["0-10 m0 0/0/0 p0"]);
    check(vec![Created(b), Created(a)], &["0-10 m0 0/0/0 p0", "12-20 m0 0/0/0 p0"]);
    check(
        vec![Created(a), Fired(a, FiringTime::OnTime), Fired(a, FiringTime::Late)],
        &["0-10 m0 0/1/1 p0"],
    );
    check(vec![Created(a), Fired(a, FiringTime::OnTime), Cleaned(a)], &[]);
    check(vec![Created(a), Fired(a, FiringTime::Early), Purged(a)], &["0-10 m0 1/0/0 p1 empty"]);
    check(vec![Created(a), Purged(a), Created(a)], &["0-10 m0 0/0/0 p1"]);
    check(vec![Created(a), Merged(span(0, 12), vec![a])], &["0-12 m0 0/0/0 p0"]);
    let merge = Merged(both, vec![a, b]);
    check(vec![Created(a), Fired(a, FiringTime::Early), Created(b), merge], &["0-20 m1 1/0/0 p0"]);
}

#[test]
fn windows_and_event_time_die_with_their_execution() {
    let again = TaskEvent::ExecutionStateChanged {
        job: JOB,
        subtask: "b#1".into(),
        attempt: 1,
        from: ExecutionState::Created,
        to: ExecutionState::Scheduled,
        taskmanager: None,
        cause: None,
    };
    let created = windowed(Happens::Created(Span { start: 0, end: 10 }));
    let world = folded(&record([submitted(&plan()), advanced(3), created, Event::Task(again)]));
    let job = world.jobs.get(JOB).unwrap();
    assert_eq!(job.windows.count("b#1"), 0);
    assert_eq!(job.task("b", 0).unwrap().event_time.input, Progress::default());
}

#[test]
fn a_trace_says_whether_it_knows_of_windows() {
    for (level, knows) in [(Level::Control, false), (Level::Records, true)] {
        let world = World::new(&Header { level, ..header() });
        assert_eq!(world.knows_records(), knows);
    }
}
