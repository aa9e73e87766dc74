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
#[path = "view/themes.rs"]
mod themes;
#[path = "view/travel.rs"]
mod travel;
#[path = "view/windowed.rs"]
mod windowed;

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use weir::base::Seed;
use weir::cluster::Onlooker;
use weir::gallery::registry;
use weir::replay::Timeline;
use weir::scenario::{Overrides, load, lower, run_lowered};
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

/// A view of an embedded scenario's job just after its submission.
fn planned(scenario: &str, size: (u16, u16)) -> App {
    let scenario = load(scenario).unwrap();
    let overrides = Overrides { level: Level::Control, ..Overrides::default() };
    let lowered = lower(&scenario, &registry(), &overrides).unwrap();
    let outcome = run_lowered(lowered, Onlooker::default()).unwrap();
    let trace = TraceFile::parse(outcome.report.trace.unwrap()).unwrap();
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
    let buffer = buffer(app, size);
    let mut text = String::new();
    for y in 0..size.1 {
        let mut line = String::new();
        let mut x = 0;
        while x < size.0 {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(unicode_width::UnicodeWidthStr::width(symbol).max(1)).unwrap();
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
