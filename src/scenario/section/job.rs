//! `[job]` or several `[[job]]`: what runs.

use std::sync::Arc;

use super::tables;
use crate::base::{SimDuration, SimTime};
use crate::scenario::document::{Node, Value};
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::reader::{
    Reader, boolean, duration, millis_or_none, name, some_duration, whole,
};
use crate::scenario::source::{At, Located, Source};

/// A job to run.
#[derive(Clone, Debug)]
pub struct JobSection {
    /// Where it stands.
    pub at: At,
    /// Its name.
    pub name: String,
    /// The gallery job that it is.
    pub program: Located<String>,
    /// The arguments, as written.
    pub(in crate::scenario) arguments: Vec<(Located<String>, Node)>,
    /// How many subtasks its operators have that do not say so themselves, if the cluster's
    /// default is not to hold.
    pub parallelism: Option<Located<u32>>,
    /// When it is submitted.
    pub submit_at: SimTime,
    /// When its client asks for it to be cancelled, if ever.
    pub cancel_at: Option<SimTime>,
    /// Whether its operators may share tasks.
    pub chaining: bool,
    /// How often its watermarks are emitted, if not as the program says; zero is never.
    pub auto_watermark_interval: Option<SimDuration>,
    /// Settings of the data plane.
    pub(in crate::scenario) data_plane: DataPlane,
}

/// Settings of the data plane that a job asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::scenario) struct DataPlane {
    pub buffer_timeout: Option<SimDuration>,
    pub buffer_records: Option<u64>,
    pub credits: Option<u64>,
    pub output_buffers: Option<u64>,
    pub record_cost: Option<SimDuration>,
}

const KEYS: [&str; 13] = [
    "name",
    "program",
    "args",
    "parallelism",
    "submit-at",
    "cancel-at",
    "chaining",
    "auto-watermark-interval",
    "buffer-timeout",
    "buffer-records",
    "credits",
    "output-buffers",
    "record-cost",
];

/// No scenario has more subtasks of an operator.
pub(super) const LARGEST_PARALLELISM: u64 = 1_024;

/// Reads all jobs; there must be at least one.
pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    node: Option<&Node>,
) -> Result<Vec<JobSection>, ScenarioError> {
    let mut jobs: Vec<JobSection> = Vec::new();
    for table in tables(source, "job", node)? {
        let job = read_one(source, table)?;
        if let Some(first) = jobs.iter().find(|other| other.name == job.name) {
            let problem = Problem::new(format!("two jobs are called `{}`", first.name));
            return Err(problem.hint("give each a `name` of its own").locate(source, &table.at));
        }
        // Unlike Flink: one setting for all jobs of a cluster. A session in which jobs differ in
        // their buffers teaches nothing that two scenarios do not.
        if let Some(first) = jobs.first()
            && first.data_plane != job.data_plane
        {
            let problem =
                Problem::new("the jobs of a scenario share the settings of their buffers");
            let hint = "give every job the same buffer-timeout, buffer-records, credits, \
                        output-buffers and record-cost";
            return Err(problem.hint(hint).locate(source, &table.at));
        }
        jobs.push(job);
    }
    if jobs.is_empty() {
        let problem = Problem::new("the scenario has no job");
        let hint = "add a section [job] with a `program`; `weir list` shows them";
        let end = source.text.trim_end().len();
        return Err(problem.hint(hint).locate(source, &At::Text(end..end)));
    }
    Ok(jobs)
}

fn read_one(source: &Arc<Source>, table: &Node) -> Result<JobSection, ScenarioError> {
    let reader = Reader::new(source, "[job]", table, &KEYS)?;
    let program = reader.required("program", "\"word-count\"", name)?;
    let parallelism = reader.located("parallelism", whole(1..=LARGEST_PARALLELISM))?;
    let submit_at = SimTime::ZERO + reader.get("submit-at", duration)?.unwrap_or_default();
    let cancel_at = reader.get("cancel-at", duration)?.map(|after| SimTime::ZERO + after);
    if cancel_at.is_some_and(|at| at < submit_at) {
        let problem = Problem::new("the job is to be cancelled before it is submitted");
        let hint = "`cancel-at` counts from the start of the run, as `submit-at` does";
        return Err(reader.wrong("cancel-at", problem.hint(hint)));
    }
    Ok(JobSection {
        at: table.at.clone(),
        name: reader.get("name", name)?.unwrap_or_else(|| program.value.clone()),
        program,
        arguments: arguments(&reader)?,
        parallelism: parallelism
            .map(|located| located.map(|value| u32::try_from(value).expect("its bounds fit"))),
        submit_at,
        cancel_at,
        chaining: reader.get("chaining", boolean)?.unwrap_or(true),
        auto_watermark_interval: reader.get("auto-watermark-interval", millis_or_none)?,
        data_plane: DataPlane {
            buffer_timeout: reader.get("buffer-timeout", some_duration)?,
            buffer_records: reader.get("buffer-records", whole(1..=65_536))?,
            credits: reader.get("credits", whole(1..=4_096))?,
            output_buffers: reader.get("output-buffers", whole(1..=4_096))?,
            record_cost: reader.get("record-cost", duration)?,
        },
    })
}

/// The arguments are only sorted out here; what each must be, the job's declaration says.
fn arguments(reader: &Reader<'_>) -> Result<Vec<(Located<String>, Node)>, ScenarioError> {
    let Some(node) = reader.node("args") else { return Ok(Vec::new()) };
    let Value::Table(table) = &node.value else {
        let problem = Problem::new(format!("`args` must be a table, not {}", node.value.kind()));
        return Err(reader.wrong("args", problem.hint("args = { input = \"data/words.txt\" }")));
    };
    let argument = |(key, entry): (&String, &crate::scenario::document::Entry)| {
        (Located { value: key.clone(), at: entry.key_at.clone() }, entry.node.clone())
    };
    Ok(table.iter().map(argument).collect())
}
