//! The lessons about event time: what their texts say is so.

use std::collections::BTreeSet;

use weir::base::Seed;
use weir::cluster::Onlooker;
use weir::gallery;
use weir::scenario::{self, Outcome, Overrides};

use super::without_expectations;

/// Runs a scenario with other settings.
fn run(name: &str, flags: &[&str], seed: u64) -> Outcome {
    let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    let scenario = without_expectations(name, &flags);
    let overrides = Overrides { seed: Some(Seed(seed)), ..Overrides::default() };
    let outcome =
        scenario::run(&scenario, &gallery::registry(), &overrides, Onlooker::default()).unwrap();
    assert_eq!(outcome.exit_code(), 0, "{name} {flags:?}: {:?}", outcome.judgement);
    outcome
}

/// The rows of a sink, joined.
fn rows(outcome: &Outcome, sink: &str) -> Vec<String> {
    outcome.report.sinks[sink].rows.iter().map(|row| row.fields.join(" ")).collect()
}

/// A column of a sink.
fn column(outcome: &Outcome, sink: &str, name: &str) -> Vec<i64> {
    let sink = &outcome.report.sinks[sink];
    let place = sink.columns.iter().position(|column| column == name).unwrap();
    sink.rows.iter().map(|row| row.fields[place].parse().unwrap()).collect()
}

#[test]
fn lateness_delays_no_firing_that_is_on_time() {
    let on_time = |lateness: &str| {
        let lateness = format!("job.args.lateness={lateness:?}");
        let mut rows = rows(&run("windows/three-stages", &[&lateness], 1), "firings");
        rows.retain(|row| row.contains("on time"));
        rows
    };
    let expected = [
        "2024-01-01T00:00:00Z on time 3 a b c 2024-01-01T00:00:10.999Z",
        "2024-01-01T00:00:10Z on time 1 d 2024-01-01T00:00:20.999Z",
        "2024-01-01T00:00:20Z on time 2 g j end of time",
    ];
    for lateness in ["0s", "10s", "1h"] {
        assert_eq!(on_time(lateness), expected, "with a lateness of {lateness}");
    }
}

#[test]
fn the_distance_to_the_highest_is_what_counts() {
    let late = |bound: &str| {
        let bound = format!("job.args.out-of-orderness={bound:?}");
        rows(&run("windows/staircase", &[&bound], 1), "late").len()
    };
    assert_eq!(["1s", "2s", "3s", "6s"].map(late), [4, 4, 0, 0]);
}

#[test]
fn event_time_waits_for_a_silent_partition_until_it_counts_as_idle() {
    let after_end = |name: &str, flags: &[&str]| {
        let outcome = run(name, flags, 3);
        assert_eq!(rows(&outcome, "late"), [""; 0]);
        column(&outcome, "results", "after_end_ms")
    };
    for parallelism in ["job.parallelism=1", "job.parallelism=2"] {
        let waiting = after_end("time/idle-partition", &[parallelism]);
        assert!(waiting[..5].iter().all(|after_end| *after_end > 8_000), "{waiting:?}");
        let idle = after_end("time/idleness", &[parallelism]);
        assert!(idle[1..].iter().all(|after_end| *after_end < 400), "{idle:?}");
        let slow = after_end("time/slowest-input", &[parallelism]);
        assert!(slow[..5].iter().all(|after_end| *after_end >= 20_000), "{slow:?}");
    }
    // Who comes back when all others have ended is later than the end of time.
    let outcome = run("time/idleness", &["job.args.silence=\"50s\""], 3);
    let late = rows(&outcome, "late");
    assert_eq!(late.len(), 50);
    assert!(late.iter().all(|row| row.ends_with("end of time")), "{late:?}");
}

#[test]
fn windows_by_skewed_clocks_are_not_reproducible_and_windows_by_event_time_are() {
    let sorted = |outcome: &Outcome, sink: &str| {
        let mut rows = rows(outcome, sink);
        rows.sort();
        rows
    };
    let (mut by_clock, mut by_event_time) = (BTreeSet::new(), BTreeSet::new());
    let right = ["node.1.clock-offset=\"0s\"", "node.1.clock-drift=\"0ppm\""];
    for flags in [&[][..], &right] {
        for seed in 0..5 {
            let outcome = run("time/skewed-clocks", flags, seed);
            by_clock.insert(sorted(&outcome, "by-clock"));
            by_event_time.insert(sorted(&outcome, "by-event-time"));
        }
    }
    assert!(by_clock.len() > 5, "{by_clock:?}");
    assert_eq!(by_event_time.len(), 1);
}

