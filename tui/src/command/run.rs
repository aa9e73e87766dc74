//! `weir run`.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Instant;

use weir::base::{Seed, Step};
use weir::cluster::{EndReason, Onlooker};
use weir::gallery::Registry;
use weir::mutant::Mutant;
use weir::scenario::{Lowered, Outcome, Overrides, Scenario, load_with, lower, run_lowered, shell};
use weir::sim::Watch;
use weir::sweep::Token;
use weir::trace::{Level, TraceFile, render_line};

use super::arguments::{KeepArguments, RunArguments, ScenarioArguments};
use super::output::{Pending, SinkFiles};
use super::{Console, Failure, interrupt, result};
use crate::progress::Display;

/// A run that is about to begin, and what to say of it.
pub struct Prepared {
    /// The scenario.
    pub scenario: Scenario,
    /// What a cluster is given.
    pub lowered: Lowered,
    /// What has it run again.
    pub token: Token,
}

/// Runs a scenario, writes what was asked for and prints what came of it.
pub fn run(
    arguments: &RunArguments,
    registry: &Registry,
    console: &mut Console,
) -> Result<u8, Failure> {
    let level = level(&arguments.keep)?;
    let (scenario, lowered) = prepare_with(&arguments.scenario, registry, level, arguments.mutant)?;
    let seed = lowered.options.sim.seed;
    let token = Token { mutant: arguments.mutant, ..Token::new(&scenario, seed) };
    let watch = Watch::default();
    let prepared = Prepared { scenario, lowered, token };
    carry_out(prepared, &arguments.keep, console, &watch, |_| Ok(()))
}

/// Carries a run out, writes what was asked for and prints what came of it. `judge` may add to what
/// is expected.
pub fn carry_out(
    prepared: Prepared,
    keep: &KeepArguments,
    console: &mut Console,
    watch: &Watch,
    judge: impl FnOnce(&mut Outcome) -> Result<(), Failure>,
) -> Result<u8, Failure> {
    let Prepared { scenario, lowered, mut token } = prepared;
    let again = lowered.label.again.replacen("weir", &program(), 1);
    let sinks: Vec<_> =
        lowered.submissions.iter().flat_map(|job| job.program.sinks.clone()).collect();
    let trace = keep.trace.as_deref().map(Pending::new).transpose()?;
    let output = keep.output.as_deref().map(|dir| SinkFiles::new(dir, &sinks)).transpose()?;

    interrupt::listen(&watch.stop)?;
    let (mut outcome, wall_ms) = execute(lowered, console, watch)?;
    if outcome.report.end != EndReason::Interrupted {
        judge(&mut outcome)?;
    }
    let code = outcome.exit_code();

    let mut written = result::Written::default();
    let bytes = outcome.report.trace.take();
    if let Some(pending) = trace {
        written.trace = Some(pending.finish(bytes.as_deref().unwrap_or_default())?);
    }
    match output {
        Some(output) if code == 0 => written.sinks = output.finish(&outcome.report)?,
        Some(_) => written.withheld = true,
        None => {}
    }
    let moment = token.step.zip(bytes).and_then(|(step, bytes)| moment(step, bytes));
    if token.step.is_none() {
        let shown = outcome.report.verdict.violated().find_map(|it| it.witness.as_ref());
        token.step = shown.and_then(|witness| witness.steps.last().copied());
    }
    let token = token.to_string();
    if console.json() {
        console.document(&outcome.to_json(wall_ms, &token))?;
    } else if !console.quiet() {
        let again = result::Again { command: &again, token: &token, moment };
        result::print(&scenario, &outcome, &written, &again, wall_ms, console)?;
    }
    complain(&outcome, console);
    Ok(code)
}

/// What happened at a step, in a line.
fn moment(step: Step, trace: Vec<u8>) -> Option<String> {
    let file = TraceFile::parse(trace).ok()?;
    let recorded = file.iter_from(step).find(|recorded| recorded.step == step)?;
    Some(render_line(&recorded, file.header()))
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

/// How much of a run is kept.
pub fn level(keep: &KeepArguments) -> Result<Level, Failure> {
    match (keep.trace_level, &keep.trace) {
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
        if console.shows_progress() { Display::of_run(watch.progress.clone()) } else { None };
    let start = Instant::now();
    let outcome = run_lowered(lowered, Onlooker { watch: watch.clone(), ..Onlooker::default() })?;
    drop(display);
    Ok((outcome, u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)))
}

/// How this program was called, for a shell: a user's own crate has another name than `weir`, and
/// perhaps no place on the path.
fn program() -> String {
    let called = std::env::args().next().unwrap_or_default();
    let name = Path::new(&called).file_stem().and_then(OsStr::to_str);
    if name == Some("weir") || name.is_none() { "weir".to_owned() } else { shell(&called) }
}
