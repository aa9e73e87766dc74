//! What came of a run, for a person.

use std::io;
use std::path::PathBuf;

use weir::check::Delivery;
use weir::cluster::{JobReport, LatencyReport, SinkReport};
use weir::scenario::{Outcome, Scenario, escape};
use weir::trace::JobStatus;

use super::console::{Console, Meaning};
use super::{metrics, table};

/// How many rows of a sink are shown.
const SHOWN_ROWS: usize = 10;

/// Which files were written.
#[derive(Debug, Default)]
pub struct Written {
    /// The trace.
    pub trace: Option<PathBuf>,
    /// The sinks' contents.
    pub sinks: Vec<PathBuf>,
    /// Whether the sinks' contents were asked for but held back, since the run did not end well.
    pub withheld: bool,
}

/// How to see a run again.
pub struct Again<'a> {
    /// The command that does the same.
    pub command: &'a str,
    /// The token of the run.
    pub token: &'a str,
    /// The moment that the token points at.
    pub moment: Option<String>,
}

/// Prints what came of a run.
pub fn print(
    scenario: &Scenario,
    outcome: &Outcome,
    written: &Written,
    again: &Again<'_>,
    wall_ms: u64,
    console: &mut Console,
) -> io::Result<()> {
    let title = console.paint(Meaning::Heading, escape(&scenario.title));
    console.line(title)?;
    console.line("")?;
    jobs(outcome, console)?;
    for (name, sink) in &outcome.report.sinks {
        rows(name, sink, console)?;
    }
    delivery(outcome, console)?;
    facts(outcome, written, again, wall_ms, console)?;
    judgement(outcome, console)?;
    metrics::print(&outcome.report.metrics, console)
}

fn jobs(outcome: &Outcome, console: &mut Console) -> io::Result<()> {
    for job in &outcome.report.jobs {
        let meaning = match job.status {
            JobStatus::Finished => Meaning::Good,
            JobStatus::Failed => Meaning::Bad,
            JobStatus::Initializing
            | JobStatus::Restarting
            | JobStatus::Created
            | JobStatus::Running
            | JobStatus::Failing
            | JobStatus::Cancelling
            | JobStatus::Canceled => Meaning::Aside,
        };
        let status = console.paint(meaning, weir::scenario::status_name(job.status));
        console.line(format!("job   {}  {status}", escape(&job.name)))?;
        if let Some(cause) = &job.cause {
            console.line(format!("      {}", escape(cause)))?;
        }
        accumulators(job, console)?;
    }
    Ok(())
}

fn accumulators(job: &JobReport, console: &mut Console) -> io::Result<()> {
    if job.accumulators.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = job
        .accumulators
        .iter()
        .map(|(name, result)| match result {
            Ok(value) => [name.clone(), value.kind().to_owned(), value.to_string()],
            Err(_) => [name.clone(), "failed".to_owned(), String::new()],
        })
        .collect();
    let columns = ["accumulator", "kind", "value"].map(str::to_owned);
    table(&columns, rows.iter().map(<[String; 3]>::as_slice), console)?;
    for error in job.accumulators.values().filter_map(|result| result.as_ref().err()) {
        console.line(format!("      {}", escape(&error.to_string())))?;
    }
    Ok(())
}

fn rows(name: &str, sink: &SinkReport, console: &mut Console) -> io::Result<()> {
    let count = sink.rows.len();
    console.line(format!("sink  {}  {count} {}", escape(name), plural(count, "row")))?;
    if count == 0 {
        return Ok(());
    }
    let shown = sink.rows.iter().take(SHOWN_ROWS).map(|row| row.fields.as_slice());
    table(&sink.columns, shown, console)?;
    if count > SHOWN_ROWS {
        let more = count - SHOWN_ROWS;
        let more = console.paint(Meaning::Aside, format!("… and {more} more"));
        console.line(format!("      {more}"))?;
    }
    Ok(())
}