#[test]
fn waiting_longer_is_slower_and_more_correct() {
    let outcome = run("time/eager-and-lazy", &[], 5);
    let mut compared: Vec<(i64, i64)> = column(&outcome, "comparison", "mean_latency_ms")
        .into_iter()
        .zip(column(&outcome, "comparison", "late"))
        .collect();
    compared.sort_unstable();
    assert!(compared.is_sorted_by(|(_, more), (_, fewer)| more > fewer), "{compared:?}");
    assert_eq!(compared.last().map(|(_, late)| *late), Some(0));
}

#[test]
fn early_results_come_sooner_and_the_last_word_is_the_same() {
    let early = run("windows/early-results", &[], 5);
    let without = run("windows/early-results", &["job.args.early=\"0s\""], 5);
    assert_eq!(rows(&early, "results"), rows(&without, "results"));
    assert_eq!(rows(&without, "firings").len(), 6);
    let first = |outcome| column(outcome, "firings", "after_end_ms").into_iter().min().unwrap();
    assert!(first(&early) < -7_000 && first(&without) > 0);
}

#[test]
fn visits_and_pages_have_the_same_clicks_whatever_the_windows() {
    let clicks = |name: &str, sink: &str, of: &str, flags: &[&str]| {
        column(&run(name, flags, 2), sink, of).iter().sum::<i64>()
    };
    let gap = "job.args.gap=\"1min\"";
    let day = "job.args.window=\"24h\"";
    let all = clicks("windows/page-views", "views", "views", &[]);
    assert_eq!(clicks("windows/page-views", "views", "views", &[day]), all);
    assert_eq!(clicks("windows/click-sessions", "sessions", "clicks", &[gap]), all);
    assert_eq!(clicks("windows/checkout-sessions", "sessions", "clicks", &[]), all);
    let visitors = |flags: &[&str]| clicks("windows/page-views", "views", "visitors", flags);
    assert_eq!((visitors(&[]), visitors(&[day])), (1_790, 900));
}

/// The scenario and the `--set` flags of a command in a page.
fn command(line: &str) -> (&str, Vec<String>) {
    let mut parts = line.split(" --");
    let name = parts.next().expect("a line has a beginning");
    let flags = parts.filter_map(|part| part.strip_prefix("set "));
    (name, flags.map(|flag| flag.trim_matches('\'').to_owned()).collect())
}

#[test]
fn each_misconception_is_refuted_by_a_run() {
    let page = format!("{}/docs/misconceptions.md", env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(page).unwrap();
    let (_, sections) = page.split_once("\n## ").unwrap();
    for section in sections.split("\n## ") {
        let runs: Vec<&str> =
            section.lines().filter_map(|line| line.strip_prefix("weir run ")).collect();
        assert!(!runs.is_empty(), "no run refutes {section}");
        for run in runs {
            let (name, flags) = command(run);
            let scenario = scenario::load_with(name, &flags).unwrap_or_else(|e| panic!("{e}"));
            let lowered = scenario::lower(&scenario, &gallery::registry(), &Overrides::default());
            assert!(lowered.is_ok(), "{run}: {:?}", lowered.err());
        }
    }
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let check = |name: &str, flag: &str, expected: &str| {
        let scenario = scenario::load_with(name, &[flag.to_owned()]).unwrap();
        let lowered = scenario::lower(&scenario, &gallery::registry(), &Overrides::default());
        assert_eq!(
            lowered.err().map(|error| error.message().to_owned()),
            Some(expected.to_owned())
        );
    };
    let delays = "aviation/flight-delays";
    check(delays, "job.args.window=\"0s\"", "`window`: a window lasts at least 1 ms");
    check(
        delays,
        "job.args.watermark-every=-1",
        "`watermark-every`: a number of departures is at least 0",
    );
    check(delays, "job.args.rate=-1", "`rate`: a rate is at least 0 (0 for unlimited)");
    let partitions = "time/idle-partition";
    check(partitions, "job.args.silence=\"51s\"", "`silence`: the silence lasts at most 50 s");
    check("time/split-watermarks", "job.args.splits=0", "`splits`: there are 1 to 65535 splits");
    check(
        "windows/three-stages",
        "job.args.input=\"../data/staircases.csv\"",
        "`input`: cannot read ../data/staircases.csv: no such embedded file",
    );
    check("windows/early-results", "job.args.early=\"1us\"", "`early`: clocks count milliseconds");
    check("windows/early-results", "job.args.seconds=0", "`seconds`: it is between 1 and 10000");
    check("windows/page-views", "job.args.users=-1", "`users`: there are 0 to 100000 users");
}
