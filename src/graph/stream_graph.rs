//! The stream graph: the operators and edges of a program as it was written.

use serde::{Deserialize, Serialize};

use crate::record::Partitioning;

/// An operator, by its place in the program.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct StreamNodeId(pub u16);

/// What kind of operator a node is, as far as translation cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StreamNodeKind {
    /// Reads from outside.
    Source,
    /// Transforms.
    Operator,
    /// Writes to outside.
    Sink,
}

/// Whether an operator may share a task with its neighbours (Flink's `ChainingStrategy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChainingStrategy {
    /// With the operator before it and those after it.
    #[default]
    Always,
    /// With those after it only: it begins a chain.
    Head,
    /// With none.
    Never,
}

/// An operator of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamNode {
    /// Its place in the program.
    pub id: StreamNodeId,
    /// What it is shown as.
    pub name: String,
    /// What it is addressed by; unique in its job.
    pub uid: String,
    /// What kind of operator it is.
    pub kind: StreamNodeKind,
    /// How many subtasks it has.
    pub parallelism: u32,
    /// How many it may ever have; derived from the parallelism if unset.
    pub max_parallelism: Option<u32>,
    /// The group whose subtasks may share a slot; taken from its inputs if unset.
    pub slot_sharing_group: Option<String>,
    /// Whether it may share a task.
    pub chaining: ChainingStrategy,
}

/// An edge of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamEdge {
    /// The operator that produces.
    pub source: StreamNodeId,
    /// The operator that consumes.
    pub target: StreamNodeId,
    /// Which input of the consumer it feeds, from 0.
    pub input: u16,
    /// How records are dealt; if unset, forward between equal parallelisms, else rebalance.
    pub partitioning: Option<Partitioning>,
    /// The side output it carries, if not the main one.
    pub side_output: Option<String>,
}

/// A program as it was written. Nodes and edges are in order of declaration, and node `i` has
/// the id `i`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamGraph {
    /// The job's name.
    pub name: String,
    /// The operators.
    pub nodes: Vec<StreamNode>,
    /// The edges.
    pub edges: Vec<StreamEdge>,
    /// Whether operators may share tasks at all.
    pub chaining: bool,
}

impl StreamEdge {
    /// How the edge deals records between these parallelisms: as asked, else by
    /// [`Partitioning::Forward`] between equal ones and by [`Partitioning::Rebalance`] otherwise.
    pub fn resolved_partitioning(&self, upstream: u32, downstream: u32) -> Partitioning {
        match self.partitioning {
            Some(partitioning) => partitioning,
            None if upstream == downstream => Partitioning::Forward,
            None => Partitioning::Rebalance,
        }
    }
}
