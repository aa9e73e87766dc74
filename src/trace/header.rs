//! What stands before and after the events of a trace.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Level;
use crate::base::{Name, NodeId, Seed, SimTime, Step};

/// The version of the container: the layout of the file around the events. Which events there
/// are has a fingerprint of its own.
pub const FORMAT_VERSION: u16 = 2;

/// What a trace is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// The version of the format.
    pub format_version: u16,
    /// The version of Weir that wrote it.
    pub weir_version: String,
    /// The scenario's name.
    pub scenario: String,
    /// The hash of the scenario's content.
    pub scenario_hash: String,
    /// The wrong part that was put into the engine, if one was.
    #[serde(default)]
    pub mutant: Option<String>,
    /// The command that runs it again.
    #[serde(default)]
    pub again: String,
    /// The seed of the run.
    pub seed: Seed,
    /// How much was kept.
    pub level: Level,
    /// The names of the nodes; a node's id is its place here.
    pub nodes: Vec<Name>,
}

impl Header {
    /// The header of a run of this Weir.
    pub fn new(
        scenario: impl Into<String>,
        scenario_hash: impl Into<String>,
        seed: Seed,
        nodes: Vec<Name>,
    ) -> Self {
        let scenario = scenario.into();
        Self {
            format_version: FORMAT_VERSION,
            weir_version: env!("CARGO_PKG_VERSION").into(),
            again: format!("weir run {scenario} --seed {}", seed.0),
            scenario,
            scenario_hash: scenario_hash.into(),
            mutant: None,
            seed,
            level: Level::default(),
            nodes,
        }
    }

    /// A node's name.
    pub fn node_name(&self, node: NodeId) -> Cow<'_, str> {
        match self.nodes.get(usize::from(node.0)) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!("node-{node}?")),
        }
    }

    /// The node of that name.
    pub fn node(&self, name: &str) -> Option<NodeId> {
        let place = self.nodes.iter().position(|node| &**node == name)?;
        u16::try_from(place).ok().map(NodeId)
    }
}

/// How a trace ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trailer {
    /// Why the run ended.
    pub end: String,
    /// How many control events it had, which is also the last step.
    pub events: u64,
    /// How many events the trace holds.
    pub kept: u64,
    /// When the last of all control events happened, in nanoseconds.
    pub last_ns: SimTime,
    /// The chained digest of all control events, in hexadecimal.
    pub digest: String,
    /// The chained digest of all record events that the trace holds, in hexadecimal.
    pub records_digest: String,
}

impl Trailer {
    /// The last step.
    pub fn last_step(&self) -> Step {
        Step(self.events)
    }
}
