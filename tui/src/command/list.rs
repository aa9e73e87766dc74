//! `weir list`.

use serde_json::{Value, json};
use weir::gallery::{GalleryJob, Registry};
use weir::mutant::Mutant;
use weir::scenario::{FAULT_KINDS, Scenario, embedded, escape, load};

use weir::workload::WORKLOADS;

use super::console::Meaning;
use super::{Console, Failure};

/// Lists scenarios, jobs, faults, mutants and workloads.
pub fn list(registry: &Registry, console: &mut Console) -> Result<u8, Failure> {
    let scenarios: Vec<Scenario> =
        embedded().names().iter().map(|name| load(name)).collect::<Result<_, _>>()?;
    if console.json() {
        console.document(&json!({
            "scenarios": scenarios.iter().map(scenario_json).collect::<Vec<_>>(),
            "jobs": registry.jobs.iter().map(job_json).collect::<Vec<_>>(),
            "faults": FAULT_KINDS.iter().map(|kind| {
                json!({ "kind": kind.key, "with": kind.with, "about": kind.about })
            }).collect::<Vec<_>>(),
            "mutants": Mutant::all().map(|mutant| {
                json!({ "name": mutant.name(), "about": mutant.about() })
            }).collect::<Vec<_>>(),
            "workloads": WORKLOADS.iter().map(|workload| {
                json!({ "name": workload.name, "about": workload.about, "unit": workload.unit })
            }).collect::<Vec<_>>(),
        }))?;
        return Ok(0);
    }
    section("scenarios", "weir run NAME", console)?;
    entries(scenarios.iter().map(|it| (it.name.clone(), it.title.clone())), console)?;
    section("jobs", "program = \"NAME\" in a scenario", console)?;
    for job in &registry.jobs {
        describe(job, console)?;
    }
    section("faults", "[[fault]] in a scenario", console)?;
    let faults = FAULT_KINDS.iter().map(|kind| (kind.key.to_owned(), kind.about.to_owned()));
    entries(faults, console)?;
    section("mutants", "weir run SCENARIO --mutant NAME", console)?;
    let mutants = Mutant::all().map(|it| (it.name().to_owned(), it.about().to_owned()));
    entries(mutants, console)?;
    section("workloads", "weir bench NAME", console)?;
    let workloads = WORKLOADS.iter();
    entries(workloads.map(|it| (it.name.to_owned(), it.about.to_owned())), console)?;
    Ok(0)
}

fn section(name: &str, how: &str, console: &mut Console) -> Result<(), Failure> {
    let (name, how) = (console.paint(Meaning::Heading, name), console.paint(Meaning::Aside, how));
    console.line(format!("{name}  {how}"))?;
    Ok(())
}

fn entries(
    entries: impl Iterator<Item = (String, String)>,
    console: &mut Console,
) -> Result<(), Failure> {
    let entries: Vec<(String, String)> = entries.collect();
    let width = entries.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, about) in entries {
        console.line(format!("  {:<width$}  {}", escape(&name), escape(&about)))?;
    }
    console.line("")?;
    Ok(())
}

fn describe(job: &GalleryJob, console: &mut Console) -> Result<(), Failure> {
    console.line(format!("  {}  {}", escape(&job.name), escape(&job.about)))?;
    for argument in &job.arguments {
        let default = match &argument.default {
            Some(default) => format!("default {default}"),
            None => "must be given".to_owned(),
        };
        console.line(format!(
            "    argument {}: {}, {}; {}",
            escape(&argument.name),
            argument.kind,
            escape(&default),
            escape(&argument.about)
        ))?;
    }
    for sink in &job.sinks {
        console.line(format!(
            "    sink {}: {}",
            escape(&sink.name),
            escape(&sink.columns.join(", "))
        ))?;
    }
    console.line("")?;
    Ok(())
}

fn scenario_json(scenario: &Scenario) -> Value {
    json!({
        "name": scenario.name,
        "title": scenario.title,
        "teaches": scenario.teaches,
        "about": scenario.about,
    })
}

fn job_json(job: &GalleryJob) -> Value {
    let arguments: Vec<Value> = job
        .arguments
        .iter()
        .map(|argument| {
            json!({
                "name": argument.name,
                "kind": argument.kind,
                "default": argument.default.as_ref().map(default_json),
                "about": argument.about,
            })
        })
        .collect();
    let sinks: Vec<Value> = job
        .sinks
        .iter()
        .map(|sink| json!({ "name": sink.name, "columns": sink.columns }))
        .collect();
    json!({ "name": job.name, "about": job.about, "arguments": arguments, "sinks": sinks })
}

fn default_json(value: &weir::gallery::ArgumentValue) -> Value {
    use weir::gallery::ArgumentValue;
    match value {
        ArgumentValue::Text(text) | ArgumentValue::File(text) => json!(text),
        ArgumentValue::Integer(number) => json!(number),
        ArgumentValue::Float(number) => json!(number),
        ArgumentValue::Boolean(truth) => json!(truth),
        ArgumentValue::Duration(span) => json!(format!("{span:?}")),
    }
}
