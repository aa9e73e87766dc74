//! From a scenario to what a cluster is given: the world, the jobs' programs, and what is
//! expected of the run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::again;
use super::document::{Node, Value};
use super::error::{Problem, ScenarioError};
use super::judge::{Expectation, Expectations};
use super::parse::Scenario;
use super::reader::{duration, is_name};
use super::section::expect::ExpectedTotal;
use super::section::job::JobSection;
use super::shown::quoted;
use super::source::Located;
use super::suggest;
use crate::api::{LogTopic, Program, SinkDeclaration};
use crate::base::Seed;
use crate::check::Delivery;
use crate::cluster::{self, BROKER, ClusterOptions, DATABASE, JobSubmission, Protocol, RunLabel};
use crate::gallery::{
    Argument, ArgumentError, ArgumentKind, ArgumentValue, Arguments, GalleryJob, Registry,
};
use crate::host::FenceReplaced;
use crate::mutant::Mutant;
use crate::sim::{NodeOptions, SimOptions};
use crate::task::TaskOptions;
use crate::trace::Level;

/// What is said outside the scenario.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides {
    /// Another seed.
    pub seed: Option<Seed>,
    /// How much of the run is kept.
    pub level: Level,
    /// A wrong part in the place of a correct one.
    pub mutant: Option<Mutant>,
}

/// What a cluster is given.
#[derive(Clone)]
pub struct Lowered {
    /// What the run is called in its trace.
    pub label: RunLabel,
    /// The world and the cluster in it.
    pub options: ClusterOptions,
    /// The jobs.
    pub submissions: Vec<JobSubmission>,
    /// What is expected of the run.
    pub expectations: Expectations,
    /// Whether a job has asked for the seed, so that results may depend on it.
    pub depends_on_seed: bool,
}

/// Turns a scenario into what a cluster is given. Fails if a job is unknown, refuses its
/// arguments, or does not write the sinks that are spoken of.
pub fn lower(
    scenario: &Scenario,
    registry: &Registry,
    overrides: &Overrides,
) -> Result<Lowered, ScenarioError> {
    let mut submissions = Vec::new();
    let mut sinks: Vec<SinkDeclaration> = Vec::new();
    let seed = overrides.seed.unwrap_or(scenario.seed);
    let mut depends_on_seed = false;
    for job in &scenario.jobs {
        let (program, asked) = program(scenario, registry, job, seed)?;
        depends_on_seed |= asked;
        for sink in &program.sinks {
            if sinks.iter().any(|other| other.name == sink.name) {
                let problem = Problem::new(format!("two sinks are called {}", quoted(&sink.name)));
                let hint = "the jobs of a scenario need sinks of different names";
                return Err(scenario.error(&job.at, problem.hint(hint)));
            }
            sinks.push(sink.clone());
        }
        let cancel_at = job.cancel_at;
        let submission = JobSubmission { cancel_at, ..JobSubmission::new(job.submit_at, program) };
        cluster::plan(&submission).map_err(|error| {
            scenario.error(&parallelism(scenario, job).at, Problem::new(error.to_string()))
        })?;
        submissions.push(submission);
    }
    for (job, submission) in scenario.jobs.iter().zip(&submissions) {
        if let Some(topic) = never_written(submission, &submissions) {
            let name = quoted(&topic.name);
            let problem =
                Problem::new(format!("the job reads the topic {name}, and nobody writes it"));
            let hint = "add a job that does, or name another topic";
            return Err(scenario.error(&job.at, problem.hint(hint)));
        }
    }
    let label = RunLabel {
        scenario: scenario.name.clone(),
        scenario_hash: scenario.content_hash(),
        mutant: overrides.mutant.map(|mutant| mutant.name().to_owned()),
        again: again::command(scenario, seed, overrides.mutant),
    };
    Ok(Lowered {
        label,
        options: options(scenario, overrides, &submissions),
        submissions,
        expectations: expectations(scenario, &sinks)?,
        depends_on_seed,
    })
}

/// The parallelism at which a job is submitted, and where that is said: by the job, else as the
/// cluster's default.
fn parallelism(scenario: &Scenario, job: &JobSection) -> Located<u32> {
    let said = job.parallelism.as_ref().or(scenario.config.default_parallelism.as_ref());
    said.cloned().unwrap_or_else(|| Located { value: 1, at: job.at.clone() })
}

/// A topic that the job reads and that none writes.
fn never_written<'a>(job: &'a JobSubmission, jobs: &[JobSubmission]) -> Option<&'a LogTopic> {
    let written = |name: &str| {
        let topics = jobs.iter().flat_map(|job| &job.program.topics);
        topics.into_iter().any(|topic| topic.is_written && topic.name == name)
    };
    job.program.topics.iter().find(|topic| !written(&topic.name))
}

