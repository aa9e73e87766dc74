//! `weir run`.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Instant;

use weir::base::Seed;
use weir::cluster::{EndReason, Onlooker};
use weir::gallery::Registry;
use weir::mutant::Mutant;
use weir::scenario::{Lowered, Outcome, Overrides, Scenario, load_with, lower, run_lowered};
use weir::sim::Watch;
use weir::trace::Level;

use super::arguments::{RunArguments, ScenarioArguments};
use super::output::{Pending, SinkFiles};
use super::{Console, Failure, interrupt, result};
use crate::progress::Display;

/// Runs a scenario, writes what was asked for and prints what came of it.
pub fn run(
    arguments: &RunArguments,
    registry: &Registry,
    console: &mut Console,
) -> Result<u8, Failure> {
    let level = level(arguments)?;
    let (scenario, lowered) = prepare_with(&arguments.scenario, registry, level, arguments.mutant)?;
    let sinks: Vec<_> =
        lowered.submissions.iter().flat_map(|job| job.program.sinks.clone()).collect();
    let trace = arguments.trace.as_deref().map(Pending::new).transpose()?;
    let output = arguments.output.as_deref().map(|dir| SinkFiles::new(dir, &sinks)).transpose()?;

    let watch = Watch::default();
    interrupt::listen(&watch.stop)?;
    let (mut outcome, wall_ms) = execute(lowered, console, &watch)?;
    let code = outcome.exit_code();

    let mut written = result::Written::default();
    if let Some(pending) = trace {
        let bytes = outcome.report.trace.take().unwrap_or_default();
        written.trace = Some(pending.finish(&bytes)?);
    }
    match output {
        Some(output) if code == 0 => written.sinks = output.finish(&outcome.report)?,
        Some(_) => written.withheld = true,
        None => {}
    }
    if console.json() {
        console.document(&outcome.to_json(wall_ms))?;
    } else if !console.quiet() {
        let again = reproduce(arguments, outcome.seed);
        result::print(&scenario, &outcome, &written, &again, wall_ms, console)?;
    }
    complain(&outcome, console);
    Ok(code)
}

/// What did not hold, for those who read only stderr.
fn complain(outcome: &Outcome, console: &mut Console) {
    match &outcome.report.end {
        EndReason::Interrupted => console.error("interrupted"),
        EndReason::Limit(limit) if outcome.exit_code() == 3 => {
            console.error(&format!("a limit was reached: {limit}"));
        }
        EndReason::Limit(_) | EndReason::Completed => {
            for judged in &outcome.judgement.expectations {
                if let Some(found) = &judged.found {
                    console.error(&format!("violated: {}, but {found}", judged.text));
                }
            }
            for vacuous in &outcome.judgement.vacuous {
                console.error(&format!("vacuous: {vacuous}"));
            }
        }
    }
}

fn level(arguments: &RunArguments) -> Result<Level, Failure> {
    match (arguments.trace_level, &arguments.trace) {
        (Some(Level::Off), Some(_)) => {
            Err(Failure::Usage("at --trace-level off there is nothing to write to --trace".into()))
        }
        (Some(level), _) => Ok(level),
        (None, Some(_)) => Ok(Level::Control),
        (None, None) => Ok(Level::Off),
    }
}

/// Loads and lowers a scenario as the command line wants it.
pub fn prepare(
    arguments: &ScenarioArguments,
    registry: &Registry,
    level: Level,
) -> Result<(Scenario, Lowered), Failure> {
    prepare_with(arguments, registry, level, None)
}

/// The same with a wrong part in the engine.
fn prepare_with(
    arguments: &ScenarioArguments,
    registry: &Registry,
    level: Level,
    mutant: Option<Mutant>,
) -> Result<(Scenario, Lowered), Failure> {
    let scenario = load_with(&arguments.scenario, &arguments.sets)?;
    let overrides = Overrides { seed: arguments.seed.map(Seed), level, mutant };
    let lowered = lower(&scenario, registry, &overrides)?;
    Ok((scenario, lowered))
}

/// Runs a scenario, with progress if it takes long; also says how long it took, in milliseconds.
#[expect(clippy::disallowed_methods, reason = "how long a run takes is a question of real time")]
pub fn execute(
    lowered: Lowered,
    console: &Console,
    watch: &Watch,
) -> Result<(Outcome, u64), Failure> {
    let display =
        if console.shows_progress() { Display::start(watch.progress.clone()) } else { None };
    let start = Instant::now();
    let outcome = run_lowered(lowered, Onlooker { watch: watch.clone(), observer: None })?;
    drop(display);
    Ok((outcome, u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)))
}

/// The command that does the same again.
fn reproduce(arguments: &RunArguments, seed: Seed) -> String {
    let ScenarioArguments { scenario, sets, .. } = &arguments.scenario;
    let mut command = format!("{} run {}", shell(&program()), shell(scenario));
    command.push_str(&format!(" --seed {}", seed.0));
    if let Some(mutant) = arguments.mutant {
        command.push_str(&format!(" --mutant {mutant}"));
    }
    for set in sets {
        command.push_str(" --set ");
        command.push_str(&shell(set));
    }
    command
}

/// How this program was called: a user's own crate has another name than `weir`, and perhaps no
/// place on the path.
fn program() -> String {
    let called = std::env::args().next().unwrap_or_default();
    let name = Path::new(&called).file_stem().and_then(OsStr::to_str);
    if name == Some("weir") || name.is_none() { "weir".to_owned() } else { called }
}

fn shell(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        return word.to_owned();
    }
    format!("'{}'", weir::scenario::escape(word).replace('\'', r"'\''"))
}
