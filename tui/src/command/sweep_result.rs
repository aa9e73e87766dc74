//! What came of a sweep, for a person.

use std::io;

use weir::scenario::escape;
use weir::sweep::{Failure, FaultKind, Hunted, Phase, SweepReport};

use super::console::{Console, Meaning};
use super::table;

/// How many failures are shown.
const SHOWN: usize = 10;

/// Prints what came of a sweep that took so many seconds.
pub fn print(report: &SweepReport, seconds: f64, console: &mut Console) -> io::Result<()> {
    for scenario in &report.scenarios {
        let name = console.paint(Meaning::Heading, escape(scenario));
        console.line(name)?;
    }
    let rate = report.runs as f64 * 60.0 / seconds.max(1e-9);
    let SweepReport { seeds, shard, runs, .. } = report;
    console.line(format!(
        "seeds {seeds}, part {shard}: {runs} runs in {seconds:.1} s, {rate:.0} seeds per minute"
    ))?;
    console.line("")?;
    if report.hunted.is_empty() {
        failures(report, console)?;
    } else {
        mutants(&report.hunted, console)?;
    }
    coverage(report, console)
}

/// What is wrong, for those who read only stderr.
pub fn complain(report: &SweepReport, console: &mut Console) {
    if report.hunted.is_empty() {
        for failure in &report.failures {
            let Failure { scenario, seed, violations, .. } = failure;
            let first = violations.first().map(ToString::to_string).unwrap_or_default();
            console.error(&format!("violated: {scenario} with seed {}: {first}", seed.0));
        }
    }
    for hunted in report.hunted.iter().filter(|hunted| hunted.found.is_none()) {
        console.error(&format!("no run notices the mutant {}", hunted.mutant));
    }
}

fn failures(report: &SweepReport, console: &mut Console) -> io::Result<()> {
    if report.failures.is_empty() {
        let good = console.paint(Meaning::Good, "nothing is wrong with any run");
        return console.line(good);
    }
    let count = report.failures.len();
    let bad = console.paint(Meaning::Bad, format!("failed {count} of {} runs", report.runs));
    console.line(bad)?;
    for failure in report.failures.iter().take(SHOWN) {
        let Failure { scenario, seed, violations, faults, token, .. } = failure;
        let scenario = escape(scenario);
        console.line(format!("  {scenario}  seed {}, {faults} added faults", seed.0))?;
        for violation in violations {
            console.line(format!("    {}", escape(&violation.to_string())))?;
        }
        console.line(format!("    weir token {token}"))?;
    }
    if count > SHOWN {
        let more = console.paint(Meaning::Aside, format!("  … and {} more", count - SHOWN));
        console.line(more)?;
    }
    Ok(())
}

fn mutants(hunted: &[Hunted], console: &mut Console) -> io::Result<()> {
    let columns = ["mutant", "scenario", "seed", "runs", "noticed by"].map(str::to_owned);
    let row = |hunted: &Hunted| {
        let found = hunted.found.as_ref();
        let no = || "not found".to_owned();
        [
            hunted.mutant.to_string(),
            found.map_or_else(no, |failure| failure.scenario.clone()),
            found.map_or_else(String::new, |failure| failure.seed.0.to_string()),
            hunted.runs.to_string(),
            found.map_or_else(String::new, |failure| failure.invariant().to_owned()),
        ]
    };
    let rows: Vec<_> = hunted.iter().map(row).collect();
    table(&columns, &rows, console)?;
    console.line("")?;
    for failure in hunted.iter().filter_map(|hunted| hunted.found.as_ref()) {
        let mutant = failure.mutant.map_or("", |mutant| mutant.name());
        let first = failure.violations.first().map(ToString::to_string).unwrap_or_default();
        console.line(format!("{mutant}: {}", escape(&first)))?;
        console.line(format!("  weir token {}", failure.token))?;
    }
    Ok(())
}

fn coverage(report: &SweepReport, console: &mut Console) -> io::Result<()> {
    let phases = Phase::all().map(|phase| phase.name().to_owned());
    let columns: Vec<String> = ["faults".to_owned()].into_iter().chain(phases).collect();
    let unreachable =
        |kind, phase| report.unreachable.iter().any(|it| (it.kind, it.phase) == (kind, phase));
    let cell = |kind, phase| match report.coverage.count(kind, phase) {
        0 if unreachable(kind, phase) => "-".to_owned(),
        count => count.to_string(),
    };
    let row = |kind: FaultKind| {
        let cells = Phase::all().map(move |phase| cell(kind, phase));
        [kind.name().to_owned()].into_iter().chain(cells).collect::<Vec<_>>()
    };
    let rows: Vec<_> = FaultKind::all().map(row).collect();
    console.line("")?;
    table(&columns, &rows, console)?;
    let mut reasons: Vec<&str> = report.unreachable.iter().map(|cell| cell.why).collect();
    reasons.dedup();
    for why in reasons {
        let why = console.paint(Meaning::Aside, format!("-  {why}"));
        console.line(why)?;
    }
    Ok(())
}

fn table<R: AsRef<[String]>>(
    columns: &[String],
    rows: &[R],
    console: &mut Console,
) -> io::Result<()> {
    let lines = table::lines(columns, rows.iter().map(AsRef::as_ref));
    for (index, line) in lines.into_iter().enumerate() {
        let line = if index == 0 { console.paint(Meaning::Aside, line) } else { line };
        console.line(line)?;
    }
    Ok(())
}
