//! The scenarios that are swept where none is named.

/// An embedded scenario, and what is different in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandardScenario {
    /// Its name.
    pub name: &'static str,
    /// `--set` flags.
    pub sets: &'static [&'static str],
}

/// All of them. Each is checkpointed and leaves rows that do not depend on what fails in between.
/// Records are made dear, so that there is time for a few checkpoints.
pub const STANDARD: &[StandardScenario] = &[
    StandardScenario {
        name: "state/keyed-totals-hashmap",
        sets: &["checkpointing.interval=\"150ms\"", "job.record-cost=\"100us\""],
    },
    StandardScenario {
        name: "state/keyed-totals-lsm",
        sets: &[
            "checkpointing = { interval = \"150ms\", unaligned = true, incremental = true }",
            "job.record-cost=\"100us\"",
        ],
    },
];
