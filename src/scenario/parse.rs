//! A scenario as a whole: its head, and its sections in an order in which each can be checked
//! against those before it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use super::document;
use super::error::{Problem, ScenarioError};
use super::library::Folder;
use super::reader::{Reader, list, some_text, whole};
use super::section::cluster::{self, ClusterSection};
use super::section::config::{self, ConfigSection};
use super::section::expect::{self, ExpectSection};
use super::section::job::{self, JobSection};
use super::section::log::{self, LogSection};
use super::section::{checkpointing, disk, fault, limits, network, node, note, restart, state};
use super::source::{At, Source};
use crate::base::Seed;
use crate::checkpoint::CheckpointConfig;
use crate::cluster::{DATABASE, STORAGE};
use crate::failover::RestartStrategy;
use crate::gallery::Resources;
use crate::sim::{DiskOptions, FaultOptions, Limits, NetworkOptions, NodeOptions, NoteOptions};
use crate::state::StateBackendKind;

/// A scenario, checked as far as that is possible without its jobs.
#[derive(Clone)]
pub struct Scenario {
    /// The file, or the embedded scenario's name.
    pub name: String,
    /// A line that says what happens.
    pub title: String,
    /// What it teaches, in a few words each.
    pub teaches: Vec<String>,
    /// What to look for, in a paragraph.
    pub about: String,
    /// Its seed.
    pub seed: Seed,
    /// What there is.
    pub cluster: ClusterSection,
    /// What Flink's own keys say that no section does.
    pub config: ConfigSection,
    /// The transactional log outside it.
    pub log: LogSection,
    /// How long messages take.
    pub network: NetworkOptions,
    /// The nodes that there may be, and their clocks.
    pub nodes: Vec<NodeOptions>,
    /// The disks.
    pub disk: DiskOptions,
    /// Where keyed state lives.
    pub state_backend: StateBackendKind,
    /// What runs.
    pub jobs: Vec<JobSection>,
    /// What goes wrong.
    pub faults: Vec<FaultOptions>,
    /// What is said.
    pub notes: Vec<NoteOptions>,
    /// When to give up.
    pub limits: Limits,
    /// How jobs are checkpointed, if they are.
    pub checkpointing: Option<CheckpointConfig>,
    /// Whether jobs are started again after a failure, if it says so.
    pub restart: Option<RestartStrategy>,
    /// What the run must come to.
    pub expect: ExpectSection,
    /// Where its files are.
    pub(super) resources: Arc<dyn Resources>,
    pub(super) source: Arc<Source>,
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Scenario {
    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// The `--set` flags that were laid over it.
    pub fn flags(&self) -> &[String] {
        &self.source.flags
    }

    /// A hash of all that was said: the text and the flags. Data files are not part of it.
    pub fn content_hash(&self) -> String {
        let mut content = self.source.text.clone();
        for flag in &self.source.flags {
            content.push('\0');
            content.push_str(flag);
        }
        format!("{:032x}", xxh3_128(content.as_bytes()))
    }

    /// The error that `problem` is at `at`.
    pub(super) fn error(&self, at: &At, problem: Problem) -> ScenarioError {
        problem.locate(&self.source, at)
    }
}

const KEYS: [&str; 19] = [
    "title",
    "teaches",
    "about",
    "seed",
    "cluster",
    "config",
    "network",
    "link",
    "node",
    "disk",
    "log",
    "state",
    "checkpointing",
    "restart",
    "job",
    "fault",
    "note",
    "expect",
    "limits",
];

/// Parses the text of a scenario. `path` is what errors call it, and relative to its folder the
/// scenario's files are found.
pub fn parse(text: &str, path: &str) -> Result<Scenario, ScenarioError> {
    parse_with(text, path, &[])
}

/// Parses the text of a scenario, with `PATH=VALUE` flags laid over it.
pub fn parse_with(text: &str, path: &str, flags: &[String]) -> Result<Scenario, ScenarioError> {
    let folder = Path::new(path).parent().unwrap_or_else(|| Path::new("")).to_owned();
    let source = Source { name: path.to_owned(), text: text.to_owned(), flags: flags.to_vec() };
    parse_source(source, Arc::new(Folder(folder)))
}

pub(super) fn parse_source(
    source: Source,
    resources: Arc<dyn Resources>,
) -> Result<Scenario, ScenarioError> {
    let source = Arc::new(source);
    let mut root = document::parse(&source)?;
    let config = config::read(&source, &mut root)?;
    let reader = Reader::new(&source, "a scenario", &root, &KEYS)?;

    let title = reader.required("title", "\"A line that says what happens\"", some_text)?.value;
    let teaches = reader.get("teaches", list(some_text))?.unwrap_or_default();
    let about = reader.get("about", some_text)?.unwrap_or_default();
    let seed = Seed(reader.get("seed", whole(0..=i64::MAX as u64))?.unwrap_or(1));

    let cluster = cluster::read(&source, reader.node("cluster"))?;
    let state = state::read(&source, reader.node("state"))?;
    let checkpointing =
        checkpointing::read(&source, reader.node("checkpointing"), state.incremental)?;
    let restart = restart::read(&source, reader.node("restart"))?;
    let log = log::read(&source, reader.node("log"))?;
    let names = names(&cluster, checkpointing.is_some(), log);
    let network = network::read(&source, reader.node("network"), reader.node("link"), &names)?;
    let nodes = node::read(&source, reader.node("node"), &names)?;
    let disk = disk::read(&source, reader.node("disk"))?;
    let jobs = job::read(&source, reader.node("job"))?;
    let faults = fault::read(&source, reader.node("fault"), &names, &network)?;
    let notes = note::read(&source, reader.node("note"), &names)?;
    let limits = limits::read(&source, reader.node("limits"))?;
    let expect = expect::read(&source, reader.node("expect"), &jobs)?;
    Ok(Scenario {
        name: source.name.clone(),
        title,
        teaches,
        about,
        seed,
        cluster,
        config,
        log,
        network,
        nodes,
        disk,
        state_backend: state.backend,
        jobs,
        faults,
        notes,
        limits,
        checkpointing,
        restart,
        expect,
        resources,
        source,
    })
}

/// The names of all nodes that there may be, in their order in the simulation. Which of those of
/// the log and the database there are depends on the jobs.
fn names(cluster: &ClusterSection, checkpointed: bool, log: LogSection) -> Vec<String> {
    let storage = checkpointed.then(|| STORAGE.to_owned());
    let brokers = (1..=log.brokers.unwrap_or(1)).map(|number| format!("broker-{number}"));
    let database = DATABASE.to_owned();
    cluster.nodes().into_iter().chain(storage).chain(brokers).chain([database]).collect()
}
