//! The departures of January: what `flight-delays` shows is what a loop over the file comes to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use weir::base::Seed;
use weir::cluster::Onlooker;
use weir::gallery;
use weir::scenario::{self, Outcome, Overrides};

use super::{each, without_expectations};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// Longer than any departure of the month is behind its schedule.
const ENOUGH: i64 = 1_300 * MINUTE;

fn january() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios/data/departures-2013-01.csv")
}

/// How the job is run. Times are in milliseconds.
#[derive(Clone, Debug)]
struct Setting {
    input: PathBuf,
    window: i64,
    out_of_orderness: i64,
    lateness: i64,
    /// A watermark after so many departures each.
    every: usize,
    parallelism: u32,
    seed: u64,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            input: january(),
            window: HOUR,
            out_of_orderness: 30 * MINUTE,
            lateness: 0,
            every: 1,
            parallelism: 2,
            seed: 7,
        }
    }
}

/// A departure of the file: when it was to leave, from where, how late it was, and its line as the
/// sink for late ones shows it.
struct Departure {
    at: i64,
    origin: String,
    delay: i64,
    shown: String,
}

fn read(input: &PathBuf) -> Vec<Departure> {
    let mut reader = csv::Reader::from_path(input).unwrap();
    let headers = reader.headers().unwrap().clone();
    let departure = |record: csv::StringRecord| {
        let field = |name| &record[headers.iter().position(|header| header == name).unwrap()];
        let shown = ["sched_dep", "carrier", "flight", "origin", "dest", "dep_delay_min"];
        Departure {
            at: field("sched_dep").parse::<jiff::Timestamp>().unwrap().as_millisecond(),
            origin: field("origin").to_owned(),
            delay: field("dep_delay_min").parse().unwrap_or(0),
            shown: shown.map(field).join(","),
        }
    };
    reader.records().map(|record| departure(record.unwrap())).collect()
}

/// What the job is to show.
#[derive(Debug, Default, PartialEq)]
struct Shown {
    /// Flights and their delay, by window and airport.
    delays: BTreeMap<(String, String), (u64, i64)>,
    /// The late departures, sorted.
    late: Vec<String>,
}

/// One loop over the file, which knows nothing of windows but where they begin and when they close.
fn expected(setting: &Setting) -> Shown {
    let mut shown = Shown::default();
    let (mut latest, mut watermark) = (i64::MIN, i64::MIN);
    for (index, departure) in read(&setting.input).into_iter().enumerate() {
        let start = departure.at - departure.at.rem_euclid(setting.window);
        if start + setting.window - 1 + setting.lateness <= watermark {
            shown.late.push(departure.shown);
        } else {
            let start = jiff::Timestamp::from_millisecond(start).unwrap().to_string();
            let (flights, delay) = shown.delays.entry((start, departure.origin)).or_default();
            (*flights, *delay) = (*flights + 1, *delay + departure.delay);
        }
        latest = latest.max(departure.at);
        if setting.every > 0 && (index + 1).is_multiple_of(setting.every) {
            watermark = latest - setting.out_of_orderness - 1;
        }
    }
    shown.late.sort();
    shown
}

fn run(setting: &Setting, more: &[&str]) -> Outcome {
    let Setting { window, out_of_orderness, lateness, every, parallelism, .. } = setting;
    let mut flags = vec![
        format!("job.args.input={:?}", setting.input.to_str().unwrap()),
        format!("job.args.window=\"{window}ms\""),
        format!("job.args.out-of-orderness=\"{out_of_orderness}ms\""),
        format!("job.args.lateness=\"{lateness}ms\""),
        format!("job.args.watermark-every={every}"),
        format!("job.parallelism={parallelism}"),
        "cluster.slots=3".to_owned(),
    ];
    flags.extend(more.iter().map(|flag| (*flag).to_owned()));
    let scenario = without_expectations("aviation/flight-delays", &flags);
    let overrides = Overrides { seed: Some(Seed(setting.seed)), ..Overrides::default() };
    let outcome =
        scenario::run(&scenario, &gallery::registry(), &overrides, Onlooker::default()).unwrap();
    assert_eq!(outcome.exit_code(), 0, "{setting:?}: {:?}", outcome.judgement);
    outcome
}

fn shown(outcome: &Outcome) -> Shown {
    let rows = |sink: &str| outcome.report.sinks[sink].rows.iter().map(|row| &row.fields);
    let delays = rows("delays").map(|fields| {
        let key = (fields[0].clone(), fields[1].clone());
        (key, (fields[2].parse().unwrap(), fields[3].parse().unwrap()))
    });
    let delays: BTreeMap<_, _> = delays.collect();
    assert_eq!(delays.len(), rows("delays").len(), "a window and airport has one row");
    let mut late: Vec<String> = rows("late").map(|fields| fields.join(",")).collect();
    late.sort();
    Shown { delays, late }
}

/// The job shows what the loop comes to; returns how many departures are on time and late.
fn check(setting: &Setting) -> (u64, usize) {
    let found = shown(&run(setting, &[]));
    assert_eq!(found, expected(setting), "{setting:?}");
    (found.delays.values().map(|(flights, _)| flights).sum(), found.late.len())
}

#[test]
fn with_enough_lateness_january_is_that_of_a_batch_job() {
    let batch = expected(&Setting { every: 0, ..Setting::default() });
    assert_eq!((batch.delays.len(), batch.late.len()), (1_642, 0));
    let mut settings = Vec::new();
    for parallelism in [1, 2, 5] {
        for every in [0, 1] {
            let setting = Setting { parallelism, every, lateness: ENOUGH, ..Setting::default() };
            settings.push(setting);
        }
    }
    each(&settings, |setting| {
        let found = shown(&run(setting, &[]));
        assert_eq!(found, batch, "{setting:?}");
    });
}

