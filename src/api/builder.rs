//! What a program has declared so far. All streams of an environment share one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{LogTopic, ProgramError, SinkDeclaration, TimeCharacteristic};
use crate::base::SimDuration;
use crate::connector::{DatabaseQuery, LogFeed};
use crate::database::{Engine, Table};
use crate::graph::{
    ChainingStrategy, StreamEdge, StreamGraph, StreamNode, StreamNodeId, StreamNodeKind,
};
use crate::operator::{EdgeFactory, JobCode, OperatorCode, OperatorKind};
use crate::record::Partitioning;
use crate::state::StateBackendKind;

/// How a stream reaches the operator behind it.
#[derive(Clone)]
pub(super) struct Dealt {
    pub(super) partitioning: Option<Partitioning>,
    pub(super) code: Arc<dyn EdgeFactory>,
    /// The side output that the stream is, if not the main one.
    pub(super) side_output: Option<String>,
}

pub(super) struct Builder {
    graph: StreamGraph,
    code: JobCode,
    sinks: Vec<SinkDeclaration>,
    topics: Vec<LogTopic>,
    feeds: Vec<LogFeed>,
    tables: Vec<Table>,
    queries: Vec<DatabaseQuery>,
    sources: u16,
    /// Whether a node's uid was given, rather than made from its name.
    uid_given: Vec<bool>,
    /// Of operators declared from here on; whoever submits the program says it if unset.
    parallelism: Option<u32>,
    /// The operators that leave their parallelism to whoever submits the program.
    unset_parallelism: BTreeSet<StreamNodeId>,
    max_parallelism: Option<u32>,
    characteristic: TimeCharacteristic,
    /// The types of side outputs that are read, by operator and tag.
    side_outputs: BTreeMap<(StreamNodeId, String), &'static str>,
    /// The first mistake; the rest of the program is declared all the same.
    error: Option<ProgramError>,
}

impl Builder {
    pub(super) fn new(name: &str) -> Self {
        Self {
            graph: StreamGraph { name: name.to_string(), chaining: true, ..StreamGraph::default() },
            code: JobCode::default(),
            sinks: Vec::new(),
            topics: Vec::new(),
            feeds: Vec::new(),
            tables: Vec::new(),
            queries: Vec::new(),
            sources: 0,
            uid_given: Vec::new(),
            parallelism: None,
            unset_parallelism: BTreeSet::new(),
            max_parallelism: None,
            characteristic: TimeCharacteristic::default(),
            side_outputs: BTreeMap::new(),
            error: None,
        }
    }

    pub(super) fn fail(&mut self, error: ProgramError) {
        self.error.get_or_insert(error);
    }

    pub(super) fn set_parallelism(&mut self, parallelism: u32) {
        self.parallelism = Some(parallelism);
    }

    pub(super) fn set_max_parallelism(&mut self, max_parallelism: u32) {
        self.max_parallelism = Some(max_parallelism);
    }

    pub(super) fn characteristic(&self) -> TimeCharacteristic {
        self.characteristic
    }

    pub(super) fn set_characteristic(&mut self, characteristic: TimeCharacteristic) {
        self.characteristic = characteristic;
    }

    pub(super) fn set_watermark_interval(&mut self, interval: SimDuration) {
        self.code.watermark_interval = interval;
    }

    pub(super) fn set_state_backend(&mut self, kind: StateBackendKind) {
        self.code.state_backend = Some(kind);
    }

    /// Somebody reads the side output `tag` of an operator as records of this type.
    pub(super) fn read_side_output(&mut self, node: StreamNodeId, tag: &str, of: &'static str) {
        let first = *self.side_outputs.entry((node, tag.to_string())).or_insert(of);
        if first != of {
            let (tag, second) = (tag.to_string(), of);
            self.fail(ProgramError::SideOutputOfTwoTypes { tag, first, second });
        }
    }

    pub(super) fn disable_chaining(&mut self) {
        self.graph.chaining = false;
    }

    /// The number of the next source.
    pub(super) fn next_source(&mut self) -> u16 {
        let number = self.sources;
        // Every source is an operator, of which there may not be more than can be numbered.
        self.sources = self.sources.saturating_add(1);
        number
    }

    pub(super) fn add_node(
        &mut self,
        name: &str,
        kind: StreamNodeKind,
        code: OperatorKind,
    ) -> StreamNodeId {
        let id = StreamNodeId(u16::try_from(self.graph.nodes.len()).unwrap_or_else(|_| {
            self.error.get_or_insert(ProgramError::TooLarge);
            0
        }));
        self.graph.nodes.push(StreamNode {
            id,
            name: name.to_string(),
            uid: String::new(),
            kind,
            parallelism: 1,
            max_parallelism: self.max_parallelism,
            slot_sharing_group: None,
            chaining: ChainingStrategy::Always,
        });
        self.uid_given.push(false);
        self.code.operators.push(OperatorCode { kind: code, record_cost: None });
        self.set_operator_parallelism(id, self.parallelism);
        id
    }

    /// Says how many subtasks an operator has, or leaves it to whoever submits the program.
    pub(super) fn set_operator_parallelism(&mut self, id: StreamNodeId, parallelism: Option<u32>) {
        self.node(id).parallelism = parallelism.unwrap_or(1);
        match parallelism {
            Some(_) => self.unset_parallelism.remove(&id),
            None => self.unset_parallelism.insert(id),
        };
    }

    /// How many subtasks an operator has, if the program says so.
    pub(super) fn operator_parallelism(&self, id: StreamNodeId) -> Option<u32> {
        let is_set = !self.unset_parallelism.contains(&id);
        is_set.then(|| self.graph.nodes[usize::from(id.0)].parallelism)
    }

