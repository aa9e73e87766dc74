//! Going to the next of something and back, bookmarks, the signs on the bar, notes that pause, and
//! what the selection of an event selects elsewhere.

use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use weir::trace::{CheckpointEvent, Event, FaultEvent, Level, NodeEvent, Recorded, WindowEvent};
use weir_tui::view::{App, Flow, Options, UiEvent, update};

use super::windowed::body;
use super::{app, buffer, checkpointed, keys, outside, screen, state, windowed};

const SMALLEST: (u16, u16) = (60, 20);
const SMALL: (u16, u16) = (80, 24);
const WIDE: (u16, u16) = (120, 40);

fn check(name: &str, shown: &str) {
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, shown);
    });
}

fn ascii() -> Options {
    Options { ascii: true, ..Options::default() }
}

fn starts(event: &Event) -> bool {
    matches!(event, Event::Node(NodeEvent::NodeStarted { .. }))
}

fn runs_again(event: &Event) -> bool {
    matches!(event, Event::Checkpoint(CheckpointEvent::SnapshotTaken { attempt: 1, .. }))
}

/// The bar of time.
fn bar(app: &App, size: (u16, u16)) -> String {
    screen(app, size).lines().rev().nth(1).unwrap_or_default().to_owned()
}

fn footer(app: &App, size: (u16, u16)) -> String {
    screen(app, size).lines().last().unwrap_or_default().to_owned()
}

fn is_barrier(recorded: &Recorded) -> bool {
    matches!(
        recorded.event,
        Event::Checkpoint(
            CheckpointEvent::BarrierSent { .. } | CheckpointEvent::BarrierReceived { .. }
        )
    )
}

fn is_complete(recorded: &Recorded) -> bool {
    matches!(recorded.event, Event::Checkpoint(CheckpointEvent::CheckpointCompleted { .. }))
}

fn is_fault(recorded: &Recorded) -> bool {
    matches!(
        recorded.event,
        Event::Fault(FaultEvent::FaultInjected { .. } | FaultEvent::FaultHealed { .. })
    )
}

fn is_firing(recorded: &Recorded) -> bool {
    matches!(recorded.event, Event::Window(WindowEvent::WindowFired { .. }))
}

/// Forward from the start all events that are like this are come to, back from the end all again.
fn goes_through(mut app: App, letter: char, is_one: fn(&Recorded) -> bool) {
    let all: Vec<usize> = (1..=app.timeline().len())
        .filter(|position| is_one(&app.timeline().event(position - 1).unwrap()))
        .collect();
    assert!(!all.is_empty(), "there is nothing to go to with {letter}");
    keys(&mut app, ":0\n");
    for position in &all {
        keys(&mut app, &format!("f{letter}"));
        assert_eq!(app.timeline().position(), *position, "f{letter}");
    }
    keys(&mut app, &format!("f{letter}"));
    assert_eq!(Some(&app.timeline().position()), all.last(), "there is none after the last");
    for position in all.iter().rev().skip(1) {
        keys(&mut app, &format!("F{letter}"));
        assert_eq!(app.timeline().position(), *position, "F{letter}");
    }
}

#[test]
fn the_next_and_the_one_before_are_gone_to() {
    let plain = Options::default();
    let checkpoints = || checkpointed::app(&plain, SMALL, runs_again);
    goes_through(checkpoints(), 'b', is_barrier);
    goes_through(checkpoints(), 'c', is_complete);
    goes_through(checkpoints(), 'r', |recorded| recorded.sub > 0);
    goes_through(outside::app(&plain, SMALL, starts), 'f', is_fault);
    let trace = windowed::trace(Level::Records);
    goes_through(windowed::app(&trace, &plain, SMALL, |_| true), 'w', is_firing);
    let mut filtered = outside::app(&plain, SMALL, starts);
    keys(&mut filtered, "7/query-answered\n1");
    let is_query = |recorded: &Recorded| recorded.event.kind() == "query-answered";
    goes_through(filtered, 'm', is_query);
}

#[test]
fn the_footer_says_which_letters_there_are() {
    for (name, size, typed) in [
        ("travel-keys-60", SMALLEST, "f"),
        ("travel-keys-80", SMALL, "F"),
        ("travel-keys-120", WIDE, "f"),
        ("travel-bookmark-80", SMALL, "m"),
        ("travel-none-80", SMALL, "fw"),
        ("travel-no-filter-80", SMALL, "fm"),
        ("travel-unknown-80", SMALL, "f\u{202e}"),
    ] {
        let mut app = checkpointed::app(&Options::default(), size, runs_again);
        let before = app.timeline().position();
        keys(&mut app, typed);
        check(name, &footer(&app, size));
        // Esc is no letter, and then all is as before.
        keys(&mut app, "\u{1b}");
        assert_eq!(app.timeline().position(), before);
        keys(&mut app, "\u{1b}");
        assert!(footer(&app, size).ends_with("q quit"));
    }
}

#[test]
fn quitting_is_possible_between_two_keys() {
    let mut app = checkpointed::app(&Options::default(), SMALL, runs_again);
    keys(&mut app, "f");
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(update(&mut app, UiEvent::Key(ctrl_c)), Flow::Quit);
}

