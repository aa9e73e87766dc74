//! The screen State: what operators hold, key by key, folded, filtered and compared.

use weir::replay::Timeline;
use weir::trace::{
    CheckpointEvent, Event, FiringTime, Level, Recorded, SinkEvent, StateEvent, TimerEvent,
    TraceFile, WindowEvent,
};
use weir_tui::view::{App, Options};

use super::windowed::{self, Looks, body, check, looks};
use super::{checkpointed, keys, screen, state};

const SMALLEST: (u16, u16) = (60, 20);
const SMALL: (u16, u16) = (80, 24);
const MEDIUM: (u16, u16) = (120, 40);
const LARGE: (u16, u16) = (200, 60);

fn is_deleted(event: &Event) -> bool {
    matches!(event, Event::Timer(TimerEvent::TimerDeleted { .. }))
}

fn is_fired(event: &Event) -> bool {
    matches!(event, Event::Window(WindowEvent::WindowFired { timing: FiringTime::OnTime, .. }))
}

fn is_written(event: &Event) -> bool {
    matches!(event, Event::State(StateEvent::StateWritten { value: Some(_), .. }))
}

fn ascii() -> Options {
    Options { ascii: true, ..Options::default() }
}

fn at_the_first(trace: &TraceFile, at: impl Fn(&Event) -> bool, typed: &str) -> App {
    let mut app = windowed::app(trace, &Options::default(), SMALL, at);
    keys(&mut app, typed);
    app
}

#[test]
fn what_operators_hold_is_listed() {
    let trace = state::trace(Level::Records);
    check(&trace, &looks("state-screen-80", "4"), is_deleted);
    check(&trace, &Looks { options: ascii(), ..looks("state-screen-80-ascii", "4") }, is_deleted);
    check(&trace, &Looks { size: SMALLEST, ..looks("state-screen-60", "4") }, is_deleted);
    check(&trace, &Looks { size: LARGE, ..looks("state-screen-200", "4") }, is_deleted);
    check(&trace, &looks("state-screen-folded-80", "4z"), is_deleted);
    check(&trace, &looks("state-screen-filtered-80", "4/timer\n"), is_deleted);
}

#[test]
fn windows_stand_with_what_they_hold() {
    let trace = windowed::trace(Level::Records);
    check(&trace, &looks("state-screen-windows-80", "4"), is_fired);
    check(&trace, &Looks { size: MEDIUM, ..looks("state-screen-windows-120", "4") }, is_fired);
}

#[test]
fn a_trace_without_records_says_how_to_get_state() {
    let trace = state::trace(Level::Control);
    let visible = |event: &Event| matches!(event, Event::Sink(SinkEvent::RowsVisible { .. }));
    check(&trace, &looks("state-screen-control-80", "4"), visible);
    check(&trace, &Looks { size: SMALLEST, ..looks("state-screen-control-60", "4") }, visible);
}

#[test]
fn positions_of_sources_are_state_of_theirs() {
    let is_last = |event: &Event| matches!(event, Event::Recovery(_));
    let mut app = super::outside::app(&Options::default(), SMALL, is_last);
    keys(&mut app, "4");
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("state-screen-splits-80", body(&app, SMALL));
    });
}

#[test]
fn another_place_is_compared_with() {
    let trace = state::trace(Level::Records);
    let compared = |name: &'static str, size, typed: &str| {
        let timeline = Timeline::new(trace.header().clone(), trace.iter());
        let first = timeline.events().find(|it| is_written(&it.event)).unwrap();
        let mut app = windowed::app(&trace, &Options::default(), size, is_deleted);
        keys(&mut app, &format!("4={}.{}\n", first.step, first.sub));
        keys(&mut app, typed);
        insta::with_settings!({
            snapshot_path => "snapshots", prepend_module_to_snapshot => false
        }, {
            insta::assert_snapshot!(name, body(&app, size));
        });
    };
    compared("state-compared-80", SMALL, "");
    compared("state-compared-changes-80", SMALL, "u");
    compared("state-compared-60", SMALLEST, "u");
    compared("state-compared-120", MEDIUM, "");
}

/// Nothing has changed since where one is, and everything is new since before there was anything.
#[test]
fn comparing_is_as_one_expects_at_the_edges() {
    let trace = state::trace(Level::Records);
    let here = |app: &App| {
        let current = app.timeline().current().unwrap();
        format!("{}.{}", current.step, current.sub)
    };
    let mut app = at_the_first(&trace, is_deleted, "4");
    let alone = screen(&app, SMALL);
    let place = here(&app);
    keys(&mut app, &format!("={place}\n"));
    let same = screen(&app, SMALL);
    assert!(same.contains("+0 -0 ~0,"), "{same}");
    keys(&mut app, "\u{1b}");
    assert_eq!(screen(&app, SMALL), alone, "Esc compares with nothing");
    keys(&mut app, "=0\n");
    let new = screen(&app, SMALL);
    assert!(new.contains(" -0 ~0, 0 alike"), "{new}");
    assert!(!new.contains("+0 "), "{new}");
    // An empty answer compares with nothing too.
    keys(&mut app, "=\n");
    assert_eq!(screen(&app, SMALL), alone);
}

#[test]
fn a_checkpoint_is_compared_with_by_its_cut() {
    let runs_again = |event: &Event| {
        matches!(event, Event::Checkpoint(CheckpointEvent::SnapshotTaken { attempt: 1, .. }))
    };
    let mut app = checkpointed::app(&Options::default(), SMALL, runs_again);
    keys(&mut app, "4=chk 1\n");
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("state-compared-checkpoint-80", body(&app, SMALL));
    });
    for (typed, said) in [("=chk 99\n", "99"), ("\u{1b}=soon\n", "soon")] {
        keys(&mut app, typed);
        let screen = screen(&app, SMALL);
        let last = screen.lines().last().unwrap();
        assert!(last.contains(said) && last.contains("checkpoint"), "{last}");
    }
}

#[test]
fn what_was_folded_or_filtered_comes_back() {
    let trace = state::trace(Level::Records);
    let mut app = at_the_first(&trace, is_deleted, "4");
    // Folding all begins at the first line.
    keys(&mut app, "ZZ");
    let all = screen(&app, SMALL);
    for typed in ["zz", "ZZ", "/b\n\u{1b}", "uu", "jk"] {
        keys(&mut app, typed);
        assert_eq!(screen(&app, SMALL), all, "after {typed:?}");
    }
}

/// Each change is a place to stop, and in sight there.
#[test]
fn changes_are_stopped_at_and_in_sight() {
    let trace = state::trace(Level::Records);
    let mut app = at_the_first(&trace, is_written, "4");
    let is_change = |recorded: &Recorded| {
        matches!(recorded.event, Event::State(StateEvent::StateWritten { .. }) | Event::Timer(_))
    };
    let mut stops = 0;
    while app.timeline().position() < app.timeline().len() {
        keys(&mut app, "]");
        if app.timeline().current().is_some_and(|it| is_change(&it)) {
            stops += 1;
            let shown = screen(&app, SMALL);
            assert!(shown.lines().any(|line| line.starts_with(" ►")), "{shown}");
        }
    }
    assert!(stops > 0);
}
