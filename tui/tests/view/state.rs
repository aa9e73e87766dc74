//! Keyed state and timers on the screen, as real runs show them: orders that wait for their
//! payments, and flights that are counted by the hour.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Modifier;
use weir::base::{
    EventTime, Incarnation, JobId, NodeId, Seed, SimTime, StateBackendKind, Step, TimeDomain,
};
use weir::cluster::Onlooker;
use weir::gallery::registry;
use weir::replay::Timeline;
use weir::scenario::{Overrides, load, lower, run_lowered};
use weir::trace::{
    Event, FiringTime, Header, JobEvent, Level, Recorded, SinkEvent, StateEvent, TimerEvent,
    TraceFile, WindowEvent,
};
use weir_tui::view::{App, Options, Source, UiEvent, update};

use super::windowed::{self, Looks, app, body, check, looks};
use super::{buffer, keys, run, screen};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (160, 50);
const SMALLEST: (u16, u16) = (60, 20);

/// Orders and payments, two subtasks.
pub fn trace(level: Level) -> TraceFile {
    let scenario = load("state/order-timeouts").unwrap();
    let overrides = Overrides { level, ..Overrides::default() };
    let lowered = lower(&scenario, &registry(), &overrides).unwrap();
    let outcome = run_lowered(lowered, Onlooker::default()).unwrap();
    TraceFile::parse(outcome.report.trace.unwrap()).unwrap()
}

/// A run in which names and values would do harm to a terminal if they could.
pub fn hostile(options: &Options, size: (u16, u16)) -> App {
    let job = JobId(1);
    let plan = serde_json::to_string(&run::plan()).unwrap();
    let (key, key_group) = ("\"\u{202e}yek\u{1b}[31m\"".to_owned(), 7);
    let (subtask, operator) = ("count#1".into(), "\u{7}count\n".into());
    let written = |key: &str, value: String| {
        Event::State(StateEvent::StateWritten {
            job,
            subtask: "count#1".into(),
            operator: "\u{7}count\n".into(),
            key_group,
            key: key.to_owned(),
            state: "to\u{9b}tal\t".to_owned(),
            window: None,
            value: Some(value),
        })
    };
    let events = [
        Event::Job(JobEvent::JobSubmitted { job, name: "word-count".into(), plan }),
        Event::State(StateEvent::StateBackendOpened {
            job,
            subtask: "count#1".into(),
            operator: "\u{7}count\n".into(),
            backend: StateBackendKind::Hashmap,
            first_key_group: 0,
            last_key_group: 63,
        }),
        written("\"界界界界界界界界界界界界界界界界\"", "\u{202e}gnol".repeat(10_000)),
        written(&key, "\u{1b}]0;title\u{7}".to_owned()),
        Event::Timer(TimerEvent::TimerRegistered {
            job,
            subtask,
            operator,
            key_group,
            key,
            window: None,
            domain: TimeDomain::ProcessingTime,
            timestamp: EventTime(1_500),
        }),
    ];
    let recorded = events.into_iter().zip(0..).map(|(event, at)| Recorded {
        step: Step(at),
        sub: 0,
        at: SimTime(at),
        node: NodeId(2),
        incarnation: Incarnation(1),
        event,
    });
    let header = Header::new("word-count", "", Seed(7), run::nodes());
    let header = Header { level: Level::Records, ..header };
    let mut timeline = Timeline::new(header, recorded);
    timeline.seek_position(usize::MAX);
    let source = Source {
        title: String::new(),
        teaches: Vec::new(),
        about: String::new(),
        timeline,
        grows: false,
    };
    App::new(source, options, size)
}

fn is_deleted(event: &Event) -> bool {
    matches!(event, Event::Timer(TimerEvent::TimerDeleted { .. }))
}

fn is_fired(event: &Event) -> bool {
    matches!(event, Event::Timer(TimerEvent::TimerFired { .. }))
}

fn ascii() -> Options {
    Options { ascii: true, ..Options::default() }
}

#[test]
fn orders_wait_with_state_and_a_timer() {
    let trace = trace(Level::Records);
    check(&trace, &looks("state-deleted-80", "s"), is_deleted);
    check(&trace, &Looks { size: LARGE, ..looks("state-deleted-160", "s") }, is_deleted);
    check(&trace, &Looks { size: SMALLEST, ..looks("state-deleted-60", "s") }, is_deleted);
    check(&trace, &Looks { options: ascii(), ..looks("state-deleted-80-ascii", "s") }, is_deleted);
    // What the payment leaves behind, told by the events that follow.
    check(&trace, &looks("state-cleared-80", "s]]"), is_deleted);
    check(&trace, &looks("state-step-80", "sl"), is_deleted);
    check(&trace, &looks("state-fired-80", "s"), is_fired);
    check(&trace, &looks("state-filtered-80", "s/timer\n"), is_fired);
}