#[test]
fn violations_are_gone_to_and_explained() {
    for (name, options, size) in [
        ("violation-80", Options::default(), SMALL),
        ("violation-80-ascii", ascii(), SMALL),
        ("violation-60", Options::default(), SMALLEST),
    ] {
        let mut app = outside::app(&options, size, starts);
        keys(&mut app, ":0\n");
        assert!(bar(&app, size).contains('!'), "{}", bar(&app, size));
        keys(&mut app, "fv");
        assert!(screen(&app, size).contains("It does not hold that"));
        check(name, &body(&app, size));
        let first = app.timeline().position();
        keys(&mut app, "\u{1b}Fv");
        assert_eq!(app.timeline().position(), first, "there is none before the first");
    }
    let trace = state::trace(Level::Records);
    let mut app = windowed::app(&trace, &Options::default(), SMALL, |_| true);
    keys(&mut app, "fv");
    assert!(footer(&app, SMALL).contains("Every invariant holds"), "{}", footer(&app, SMALL));
}

#[test]
fn bookmarks_are_set_gone_to_and_on_the_bar() {
    for options in [Options::default(), ascii()] {
        let mut app = checkpointed::app(&options, SMALL, is_acknowledged);
        let here = app.timeline().position();
        keys(&mut app, "mz");
        keys(&mut app, "ll");
        let letter = if options.ascii { 'Z' } else { 'z' };
        keys(&mut app, ":99999\n");
        assert!(bar(&app, SMALL).contains(letter), "{}", bar(&app, SMALL));
        keys(&mut app, "'z");
        assert_eq!(app.timeline().position(), here);
        keys(&mut app, "'y");
        assert_eq!(app.timeline().position(), here);
        assert!(footer(&app, SMALL).contains("no bookmark y"));
        keys(&mut app, "m7");
        assert!(footer(&app, SMALL).contains("a letter"));
    }
}

fn is_acknowledged(event: &Event) -> bool {
    matches!(event, Event::Checkpoint(CheckpointEvent::CheckpointAcknowledged { .. }))
}

#[test]
fn the_bar_tells_checkpoints_faults_and_failures_apart() {
    let mut app = checkpointed::app(&Options::default(), WIDE, |_| true);
    check("bar-checkpoints-120", &bar(&app, WIDE));
    let bar_of = bar(&app, WIDE);
    assert!(['!', '✗'].iter().all(|sign| bar_of.contains(*sign)), "{bar_of}");
    update(&mut app, UiEvent::Resize(60, 20));
    check("bar-checkpoints-60", &bar(&app, SMALLEST));
    let app = checkpointed::app(&ascii(), WIDE, |_| true);
    check("bar-checkpoints-120-ascii", &bar(&app, WIDE));
    let app = outside::app(&Options::default(), WIDE, |_| true);
    check("bar-outside-120", &bar(&app, WIDE));
}

/// A note ends the playing; space or Enter goes on.
#[test]
fn a_note_pauses_the_playing() {
    for code in [KeyCode::Enter, KeyCode::Char(' ')] {
        let mut app = app(&Options::default(), SMALL);
        keys(&mut app, " +++");
        let play = |app: &mut App| {
            for _ in 0..200 {
                update(app, UiEvent::Tick(Duration::from_millis(100)));
            }
        };
        play(&mut app);
        assert!(!app.is_playing());
        assert!(screen(&app, SMALL).contains("space plays on"), "{}", screen(&app, SMALL));
        update(&mut app, UiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        assert!(app.is_playing());
        play(&mut app);
        assert_eq!(app.timeline().position(), app.timeline().len());
    }
    // One that was stepped to is closed and nothing plays.
    let mut app = app(&Options::default(), SMALL);
    keys(&mut app, "n");
    assert!(screen(&app, SMALL).contains(" Note "));
    keys(&mut app, "\n");
    assert!(!app.is_playing() && !screen(&app, SMALL).contains(" Note "));
}

#[test]
fn selecting_an_event_selects_what_it_is_about() {
    let is_stored = |event: &Event| {
        matches!(event, Event::Checkpoint(CheckpointEvent::CheckpointCompleted { .. }))
    };
    let mut app = checkpointed::app(&Options::default(), SMALL, is_stored);
    // The snapshot of counts#1 was acknowledged just before.
    keys(&mut app, "7k1");
    check("about-graph-80", &body(&app, SMALL));
    // Checkpoint 3 is the newest there, but 1 is selected.
    let mut app = checkpointed::app(&Options::default(), SMALL, runs_again);
    keys(&mut app, "7/checkpoint-completed\nk3");
    let shown = screen(&app, SMALL);
    assert!(shown.contains("subtasks of 1"), "{shown}");
    keys(&mut app, "7\n");
    let at = app.timeline().current().map(|recorded| recorded.event.kind());
    assert_eq!(at, Some("checkpoint-completed"));
    keys(&mut app, "2");
    assert!(screen(&app, SMALL).contains("cut 1:"), "{}", screen(&app, SMALL));
    // In state one is at the subtask then.
    let trace = state::trace(Level::Records);
    let is_deleted = |event: &Event| matches!(event, Event::Timer(_));
    let mut app = windowed::app(&trace, &Options::default(), SMALL, is_deleted);
    keys(&mut app, "7jk4");
    let buffer = buffer(&app, SMALL);
    let reversed = ratatui::style::Modifier::REVERSED;
    let selected: Vec<String> = (1..SMALL.1 - 3)
        .filter(|y| buffer[(3, *y)].modifier.contains(reversed))
        .map(|y| (0..SMALL.0).map(|x| buffer[(x, y)].symbol()).collect())
        .collect();
    assert_eq!(selected.len(), 1, "{}", screen(&app, SMALL));
    assert!(selected[0].trim_start().starts_with('#'), "{selected:?}");
}
