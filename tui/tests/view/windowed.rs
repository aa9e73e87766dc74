//! Event time and windows on the screen, as real runs show them.
//!
//! Departures of two airports' flights are counted by the hour. One source lags behind, sends a
//! record too late, and falls idle; so the hours wait, fire, fire again, and are over.

use std::sync::Arc;
use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use weir::api::{SourceOptions, StreamExecutionEnvironment, TumblingEventTimeWindows};
use weir::base::{EventTime, SimDuration};
use weir::cluster::{self, ClusterOptions};
use weir::connector::Timed;
use weir::record::{OutputTag, WatermarkStatus};
use weir::replay::Timeline;
use weir::time::WatermarkStrategy;
use weir::trace::{
    Event, ExchangeEvent, FiringTime, LateOutcome, Level, Recorded, TimeEvent, TraceFile,
    WindowEvent,
};
use weir_tui::view::{App, Options, Source, UiEvent, update};

use super::{keys, screen};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (160, 50);

/// Midnight of the first of January 2013.
const MIDNIGHT: i64 = 1_356_998_400_000;

/// An airport, how many flights, and when.
type Departure = (String, u32, i64);

/// What arrives at a source: after how many milliseconds, where from, at what time of day.
fn departures(arriving: &[(u64, &str, (i64, i64))]) -> Arc<Timed<Departure>> {
    let timed = arriving.iter().map(|&(millis, airport, (hour, minute))| {
        let at = MIDNIGHT + (hour * 60 + minute) * 60_000;
        (SimDuration::from_millis(millis), (airport.to_owned(), 1, at))
    });
    Arc::new(Timed(timed.collect()))
}

pub fn trace(level: Level) -> TraceFile {
    let env = StreamExecutionEnvironment::new("departures per hour");
    env.set_auto_watermark_interval(SimDuration::from_millis(100));
    let strategy = || {
        WatermarkStrategy::for_monotonous_timestamps()
            .with_timestamp_assigner(|departure: &Departure, _| EventTime(departure.2))
            .with_idleness(Duration::from_millis(600))
    };
    let prompt = departures(&[
        (50, "JFK", (9, 10)),
        (150, "LGA", (9, 40)),
        (450, "JFK", (10, 5)),
        (950, "JFK", (10, 50)),
        (1450, "LGA", (11, 20)),
        (1950, "JFK", (12, 30)),
        (2450, "JFK", (12, 40)),
    ]);
    let tardy = departures(&[
        (60, "JFK", (9, 5)),
        (700, "LGA", (10, 15)),
        (720, "JFK", (9, 55)),
        (800, "JFK", (8, 30)),
        (2600, "LGA", (12, 45)),
    ]);
    let prompt = env.from_source("prompt", prompt, SourceOptions::default(), strategy());
    let tardy = env.from_source("tardy", tardy, SourceOptions::default(), strategy());
    let (prompt, tardy) = (prompt.parallelism(1).uid("prompt"), tardy.parallelism(1).uid("tardy"));
    let late = OutputTag::new("late");
    let hourly = prompt
        .union(&[&tardy])
        .key_by_field(|departure| &departure.0)
        .window(TumblingEventTimeWindows::of(Duration::from_secs(3600)))
        .allowed_lateness(Duration::from_secs(600))
        .side_output_late_data(&late)
        .sum(|departure| &mut departure.1)
        .name("hourly")
        .uid("hourly")
        .parallelism(2);
    hourly.get_side_output(&late).write_to("late", ["airport", "flights", "at"]);
    hourly.write_to("departures", ["airport", "flights", "at"]);
    let mut options = ClusterOptions::new(2, 2);
    options.sim.level = level;
    let report = cluster::execute(options, env.build().unwrap()).unwrap();
    TraceFile::parse(report.trace.unwrap()).unwrap()
}

/// A view of the run just after the first event of which this is true.
pub fn app(
    trace: &TraceFile,
    options: &Options,
    size: (u16, u16),
    at: impl Fn(&Event) -> bool,
) -> App {
    let mut timeline = Timeline::new(trace.header().clone(), trace.iter());
    let is_there = |recorded: &Recorded| at(&recorded.event);
    let position = timeline.next_matching(is_there).expect("the run comes to it");
    timeline.seek_position(position);
    let title = "Departures per hour".to_owned();
    let source =
        Source { title, teaches: Vec::new(), about: String::new(), timeline, grows: false };
    App::new(source, options, size)
}

/// The screen without what tells the step and the time: those are of no interest here.
pub fn body(app: &App, size: (u16, u16)) -> String {
    let screen = screen(app, size);
    let lines: Vec<_> = screen.lines().collect();
    let lines = &lines[1..lines.len() - 3];
    let log = lines.iter().position(|line| line.trim_start().starts_with("step "));
    lines[..log.unwrap_or(lines.len())].join("\n")
}

