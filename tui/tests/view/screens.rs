//! Screens, as a person sees them.

use std::time::Duration;

use weir_tui::view::{Flow, Goal, Options, UiEvent, update};

use super::{app, buffer, keys, planned, screen};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (160, 50);

/// What a look at the run shows: a name for the snapshot, how it looks, where, and the keys that
/// lead there from the given place.
fn check(name: &str, options: &Options, size: (u16, u16), at: &str, typed: &str) {
    let options = Options { at: Some(at.parse::<Goal>().unwrap()), ..options.clone() };
    let mut app = app(&options, size);
    keys(&mut app, typed);
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, screen(&app, size));
    });
}

fn plain() -> Options {
    Options { color: true, ..Options::default() }
}

fn ascii() -> Options {
    Options { ascii: true, ..Options::default() }
}

/// Just after the source became back-pressured.
const PRESSED: &str = "59";

#[test]
fn graph() {
    check("graph-start-80", &plain(), SMALL, "0", "");
    check("graph-deploying-80", &plain(), SMALL, "25", "");
    check("graph-pressed-80", &plain(), SMALL, PRESSED, "");
    check("graph-pressed-160", &plain(), LARGE, PRESSED, "");
    check("graph-pressed-80-ascii", &ascii(), SMALL, PRESSED, "");
    check("graph-pressed-60", &plain(), (60, 20), PRESSED, "");
    check("graph-vertices-80", &plain(), SMALL, PRESSED, "zz");
    check("graph-ends-80", &plain(), SMALL, "69", "");
    check("graph-finished-80", &plain(), SMALL, "99999", "");
}

/// The plans of real scenarios, before anything runs: fan-out, fan-in, and an edge drawn past what
/// it does not feed.
#[test]
fn plans() {
    let check = |name: &str, scenario: &str, size: (u16, u16), typed: &str| {
        let mut app = planned(scenario, size);
        keys(&mut app, typed);
        insta::with_settings!({
            snapshot_path => "snapshots", prepend_module_to_snapshot => false
        }, {
            insta::assert_snapshot!(name, screen(&app, size));
        });
    };
    check("plan-partitioners-80", "basics/partitioners", SMALL, "");
    check("plan-partitioners-160", "basics/partitioners", LARGE, "");
    check("plan-diamond-80", "basics/diamond", SMALL, "");
    check("plan-diamond-60", "basics/diamond", (60, 20), "");
    check("plan-chaining-off-160", "graphs/chaining-off", LARGE, "");
}

#[test]
fn events() {
    check("events-80", &plain(), SMALL, PRESSED, "7");
    check("events-160", &plain(), LARGE, PRESSED, "7");
    check("events-filtered-80", &plain(), SMALL, PRESSED, "7/count#2\n");
    check("events-fitting-80", &plain(), SMALL, PRESSED, "7/kind = buffer-sent and records > 12\n");
    check("events-wrong-filter-80", &plain(), SMALL, PRESSED, "7/knd = buffer-sent\n");
}

#[test]
fn overlays() {
    check("help-80", &plain(), SMALL, PRESSED, "?");
    check("help-160-ascii", &ascii(), LARGE, PRESSED, "?");
    check("event-80", &plain(), SMALL, "57.3", "v");
    check("event-selected-80", &plain(), SMALL, "57.3", "7kkv");
    check("about-80", &plain(), SMALL, PRESSED, "i");
    check("prompt-error-80", &plain(), SMALL, PRESSED, "gsoon\n");
    check("too-small", &plain(), (40, 10), PRESSED, "");
}

#[test]
fn colour_repeats_what_symbols_say() {
    let at = Some(PRESSED.parse().unwrap());
    for color in [true, false] {
        let app = app(&Options { color, at, ..Options::default() }, SMALL);
        let buffer = buffer(&app, SMALL);
        let coloured = buffer.content().iter().any(|cell| {
            !matches!(cell.fg, ratatui::style::Color::Reset)
                || !matches!(cell.bg, ratatui::style::Color::Reset)
        });
        assert_eq!(coloured, color);
    }
    let with = app(&Options { color: true, at, ..Options::default() }, SMALL);
    let without = app(&Options { at, ..Options::default() }, SMALL);
    assert_eq!(screen(&with, SMALL), screen(&without, SMALL));
}

#[test]
fn ascii_is_ascii() {
    for typed in ["", "2", "3", "4", "5", "6", "7", "|", "?", "i", "zz", "gé", ":", ":é"] {
        let mut app = app(&Options { at: Some("59".parse().unwrap()), ..ascii() }, LARGE);
        keys(&mut app, typed);
        let screen = screen(&app, LARGE);
        assert!(screen.is_ascii(), "{screen}");
    }
}

#[test]
fn keys_walk_through_the_run() {
    let mut app = app(&plain(), SMALL);
    let place = |app: &weir_tui::view::App| {
        app.timeline().current().map_or((0, 0), |recorded| (recorded.step.0, recorded.sub))
    };
    // The keys typed one after the other, and where they lead.
    let walk: [(&str, (u64, u32)); 13] = [
        ("l", (1, 0)),
        ("ll", (3, 0)),
        ("h", (2, 0)),
        (":50\n", (50, 0)),
        ("g57.3\n", (57, 3)),
        ("l", (58, 0)),
        ("\u{1b}h", (57, 0)),
        (":15ms\n", (57, 3)),
        ("n", (58, 0)),
        ("n", (60, 0)),
        ("N", (58, 0)),
        ("7/slot-freed\nj\n", (89, 0)),
        ("[", (88, 0)),
    ];
    for (typed, leads_to) in walk {
        keys(&mut app, typed);
        assert_eq!(place(&app), leads_to, "after {typed:?}");
    }
    assert_eq!(keys(&mut app, "q"), Flow::Quit);
}

#[test]
fn play_stops_at_a_note() {
    let mut app = app(&plain(), SMALL);
    keys(&mut app, " +++");
    for _ in 0..200 {
        update(&mut app, UiEvent::Tick(Duration::from_millis(100)));
    }
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("note-80", screen(&app, SMALL));
    });
    keys(&mut app, "\u{1b} ");
    for _ in 0..200 {
        update(&mut app, UiEvent::Tick(Duration::from_millis(100)));
    }
    assert_eq!(app.timeline().position(), app.timeline().len());
}
