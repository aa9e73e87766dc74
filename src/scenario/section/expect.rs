//! `[expect]`: what the run must come to.

use std::sync::Arc;

use crate::check::{Delivery, Invariant};
use crate::scenario::document::{Entry, Node, Value};
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::reader::{Reader, integer, list, one_of, some_text, whole};
use crate::scenario::shown::quoted;
use crate::scenario::source::{Located, Source};
use crate::scenario::{JobSection, suggest};
use crate::trace::JobStatus;

/// What the run must come to.
#[derive(Clone, Debug)]
pub struct ExpectSection {
    /// The last status of each job, in order of the jobs.
    pub jobs: Vec<(String, JobStatus)>,
    /// What the root cause of every failure must contain.
    pub root_cause: Option<String>,
    /// How many rows each sink must show at the end.
    pub rows: Vec<(Located<String>, u64)>,
    /// What columns of sinks must sum up to at the end.
    pub totals: Vec<ExpectedTotal>,
    /// What the outside must be given at least.
    pub delivery: Option<Located<Delivery>>,
    /// What the outside must be given exactly.
    pub delivery_is: Option<Located<Delivery>>,
    /// The invariants that must not hold; all others must.
    pub violates: Vec<Invariant>,
    /// How many checkpoints must become complete.
    pub checkpoints_at_least: Option<u64>,
    /// How often jobs must be started again.
    pub restarts: Option<u64>,
    /// How the run must end.
    pub end: ExpectedEnd,
}

/// What a column of a sink must sum up to.
#[derive(Clone, Debug)]
pub struct ExpectedTotal {
    /// The sink.
    pub sink: Located<String>,
    /// The column.
    pub column: Located<String>,
    /// The sum.
    pub total: i64,
}

/// How a run must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedEnd {
    /// All jobs reach a terminal status.
    Completed,
    /// A limit is reached.
    Limit,
}

const STATUSES: [(&str, JobStatus); 3] = [
    ("finished", JobStatus::Finished),
    ("failed", JobStatus::Failed),
    ("canceled", JobStatus::Canceled),
];

/// What can be expected exactly; the first would be nothing to expect at least.
const DELIVERIES: [(&str, Delivery); 4] = [
    ("none", Delivery::None),
    ("at-most-once", Delivery::AtMostOnce),
    ("at-least-once", Delivery::AtLeastOnce),
    ("exactly-once", Delivery::ExactlyOnce),
];

const ENDS: [(&str, ExpectedEnd); 2] =
    [("completed", ExpectedEnd::Completed), ("limit", ExpectedEnd::Limit)];

pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    node: Option<&Node>,
    jobs: &[JobSection],
) -> Result<ExpectSection, ScenarioError> {
    let all = |status| jobs.iter().map(|job| (job.name.clone(), status)).collect();
    let mut section = ExpectSection {
        jobs: all(JobStatus::Finished),
        root_cause: None,
        rows: Vec::new(),
        totals: Vec::new(),
        delivery: None,
        delivery_is: None,
        violates: Vec::new(),
        checkpoints_at_least: None,
        restarts: None,
        end: ExpectedEnd::Completed,
    };
    let Some(node) = node else { return Ok(section) };
    let keys = [
        "job",
        "jobs",
        "root-cause",
        "rows",
        "totals",
        "end",
        "delivery",
        "delivery-is",
        "violates",
        "checkpoints-at-least",
        "restarts",
    ];
    let reader = Reader::new(source, "[expect]", node, &keys)?;
    if let Some(end) = reader.get("end", one_of(&ENDS))? {
        section.end = end;
        if end == ExpectedEnd::Limit {
            section.jobs.clear();
        }
    }
    if let Some(status) = reader.get("job", one_of(&STATUSES))? {
        section.jobs = all(status);
    }
    if let Some(node) = reader.node("jobs") {
        each_job(source, node, jobs, &mut section)?;
    }
    if let Some(cause) = reader.get("root-cause", some_text)? {
        if section.jobs.iter().all(|(_, status)| *status != JobStatus::Failed) {
            let problem = Problem::new("no job is expected to fail, so there is no root cause");
            return Err(reader.wrong("root-cause", problem.hint("add job = \"failed\"")));
        }
        section.root_cause = Some(cause);
    }
    section.delivery = reader.located("delivery", one_of(&DELIVERIES[1..]))?;
    section.delivery_is = reader.located("delivery-is", one_of(&DELIVERIES))?;
    if let Some(invariants) = reader.get("violates", invariants)? {
        section.violates = invariants;
    }
    section.checkpoints_at_least = reader.get("checkpoints-at-least", whole(0..=1_000_000_000))?;
    section.restarts = reader.get("restarts", whole(0..=1_000_000_000))?;
    if let Some(node) = reader.node("rows") {
        let names: Vec<&str> = keys_of(node);
        let rows = Reader::new(source, "`rows`", node, &names)?;
        for (sink, entry) in rows.entries() {
            let count = rows.required(sink, "16", whole(0..=1_000_000_000_000))?.value;
            section.rows.push((Located { value: sink.clone(), at: entry.key_at.clone() }, count));
        }
    }
    if let Some(node) = reader.node("totals") {
        section.totals = totals(source, node)?;
    }
    Ok(section)
}

/// One invariant, or several.
fn invariants(node: &Node) -> Result<Vec<Invariant>, Problem> {
    let names: Vec<(&str, Invariant)> = Invariant::all().map(|it| (it.name(), it)).collect();
    match &node.value {
        Value::Array(_) => list(one_of(&names))(node),
        _ => Ok(vec![one_of(&names)(node)?]),
    }
}

fn totals(source: &Arc<Source>, node: &Node) -> Result<Vec<ExpectedTotal>, ScenarioError> {
    let located =
        |name: &String, entry: &Entry| Located { value: name.clone(), at: entry.key_at.clone() };
    let mut totals = Vec::new();
    let sinks = Reader::new(source, "`totals`", node, &keys_of(node))?;
    for (sink, of_sink) in sinks.entries() {
        let name = format!("`totals` of {}", quoted(sink));
        let columns = Reader::new(source, &name, &of_sink.node, &keys_of(&of_sink.node))?;
        for (column, of_column) in columns.entries() {
            let total = columns.required(column, "26483", integer)?.value;
            let (sink, column) = (located(sink, of_sink), located(column, of_column));
            totals.push(ExpectedTotal { sink, column, total });
        }
    }
    Ok(totals)
}

fn each_job(
    source: &Arc<Source>,
    node: &Node,
    jobs: &[JobSection],
    section: &mut ExpectSection,
) -> Result<(), ScenarioError> {
    let names = keys_of(node);
    let reader = Reader::new(source, "`jobs`", node, &names)?;
    for (name, entry) in reader.entries() {
        if !jobs.iter().any(|job| job.name == *name) {
            let known = jobs.iter().map(|job| job.name.as_str());
            return Err(Problem::new(format!("there is no job {}", quoted(name)))
                .maybe_hint(suggest::hint(name, known))
                .locate(source, &entry.key_at));
        }
        let status = reader.required(name, "\"finished\"", one_of(&STATUSES))?.value;
        match section.jobs.iter_mut().find(|(job, _)| job == name) {
            Some((_, expected)) => *expected = status,
            None => section.jobs.push((name.clone(), status)),
        }
    }
    Ok(())
}

/// The keys that a table has: for tables whose keys are names, each checked by its reader.
fn keys_of(node: &Node) -> Vec<&str> {
    match &node.value {
        Value::Table(table) => table.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}