    /// Lets `source` feed an input of `target`.
    pub(super) fn add_edge(
        &mut self,
        source: StreamNodeId,
        (target, input): (StreamNodeId, u16),
        dealt: &Dealt,
    ) {
        let partitioning = dealt.partitioning;
        let side_output = dealt.side_output.clone();
        let edge = StreamEdge { source, target, input, partitioning, side_output };
        self.graph.edges.push(edge);
        self.code.edges.push(dealt.code.clone());
    }

    /// Notes that the program uses a topic.
    pub(super) fn add_topic(&mut self, name: &str, partitions: u16, is_written: bool) {
        match self.topics.iter_mut().find(|topic| topic.name == name) {
            Some(topic) if topic.partitions == partitions && partitions > 0 => {
                topic.is_written |= is_written;
            }
            None if partitions > 0 => {
                self.topics.push(LogTopic { name: name.to_string(), partitions, is_written });
            }
            _ => self.fail(ProgramError::BadTopic(name.to_string())),
        }
    }

    /// Notes that somebody outside appends to a topic.
    pub(super) fn add_feed(&mut self, feed: LogFeed) {
        self.feeds.push(feed);
    }

    /// Notes that the program uses a table.
    pub(super) fn add_table(&mut self, table: Table) {
        match self.tables.iter().find(|known| known.name == table.name) {
            Some(known) if *known == table => {}
            Some(_) => self.fail(ProgramError::TwoTables(table.name.to_string())),
            None => self.tables.push(table),
        }
    }

    /// Notes that somebody outside asks the database something.
    pub(super) fn add_query(&mut self, query: DatabaseQuery) {
        self.queries.push(query);
    }

    /// Tries whether the database would take the tables and the queries.
    fn check_database(&self) -> Result<(), ProgramError> {
        if self.tables.is_empty() && self.queries.is_empty() {
            return Ok(());
        }
        let engine = Engine::open(&self.tables)?;
        for DatabaseQuery { name, sql, every, .. } in &self.queries {
            let bad = |cause| ProgramError::BadQuery { query: name.to_string(), cause };
            if every.is_zero() {
                return Err(bad("it has to wait a while before it is asked again".to_owned()));
            }
            engine.query(sql).map_err(bad)?;
        }
        Ok(())
    }

    pub(super) fn add_sink(&mut self, sink: SinkDeclaration) {
        let safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if sink.name.is_empty() || sink.name.starts_with('.') || !sink.name.chars().all(safe) {
            self.fail(ProgramError::UnsafeSinkName(sink.name.clone()));
        }
        let mut columns = sink.columns.clone();
        columns.sort();
        columns.dedup();
        let keys = sink.key_columns.unwrap_or(1);
        if columns.len() != sink.columns.len() || keys == 0 || keys > columns.len() {
            self.fail(ProgramError::BadColumns(sink.name.clone()));
        }
        if self.sinks.iter().any(|other| other.name == sink.name) {
            self.fail(ProgramError::DuplicateSink(sink.name.clone()));
        }
        self.sinks.push(sink);
    }

    pub(super) fn node(&mut self, id: StreamNodeId) -> &mut StreamNode {
        &mut self.graph.nodes[usize::from(id.0)]
    }

    pub(super) fn set_uid(&mut self, id: StreamNodeId, uid: &str) {
        self.node(id).uid = uid.to_string();
        self.uid_given[usize::from(id.0)] = true;
    }

    pub(super) fn set_record_cost(&mut self, id: StreamNodeId, cost: SimDuration) {
        self.code.operators[usize::from(id.0)].record_cost = Some(cost);
    }

    /// The program as declared, or its first mistake.
    pub(super) fn build(&self) -> Result<super::Program, ProgramError> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let mut graph = self.graph.clone();
        name_operators(&mut graph.nodes, &self.uid_given);
        let mut uids: Vec<&str> = graph.nodes.iter().map(|node| node.uid.as_str()).collect();
        uids.sort_unstable();
        if let Some(pair) = uids.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(ProgramError::DuplicateUid(pair[0].to_string()));
        }
        for node in &graph.nodes {
            let (operator, parallelism) = (node.name.clone(), node.parallelism);
            if !(1..=crate::record::key_group::MAX_PARALLELISM_LIMIT).contains(&parallelism) {
                return Err(ProgramError::BadParallelism { operator, parallelism });
            }
        }
        self.check_database()?;
        let has = |kind| graph.nodes.iter().any(|node| node.kind == kind);
        if !has(StreamNodeKind::Source) || !has(StreamNodeKind::Sink) {
            return Err(ProgramError::Empty);
        }
        Ok(super::Program {
            graph,
            unset_parallelism: self.unset_parallelism.clone(),
            code: Arc::new(self.code.clone()),
            sinks: self.sinks.clone(),
            topics: self.topics.clone(),
            feeds: self.feeds.clone(),
            tables: self.tables.clone(),
            queries: self.queries.clone(),
            expected: super::ExpectedRows::new(),
        })
    }
}

/// Gives the operators without a uid one made from their name, numbered where names repeat.
fn name_operators(nodes: &mut [StreamNode], given: &[bool]) {
    let mut taken: Vec<String> = nodes
        .iter()
        .zip(given)
        .filter(|(_, given)| **given)
        .map(|(node, _)| node.uid.clone())
        .collect();
    for (node, _) in nodes.iter_mut().zip(given).filter(|(_, given)| !**given) {
        let base = kebab(&node.name);
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let mut names = std::iter::once(base.clone()).chain(numbered);
        let uid = names.find(|name| !taken.contains(name)).expect("there are numbers enough");
        taken.push(uid.clone());
        node.uid = uid;
    }
}

fn kebab(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.map(str::to_lowercase).collect::<Vec<_>>().join("-");
    if joined.is_empty() { "operator".to_string() } else { joined }
}
