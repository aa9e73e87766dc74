//! The command that runs a scenario again.

use super::escape;
use super::parse::Scenario;
use crate::base::Seed;
use crate::mutant::Mutant;

/// The command line, for a shell.
pub(super) fn command(scenario: &Scenario, seed: Seed, mutant: Option<Mutant>) -> String {
    let mut command = format!("weir run {} --seed {}", shell(&scenario.name), seed.0);
    if let Some(mutant) = mutant {
        command.push_str(&format!(" --mutant {mutant}"));
    }
    for set in scenario.flags() {
        command.push_str(" --set ");
        command.push_str(&shell(set));
    }
    command
}

/// A word as a shell takes it.
pub fn shell(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        return word.to_owned();
    }
    format!("'{}'", escape(word).replace('\'', r"'\''"))
}
