//! `weir verify`: the same scenario twice in this process and once in another.

use std::process::{Command, Stdio};

use serde_json::json;
use weir::gallery::Registry;
use weir::scenario::escape;
use weir::sim::Watch;
use weir::trace::{Level, TraceFile, render_line};

use super::arguments::VerifyArguments;
use super::console::Meaning;
use super::{Console, Failure, interrupt, run};

/// The exit code of a run that was not repeated exactly.
const DIFFERS: u8 = 4;

/// Where a second run left the first.
struct Difference {
    /// The step of the first event that differs.
    step: u64,
    /// What the first run has there, if it has anything.
    first: Option<String>,
    /// What the other has.
    other: Option<String>,
}

/// Runs a scenario three times; prints the first event that differs, if one does.
pub fn verify(
    arguments: &VerifyArguments,
    registry: &Registry,
    console: &mut Console,
) -> Result<u8, Failure> {
    let watch = Watch::default();
    interrupt::listen(&watch.stop)?;
    let here = || -> Result<Option<Vec<u8>>, Failure> {
        let (_, lowered) = run::prepare(&arguments.scenario, registry, Level::Control)?;
        let (outcome, _) = run::execute(lowered, console, &watch)?;
        match outcome.exit_code() {
            130 => Ok(None),
            _ => Ok(outcome.report.trace),
        }
    };
    let Some(first) = here()? else { return Ok(130) };
    let Some(second) = here()? else { return Ok(130) };
    let Some(third) = elsewhere(arguments)? else { return Ok(130) };

    let first = parse(first)?;
    let others = [("again in this process", parse(second)?), ("in another process", parse(third)?)];
    for (whereabouts, other) in &others {
        if let Some(difference) = difference(&first, other) {
            report(arguments, &first, whereabouts, &difference, console)?;
            return Ok(DIFFERS);
        }
    }
    let trailer = first.trailer();
    if console.json() {
        console.document(&json!({
            "scenario": arguments.scenario.scenario,
            "seed": first.header().seed,
            "runs": 3,
            "events": trailer.events,
            "digest": trailer.digest,
            "deterministic": true,
        }))?;
    } else if !console.quiet() {
        let good = console.paint(Meaning::Good, "the same");
        console.line(format!(
            "{good} three times: {} events, digest {}",
            trailer.events, trailer.digest
        ))?;
    }
    Ok(0)
}

/// The trace of the same run in a process of its own; nothing if that was interrupted.
fn elsewhere(arguments: &VerifyArguments) -> Result<Option<Vec<u8>>, Failure> {
    let bug = |error: std::io::Error| Failure::Bug(format!("cannot run another process: {error}"));
    let folder = tempfile::tempdir().map_err(bug)?;
    let path = folder.path().join("trace");
    let mut command = Command::new(std::env::current_exe().map_err(bug)?);
    command.args(["run", "--quiet", "--trace-level", "control", "--trace"]).arg(&path);
    if let Some(seed) = arguments.scenario.seed {
        command.args(["--seed", &seed.to_string()]);
    }
    for set in &arguments.scenario.sets {
        command.args(["--set", set]);
    }
    command.arg("--").arg(&arguments.scenario.scenario);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if status.map_err(bug)?.code() == Some(130) {
        return Ok(None);
    }
    let trace = std::fs::read(&path)
        .map_err(|error| Failure::Bug(format!("the other process left no trace: {error}")))?;
    Ok(Some(trace))
}

fn parse(bytes: Vec<u8>) -> Result<TraceFile, Failure> {
    TraceFile::parse(bytes)
        .map_err(|error| Failure::Bug(format!("a run's own trace cannot be read: {error}")))
}

/// The first place at which two traces differ.
fn difference(first: &TraceFile, other: &TraceFile) -> Option<Difference> {
    let (mut left, mut right) = (first.iter(), other.iter());
    loop {
        let (a, b) = (left.next(), right.next());
        if a.is_none() && b.is_none() {
            return None;
        }
        if a != b {
            let step = a.as_ref().or(b.as_ref()).map_or(0, |recorded| recorded.step.0);
            return Some(Difference {
                step,
                first: a.map(|recorded| render_line(&recorded, first.header())),
                other: b.map(|recorded| render_line(&recorded, other.header())),
            });
        }
    }
}

fn report(
    arguments: &VerifyArguments,
    first: &TraceFile,
    whereabouts: &str,
    difference: &Difference,
    console: &mut Console,
) -> Result<(), Failure> {
    let Difference { step, first: ours, other } = difference;
    if console.json() {
        console.document(&json!({
            "scenario": arguments.scenario.scenario,
            "seed": first.header().seed,
            "runs": 3,
            "deterministic": false,
            "step": step,
            "first": ours,
            "other": other,
        }))?;
    } else {
        let shown =
            |line: &Option<String>| line.as_deref().map_or("(it has ended)".to_owned(), escape);
        console.line(format!("first run   {}", shown(ours)))?;
        console.line(format!("{whereabouts:<11} {}", shown(other)))?;
    }
    console.error(&format!("not deterministic: the run {whereabouts} differs from step {step} on"));
    Ok(())
}
