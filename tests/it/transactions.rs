//! The timelines of transactions in the scenarios that show them, and random faults against them.

use weir::cluster::Onlooker;
use weir::gallery;
use weir::scenario::{self, Overrides};
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
