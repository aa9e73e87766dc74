//! The traces and figures of `docs/time.md`: programs, and which lines of their traces are shown.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use weir::api::{
    DataStream, EventTimeSessionWindows, SourceOptions, StreamExecutionEnvironment,
    TumblingEventTimeWindows, TumblingProcessingTimeWindows, Windows,
};
use weir::base::EventTime;
use weir::cluster::ClusterOptions;
use weir::connector::Timed;
use weir::record::OutputTag;
use weir::time::WatermarkStrategy;
use weir::trace::Level;

use super::streams::{Stream, Watermarks};
use super::{cluster, run};
use crate::page::{chosen_lines, with_block};
use crate::trace::schema::check_file;

/// A reading: where, and when in milliseconds.
type Reading = (String, i64);

/// After how many milliseconds a reading comes, where it is from and when it was taken.
type Coming = (u64, &'static str, i64);

fn readings(coming: &[Coming]) -> Arc<Timed<Reading>> {
    let coming = coming
        .iter()
        .map(|(due, sensor, taken)| (Duration::from_millis(*due), (sensor.to_string(), *taken)));
    Arc::new(Timed(coming.collect()))
}

/// Says with each reading that the next is at least as late.
fn each_reading() -> WatermarkStrategy<Reading> {
    WatermarkStrategy::for_punctuated(|_: &Reading, taken: EventTime| Some(EventTime(taken.0 - 1)))
        .with_timestamp_assigner(|(_, taken): &Reading, _| EventTime(*taken))
}

fn in_splits(splits: u16) -> SourceOptions {
    SourceOptions { rate: None, splits: Some(splits), side_by_side: true }
}

/// Counts the readings of each sensor in windows.
fn count(readings: &DataStream<Reading>, windows: Windows, lateness: u64) {
    let late = OutputTag::new("late");
    let counts = readings
        .key_by_field(|(sensor, _)| sensor)
        .window(windows)
        .allowed_lateness(Duration::from_millis(lateness))
        .side_output_late_data(&late)
        .apply(|sensor, _, readings, out| out.collect((sensor.clone(), readings.len() as u64)));
    let counts = counts.uid("counts");
    counts.write_to("out", ["sensor", "readings"]);
    counts.get_side_output(&late).write_to("late", ["sensor", "taken"]);
}

fn tumbling(size_ms: u64) -> Windows {
    TumblingEventTimeWindows::of(Duration::from_millis(size_ms))
}

/// A source for each of two sensors.
fn north_and_south(
    env: &StreamExecutionEnvironment,
    [north, south]: [&[(u64, i64)]; 2],
    strategy: &WatermarkStrategy<Reading>,
) -> DataStream<Reading> {
    let source = |name: &'static str, taken: &[(u64, i64)]| {
        let coming: Vec<Coming> = taken.iter().map(|(due, at)| (*due, name, *at)).collect();
        env.from_source(name, readings(&coming), in_splits(1), strategy.clone()).uid(name)
    };
    source("north", north).union(&[&source("south", south)])
}

fn minimum(env: &StreamExecutionEnvironment) {
    let north = [(0, 1_000), (40, 3_000), (60, 6_000)];
    let south = [(20, 500), (80, 2_500), (100, 4_000)];
    count(&north_and_south(env, [&north, &south], &each_reading()), tumbling(2_000), 0);
}

fn idle(env: &StreamExecutionEnvironment) {
    let north = [(0, 1_000), (40, 3_000), (100, 4_000), (160, 5_000), (220, 6_000), (340, 9_000)];
    let south = [(20, 500), (240, 1_800), (280, 8_000)];
    env.set_auto_watermark_interval(Duration::from_millis(20));
    let strategy = each_reading().with_idleness(Duration::from_millis(130));
    count(&north_and_south(env, [&north, &south], &strategy), tumbling(2_000), 0);
}

const SPLITS: [Coming; 6] = [
    (0, "north", 1_000),
    (20, "north", 4_000),
    (40, "north", 7_000),
    (10, "south", 1_500),
    (30, "south", 2_000),
    (50, "south", 5_000),
];

fn per_split(env: &StreamExecutionEnvironment) {
    let source = env.from_source("readings", readings(&SPLITS), in_splits(2), each_reading());
    count(&source.uid("readings"), tumbling(2_000), 0);
}

fn behind_the_splits(env: &StreamExecutionEnvironment) {
    let source = env.from_splits("readings", readings(&SPLITS), in_splits(2)).uid("readings");
    count(&source.assign_timestamps_and_watermarks(each_reading()), tumbling(2_000), 0);
}

fn stages(env: &StreamExecutionEnvironment) {
    let coming = [
        (0, "north", 1_000),
        (20, "north", 6_000),
        (40, "north", 3_000),
        (60, "north", 9_000),
        (80, "north", 2_000),
    ];
    let source = env.from_source("readings", readings(&coming), in_splits(1), each_reading());
    count(&source.uid("readings"), tumbling(5_000), 2_000);
}

fn sessions(env: &StreamExecutionEnvironment) {
    let coming =
        [(0, "north", 1_000), (20, "north", 5_000), (40, "north", 3_000), (60, "north", 20_000)];
    let strategy =
        WatermarkStrategy::for_punctuated(|_, taken: EventTime| Some(EventTime(taken.0 - 4_001)));
    let strategy = strategy.with_timestamp_assigner(|(_, taken): &Reading, _| EventTime(*taken));
    let source = env.from_source("readings", readings(&coming), in_splits(1), strategy);
    let windows = EventTimeSessionWindows::with_gap(Duration::from_millis(2_500));
    count(&source.uid("readings"), windows, 0);
}

