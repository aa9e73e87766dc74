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
    StandardScenario { name: "checkpoints/alignment", sets: &[] },
    StandardScenario { name: "checkpoints/windows-and-timers", sets: &[] },
    StandardScenario { name: "checkpoints/unaligned", sets: &[] },
    StandardScenario { name: "checkpoints/incremental", sets: &[] },
    StandardScenario { name: "checkpoints/zombie", sets: &[] },
];
