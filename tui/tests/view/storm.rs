//! Whatever is typed, the view stays up and within its bounds.

use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use ratatui::crossterm::event::{
    KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use unicode_width::UnicodeWidthStr;
use weir::trace::Level;
use weir_tui::view::{App, Flow, Options, UiEvent, update};

use super::{app, buffer, checkpointed, outside, state, windowed};

fn key() -> impl Strategy<Value = KeyCode> {
    prop_oneof![
        10 => prop::sample::select("hl[]nN: g+-1234567tkjHLzZdbxoeEsScCi|?/q=p0.15msufFmwvr'é界\u{202e}\u{7}".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        6 => prop::sample::select(vec![
            KeyCode::Left, KeyCode::Right, KeyCode::Up, KeyCode::Down, KeyCode::Home, KeyCode::End,
            KeyCode::PageUp, KeyCode::PageDown, KeyCode::Tab, KeyCode::BackTab, KeyCode::Enter, KeyCode::Esc,
            KeyCode::Backspace,
        ]),
    ]
}

fn event() -> impl Strategy<Value = UiEvent> {
    let mouse = (
        0u16..200,
        0u16..60,
        prop::sample::select(vec![
            MouseEventKind::ScrollDown,
            MouseEventKind::ScrollUp,
            MouseEventKind::Down(MouseButton::Left),
            MouseEventKind::Moved,
        ]),
    );
    prop_oneof![
        20 => key().prop_map(|code| UiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE))),
        1 => (0u16..200, 0u16..60).prop_map(|(width, height)| UiEvent::Resize(width, height)),
        1 => Just(UiEvent::Resize(80, 24)),
        2 => (0u64..300).prop_map(|ms| UiEvent::Tick(Duration::from_millis(ms))),
        2 => mouse.prop_map(|(column, row, kind)| {
            UiEvent::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
        }),
    ]
}

#[test]
fn eighty_thousand_events_change_nothing_for_the_worse() {
    let options = Options { color: true, ..Options::default() };
    storm(app(&options, SIZE));
    storm(windowed::app(&windowed::trace(Level::Records), &options, SIZE, |_| true));
    storm(windowed::app(&state::trace(Level::Records), &options, SIZE, |_| true));
    storm(state::hostile(&options, SIZE));
    storm(checkpointed::app(&options, SIZE, |_| true));
    storm(checkpointed::hostile(&options, SIZE));
    storm(outside::app(&options, SIZE, |_| true));
    storm(outside::hostile(&options, SIZE));
}

const SIZE: (u16, u16) = (80, 24);

fn storm(mut app: App) {
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let mut size = SIZE;
    for number in 0..10_000 {
        let event = event().new_tree(&mut runner).unwrap().current();
        if let UiEvent::Resize(width, height) = event {
            size = (width, height);
        }
        let told = format!("{event:?}");
        // Quitting is the loop's business: the model lives on.
        let _: Flow = update(&mut app, event);
        let buffer = buffer(&app, size);
        for cell in buffer.content() {
            let symbol = cell.symbol();
            let safe = !symbol.chars().any(|c| c.is_control() || c == '\u{202e}');
            assert!(safe && symbol.width() <= 2, "{symbol:?} after event {number}, {told}");
        }
        assert!(app.timeline().position() <= app.timeline().events().len());
    }
}
