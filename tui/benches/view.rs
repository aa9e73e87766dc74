//! What the view takes: `cargo bench --bench view`.
//!
//! First a frame of each screen in a terminal of 200 by 60, in the middle of a run. Then a long run
//! of `WEIR_BENCH_EVENTS` events (a million if unset): to open it, to go to a place in it, and to
//! draw what is there.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use weir::api::{SourceOptions, StreamExecutionEnvironment};
use weir::base::SimTime;
use weir::cluster::{self, ClusterOptions, JobSubmission, Onlooker, RunLabel};
use weir::gallery::registry;
use weir::replay::Timeline;
use weir::scenario::{Overrides, load, lower, run_lowered};
use weir::trace::{Level, TraceFile};
use weir_tui::view::{App, Options, Source, UiEvent, draw, update};

/// The allocator of the binary, which is what is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZE: (u16, u16) = (200, 60);

/// What is looked at: a name, and the keys that lead there.
const SCREENS: [(&str, &str); 14] = [
    ("graph", "1"),
    ("graph with event time", "1e"),
    ("graph with state", "1s"),
    ("graph with checkpoints", "1c"),
    ("time", "2"),
    ("time with all messages", "2bbb"),
    ("checkpoints", "3"),
    ("state", "4"),
    ("outside", "5"),
    ("cluster", "6"),
    ("events", "7"),
    ("time beside graph", "12|"),
    ("help", "?"),
    ("commands", ":"),
];

fn view(timeline: Timeline) -> App {
    let (title, teaches, about) = ("a run".to_owned(), Vec::new(), String::new());
    let options = Options { color: true, ..Options::default() };
    App::new(Source { title, teaches, about, timeline, grows: false }, &options, SIZE)
}

fn screen() -> Buffer {
    Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1))
}

/// The middle of a run with checkpoints, with everything that it can show.
fn middle() -> Timeline {
    let scenario = load("checkpoints/alignment").unwrap();
    let overrides = Overrides { level: Level::Records, ..Overrides::default() };
    let lowered = lower(&scenario, &registry(), &overrides).unwrap();
    let outcome = run_lowered(lowered, Onlooker::default()).unwrap();
    let mut timeline = open(outcome.report.trace.unwrap(), usize::MAX);
    timeline.seek_position(timeline.len() / 2);
    timeline
}

fn frames(criterion: &mut Criterion) {
    let timeline = middle();
    let mut group = criterion.benchmark_group("a frame");
    for (name, typed) in SCREENS {
        let mut app = view(timeline.clone());
        for key in typed.chars() {
            let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
            update(&mut app, UiEvent::Key(key));
        }
        let mut buffer = screen();
        group.bench_function(name, |bencher| bencher.iter(|| draw(&app, &mut buffer)));
    }
    group.finish();
}

/// A run that sums up so many records: each leaves a little more than one event.
fn summed(records: u64) -> Vec<u8> {
    let env = StreamExecutionEnvironment::new("sums");
    env.set_parallelism(2);
    env.from_generator("numbers", records, SourceOptions::default(), |it| (it * 7919 % 1000, it))
        .key_by_field(|(key, _)| key)
        .sum(|(_, number)| number)
        .discard();
    let mut options = ClusterOptions::new(2, 1);
    options.sim.level = Level::Records;
    let jobs = [JobSubmission::new(SimTime::ZERO, env.build().unwrap())];
    let report = cluster::run(options, &jobs, RunLabel::default(), Onlooker::default()).unwrap();
    report.trace.expect("a level was set")
}

/// A run with at least so many events.
fn long(events: usize) -> Vec<u8> {
    let mut records = 10_000;
    loop {
        let trace = summed(records);
        let there = TraceFile::parse(trace.clone()).unwrap().iter().take(events).count();
        if there == events {
            return trace;
        }
        // A tenth more than it should take.
        let (wanted, there) = (events as u64, there as u64);
        records = (wanted * records / there * 11 / 10).max(records * 2);
    }
}

fn open(trace: Vec<u8>, events: usize) -> Timeline {
    let trace = TraceFile::parse(trace).unwrap();
    Timeline::new(trace.header().clone(), trace.iter().take(events))
}

/// Numbers without an order that anything could foresee.
fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

fn long_run(criterion: &mut Criterion) {
    let wanted = std::env::var_os("WEIR_BENCH_EVENTS");
    let wanted = wanted.map(|wanted| wanted.to_str().and_then(|text| text.parse().ok()));
    let events: usize = wanted.map_or(1_000_000, |wanted| wanted.expect("it is a number"));
    let trace = long(events.max(1));
    let mut group = criterion.benchmark_group(format!("{events} events"));
    group.sample_size(10);
    group.throughput(Throughput::Elements(events as u64));
    group.bench_function("open", |bencher| {
        let trace = || trace.clone();
        bencher.iter_batched(trace, |trace| open(trace, events), BatchSize::PerIteration);
    });
    group.throughput(Throughput::Elements(1));
    let mut timeline = open(trace, events);
    let mut number = 0;
    let mut anywhere = || {
        number += 1;
        usize::try_from(mixed(number) % (events as u64 + 1)).expect("it is a place in the run")
    };
    group.bench_function("go to a place", |bencher| {
        bencher.iter(|| timeline.seek_position(anywhere()));
    });
    // The view goes there as a person would, and draws.
    let mut app = view(timeline);
    let mut buffer = screen();
    for (name, screen) in [("graph", '1'), ("time", '2'), ("events", '6')] {
        update(&mut app, UiEvent::Key(KeyEvent::new(KeyCode::Char(screen), KeyModifiers::NONE)));
        group.bench_function(format!("go to a place and draw {name}"), |bencher| {
            bencher.iter(|| {
                let place = anywhere();
                click(&mut app, place, events);
                draw(&app, &mut buffer);
            });
        });
    }
    group.finish();
}

/// Goes as near to a place as a click on the bar of time can.
fn click(app: &mut App, place: usize, events: usize) {
    use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let rail = usize::from(SIZE.0) - 26;
    let column = 9 + u16::try_from(place * rail / events.max(1)).expect("the rail is short");
    let kind = MouseEventKind::Down(MouseButton::Left);
    let mouse = MouseEvent { kind, column, row: SIZE.1 - 2, modifiers: KeyModifiers::NONE };
    update(app, UiEvent::Mouse(mouse));
}

criterion_group!(benches, frames, long_run);
criterion_main!(benches);