/// A look at a run: a name for the snapshot, how it looks, where, and the keys that are typed.
pub struct Looks {
    pub name: &'static str,
    pub options: Options,
    pub size: (u16, u16),
    pub typed: &'static str,
}

pub fn check(trace: &TraceFile, looks: &Looks, at: impl Fn(&Event) -> bool) {
    let mut app = app(trace, &looks.options, looks.size, at);
    keys(&mut app, looks.typed);
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(looks.name, body(&app, looks.size));
    });
}

pub fn looks(name: &'static str, typed: &'static str) -> Looks {
    Looks { name, options: Options::default(), size: SMALL, typed }
}

/// Keys that lead to the event time of the windows.
const HOURLY: &str = "eee";

fn is_fired(event: &Event, of: FiringTime) -> bool {
    matches!(event, Event::Window(WindowEvent::WindowFired { timing, .. }) if *timing == of)
}

#[test]
fn a_window_waits_for_the_slower_source_and_fires() {
    let trace = trace(Level::Records);
    let ten_past = |event: &Event| {
        let ten = MIDNIGHT + 10 * 3_600_000;
        matches!(event, Event::Exchange(ExchangeEvent::WatermarkReceived { watermark, .. })
            if watermark.0 >= ten)
    };
    check(&trace, &looks("windows-wait-80", HOURLY), ten_past);
    check(&trace, &Looks { size: LARGE, ..looks("windows-wait-160", HOURLY) }, ten_past);
    check(&trace, &looks("windows-wait-graph-80", ""), ten_past);
    check(&trace, &looks("windows-wait-vertices-80", "zzz"), ten_past);
    let fired = |event: &Event| is_fired(event, FiringTime::OnTime);
    check(&trace, &looks("windows-fire-80", HOURLY), fired);
}

#[test]
fn watermarks_are_among_the_records() {
    let trace = trace(Level::Records);
    let sent =
        |event: &Event| matches!(event, Event::Exchange(ExchangeEvent::WatermarkSent { .. }));
    check(&trace, &looks("windows-sent-80", ""), sent);
    let ascii = Options { ascii: true, ..Options::default() };
    let ascii = || ascii.clone();
    check(&trace, &Looks { options: ascii(), ..looks("windows-sent-80-ascii", "") }, sent);
    check(&trace, &Looks { size: LARGE, ..looks("windows-sent-160", "") }, sent);
    check(&trace, &Looks { size: (60, 20), ..looks("windows-sent-60", "") }, sent);
}

#[test]
fn a_late_record_fires_again_or_goes_aside() {
    let trace = trace(Level::Records);
    check(&trace, &looks("windows-fire-late-80", HOURLY), |event| {
        is_fired(event, FiringTime::Late)
    });
    check(&trace, &looks("windows-late-80", HOURLY), |event| {
        let aside = LateOutcome::SideOutput;
        matches!(event, Event::Time(TimeEvent::RecordsLate { outcome, .. }) if *outcome == aside)
    });
}

#[test]
fn nobody_waits_for_an_idle_source() {
    let trace = trace(Level::Records);
    let idle = |event: &Event| {
        matches!(event, Event::Exchange(ExchangeEvent::WatermarkStatusReceived { status, from, .. })
            if *status == WatermarkStatus::Idle && &**from == "tardy#1")
    };
    check(&trace, &looks("windows-idle-80", HOURLY), idle);
    let ascii = Options { ascii: true, ..Options::default() };
    check(&trace, &Looks { options: ascii, ..looks("windows-idle-80-ascii", HOURLY) }, idle);
}

#[test]
fn a_trace_without_records_says_what_it_does_not_know() {
    let trace = trace(Level::Control);
    let late = |event: &Event| matches!(event, Event::Time(TimeEvent::RecordsLate { .. }));
    check(&trace, &looks("windows-control-80", HOURLY), late);
}

#[test]
fn looking_at_event_time_is_left_again() {
    let trace = trace(Level::Records);
    let late = |event: &Event| matches!(event, Event::Time(TimeEvent::RecordsLate { .. }));
    let mut app = app(&trace, &Options::default(), SMALL, late);
    let graph = screen(&app, SMALL);
    for typed in ["eeeeee", "EEEEEE", "ee\u{1b}", "eejjjj\u{1b}", "eo\u{1b}"] {
        keys(&mut app, typed);
        assert_eq!(screen(&app, SMALL), graph, "after {typed:?}");
    }
    // Every vertex at every place draws, whatever is or is not known there.
    keys(&mut app, "e");
    for _ in 0..=app.timeline().len() {
        for code in [KeyCode::Left, KeyCode::Char('e'), KeyCode::PageDown] {
            update(&mut app, UiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
        assert!(!screen(&app, (60, 20)).is_empty());
    }
}