fn options(scenario: &Scenario, overrides: &Overrides, jobs: &[JobSubmission]) -> ClusterOptions {
    let cluster = &scenario.cluster;
    let default_parallelism = scenario.config.default_parallelism.as_ref();
    let uses_log = jobs.iter().any(|job| !job.program.topics.is_empty());
    let brokers = scenario.log.brokers.unwrap_or(u16::from(uses_log));
    let uses_database =
        |job: &JobSubmission| !job.program.tables.is_empty() || !job.program.queries.is_empty();
    let database = jobs.iter().any(uses_database);
    let is_there = |node: &&NodeOptions| {
        (brokers > 0 || !node.name.starts_with(BROKER)) && (database || node.name != DATABASE)
    };
    ClusterOptions {
        sim: SimOptions {
            seed: overrides.seed.unwrap_or(scenario.seed),
            nodes: scenario.nodes.iter().filter(is_there).cloned().collect(),
            network: scenario.network.clone(),
            disk: scenario.disk.clone(),
            faults: scenario.faults.clone(),
            notes: scenario.notes.clone(),
            limits: scenario.limits,
            fencing: Arc::new(FenceReplaced),
            judged: BTreeSet::new(),
            level: overrides.level,
        },
        taskmanagers: cluster.taskmanagers,
        brokers,
        retention: scenario.log.retention,
        database,
        slots: cluster.slots,
        heartbeat_interval: cluster.heartbeat_interval,
        heartbeat_timeout: cluster.heartbeat_timeout,
        slot_request_timeout: cluster.slot_request_timeout,
        default_parallelism: default_parallelism.map_or(1, |default| default.value),
        task: task_options(scenario),
        checkpointing: scenario.checkpointing.clone(),
        restart: scenario.restart,
        protocol: overrides.mutant.map_or_else(Protocol::default, Protocol::with),
    }
}

fn task_options(scenario: &Scenario) -> TaskOptions {
    let asked = &scenario.jobs.first().expect("a scenario has a job").data_plane;
    let network = &scenario.network;
    let links = network.links.iter().map(|(_, _, link)| link).chain([&network.default]);
    let latency = links.map(|link| *link.latency.end()).max().expect("there is a default link");
    let mut options = TaskOptions::for_latency(latency);
    let count = |count: u64| usize::try_from(count).expect("its bounds fit");
    options.state_backend = scenario.state_backend;
    if let Some(timeout) = asked.buffer_timeout {
        options.buffer_timeout = timeout;
    }
    if let Some(records) = asked.buffer_records {
        options.buffer_records = count(records);
    }
    if let Some(buffers) = asked.output_buffers {
        options.output_buffers = count(buffers);
    }
    if let Some(cost) = asked.record_cost {
        options.record_cost = cost;
    }
    // Last, since what is enough depends on all of the above.
    options.credits = match asked.credits {
        Some(credits) => u32::try_from(credits).expect("its bounds fit"),
        None => options.credits_for(latency),
    };
    options
}

/// A job's program, and whether it may depend on the seed.
fn program(
    scenario: &Scenario,
    registry: &Registry,
    job: &JobSection,
    seed: Seed,
) -> Result<(Program, bool), ScenarioError> {
    let Located { value: name, at } = &job.program;
    let gallery_job = registry.job(name).ok_or_else(|| {
        let names = registry.jobs.iter().map(|job| job.name.as_str());
        let problem = Problem::new(format!("there is no program {}", quoted(name)));
        scenario.error(at, problem.maybe_hint(suggest::hint(name, names)))
    })?;
    let values = arguments(scenario, job, gallery_job)?;
    let parallelism = parallelism(scenario, job).value;
    let resources = Arc::clone(&scenario.resources);
    let arguments = Arguments::new(values, parallelism, seed, resources);
    let mut program = (gallery_job.build)(&arguments).map_err(|error| {
        let argument = error
            .argument
            .as_ref()
            .and_then(|name| job.arguments.iter().find(|(given, _)| given.value == *name));
        let at = argument.map_or(at, |(_, node)| &node.at);
        let message = match &error.argument {
            Some(argument) => format!("`{argument}`: {}", error.message),
            None => error.message.clone(),
        };
        let problem = Problem::new(message);
        scenario.error(at, problem.hint(format!("said by the job `{name}`")))
    })?;
    if let Some(sink) = program.sinks.iter().find(|sink| !is_name(&sink.name)) {
        let problem = Problem::new(format!(
            "the job's sink {} has a name that is not a safe file name",
            quoted(&sink.name)
        ));
        return Err(scenario.error(at, problem));
    }
    if let Some(expect) = &gallery_job.expect {
        let refused = |error: ArgumentError| scenario.error(at, Problem::new(error.message));
        program.expected = expect(&arguments).map_err(refused)?;
    }
    program = program.with_parallelism(parallelism);
    if let Some(max_parallelism) = scenario.config.max_parallelism {
        program = program.with_max_parallelism(max_parallelism);
    }
    program.graph.name.clone_from(&job.name);
    program.graph.chaining &= job.chaining;
    if let Some(interval) = job.auto_watermark_interval {
        Arc::make_mut(&mut program.code).watermark_interval = interval;
    }
    Ok((program, arguments.depends_on_seed()))
}

