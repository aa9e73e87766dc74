//! Screens by their tabs, two of them side by side, and what holds of all of them.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
use weir::trace::{CheckpointEvent, Event};
use weir_tui::view::{App, Options, UiEvent, update};

use super::{checkpointed, is_safe, keys, outside, screen, state};

const SMALL: (u16, u16) = (80, 24);
const WIDE: (u16, u16) = (120, 40);
const SIZES: [(u16, u16); 4] = [(60, 20), SMALL, WIDE, (200, 60)];
/// The keys of the screens.
const SCREENS: [&str; 7] = ["1", "2", "3", "4", "5", "6", "7"];

fn check(name: &str, app: &App, size: (u16, u16)) {
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, screen(app, size));
    });
}

fn press(app: &mut App, code: KeyCode) {
    update(app, UiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE)));
}

fn is_acknowledged(event: &Event) -> bool {
    matches!(event, Event::Checkpoint(CheckpointEvent::CheckpointAcknowledged { .. }))
}

fn is_completed(event: &Event) -> bool {
    matches!(event, Event::Checkpoint(CheckpointEvent::CheckpointCompleted { .. }))
}

fn runs_again(event: &Event) -> bool {
    matches!(event, Event::Checkpoint(CheckpointEvent::SnapshotTaken { attempt: 1, .. }))
}

fn ascii() -> Options {
    Options { ascii: true, ..Options::default() }
}

/// The row with the tabs.
fn tabs(app: &App, size: (u16, u16)) -> String {
    screen(app, size).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_time_of_a_checkpoint_is_on_one_axis_for_all_subtasks() {
    let check = |name: &str, options: Options, size, at: fn(&Event) -> bool, typed: &str| {
        let mut app = checkpointed::app(&options, size, at);
        keys(&mut app, typed);
        check(name, &app, size);
    };
    let plain = Options::default;
    check("checkpoint-begins-80", plain(), SMALL, is_acknowledged, "3");
    check("checkpoint-axis-80", plain(), SMALL, is_completed, "3");
    check("checkpoint-axis-80-ascii", ascii(), SMALL, is_completed, "3");
    check("checkpoint-axis-60", plain(), (60, 20), is_completed, "3");
    check("checkpoint-axis-120", plain(), WIDE, is_completed, "3");
    check("checkpoint-aborted-80", plain(), SMALL, runs_again, "3j");
    check("checkpoint-history-160", plain(), (160, 50), runs_again, "3jj");
}

#[test]
fn checkpoints_are_gone_through_and_followed_again() {
    let mut app = checkpointed::app(&Options::default(), SMALL, runs_again);
    keys(&mut app, "3");
    let newest = screen(&app, SMALL);
    for typed in ["jk", "cC", "cccCC", "jj\u{1b}", "kkkk"] {
        keys(&mut app, typed);
        assert_eq!(screen(&app, SMALL), newest, "after {typed:?}");
    }
    keys(&mut app, "j");
    assert_ne!(screen(&app, SMALL), newest);
}

#[test]
fn tabs_are_gone_through_in_order_and_back() {
    let mut app = outside::app(&Options::default(), SMALL, |_| true);
    let marked = |app: &App| {
        let row = tabs(app, SMALL);
        let (_, tab) = row.split_once('[').expect("one is marked");
        tab.split_once(']').expect("it is closed").0.to_owned()
    };
    assert_eq!(marked(&app), "1 Graph");
    let forward =
        ["2 Time", "3 Checkpoints", "4 State", "5 Outside", "6 Cluster", "7 Events", "1 Graph"];
    for title in forward {
        press(&mut app, KeyCode::Tab);
        assert_eq!(marked(&app), title);
    }
    for title in forward.iter().rev().skip(1).chain(["1 Graph"].iter()) {
        press(&mut app, KeyCode::BackTab);
        assert_eq!(marked(&app), *title);
    }
    keys(&mut app, "9");
    assert_eq!(marked(&app), "1 Graph");
}

#[test]
fn two_screens_stand_side_by_side_where_there_is_room() {
    let mut app = outside::app(&Options::default(), WIDE, is_last);
    keys(&mut app, "56s");
    check("split-120", &app, WIDE);
    assert!(tabs(&app, WIDE).contains("[6 Cluster]"));
    press(&mut app, KeyCode::Tab);
    assert!(tabs(&app, WIDE).contains("[5 Outside]"));
    check("split-other-120", &app, WIDE);
    press(&mut app, KeyCode::Tab);
    keys(&mut app, "s");
    let one = screen(&app, WIDE);
    update(&mut app, UiEvent::Resize(SMALL.0, SMALL.1));
    keys(&mut app, "s");
    update(&mut app, UiEvent::Resize(WIDE.0, WIDE.1));
    assert_eq!(screen(&app, WIDE), one, "there was no room for two");
    // In the graph `s` is state.
    keys(&mut app, "1|");
    check("split-graph-120", &app, WIDE);
}

fn is_last(event: &Event) -> bool {
    matches!(event, Event::Recovery(_))
}

#[test]
fn the_wheel_turns_the_screen_that_it_is_over() {
    let size = (120, 20);
    let mut app = outside::app(&Options::default(), size, is_last);
    keys(&mut app, "65|");
    let halves = |app: &App| {
        let half = |line: &str, right: bool| -> String {
            let cells = line.chars().skip(if right { 60 } else { 0 });
            cells.take(if right { 60 } else { 59 }).collect()
        };
        let screen = screen(app, size);
        let body: Vec<String> = screen.lines().skip(1).take(16).map(str::to_owned).collect();
        let side = |right| body.iter().map(|line| half(line, right)).collect::<Vec<_>>();
        (side(false), side(true))
    };
    let turn = |app: &mut App, column| {
        let kind = MouseEventKind::ScrollDown;
        let mouse = MouseEvent { kind, column, row: 5, modifiers: KeyModifiers::NONE };
        update(app, UiEvent::Mouse(mouse));
    };
    let before = halves(&app);
    turn(&mut app, 90);
    let right = halves(&app);
    assert_eq!(before.0, right.0);
    assert_ne!(before.1, right.1);
    turn(&mut app, 10);
    let both = halves(&app);
    assert_ne!(right.0, both.0);
    assert_eq!(right.1, both.1);
}

/// Opens a view of a run.
type Open = fn(&Options, (u16, u16)) -> App;

/// All screens of some runs, alone and beside another, in every size, with and without colours,
/// and in ASCII.
#[test]
fn every_screen_keeps_to_its_place_and_is_safe() {
    let looks = [
        Options { color: true, ..Options::default() },
        Options::default(),
        Options { color: true, ascii: true, ..Options::default() },
    ];
    for size in SIZES {
        let mut texts = Vec::new();
        for options in &looks {
            let apps: [Open; 5] = [
                |options, size| outside::app(options, size, is_last),
                outside::hostile,
                |options, size| checkpointed::app(options, size, runs_again),
                checkpointed::hostile,
                state::hostile,
            ];
            let mut text = String::new();
            for app in apps {
                for key in SCREENS {
                    for typed in [key.to_owned(), format!("{key}|")] {
                        let mut app = app(options, size);
                        keys(&mut app, &typed);
                        let when = format!("after {typed:?} in {size:?}");
                        text.push_str(&is_safe(&app, options, size, &when));
                    }
                }
            }
            texts.push(text);
        }
        assert_eq!(texts[0], texts[1], "colour says nothing that text does not say");
    }
}
