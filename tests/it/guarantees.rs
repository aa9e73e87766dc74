//! What `docs/guarantees.md` says, line by line: each names a scenario that shows it.

use std::fs;
use std::path::Path;

use weir::cluster::Onlooker;
use weir::gallery;
use weir::scenario::{self, Overrides};
use weir::trace::Level;

/// What is left in a scenario, by its verdict.
fn check(name: &str) -> String {
    let scenario = scenario::load(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let overrides = Overrides { seed: None, level: Level::Off, mutant: None };
    let registry = gallery::registry();
    let outcome = scenario::run(&scenario, &registry, &overrides, Onlooker::default()).unwrap();
    assert_eq!(outcome.exit_code(), 0, "{name}: {:#?}", outcome.judgement);
    outcome.report.verdict.delivery.to_string()
}

#[test]
fn each_guarantee_is_shown_by_its_scenario() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guarantees.md");
    let page = fs::read_to_string(page).unwrap();
    let rows = page.lines().filter(|line| line.ends_with("` |") && line.matches('|').count() == 6);
    let mut shown = 0;
    for row in rows {
        let columns: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(check(columns[4].trim_matches('`')), columns[3], "{row}");
        shown += 1;
    }
    assert!(shown >= 15, "{shown} lines");
}