/// The arguments as the job declares them, with defaults filled in.
fn arguments(
    scenario: &Scenario,
    job: &JobSection,
    gallery_job: &GalleryJob,
) -> Result<BTreeMap<String, ArgumentValue>, ScenarioError> {
    let declared = &gallery_job.arguments;
    let mut values = BTreeMap::new();
    for (Located { value: name, at }, node) in &job.arguments {
        let Some(argument) = declared.iter().find(|argument| argument.name == *name) else {
            let message =
                format!("the job `{}` takes no argument {}", gallery_job.name, quoted(name));
            let names = declared.iter().map(|argument| argument.name.as_str());
            let problem = Problem::new(message).maybe_hint(suggest::hint(name, names));
            return Err(scenario.error(at, problem));
        };
        let value = argument_value(argument, node).map_err(|problem| {
            let message = format!("the argument `{name}` {}", problem.message);
            scenario.error(&node.at, Problem { message, ..problem })
        })?;
        values.insert(name.clone(), value);
    }
    for argument in declared {
        if values.contains_key(&argument.name) {
            continue;
        }
        let Some(default) = &argument.default else {
            let message =
                format!("the job `{}` needs an argument `{}`", gallery_job.name, argument.name);
            let hint = format!("args = {{ {} = … }}: {}", argument.name, argument.about);
            return Err(scenario.error(&job.program.at, Problem::new(message).hint(hint)));
        };
        values.insert(argument.name.clone(), default.clone());
    }
    Ok(values)
}

fn argument_value(argument: &Argument, node: &Node) -> Result<ArgumentValue, Problem> {
    Ok(match (argument.kind, &node.value) {
        (ArgumentKind::Text, Value::Text(text)) => ArgumentValue::Text(text.clone()),
        (ArgumentKind::File, Value::Text(text)) => ArgumentValue::File(text.clone()),
        (ArgumentKind::Integer, Value::Integer(number)) => ArgumentValue::Integer(*number),
        (ArgumentKind::Float, Value::Float(number)) => ArgumentValue::Float(*number),
        (ArgumentKind::Float, Value::Integer(number)) => ArgumentValue::Float(*number as f64),
        (ArgumentKind::Boolean, Value::Boolean(truth)) => ArgumentValue::Boolean(*truth),
        (ArgumentKind::Duration, _) => ArgumentValue::Duration(duration(node)?),
        (kind, value) => {
            return Err(Problem::new(format!("must be a {kind}, not {}", value.kind()))
                .hint(argument.about.clone()));
        }
    })
}

fn expectations(
    scenario: &Scenario,
    sinks: &[SinkDeclaration],
) -> Result<Expectations, ScenarioError> {
    let expect = &scenario.expect;
    let mut all = vec![Expectation::End(expect.end)];
    for (job, status) in &expect.jobs {
        all.push(Expectation::Job { job: job.clone(), status: *status });
    }
    if let Some(cause) = &expect.root_cause {
        all.push(Expectation::RootCause(cause.clone()));
    }
    for (delivery, expectation) in [
        (&expect.delivery, Expectation::DeliveryAtLeast as fn(Delivery) -> Expectation),
        (&expect.delivery_is, Expectation::DeliveryIs),
    ] {
        let Some(Located { value, .. }) = delivery else { continue };
        all.push(expectation(*value));
    }
    all.push(Expectation::Invariants { violated: expect.violates.clone() });
    all.extend(expect.checkpoints_at_least.map(Expectation::CheckpointsAtLeast));
    all.extend(expect.restarts.map(Expectation::Restarts));
    for (sink, rows) in &expect.rows {
        find_sink(scenario, sinks, sink)?;
        all.push(Expectation::Rows { sink: sink.value.clone(), rows: *rows });
    }
    for ExpectedTotal { sink, column, total } in &expect.totals {
        let columns = &find_sink(scenario, sinks, sink)?.columns;
        if !columns.contains(&column.value) {
            let (sink, name) = (quoted(&sink.value), quoted(&column.value));
            let problem = Problem::new(format!("the sink {sink} has no column {name}"));
            let hint = suggest::hint(&column.value, columns.iter().map(String::as_str));
            return Err(scenario.error(&column.at, problem.maybe_hint(hint)));
        }
        let (sink, column) = (sink.value.clone(), column.value.clone());
        all.push(Expectation::Total { sink, column, total: *total });
    }
    Ok(Expectations { all })
}

/// The sink that an expectation speaks of.
fn find_sink<'a>(
    scenario: &Scenario,
    sinks: &'a [SinkDeclaration],
    Located { value: name, at }: &Located<String>,
) -> Result<&'a SinkDeclaration, ScenarioError> {
    sinks.iter().find(|sink| sink.name == *name).ok_or_else(|| {
        let problem = Problem::new(format!("no job writes a sink {}", quoted(name)));
        let names = sinks.iter().map(|sink| sink.name.as_str());
        scenario.error(at, problem.maybe_hint(suggest::hint(name, names)))
    })
}