/// The first six days of January: three hundred runs of the whole month take minutes where tests
/// are not optimized, and the longest delays are found in these days as well as later.
fn first_days(folder: &tempfile::TempDir) -> PathBuf {
    let text = std::fs::read_to_string(january()).unwrap();
    let lines: Vec<&str> = text.lines().take(1 + 5_000).collect();
    let input = folder.path().join("departures.csv");
    std::fs::write(&input, lines.join("\n")).unwrap();
    input
}

#[test]
fn a_hundred_networks_and_three_parallelisms_agree() {
    let folder = tempfile::tempdir().unwrap();
    let input = first_days(&folder);
    let setting = Setting { input, every: 0, lateness: ENOUGH, ..Setting::default() };
    let batch = expected(&setting);
    assert!(batch.late.is_empty() && batch.delays.len() > 250, "{}", batch.delays.len());
    let runs: Vec<Setting> = (0..100)
        .flat_map(|seed| [1, 2, 5].map(|parallelism| (seed, parallelism)))
        .map(|(seed, parallelism)| Setting { seed, parallelism, ..setting.clone() })
        .collect();
    let network = ["network.latency=\"100us..80ms\"", "network.loss=0.02"];
    each(&runs, |setting| {
        assert_eq!(shown(&run(setting, &network)), batch, "{setting:?}");
    });
}

#[test]
fn how_many_are_late_depends_on_how_often_watermarks_come() {
    let settings: Vec<Setting> = [1, 2, 5]
        .iter()
        .zip([3, 11, 19])
        .map(|(&parallelism, seed)| Setting { parallelism, seed, ..Setting::default() })
        .collect();
    each(&settings, |setting| {
        assert_eq!(check(setting), (26_483 - 2_040, 2_040));
        assert_eq!(check(&Setting { every: 100, ..setting.clone() }), (26_483 - 760, 760));
    });
}

#[test]
fn who_is_late_is_decided_by_the_order_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let input = first_days(&folder);
    let mut settings = Vec::new();
    for window in [7 * MINUTE, HOUR, 24 * HOUR] {
        for out_of_orderness in [0, 30 * MINUTE, 3 * HOUR] {
            for (lateness, every) in [(0, 1), (0, 17), (45 * MINUTE, 1), (ENOUGH, 1)] {
                let (input, seed) = (input.clone(), settings.len() as u64);
                let parallelism = 1 + (settings.len() % 3) as u32;
                settings.push(Setting {
                    input,
                    window,
                    out_of_orderness,
                    lateness,
                    every,
                    parallelism,
                    seed,
                });
            }
        }
    }
    each(&settings, |setting| {
        let (on_time, late) = check(setting);
        assert_eq!(on_time + late as u64, 5_000);
    });
}

#[test]
fn by_periodic_watermarks_on_time_and_late_are_all_too() {
    let intervals = ["20ms", "200ms", "1s", "0ms"];
    let late: Vec<usize> = intervals
        .iter()
        .map(|interval| {
            let setting = Setting { every: 0, ..Setting::default() };
            let interval = format!("job.auto-watermark-interval={interval:?}");
            let found = shown(&run(&setting, &[&interval]));
            let on_time: u64 = found.delays.values().map(|(flights, _)| flights).sum();
            assert_eq!(on_time + found.late.len() as u64, 26_483, "every {interval}");
            found.late.len()
        })
        .collect();
    // The rarer the watermarks, the fewer are late; without any before the end, nobody is.
    assert!(late.is_sorted_by(|more, fewer| more > fewer), "{late:?}");
    assert_eq!((late[0], late[1], late[3]), (751, 73, 0));
}

/// The same departures as JSON Lines.
fn json_lines(input: &PathBuf) -> PathBuf {
    let mut reader = csv::Reader::from_path(input).unwrap();
    let headers = reader.headers().unwrap().clone();
    let line = |record: csv::StringRecord| {
        let field = |(name, text): (&str, &str)| {
            let value = match name {
                "flight" | "dep_delay_min" => serde_json::from_str(text).unwrap_or_default(),
                _ => serde_json::Value::from(text),
            };
            (name.to_owned(), value)
        };
        let fields = headers.iter().zip(record.iter()).map(field);
        serde_json::Value::Object(fields.collect()).to_string()
    };
    let lines: Vec<String> = reader.records().map(|record| line(record.unwrap())).collect();
    let output = input.with_extension("jsonl");
    std::fs::write(&output, lines.join("\n")).unwrap();
    output
}

#[test]
fn departures_as_json_lines_are_the_same_departures() {
    let folder = tempfile::tempdir().unwrap();
    let input = first_days(&folder);
    let from_csv = Setting { input: input.clone(), ..Setting::default() };
    let from_json = Setting { input: json_lines(&input), ..Setting::default() };
    assert_eq!(shown(&run(&from_json, &[])), shown(&run(&from_csv, &[])));

    let counts = |input: &PathBuf| {
        let flags = [format!("job.args.input={:?}", input.to_str().unwrap())];
        let scenario = without_expectations("aviation/flights-per-carrier", &flags);
        let overrides = Overrides::default();
        let registry = gallery::registry();
        let outcome = scenario::run(&scenario, &registry, &overrides, Onlooker::default()).unwrap();
        assert_eq!(outcome.report.verdict.delivery.to_string(), "exactly-once");
        let rows = outcome.report.sinks["counts"].rows.iter().map(|row| row.fields.clone());
        rows.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(counts(&from_json.input), counts(&input));
}
