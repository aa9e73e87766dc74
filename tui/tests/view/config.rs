//! The configuration file: what it may say, what it may not, and what comes of it.

use std::fs;
use std::path::Path;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use weir_tui::config::{Config, parse, written};
use weir_tui::view::{App, Flow, Keymap, Options, Theme, UiEvent, update};

use super::{app, keys, screen};

const SMALL: (u16, u16) = (80, 24);

/// The view that a file makes.
fn configured(text: &str) -> App {
    let Config { theme, ascii, mouse, keys } = parse(text, "config.toml").unwrap();
    let options = Options {
        color: true,
        theme: theme.unwrap_or_default(),
        ascii: ascii.unwrap_or(false),
        mouse: mouse.unwrap_or(true),
        keys,
        at: Some("59".parse().unwrap()),
    };
    app(&options, SMALL)
}

fn press(app: &mut App, code: KeyCode) -> Flow {
    update(app, UiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

/// All keys as they are, written out.
fn defaults() -> String {
    let (theme, ascii, mouse) = (Some(Theme::Default), Some(false), Some(true));
    written(&Config { theme, ascii, mouse, keys: Keymap::default() })
}

#[test]
fn what_is_written_out_is_read_back() {
    let config = parse(&defaults(), "config.toml").unwrap();
    assert_eq!(config.keys, Keymap::default());
    assert_eq!(written(&config), defaults());
    let changed = parse("[keys]\nplay = ['\"', \"\\\\\", 'é', 'F12']\n", "config.toml").unwrap();
    assert_eq!(parse(&written(&changed), "config.toml").unwrap(), changed);
    assert_eq!(parse("", "config.toml").unwrap(), Config::default());
}

/// `WEIR_UPDATE=1` writes the page instead.
#[test]
fn the_page_shows_what_can_be_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/terminal.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("<!-- config -->\n").expect("the block is marked");
    let (shown, after) = rest.split_once("<!-- end -->").expect("the block has an end");
    let block = format!("```toml\n{}```\n", defaults());
    if std::env::var_os("WEIR_UPDATE").is_some() {
        let page = format!("{before}<!-- config -->\n{block}<!-- end -->{after}");
        fs::write(&path, page).unwrap();
    } else {
        assert_eq!(shown, block, "run this test with WEIR_UPDATE=1 and look at the difference");
    }
    let examples: Vec<&str> = page.split("```toml\n").skip(1).collect();
    assert!(examples.len() >= 2);
    for example in examples {
        let (example, _) = example.split_once("```").expect("it is closed");
        parse(example, "docs/terminal.md").unwrap();
    }
}

#[test]
fn what_is_wrong_is_said_once_with_its_place() {
    // The text, the place of what is wrong in it, and parts of what is said.
    let cases: [(&str, (usize, usize), &[&str]); 21] = [
        ("theme = \"drak\"", (1, 9), &["no theme `drak`", "did you mean `dark`?"]),
        ("theme = 3", (1, 9), &["`theme` must be a text"]),
        ("ascii = \"yes\"", (1, 9), &["`ascii` must be true or false"]),
        ("mouse = 1", (1, 9), &["`mouse` must be true or false"]),
        ("\ntheem = \"dark\"", (2, 1), &["unknown key `theem`", "did you mean `theme`?"]),
        ("colour-of-money = 1", (1, 1), &["theme, ascii, mouse, keys"]),
        ("play = \"x\"", (1, 1), &["unknown key `play`", "[keys]"]),
        ("theme = \"dark\"\ntheme = \"dark\"", (2, 1), &["duplicate"]),
        ("theme = dark", (1, 9), &[]),
        ("keys = 7", (1, 8), &["must be a table"]),
        ("[keys]\nplya = \"x\"", (2, 1), &["no action `plya`", "did you mean `play`?"]),
        ("[keys]\nfly-to-the-moon = []", (2, 1), &["no action", "`:` lists"]),
        ("[keys]\nplay = 7", (2, 8), &["must be a list of keys"]),
        ("[keys]\nplay = [\"x\", 7]", (2, 8), &["must be a list of keys"]),
        ("[keys]\nplay = [\"F5\", \"ctrl-x\"]", (2, 15), &["`ctrl-x` is not a key", "PageUp"]),
        ("[keys]\nplay = \"\\u0007\"", (2, 8), &["not a key"]),
        ("[keys]\nplay = \"\"", (2, 8), &["not a key"]),
        ("[keys]\nplay = [\"F5\", \"f5\"]", (2, 15), &["`F5` stands twice"]),
        ("[keys]\nplay = \"esc\"", (2, 8), &["`Esc` always closes"]),
        (
            "[keys]\nplay = \"z\"",
            (2, 8),
            &["`z` is `detail` already on the screen Graph", "detail = []"],
        ),
        (
            "[keys]\nfaster = [\"F5\"]\nplay = [\"space\", \"F5\"]",
            (3, 18),
            &["`F5` is `faster` already", "another key"],
        ),
    ];
    for (text, place, parts) in cases {
        let error = parse(text, "config.toml").unwrap_err();
        assert_eq!(error.place(), Some(place), "{text:?}\n{error}");
        let shown = error.render(false);
        assert!(shown.starts_with("error"), "{shown}");
        assert!(shown.contains(&format!("config.toml:{}:{}", place.0, place.1)), "{shown}");
        for part in parts {
            assert!(shown.contains(part), "{part:?} is not in\n{shown}");
        }
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
    }
    let long = parse(&"#".repeat(1 << 17), "config.toml").unwrap_err();
    assert_eq!(long.place(), None);
}

/// Whatever stands in the file, it is read or refused.
#[test]
fn no_text_is_too_wrong() {
    for text in
        ["\u{feff}", "[", "[keys", "keys.play = 'x'", "[[keys]]", "=", "\"", "\r", "\0", "é=é"]
    {
        if let Err(error) = parse(text, "config.toml") {
            assert!(error.render(true).contains("error"));
        }
    }
    for cut in 0..defaults().len() {
        let text = defaults();
        let Some(text) = text.get(..cut) else { continue };
        if let Err(error) = parse(text, "config.toml") {
            assert!(!error.message().is_empty());
        }
    }
}

#[test]
fn keys_are_what_the_file_says_and_are_shown_so() {
    const FILE: &str = "[keys]\nplay = [\"F5\", \"é\"]\nstep-forward = \"w\"\nhelp = \"F1\"\n\
                        quit = \"Q\"\nshow-events = \"F6\"\nmark-forward = []\n";
    let mut app = configured(FILE);
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("configured-keys-80", screen(&app, SMALL));
    });
    let place = app.timeline().position();
    keys(&mut app, "ln ");
    assert_eq!(app.timeline().position(), place);
    assert!(!app.is_playing());
    keys(&mut app, "w");
    assert!(app.timeline().position() > place);
    press(&mut app, KeyCode::F(5));
    assert!(app.is_playing());
    keys(&mut app, "é");
    assert!(!app.is_playing());
    press(&mut app, KeyCode::F(1));
    let help = screen(&app, SMALL);
    assert!(help.contains("w         on by one control event"), "{help}");
    keys(&mut app, "\u{1b}");
    assert_eq!(keys(&mut app, "q"), Flow::Stay);
    assert_eq!(keys(&mut app, "Q"), Flow::Quit);

    let mut ascii = configured(&format!("ascii = true\n{FILE}"));
    for typed in ["", ":"] {
        keys(&mut ascii, typed);
        assert!(screen(&ascii, SMALL).is_ascii());
    }
}

#[test]
fn nobody_is_locked_in() {
    let mut app = configured("[keys]\nclose = \"x\"\nexport = []\nquit = []\n");
    let before = screen(&app, SMALL);
    for close in ["\u{1b}", "x"] {
        keys(&mut app, "?");
        assert_ne!(screen(&app, SMALL), before);
        keys(&mut app, close);
        assert_eq!(screen(&app, SMALL), before);
    }
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(update(&mut app, UiEvent::Key(ctrl_c)), Flow::Quit);
}
