//! `weir check`.

use serde_json::json;
use weir::check::{Verdict, Witness};
use weir::scenario::escape;
use weir::trace::{TraceFile, render_line};

use super::arguments::CheckArguments;
use super::console::Meaning;
use super::trace::read;
use super::{Console, Failure};

/// The exit code of a trace in which an invariant is violated.
const VIOLATED: u8 = 1;

/// Derives the verdict on a run from its trace alone.
pub fn check(arguments: &CheckArguments, console: &mut Console) -> Result<u8, Failure> {
    let file = read(&arguments.file)?;
    let verdict = weir::check::check(&file);
    if console.json() {
        let holds = verdict.holds();
        console.document(&json!({
            "delivery": verdict.delivery,
            "invariants": verdict.to_json(),
            "holds": holds,
            "sinks": verdict.sinks_json(),
        }))?;
    } else if !console.quiet() {
        print(&verdict, &file, console)?;
    }
    for judged in verdict.violated() {
        console.error(&format!("violated: {}", judged.invariant.sentence()));
    }
    Ok(if verdict.holds() { 0 } else { VIOLATED })
}

fn print(verdict: &Verdict, file: &TraceFile, console: &mut Console) -> Result<(), Failure> {
    for judged in &verdict.invariants {
        let (meaning, mark) = match judged.holds() {
            true => (Meaning::Good, "holds   "),
            false => (Meaning::Bad, "violated"),
        };
        let mark = console.paint(meaning, mark);
        let (name, sentence) = (judged.invariant.name(), judged.invariant.sentence());
        console.line(format!("{mark}  {name:<24}  {sentence}"))?;
        if let Some(shown) = &judged.witness {
            witness(shown, judged.violations - 1, file, console)?;
        }
    }
    delivery(verdict, file, console)
}

/// What the outside was given, where that can be told.
fn delivery(verdict: &Verdict, file: &TraceFile, console: &mut Console) -> Result<(), Failure> {
    if verdict.sinks.is_empty() {
        return Ok(());
    }
    console.line(format!("delivery  {}", verdict.delivery))?;
    for (name, sink) in &verdict.sinks {
        console.line(format!("sink      {}: {}", escape(name), sink.summary()))?;
        for shown in &sink.witnesses {
            witness(shown, 0, file, console)?;
        }
    }
    Ok(())
}

/// The events that show it, and how to see them again.
fn witness(
    witness: &Witness,
    more: u64,
    file: &TraceFile,
    console: &mut Console,
) -> Result<(), Failure> {
    console.line(format!("          {}", escape(&witness.text)))?;
    for step in &witness.steps {
        let event = file.iter_from(*step).find(|recorded| recorded.step == *step);
        if let Some(recorded) = event {
            console.line(format!("          {}", render_line(&recorded, file.header())))?;
        }
    }
    if more > 0 {
        console.line(format!("          and {more} times more"))?;
    }
    console.line(format!("          reproduce with: {}", escape(&witness.reproduce)))?;
    Ok(())
}
