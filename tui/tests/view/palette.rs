//! Everything that can be done, by name.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use weir_tui::view::{App, Flow, Options, UiEvent, update};

use super::{app, keys, screen};

const SMALL: (u16, u16) = (80, 24);
const SMALLEST: (u16, u16) = (60, 20);

fn press(app: &mut App, code: KeyCode) -> Flow {
    update(app, UiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn at_59(options: &Options, size: (u16, u16)) -> App {
    app(&Options { at: Some("59".parse().unwrap()), ..options.clone() }, size)
}

fn check(name: &str, options: &Options, size: (u16, u16), typed: &str) {
    let mut app = at_59(options, size);
    keys(&mut app, typed);
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, screen(&app, size));
    });
}

#[test]
fn what_fits_stands_above_what_is_typed() {
    let plain = Options::default();
    let ascii = Options { ascii: true, ..Options::default() };
    check("palette-80", &plain, SMALL, ":");
    check("palette-60-ascii", &ascii, SMALLEST, ":check");
    check("palette-160", &plain, (160, 50), ":");
    check("palette-elsewhere-80", &plain, SMALL, ":fil");
    check("palette-help-80", &plain, SMALL, ":vertex");
    check("palette-goal-80", &plain, SMALL, ":57.3");
    check("palette-nothing-80", &plain, SMALL, ":plya\n");
}

#[test]
fn a_name_does_what_its_key_does() {
    let same: [(&str, &str); 16] = [
        ("step-forward", "l"),
        ("Step Forward", "l"),
        ("stb", "h"),
        ("mark-forward", "n"),
        ("show-outside", "5"),
        ("show outside", "5"),
        ("show_ev", "7"),
        ("outs", "5"),
        ("detail", "z"),
        ("next-checkpoint", "c"),
        ("faster", "+"),
        ("help", "?"),
        ("about", "i"),
        ("inspect", "v"),
        ("go-to", "g"),
        ("57.3", "g57.3\n"),
    ];
    for (name, typed) in same {
        let (mut by_name, mut by_key) =
            (at_59(&Options::default(), SMALL), at_59(&Options::default(), SMALL));
        keys(&mut by_name, &format!(":{name}\n"));
        keys(&mut by_key, typed);
        assert_eq!(screen(&by_name, SMALL), screen(&by_key, SMALL), "{name}");
    }
    let flow = |typed: &str| keys(&mut at_59(&Options::default(), SMALL), typed);
    assert_eq!(flow(":quit\n"), Flow::Quit);
    assert_eq!(flow(":export\n"), Flow::Save);
    assert_eq!(flow(":quit"), Flow::Stay);
}

#[test]
fn what_works_elsewhere_leads_there() {
    let mut by_name = at_59(&Options::default(), SMALL);
    keys(&mut by_name, ":filter\ncount#2\n");
    let mut by_key = at_59(&Options::default(), SMALL);
    keys(&mut by_key, "7/count#2\n");
    assert_eq!(screen(&by_name, SMALL), screen(&by_key, SMALL));
}

#[test]
fn one_chooses_and_completes() {
    let current = |app: &App| {
        let screen = screen(app, SMALL);
        let (_, tab) = screen.split_once('[').unwrap();
        tab.split_once(']').unwrap().0.to_owned()
    };
    let mut app = at_59(&Options::default(), SMALL);
    keys(&mut app, ":show-");
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Up);
    press(&mut app, KeyCode::Enter);
    assert_eq!(current(&app), "2 Time");

    keys(&mut app, ":events");
    press(&mut app, KeyCode::Tab);
    assert!(screen(&app, SMALL).contains(":show-events"), "{}", screen(&app, SMALL));
    press(&mut app, KeyCode::Enter);
    assert_eq!(current(&app), "7 Events");
}

#[test]
fn it_is_left_without_a_trace() {
    let mut app = at_59(&Options::default(), SMALL);
    let before = screen(&app, SMALL);
    for typed in [":\u{1b}", ":quit\u{1b}", ":\n", ":nothing of the kind\n\u{1b}"] {
        assert_eq!(keys(&mut app, typed), Flow::Stay);
        assert_eq!(screen(&app, SMALL), before, "after {typed:?}");
    }
    keys(&mut app, ":q");
    press(&mut app, KeyCode::Backspace);
    press(&mut app, KeyCode::Backspace);
    assert_eq!(screen(&app, SMALL), before);
    keys(&mut app, ":quit");
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(update(&mut app, UiEvent::Key(ctrl_c)), Flow::Quit);
}
