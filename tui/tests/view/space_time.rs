//! The diagram of space and time on the screen.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use weir::trace::{CheckpointEvent as E, Event, FaultEvent, JobEvent, RecoveryEvent};
use weir_tui::view::{Options, UiEvent, update};

use super::windowed::body;
use super::{buffer, checkpointed, is_safe, keys, screen};

const SMALLEST: (u16, u16) = (60, 20);
const SMALL: (u16, u16) = (80, 24);
const MEDIUM: (u16, u16) = (120, 40);
const LARGE: (u16, u16) = (200, 60);

fn ascii() -> Options {
    Options { ascii: true, ..Options::default() }
}

fn is_aligning(event: &Event) -> bool {
    matches!(event, Event::Checkpoint(E::SourcePaused { .. }))
}

fn is_complete(event: &Event) -> bool {
    matches!(event, Event::Checkpoint(E::CheckpointCompleted { .. }))
}

fn is_waiting(event: &Event) -> bool {
    matches!(event, Event::Recovery(RecoveryEvent::RestartScheduled { .. }))
}

fn is_submitted(event: &Event) -> bool {
    matches!(event, Event::Job(JobEvent::JobSubmitted { .. }))
}

/// A look at the run with checkpoints: a name for the snapshot, how it looks, where, and the keys
/// that are typed.
fn check(
    (name, options, size): (&str, Options, (u16, u16)),
    at: impl Fn(&Event) -> bool,
    typed: &str,
) {
    let mut app = checkpointed::app(&options, size, at);
    keys(&mut app, "t");
    keys(&mut app, typed);
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, body(&app, size));
    });
}

#[test]
fn barriers_go_from_lane_to_lane_and_the_cut_goes_through_them() {
    let plain = Options::default;
    check(("time-80", plain(), SMALL), is_complete, "");
    check(("time-80-ascii", ascii(), SMALL), is_complete, "");
    check(("time-60", plain(), SMALLEST), is_complete, "");
    check(("time-120", plain(), MEDIUM), is_complete, "");
    check(("time-200", plain(), LARGE), is_complete, "");
    check(("time-aligning-120", plain(), MEDIUM), is_aligning, "");
}

#[test]
fn what_is_shown_is_chosen() {
    let plain = Options::default;
    check(("time-buffers-120", plain(), MEDIUM), is_aligning, "bb");
    check(("time-nodes-120", plain(), MEDIUM), is_complete, "d");
    check(("time-far-80", plain(), SMALL), is_complete, "zz");
    check(("time-right-60", plain(), SMALLEST), is_complete, "LLL");
    check(("time-earlier-120", plain(), MEDIUM), is_waiting, "c");
}

#[test]
fn failures_and_restarts_are_marked() {
    check(("time-restart-120", Options::default(), MEDIUM), is_waiting, "");
}

#[test]
fn before_there_is_a_job_the_screen_says_so() {
    check(("time-submitted-80", Options::default(), SMALL), is_submitted, "");
    let mut app = checkpointed::app(&Options::default(), SMALL, |_| true);
    keys(&mut app, "t");
    update(&mut app, UiEvent::Key(KeyEvent::new(KeyCode::Home, KeyModifiers::NONE)));
    assert!(!screen(&app, SMALL).is_empty());
}

#[test]
fn faults_stand_across_the_lanes() {
    let at = Some("60".parse().unwrap());
    let mut app = super::app(&Options { at, ..Options::default() }, SMALL);
    let happens = |event: &Event| matches!(event, Event::Fault(FaultEvent::FaultInjected { .. }));
    assert!(happens(&app.timeline().current().unwrap().event));
    keys(&mut app, "t");
    let shown = screen(&app, SMALL);
    assert!(shown.contains("fault: taskmanager-2 pauses"), "{shown}");
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("time-faults-80", body(&app, SMALL));
    });
}

/// Whatever is chosen, at whatever size and however it looks: nothing is drawn outside the
/// screen, nothing moves the cursor, and colour says nothing alone.
#[test]
fn it_fits_every_terminal() {
    let typed =
        ["t", "tb", "tbbb", "td", "tdbbbb", "tz", "tzzzzz", "tLLLLLL", "tc", "tCC", "tkkkk"];
    for size in [SMALLEST, SMALL, MEDIUM, LARGE] {
        for typed in typed {
            let mut shown = Vec::new();
            for (color, ascii) in [(true, false), (false, false), (false, true)] {
                let options = Options { color, ascii, ..Options::default() };
                for mut app in [
                    checkpointed::app(&options, size, is_complete),
                    checkpointed::hostile(&options, size),
                    super::app(&options, size),
                ] {
                    keys(&mut app, typed);
                    let when = format!("after {typed:?} in {size:?}");
                    shown.push(is_safe(&app, &options, size, &when));
                    // A terminal that has become smaller in the meantime cuts it off and nothing
                    // more.
                    let _ = buffer(&app, (61, 21));
                }
            }
            assert_eq!(shown[..3], shown[3..6], "colour says something alone after {typed:?}");
        }
    }
}

#[test]
fn one_walks_through_the_rows_and_goes_to_them() {
    let mut app = checkpointed::app(&Options::default(), SMALL, is_complete);
    keys(&mut app, "t");
    let here = app.timeline().position();
    let followed = screen(&app, SMALL);
    keys(&mut app, "kkk");
    assert_eq!(app.timeline().position(), here, "looking changes nothing");
    keys(&mut app, "\n");
    let there = app.timeline().position();
    assert!(there < here, "{there} is not before {here}");
    // Esc leaves what was chosen and follows the current event again.
    let mut app = checkpointed::app(&Options::default(), SMALL, is_complete);
    for typed in ["tkkk\u{1b}", "c\u{1b}", "cCCC\u{1b}", "jjjjj\u{1b}", "dd", "bbbb", "zZ"] {
        keys(&mut app, typed);
        assert_eq!(screen(&app, SMALL), followed, "after {typed:?}");
    }
    // All the way to both ends.
    for _ in 0..300 {
        keys(&mut app, "k");
    }
    keys(&mut app, "\n");
    assert!(app.timeline().position() < there);
    for _ in 0..300 {
        keys(&mut app, "j");
    }
    keys(&mut app, "\n");
    assert!(app.timeline().position() > here);
}

#[test]
fn tab_goes_round_the_screens() {
    let mut app = checkpointed::app(&Options::default(), SMALL, is_complete);
    let graph = screen(&app, SMALL);
    let mut screens = vec![graph.clone()];
    loop {
        update(&mut app, UiEvent::Key(KeyEvent::new(KeyCode::Tab, KeyModifiers::NONE)));
        let shown = screen(&app, SMALL);
        if shown == graph {
            break;
        }
        assert!(!screens.contains(&shown) && screens.len() < 20, "{shown}");
        screens.push(shown);
    }
    assert!(screens.len() >= 3);
}