#[test]
fn windows_keep_what_came_into_them() {
    let trace = windowed::trace(Level::Records);
    let fired = |event: &Event| {
        matches!(event, Event::Window(WindowEvent::WindowFired { timing: FiringTime::OnTime, .. }))
    };
    check(&trace, &looks("state-windows-80", "s"), fired);
    check(&trace, &Looks { size: LARGE, ..looks("state-windows-160", "s") }, fired);
}

#[test]
fn a_vertex_without_keyed_state_says_so() {
    let trace = trace(Level::Records);
    check(&trace, &looks("state-none-80", "es"), is_fired);
}

#[test]
fn a_trace_without_records_says_how_to_get_state() {
    let trace = trace(Level::Control);
    let visible = |event: &Event| matches!(event, Event::Sink(SinkEvent::RowsVisible { .. }));
    check(&trace, &looks("state-control-80", "s"), visible);
    check(&trace, &Looks { size: SMALLEST, ..looks("state-control-60", "s") }, visible);
}

/// Colour and weight repeat what the mark in front says.
#[test]
fn what_has_changed_is_marked_and_bold() {
    let trace = trace(Level::Records);
    let mut app = app(&trace, &Options::default(), SMALL, |event| {
        matches!(event, Event::State(StateEvent::StateWritten { value: Some(_), .. }))
    });
    keys(&mut app, "s");
    let buffer = buffer(&app, SMALL);
    let marked: Vec<u16> = (0..SMALL.1).filter(|y| buffer[(1, *y)].symbol() == "►").collect();
    assert_eq!(marked.len(), 1, "{}", screen(&app, SMALL));
    assert!(buffer[(1, marked[0])].modifier.contains(Modifier::BOLD));
}

#[test]
fn what_would_harm_the_terminal_is_written_out() {
    for (name, options, size) in [
        ("state-hostile-80", Options::default(), SMALL),
        ("state-hostile-60-ascii", ascii(), SMALLEST),
    ] {
        let mut app = hostile(&options, size);
        keys(&mut app, "s");
        let shown = body(&app, size);
        assert!(shown.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')));
        insta::with_settings!({
            snapshot_path => "snapshots", prepend_module_to_snapshot => false
        }, {
            insta::assert_snapshot!(name, shown);
        });
    }
}

#[test]
fn looking_at_state_is_left_again() {
    let trace = trace(Level::Records);
    let mut app = app(&trace, &Options::default(), SMALL, is_fired);
    let graph = screen(&app, SMALL);
    for typed in
        ["s\u{1b}", "sjjj\u{1b}", "s/b\n\u{1b}\u{1b}", "ess\u{1b}", "seE\u{1b}", "so\u{1b}"]
    {
        keys(&mut app, typed);
        assert_eq!(screen(&app, SMALL), graph, "after {typed:?}");
    }
    // Every vertex at every place draws, whatever is or is not known there.
    keys(&mut app, "S");
    for _ in 0..=app.timeline().len() {
        for code in [KeyCode::Char('['), KeyCode::Char('s'), KeyCode::PageDown] {
            update(&mut app, UiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
        assert!(!screen(&app, SMALLEST).is_empty());
    }
}

/// Each change of the state that is looked at is a place to stop, and in sight there.
#[test]
fn changes_of_state_are_stopped_at_and_in_sight() {
    let trace = trace(Level::Records);
    let submitted = |event: &Event| matches!(event, Event::Job(JobEvent::JobSubmitted { .. }));
    let mut app = app(&trace, &Options::default(), SMALL, submitted);
    keys(&mut app, "s");
    let (mut stops, mut events) = (0, 0);
    for recorded in app.timeline().events() {
        events += usize::from(matches!(
            recorded.event,
            Event::State(StateEvent::StateWritten { .. }) | Event::Timer(_)
        ));
    }
    while app.timeline().position() < app.timeline().len() {
        keys(&mut app, "]");
        let changes = |event: &Event| {
            matches!(event, Event::State(StateEvent::StateWritten { .. }) | Event::Timer(_))
        };
        if app.timeline().current().is_some_and(|recorded| changes(&recorded.event)) {
            stops += 1;
            let shown = screen(&app, SMALL);
            assert!(shown.contains("│►"), "{shown}");
        }
    }
    assert!(events > 0);
    assert_eq!(stops, events);
}
