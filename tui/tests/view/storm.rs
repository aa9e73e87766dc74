//! Whatever is typed, the view stays up and within its bounds.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use ratatui::crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use weir::trace::{Level, Recorded};
use weir_tui::view::{App, Flow, Options, Theme, UiEvent, update};

use super::{buffer, checkpointed, growing, outside, state, stays_in_place, windowed};

fn key() -> impl Strategy<Value = KeyEvent> {
    let code = prop_oneof![
        10 => prop::sample::select("hl[]nN: g+-123456789tTkjHLzZdbxoeEsScCimM'`\"|?/q=p0.15usufFmwvré界\u{202e}\u{7}".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        6 => prop::sample::select(vec![
            KeyCode::Left, KeyCode::Right, KeyCode::Up, KeyCode::Down, KeyCode::Home, KeyCode::End,
            KeyCode::PageUp, KeyCode::PageDown, KeyCode::Tab, KeyCode::BackTab, KeyCode::Enter, KeyCode::Esc,
            KeyCode::Backspace, KeyCode::Delete, KeyCode::Insert, KeyCode::F(1), KeyCode::Null,
        ]),
        1 => any::<char>().prop_map(KeyCode::Char),
    ];
    let modifiers = prop_oneof![
        30 => Just(KeyModifiers::NONE),
        1 => Just(KeyModifiers::SHIFT),
        1 => Just(KeyModifiers::ALT),
        1 => Just(KeyModifiers::CONTROL),
    ];
    let kind = prop_oneof![
        30 => Just(KeyEventKind::Press),
        1 => Just(KeyEventKind::Repeat),
        1 => Just(KeyEventKind::Release),
    ];
    (code, modifiers, kind)
        .prop_map(|(code, modifiers, kind)| KeyEvent::new_with_kind(code, modifiers, kind))
}

/// What somebody types who knows what they want, so that one gets to where single keys seldom
/// lead.
fn typed() -> impl Strategy<Value = Vec<UiEvent>> {
    let text = prop_oneof![
        Just(":show outside\n"),
        Just(":show clus\n"),
        Just(":ev\t\n"),
        Just(":time\n"),
        Just(":check\t"),
        Just(":split\n"),
        Just(":the\n"),
        Just(":filter\ncount\n"),
        Just(":57.3\n"),
        Just(":1.2s\n"),
        Just("7/kind = buffer-sent\n"),
        Just("1s/a\n"),
        Just("g99999999999999999999\n"),
        Just(":\u{202e}\n"),
        Just(":export\n"),
        Just("1"),
        Just("2"),
        Just("3"),
        Just("4"),
        Just("5"),
        Just("6"),
        Just("7"),
    ];
    // From wherever one is, to where keys mean what they say.
    text.prop_map(|text| {
        let keys = "\u{1b}\u{1b}".chars().chain(text.chars()).map(|c| match c {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '\u{1b}' => KeyCode::Esc,
            c => KeyCode::Char(c),
        });
        keys.map(|code| UiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE))).collect()
    })
}

fn single() -> impl Strategy<Value = UiEvent> {
    let mouse = (
        0u16..200,
        0u16..60,
        prop::sample::select(vec![
            MouseEventKind::ScrollDown,
            MouseEventKind::ScrollUp,
            MouseEventKind::ScrollLeft,
            MouseEventKind::Down(MouseButton::Left),
            MouseEventKind::Down(MouseButton::Right),
            MouseEventKind::Drag(MouseButton::Left),
            MouseEventKind::Up(MouseButton::Left),
            MouseEventKind::Moved,
        ]),
    );
    let saved = prop_oneof![
        Just(Ok(vec!["a.txt".to_owned(), "a.svg".to_owned()])),
        Just(Err("\u{1b}[2J no space".to_owned())),
    ];
    prop_oneof![
        40 => key().prop_map(UiEvent::Key),
        2 => (0u16..200, 0u16..60).prop_map(|(width, height)| UiEvent::Resize(width, height)),
        1 => Just(UiEvent::Resize(60, 20)),
        2 => Just(UiEvent::Resize(80, 24)),
        1 => Just(UiEvent::Resize(200, 60)),
        4 => (0u64..300).prop_map(|ms| UiEvent::Tick(Duration::from_millis(ms))),
        4 => mouse.prop_map(|(column, row, kind)| {
            UiEvent::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
        }),
        1 => saved.prop_map(UiEvent::Saved),
    ]
}

