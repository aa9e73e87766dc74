//! The timelines of transactions in the scenarios that show them, and random faults against them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use weir::cluster::Onlooker;
use weir::gallery;
use weir::scenario::{self, Overrides};
use weir::sweep::{Faults, Subject, SweepOptions, Tally, sweep};
use weir::trace::Level;

use crate::page::chosen_lines;

/// What happens to the transactions with these names, and what else is told of it.
fn check(name: &str, filter: &str) -> String {
    let scenario = scenario::load(name).unwrap();
    let overrides = Overrides { seed: None, level: Level::Control, mutant: None };
    let registry = gallery::registry();
    let outcome = scenario::run(&scenario, &registry, &overrides, Onlooker::default()).unwrap();
    let trace = outcome.report.trace.expect("its level is control");
    let lines = chosen_lines(trace, filter);
    lines.trim_start_matches("```text\n").trim_end_matches("```\n").to_owned()
}

const OF_THE_SECOND: &str = "transaction = \"out-0-0-2\" or transactional_id = \"out-0-0-2\" or \
                             kind = checkpoint-completed and checkpoint = 2";

#[test]
fn a_transaction_is_begun_written_prepared_and_committed() {
    insta::assert_snapshot!(check("transactions/two-phase-commit", OF_THE_SECOND));
}

/// From the fault on: whose transactions are aborted, and whose are committed once more.
const AFTER_THE_FAULT: &str = "kind = fault-injected or kind = job-restored or \
                               kind = transaction-aborted or kind = commit-failed or \
                               kind = transaction-expired or kind = log-recovered or \
                               kind = lingering-aborted or kind = recommit-requested";

#[test]
fn what_a_crash_leaves_is_ended() {
    for name in [
        "crash-before-pre-commit",
        "crash-between-phases",
        "crash-before-commit",
        "crash-while-committing",
        "crash-after-commit",
        "commit-is-retried",
        "transaction-timeout",
        "transaction-expires",
        "zombie-writer",
    ] {
        let lines = check(&format!("transactions/{name}"), AFTER_THE_FAULT);
        insta::assert_snapshot!(name, lines);
    }
}

/// What happens to the second transaction of the database.
const OF_THE_DATABASE: &str = "transaction = \"balances-0-0-2\" or kind = fault-injected or \
                               kind = database-recovered or kind = job-restored or \
                               kind = checkpoint-completed and checkpoint = 2";

#[test]
fn a_transaction_of_the_database_is_prepared_and_committed() {
    for name in ["bank-transfers", "database-crash", "database-locked"] {
        let lines = check(&format!("transactions/{name}"), OF_THE_DATABASE);
        insta::assert_snapshot!(name, lines);
    }
}

#[test]
fn files_and_notes_are_the_second_phase_of_sinks_without_transactions() {
    let files = "transaction = \"out-0-0-2\" or path ~ \"out-0-0-2\" or to ~ \"out-0-0-2\"";
    insta::assert_snapshot!("files", check("transactions/files", files));
    let notes = "part_of = \"out-0-0-1\" or transaction = \"out-0-0-1\" or kind = fault-injected";
    insta::assert_snapshot!("write-ahead", check("transactions/write-ahead-weakness", notes));
}

/// What once went wrong, each as small as it was found: `tests/regressions`.
#[test]
fn what_once_went_wrong_goes_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.collect();
    files.sort();
    assert!(files.len() >= 9, "{files:?}");
    for file in files {
        let name = file.display().to_string();
        let text = fs::read_to_string(&file).unwrap();
        let scenario = scenario::parse(&text, &name).unwrap_or_else(|error| panic!("{error}"));
        let overrides = Overrides { seed: None, level: Level::Off, mutant: None };
        let registry = gallery::registry();
        let outcome = scenario::run(&scenario, &registry, &overrides, Onlooker::default()).unwrap();
        assert_eq!(outcome.exit_code(), 0, "{name}: {:#?}", outcome.judgement);
    }
}

/// Transactions that are prepared side by side and committed under faults, in the log and in the
/// database, where a late commit would bring back what a later one has replaced.
#[test]
fn several_checkpoints_at_once_lose_nothing_and_bring_nothing_back() {
    let sets = ["checkpointing.max-concurrent=3", "checkpointing.interval=\"100ms\""];
    for (name, sets) in [
        ("tests/regressions/several-checkpoints-at-once.toml", &[][..]),
        ("transactions/bank-transfers", &sets[..]),
        ("transactions/database-locked", &[]),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let name = if path.exists() { path.display().to_string() } else { name.to_owned() };
        let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
        let registry = gallery::registry();
        let subject = Subject::load(&name, &sets, &Faults::Random, &registry).unwrap();
        let options = SweepOptions {
            seeds: "0..80".parse().unwrap(),
            jobs: 2,
            shard: "1/1".parse().unwrap(),
            shrink: false,
        };
        let stop = Arc::new(AtomicBool::new(false));
        let report = sweep(&[subject], &registry, &options, &Tally::default(), &stop).unwrap();
        let failures: Vec<_> =
            report.failures.iter().map(|it| (it.invariant(), &it.token)).collect();
        assert!(failures.is_empty(), "{name}: {failures:#?}");
    }
}