fn clocks(env: &StreamExecutionEnvironment) {
    let coming = [(0, "roof", 0), (10, "cellar", 0), (1_500, "roof", 0), (1_510, "cellar", 0)];
    let source = env.from_splits("readings", readings(&coming), in_splits(1)).uid("readings");
    let windows = TumblingProcessingTimeWindows::of(Duration::from_secs(1));
    let counts = source
        .key_by_field(|(sensor, _)| sensor)
        .window(windows)
        .apply(|sensor, _, readings, out| out.collect((sensor.clone(), readings.len() as u64)));
    let counts = counts.uid("counts").parallelism(2);
    counts.write_to("out", ["sensor", "readings"]).parallelism(2);
}

/// A trace of the page: its mark, its program, and the filter of its lines.
struct Shown {
    mark: &'static str,
    program: fn(&StreamExecutionEnvironment),
    filter: &'static str,
}

const SHOWN: [Shown; 7] = [
    Shown {
        mark: "minimum",
        program: minimum,
        filter: "kind = watermark-received and to = counts#1 or kind = window-fired \
                 or kind = watermark-advanced and subtask = counts#1",
    },
    Shown {
        mark: "idle",
        program: idle,
        filter: "(kind = watermark-received and from = south#1 or kind = watermark-status-received) \
                 and to = counts#1 or kind = window-fired or kind = record-late \
                 or kind = watermark-advanced and subtask = counts#1",
    },
    Shown {
        mark: "per-split",
        program: per_split,
        filter: "kind = watermark-emitted and subtask = readings#1 or kind = record-late",
    },
    Shown {
        mark: "behind-the-splits",
        program: behind_the_splits,
        filter: "kind = watermark-emitted and subtask = readings#1 or kind = record-late",
    },
    Shown {
        mark: "stages",
        program: stages,
        filter: "area = window or kind = watermark-advanced and subtask = counts#1",
    },
    Shown {
        mark: "sessions",
        program: sessions,
        filter: "area = window or kind = watermark-advanced and subtask = counts#1",
    },
    Shown {
        mark: "clocks",
        program: clocks,
        filter: "kind = window-created or kind = window-fired",
    },
];

fn options() -> ClusterOptions {
    let mut options = cluster();
    options.sim.level = Level::Records;
    options.task.buffer_timeout = Duration::ZERO;
    // The second TaskManager's clock is ahead.
    options.sim.nodes[3].clock_offset_us = 700_000;
    options
}

/// The lines of a run's trace that are shown.
fn lines(shown: &Shown) -> String {
    chosen_lines(run(options(), shown.program).trace.expect("its level is records"), shown.filter)
}

/// Departures with their times on schedule, in the order in which they took place.
fn departures() -> Vec<(u8, i64, u32)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/data/departures-2013-01.csv");
    let text = std::fs::read_to_string(file).expect("the departures are there");
    let departure = |(id, line): (u32, &str)| {
        let scheduled = line.split(',').nth(1).expect("a departure has a time on schedule");
        let origin = line.split(',').nth(5).expect("a departure has an origin");
        let at: jiff::Timestamp = scheduled.parse().expect("a time");
        let airport = ["EWR", "JFK", "LGA"].iter().position(|airport| *airport == origin);
        (airport.expect("one of three airports") as u8, at.as_millisecond(), id)
    };
    (0..).zip(text.lines().skip(1)).map(departure).collect()
}

/// How many departures are too late for their hour, with a watermark half an hour behind the
/// latest departure that is emitted with every so many departures.
fn late(records: &[(u8, i64, u32)], every: u32) -> usize {
    let stream = Stream {
        records: records.to_vec(),
        bound: 30 * 60 * 1_000,
        watermarks: Watermarks::Every(every),
        splits: 1,
        side_by_side: false,
        parallelism: 1,
        rate: None,
        assigned_behind: false,
        pauses: None,
    };
    let report = run(cluster(), |env| {
        let late = OutputTag::new("late");
        let departures = stream.declare(env, "departures").key_by(|departure| departure.0);
        let hours = departures.window(TumblingEventTimeWindows::of(Duration::from_secs(3_600)));
        let hours = hours.side_output_late_data(&late);
        let counts = hours.apply(|airport, _, departures, out| {
            out.collect((*airport, departures.len() as u64));
        });
        counts.write_to("on-time", ["airport", "departures"]);
        counts.get_side_output(&late).write_to("late", ["airport", "scheduled", "id"]);
    });
    let on_time = report.sinks["on-time"].rows.iter();
    let on_time: usize = on_time.map(|row| row.fields[1].parse::<usize>().unwrap()).sum();
    let late = report.sinks["late"].rows.len();
    assert_eq!(on_time + late, records.len(), "on time or late");
    late
}

fn grouped(count: usize) -> String {
    if count < 1_000 {
        count.to_string()
    } else {
        format!("{},{:03}", count / 1_000, count % 1_000)
    }
}

#[test]
fn the_page_shows_what_happens() {
    let departures = departures();
    let mut table = String::from("| departures per watermark | too late |\n|---|---|\n");
    for every in [1_u32, 10, 100, 1_000] {
        let late = late(&departures, every);
        writeln!(table, "| {} | {} |", grouped(every as usize), grouped(late)).expect("a string");
    }
    check_file("time.md", |page| {
        let page = with_block(page, "late departures", &table);
        SHOWN.iter().fold(page, |page, shown| {
            with_block(&page, &format!("trace: {}", shown.mark), &lines(shown))
        })
    });
}