fn events() -> impl Strategy<Value = Vec<UiEvent>> {
    prop_oneof![20 => single().prop_map(|event| vec![event]), 1 => typed()]
}

#[test]
fn a_hundred_thousand_events_change_nothing_for_the_worse() {
    let options = Options { color: true, ..Options::default() };
    let others =
        Options { color: true, theme: Theme::ColorBlind, ascii: true, ..Options::default() };
    let mut seen = BTreeSet::new();
    let (young, rest) = growing::growing(&options);
    seen.extend(storm(young, &rest));
    let mut storm = |app| seen.extend(storm(app, &[]));
    storm(windowed::app(&windowed::trace(Level::Records), &options, SIZE, |_| true));
    storm(windowed::app(&state::trace(Level::Records), &options, SIZE, |_| true));
    storm(state::hostile(&options, SIZE));
    storm(state::hostile(&others, SIZE));
    storm(checkpointed::app(&options, SIZE, |_| true));
    storm(checkpointed::hostile(&options, SIZE));
    storm(outside::app(&options, SIZE, |_| true));
    storm(outside::hostile(&options, SIZE));
    storm(outside::hostile(&others, SIZE));
    for screen in ["Graph", "Time", "Checkpoints", "Outside", "Cluster", "Events", COMMANDS] {
        assert!(seen.contains(screen), "{screen} was never seen, but {seen:?}");
    }
}

const SIZE: (u16, u16) = (80, 24);
/// What stands above the list of the palette.
const COMMANDS: &str = "commands";
/// How many events there are in each of ten runs.
const EVENTS: usize = 10_000;

/// Lets events loose on a view, and says what was seen. `rest` is what is still to come of its run.
fn storm(mut app: App, rest: &[Recorded]) -> BTreeSet<String> {
    let mut rest = rest.chunks(5);
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let mut size = SIZE;
    let mut seen = BTreeSet::new();
    let (strategy, mut number) = (events(), 0);
    while number < EVENTS {
        if number % 100 < 2 && app.is_growing() {
            let more = rest.next().map(|bit| UiEvent::More(bit.to_vec()));
            let ended = || UiEvent::Ended(Ok("completed".to_owned()));
            let _: Flow = update(&mut app, more.unwrap_or_else(ended));
        }
        for event in strategy.new_tree(&mut runner).unwrap().current() {
            number += 1;
            if let UiEvent::Resize(width, height) = event {
                size = (width, height);
            }
            let told = format!("{event:?}");
            // Quitting is the loop's business: the model lives on.
            let _: Flow = update(&mut app, event);
            look(&app, size, &mut seen, &format!("after event {number}, {told}"));
        }
    }
    seen
}

fn look(app: &App, size: (u16, u16), seen: &mut BTreeSet<String>, when: &str) {
    let buffer = buffer(app, size);
    stays_in_place(&buffer, when);
    assert!(app.timeline().position() <= app.timeline().len(), "{when}");
    let row = |y: u16| (0..size.0).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    if size.1 < 20 {
        return;
    }
    if let Some((_, tab)) = row(0).rsplit_once('[') {
        let title = tab.split(']').next().unwrap_or_default();
        seen.insert(title.split(' ').next_back().unwrap_or_default().to_owned());
    }
    if row(size.1 - 1).starts_with(':') {
        seen.insert(COMMANDS.to_owned());
    }
}
