//! What the terminal shows: screens of synthetic and real runs, and what no key may do to them.

#[path = "view/checkpointed.rs"]
mod checkpointed;
#[path = "view/config.rs"]
mod config;
#[path = "view/export.rs"]
mod export;
#[path = "view/growing.rs"]
mod growing;
#[path = "view/outside.rs"]
mod outside;
#[path = "view/palette.rs"]
mod palette;
#[path = "view/readme.rs"]
mod readme;
#[path = "view/run.rs"]
mod run;
#[path = "view/screens.rs"]
mod screens;
#[path = "view/space_time.rs"]
mod space_time;
#[path = "view/state.rs"]
mod state;
#[path = "view/state_screen.rs"]
mod state_screen;
#[path = "view/storm.rs"]
mod storm;
#[path = "view/tabs.rs"]
mod tabs;
#[path = "view/telling.rs"]
mod telling;
#[path = "view/themes.rs"]
mod themes;
#[path = "view/travel.rs"]
mod travel;
#[path = "view/windowed.rs"]
mod windowed;

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::Color;
use unicode_width::UnicodeWidthStr;
use weir::base::Seed;
use weir::cluster::Onlooker;
use weir::gallery::registry;
use weir::replay::Timeline;
use weir::scenario::{Overrides, Scenario, load, lower, run_lowered};
use weir::trace::{Event, Header, JobEvent, Level, Recorded, TraceFile};
use weir_tui::view::{App, Flow, Options, Source, UiEvent, draw, update};

/// A view of the synthetic run.
fn app(options: &Options, size: (u16, u16)) -> App {
    let (nodes, events) = run::word_count();
    let source = Source {
        title: "Word count on two TaskManagers".to_owned(),
        teaches: vec!["chaining".to_owned(), "back-pressure".to_owned()],
        about: "Watch how the sink holds up the counts, and they the source.".to_owned(),
        timeline: Timeline::new(Header::new("word-count", "", Seed(7), nodes), events),
        grows: false,
    };
    App::new(source, options, size)
}

/// An embedded scenario and what happens in it.
fn recorded(scenario: &str, level: Level) -> (Scenario, TraceFile) {
    let scenario = load(scenario).unwrap();
    let overrides = Overrides { level, ..Overrides::default() };
    let lowered = lower(&scenario, &registry(), &overrides).unwrap();
    let outcome = run_lowered(lowered, Onlooker::default()).unwrap();
    let trace = TraceFile::parse(outcome.report.trace.unwrap()).unwrap();
    (scenario, trace)
}

/// A view of an embedded scenario's job just after its submission.
fn planned(scenario: &str, size: (u16, u16)) -> App {
    let (scenario, trace) = recorded(scenario, Level::Control);
    let is_submission =
        |it: &Recorded| matches!(it.event, Event::Job(JobEvent::JobSubmitted { .. }));
    let submission = trace.iter().find(is_submission);
    let mut timeline = Timeline::new(trace.header().clone(), submission);
    timeline.seek_position(usize::MAX);
    let source = Source {
        title: scenario.title,
        teaches: Vec::new(),
        about: String::new(),
        timeline,
        grows: false,
    };
    App::new(source, &Options::default(), size)
}

/// Types a text, each character as a key; `\n` is Enter, `\u{1b}` Esc.
fn keys(app: &mut App, text: &str) -> Flow {
    let mut flow = Flow::Stay;
    for c in text.chars() {
        let code = match c {
            '\n' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            c => KeyCode::Char(c),
        };
        flow = update(app, UiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }
    flow
}

fn buffer(app: &App, (width, height): (u16, u16)) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    draw(app, &mut buffer);
    buffer
}

/// The screen as text, without the spaces at the ends of lines.
fn screen(app: &App, size: (u16, u16)) -> String {
    text(&buffer(app, size))
}

fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let line: String = seen(buffer, y).map(|(_, symbol)| symbol).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// What a terminal shows of a row, each symbol with its column: not what a wide one covers.
fn seen(buffer: &Buffer, y: u16) -> impl Iterator<Item = (u16, &str)> {
    let mut x = 0;
    std::iter::from_fn(move || {
        let at = x;
        let symbol = (at < buffer.area.width).then(|| buffer[(at, y)].symbol())?;
        x += u16::try_from(symbol.width().max(1)).unwrap();
        Some((at, symbol))
    })
}

/// Nothing in a frame does anything but stand where it is put: no character moves the cursor or
/// turns its neighbours around, and no row takes more columns than there are.
fn stays_in_place(buffer: &Buffer, when: &str) {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    for cell in buffer.content() {
        let symbol = cell.symbol();
        let is_still = !symbol.chars().any(|c| c.is_control() || turns(c));
        assert!(is_still && symbol.width() <= 2, "{symbol:?} {when}");
    }
    for y in 0..buffer.area.height {
        let columns: usize = seen(buffer, y).map(|(_, symbol)| symbol.width().max(1)).sum();
        assert_eq!(columns, usize::from(buffer.area.width), "row {y} {when}");
    }
}

/// What holds of every screen that no pop-up covers, whatever it shows and however it looks. Its
/// text.
fn is_safe(app: &App, options: &Options, size: (u16, u16), when: &str) -> String {
    let buffer = buffer(app, size);
    stays_in_place(&buffer, when);
    for y in 0..size.1 {
        // The second half of a wide symbol is nobody else's, or one of the two is cut.
        for (x, symbol) in seen(&buffer, y).filter(|(_, symbol)| symbol.width() == 2) {
            assert_eq!(buffer[(x + 1, y)].symbol(), " ", "{symbol:?} is cut {when}");
        }
    }
    for cell in buffer.content() {
        let plain = cell.fg == Color::Reset && cell.bg == Color::Reset;
        assert!(plain || options.color, "{:?} has a colour {when}", cell.symbol());
    }
    let text = text(&buffer);
    assert!(!options.ascii || text.is_ascii(), "not ASCII {when}:\n{text}");
    // The frame around the screens is whole.
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), usize::from(size.1), "{when}");
    assert!(lines[0].contains('[') && lines[0].contains("step "), "{when}: {}", lines[0]);
    let last = lines[lines.len() - 1];
    assert!(last.ends_with("q quit"), "{when}: {last}");
    text
}