fn table<'a>(
    columns: &[String],
    rows: impl Iterator<Item = &'a [String]>,
    console: &mut Console,
) -> io::Result<()> {
    for (index, line) in table::lines(columns, rows).into_iter().enumerate() {
        let line = if index == 0 { console.paint(Meaning::Aside, line) } else { line };
        console.line(format!("      {line}"))?;
    }
    Ok(())
}

/// What the outside was given, where that can be told, and what shows that it was not each row
/// exactly once.
fn delivery(outcome: &Outcome, console: &mut Console) -> io::Result<()> {
    let verdict = &outcome.report.verdict;
    if verdict.sinks.is_empty() {
        return Ok(());
    }
    let meaning = match verdict.delivery {
        Delivery::ExactlyOnce => Meaning::Good,
        Delivery::Unjudged => Meaning::Aside,
        Delivery::AtLeastOnce | Delivery::AtMostOnce | Delivery::None => Meaning::Bad,
    };
    console.line("")?;
    let delivery = console.paint(meaning, verdict.delivery.to_string());
    console.line(format!("delivery  {delivery}"))?;
    for (name, sink) in verdict.sinks.iter().filter(|(_, sink)| !sink.witnesses.is_empty()) {
        console.line(format!("          {}: {}", escape(name), sink.summary()))?;
        for witness in &sink.witnesses {
            console.line(format!("          {}", escape(&witness.text)))?;
        }
    }
    Ok(())
}

fn facts(
    outcome: &Outcome,
    written: &Written,
    again: &Again<'_>,
    wall_ms: u64,
    console: &mut Console,
) -> io::Result<()> {
    let report = &outcome.report;
    console.line("")?;
    latency(outcome, console)?;
    console.line(format!(
        "run       {} events, {} simulated, in {wall_ms} ms",
        report.events, report.virtual_time
    ))?;
    console.line(format!("digest    {}", report.digest))?;
    for path in &written.sinks {
        console.line(format!("written   {}", escape(&path.display().to_string())))?;
    }
    if written.withheld {
        console.line("written   nothing, since the run did not end well")?;
    }
    if let Some(path) = &written.trace {
        console.line(format!("trace     {}", escape(&path.display().to_string())))?;
    }
    if let Some(moment) = &again.moment {
        console.line(format!("moment    {}", escape(moment)))?;
    }
    console.line(format!("again     {}", again.command))?;
    if !outcome.judgement.holds {
        console.line(format!("token     {}", again.token))?;
    }
    Ok(())
}

/// How long records were on their way to all sinks and, where that differs, to each.
fn latency(outcome: &Outcome, console: &mut Console) -> io::Result<()> {
    let report = &outcome.report;
    let Some(of_all) = report.latency else { return Ok(()) };
    let shown = |LatencyReport { p50, p99, max }: LatencyReport| {
        format!("p50 {p50:.3} ms, p99 {p99:.3} ms, max {max:.3} ms")
    };
    console.line(format!("latency   {}, from source to sink", shown(of_all)))?;
    let sinks = report.sinks.iter().filter_map(|(name, sink)| Some((name, sink.latency?)));
    for (name, of_sink) in sinks.filter(|(_, of_sink)| *of_sink != of_all) {
        console.line(format!("          {}: {}", escape(name), shown(of_sink)))?;
    }
    Ok(())
}

fn judgement(outcome: &Outcome, console: &mut Console) -> io::Result<()> {
    console.line("")?;
    for judged in &outcome.judgement.expectations {
        let (mark, found) = match &judged.found {
            None => (console.paint(Meaning::Good, "holds   "), String::new()),
            Some(found) => (console.paint(Meaning::Bad, "violated"), format!(", but {found}")),
        };
        console.line(format!("{mark}  {}{}", escape(&judged.text), escape(&found)))?;
    }
    for vacuous in &outcome.judgement.vacuous {
        let mark = console.paint(Meaning::Bad, "vacuous ");
        console.line(format!("{mark}  {}", escape(vacuous)))?;
    }
    Ok(())
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}
