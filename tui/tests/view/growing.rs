//! A run that is computed while it is looked at.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::time::Duration;

use weir::base::Seed;
use weir::replay::{Place, Timeline};
use weir::trace::{Header, Recorded};
use weir_tui::view::{App, Goal, Options, Source, UiEvent, update};

use super::{keys, run, screen};

const SIZE: (u16, u16) = (80, 24);

/// A view of the synthetic run before its first event, and its events.
pub fn growing(options: &Options) -> (App, Vec<Recorded>) {
    let (nodes, events) = run::word_count();
    let timeline = Timeline::new(Header::new("word-count", "", Seed(7), nodes), []);
    let (title, teaches, about) = ("Word count".to_owned(), Vec::new(), String::new());
    let source = Source { title, teaches, about, timeline, grows: true };
    (App::new(source, options, SIZE), events)
}

fn press(app: &mut App, code: KeyCode) {
    update(app, UiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE)));
}

/// Feeds a run bit by bit; `look` is called after each bit.
fn feed(app: &mut App, events: &[Recorded], mut look: impl FnMut(&mut App, usize)) {
    let mut known = 0;
    for bit in events.chunks(7) {
        update(app, UiEvent::More(bit.to_vec()));
        known += bit.len();
        look(app, known);
    }
    update(app, UiEvent::Ended(Ok("completed".to_owned())));
    assert!(!app.is_growing());
}

#[test]
fn one_stays_where_one_is() {
    let (mut app, events) = growing(&Options::default());
    assert!(app.is_growing());
    let all = events.len();
    feed(&mut app, &events, |app, known| {
        assert_eq!(app.timeline().position(), 0);
        assert!(screen(app, SIZE).contains(&format!("0/{known}…")), "{}", screen(app, SIZE));
    });
    assert!(screen(&app, SIZE).contains(&format!("0/{all}\n")), "{}", screen(&app, SIZE));
    keys(&mut app, "ll");
    assert!(app.timeline().position() > 0);
}

#[test]
fn a_place_that_is_not_known_yet_is_waited_for() {
    let place = Place { step: weir::base::Step(59), sub: 0 };
    let beyond = "99999".parse::<Goal>().unwrap();
    for (goal, typed) in [("59".parse::<Goal>().unwrap(), ":59\n"), (beyond, "g99999\n")] {
        let options = Options { at: Some(goal), ..Options::default() };
        let (mut asked, events) = growing(&options);
        let (mut wished, _) = growing(&Options::default());
        keys(&mut wished, typed);
        feed(&mut asked, &events, |_, _| {});
        feed(&mut wished, &events, |_, _| {});
        let wanted = if goal == beyond {
            events.len()
        } else {
            events.partition_point(|recorded| Place::of(recorded) <= place)
        };
        assert_eq!(asked.timeline().position(), wanted);
        assert_eq!(wished.timeline().position(), wanted);
        assert_eq!(screen(&asked, SIZE), screen(&wished, SIZE));
    }
}

#[test]
fn the_end_is_followed_until_one_goes_elsewhere() {
    let (mut app, events) = growing(&Options::default());
    press(&mut app, KeyCode::End);
    feed(&mut app, &events, |app, known| {
        let wanted = match known {
            ..70 => known,
            70 => {
                press(app, KeyCode::Home);
                0
            }
            _ => 0,
        };
        assert_eq!(app.timeline().position(), wanted);
    });
}

/// Playing waits for what is to come, and ends with the run.
#[test]
fn playing_goes_on_with_the_run() {
    let (mut app, events) = growing(&Options::default());
    keys(&mut app, "+++++++ ");
    let second = || UiEvent::Tick(Duration::from_secs(1));
    feed(&mut app, &events, |app, _| {
        update(app, second());
        if !app.is_playing() {
            // A note stood in the way.
            keys(app, " ");
        }
        assert!(app.is_playing());
    });
    for _ in 0..50 {
        update(&mut app, second());
        if !app.is_playing() && app.timeline().position() < app.timeline().len() {
            keys(&mut app, " ");
        }
    }
    assert_eq!(app.timeline().position(), app.timeline().len());
    assert!(!app.is_playing());
}

#[test]
fn what_broke_a_run_is_told() {
    let (mut app, events) = growing(&Options::default());
    update(&mut app, UiEvent::More(events[..20].to_vec()));
    update(&mut app, UiEvent::Ended(Err("out of\u{202e} order".to_owned())));
    let shown = screen(&app, SIZE);
    assert!(shown.contains("could not go on") && shown.contains("out of"), "{shown}");
    assert!(!shown.contains('\u{202e}'), "{shown}");
    press(&mut app, KeyCode::Esc);
    assert!(!screen(&app, SIZE).contains("out of"));
    assert_eq!(app.timeline().len(), 20);
}
