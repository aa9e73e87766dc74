//! Every embedded scenario holds what it expects, replays exactly, and has the digest that is
//! kept here: the same in every build profile and on every machine.

mod cluster;
mod event_time;
mod flights;
mod state;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use weir::base::Seed;
use weir::cluster::Onlooker;
use weir::gallery;
use weir::scenario::{self, Outcome, Overrides, Scenario};
use weir::trace::Level;

/// Runs `work` for every item on two threads.
fn each<T: Sync>(items: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let worker = || {
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                work(item);
            }
        };
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

fn load(name: &str) -> Scenario {
    scenario::load(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A scenario with other settings, under which what it says and expects need not hold.
fn without_expectations(name: &str, flags: &[String]) -> Scenario {
    let path = format!("{}/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let (text, _) = text.split_once("[[note]]").expect("notes and expectations come last");
    scenario::parse_with(text, &path, flags).unwrap_or_else(|error| panic!("{error}"))
}

fn run(name: &str, seed: Option<u64>, level: Level) -> Outcome {
    let overrides = Overrides { seed: seed.map(Seed), level, mutant: None };
    let outcome = scenario::run(&load(name), &gallery::registry(), &overrides, Onlooker::default());
    outcome.unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_scenario_holds_and_has_one_digest_at_every_level() {
    let names = scenario::embedded().names();
    let digests = Mutex::new(BTreeMap::new());
    each(&names, |name| {
        let outcome = run(name, None, Level::Off);
        assert_eq!(outcome.exit_code(), 0, "{name}: {:#?}", outcome.judgement);
        let again = run(name, None, Level::Control);
        assert_eq!(again.report.digest, outcome.report.digest, "{name} at level control");
        digests.lock().unwrap().insert(name.clone(), outcome.report.digest);
    });
    insta::assert_yaml_snapshot!(digests.into_inner().unwrap());
}

#[test]
fn what_was_visible_does_not_depend_on_the_level() {
    let (off, records) =
        (run("basics/diamond", None, Level::Off), run("basics/diamond", None, Level::Records));
    assert_eq!(off.report.digest, records.report.digest);
    let fields = |outcome: &Outcome| -> Vec<Vec<String>> {
        outcome.report.sinks["merged"].rows.iter().map(|row| row.fields.clone()).collect()
    };
    assert_eq!(fields(&off), fields(&records));
}

/// The final rows of a sink, sorted.
fn rows(outcome: &Outcome, sink: &str) -> Vec<Vec<String>> {
    let rows = &outcome.report.sinks[sink].rows;
    let mut rows: Vec<_> = rows.iter().map(|row| row.fields.clone()).collect();
    rows.sort();
    rows
}

#[test]
fn a_bad_network_changes_no_result() {
    let expected = rows(&run("aviation/flights-per-carrier", None, Level::Off), "counts");
    let seeds: Vec<u64> = (0..200).collect();
    each(&seeds, |seed| {
        let outcome = run("network/lossy", Some(*seed), Level::Off);
        assert_eq!(outcome.exit_code(), 0, "seed {seed}: {:?}", outcome.judgement);
        assert_eq!(rows(&outcome, "counts"), expected, "seed {seed}");
    });
}

/// The rows of a sink of one scenario and of the other.
fn check_same_rows(sink: &str, one: &str, other: &str) -> Vec<Vec<String>> {
    let [one, other] = [one, other].map(|name| rows(&run(name, None, Level::Off), sink));
    assert_eq!(one, other);
    one
}

#[test]
fn totals_are_the_same_on_either_backend() {
    let totals = check_same_rows("totals", "state/keyed-totals-hashmap", "state/keyed-totals-lsm");
    let total = |key: u64| (0..200).map(|turn| turn * 100 + key).sum::<u64>();
    let mut expected: Vec<_> =
        (0..100).map(|k| vec![k.to_string(), total(k).to_string()]).collect();
    expected.sort();
    assert_eq!(totals, expected);
}

#[test]
fn sessions_kept_by_hand_are_those_of_session_windows() {
    let sessions = check_same_rows("sessions", "windows/click-sessions", "state/user-sessions");
    assert!(sessions.len() > 200, "each user has a visit at least: {}", sessions.len());
}
