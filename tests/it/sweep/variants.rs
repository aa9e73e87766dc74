//! Ways to checkpoint, each under random faults: what a scenario's own settings do not reach.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use weir::sweep::{Faults, Subject, Tally, sweep};

use super::{options, registry};

const UNALIGNED: &str = "checkpointing.unaligned=true";

/// What is set in the jobs with two sources and with windows.
const VARIANTS: &[&[&str]] = &[
    &[UNALIGNED, "checkpointing.interval=\"20ms\"", "job.buffer-records=4", "job.credits=1"],
    // Seeds 4 and 0 of these are among those with which records behind a barrier that stood among
    // them were kept as if it had overtaken them.
    &[
        UNALIGNED,
        "checkpointing.aligned-timeout=\"2ms\"",
        "checkpointing.interval=\"20ms\"",
        "job.buffer-records=4",
        "job.record-cost=\"2ms\"",
    ],
    &[UNALIGNED, "job.parallelism=4", "checkpointing.interval=\"50ms\"", "job.buffer-records=2"],
    &["checkpointing.max-concurrent=4", "checkpointing.interval=\"20ms\""],
    &[
        "checkpointing.mode=\"at-least-once\"",
        "checkpointing.max-concurrent=4",
        "checkpointing.interval=\"20ms\"",
    ],
    &["checkpointing.mode=\"stop-the-world\"", "checkpointing.interval=\"100ms\""],
    &[
        "state.backend=\"lsm\"",
        "checkpointing.incremental=true",
        "checkpointing.interval=\"50ms\"",
        "checkpointing.retained=3",
    ],
    &["checkpointing.storage=\"jobmanager\"", "checkpointing.interval=\"100ms\""],
    &[
        "checkpointing.min-pause=\"50ms\"",
        "checkpointing.timeout=\"60ms\"",
        "checkpointing.interval=\"20ms\"",
    ],
];

/// Scenarios with seeds that once showed what is wrong.
const FOUND: &[(&str, &[&str], &str)] = &[
    // The barrier of a checkpoint that was given up overtook after that of the next had come, and
    // the next lost what both had overtaken.
    (
        "checkpoints/aligned-with-timeout",
        &[
            "checkpointing.interval=\"60ms\"",
            "checkpointing.aligned-timeout=\"5ms\"",
            "checkpointing.timeout=\"200ms\"",
            "checkpointing.tolerable-failures=\"unlimited\"",
        ],
        "134..139",
    ),
    (
        "checkpoints/aligned-with-timeout",
        &[
            "checkpointing.interval=\"20ms\"",
            "checkpointing.aligned-timeout=\"5ms\"",
            "checkpointing.timeout=\"60ms\"",
            "checkpointing.tolerable-failures=\"unlimited\"",
        ],
        "84..87",
    ),
    // A file that two retained checkpoints share was told to be deleted with the first.
    (
        "checkpoints/alignment",
        &[
            "checkpointing.interval=\"10ms\"",
            "state.backend=\"lsm\"",
            "checkpointing.incremental=true",
            "checkpointing.retained=3",
            "job.credits=2",
        ],
        "189",
    ),
];

#[test]
fn what_sweeps_have_found_is_mended() {
    for (scenario, sets, seeds) in FOUND {
        holds(&[scenario], sets, seeds);
    }
}

#[test]
fn every_way_to_checkpoint_outlives_random_faults() {
    for sets in VARIANTS {
        holds(&["checkpoints/alignment", "checkpoints/windows-and-timers"], sets, "0..5");
    }
}

/// What is committed is seen once, whatever becomes of writers, brokers and disks.
#[test]
fn transactions_outlive_random_faults() {
    holds(&["transactions/two-phase-commit", "transactions/two-jobs"], &[], "0..60");
}

/// Nothing is wrong with these scenarios under random faults.
fn holds(scenarios: &[&str], sets: &[&str], seeds: &str) {
    let stop = Arc::new(AtomicBool::new(false));
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let load = |name: &&str| Subject::load(name, &sets, &Faults::Random, &registry()).unwrap();
    let subjects: Vec<Subject> = scenarios.iter().map(load).collect();
    let options = options(seeds, 2, "1/1");
    let report = sweep(&subjects, &registry(), &options, &Tally::default(), &stop).unwrap();
    let failures: Vec<_> = report.failures.iter().map(|it| (&it.violations, &it.token)).collect();
    assert!(failures.is_empty(), "{sets:?}: {failures:#?}");
}
