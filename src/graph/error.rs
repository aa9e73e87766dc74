//! What can be wrong with a program's graph.

use std::fmt;

use super::StreamNodeId;

/// Why a program cannot become a job. Operators are called by name and uid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// There is nothing in it.
    #[error("the program has no operators: give it a source and a sink")]
    Empty,
    /// A node does not stand where its id says.
    #[error("the operator at place {place} has the id {}, but must have its place as its id", id.0)]
    MisplacedNode {
        /// Where it stands.
        place: usize,
        /// What it says.
        id: StreamNodeId,
    },
    /// An edge names a node that does not exist.
    #[error("edge {edge} leads {direction} operator {}, but there are only {nodes} operators", node.0)]
    UnknownNode {
        /// The edge, by its place.
        edge: usize,
        /// `from` or `to`.
        direction: &'static str,
        /// The node it names.
        node: StreamNodeId,
        /// How many there are.
        nodes: usize,
    },
    /// Two operators cannot be told apart.
    #[error(
        "the uid {uid:?} is given to {first} and again to {second}: uids must be unique in a job"
    )]
    DuplicateUid {
        /// The uid.
        uid: String,
        /// The operator that has it first.
        first: String,
        /// The operator that has it again.
        second: String,
    },
    /// An operator without subtasks.
    #[error("the parallelism of {operator} is 0: it must be at least 1")]
    NoParallelism {
        /// The operator.
        operator: OperatorLabel,
    },
    /// A maximum parallelism outside Flink's bounds.
    #[error("the max parallelism of {operator} is {max_parallelism}: it must be from 1 to {limit}")]
    MaxParallelismOutOfBounds {
        /// The operator.
        operator: OperatorLabel,
        /// What was asked for.
        max_parallelism: u32,
        /// The largest there may be.
        limit: u32,
    },
    /// More subtasks than key groups.
    #[error(
        "the parallelism of {operator} is {parallelism}, higher than its max parallelism \
         {max_parallelism}: lower the one or raise the other"
    )]
    ParallelismAboveMax {
        /// The vertex or its head.
        operator: OperatorLabel,
        /// What was asked for.
        parallelism: u32,
        /// The highest there may be.
        max_parallelism: u32,
    },
    /// Forwarding needs one consumer for each producer.
    #[error(
        "forward from {upstream} (parallelism {upstream_parallelism}) to {downstream} (parallelism \
         {downstream_parallelism}) cannot change the parallelism: use rebalance, rescale, shuffle, \
         broadcast or global"
    )]
    ForwardChangesParallelism {
        /// The producer.
        upstream: OperatorLabel,
        /// Its parallelism.
        upstream_parallelism: u32,
        /// The consumer.
        downstream: OperatorLabel,
        /// Its parallelism.
        downstream_parallelism: u32,
    },
    /// Records would run in circles.
    #[error("the program has a cycle through {}", listed(operators))]
    Cycle {
        /// The operators of the cycle, in order of declaration.
        operators: Vec<OperatorLabel>,
    },
    /// More of something than can be simulated in reasonable memory.
    #[error(
        "the job needs {count} {what}, more than the {limit} that a job may have: lower its parallelism"
    )]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How many there would be.
        count: u64,
        /// How many there may be.
        limit: u64,
    },
}

/// How an operator is called in an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorLabel {
    /// What it is shown as.
    pub name: String,
    /// What it is addressed by.
    pub uid: String,
}

impl fmt::Display for OperatorLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Debug escapes whatever a terminal should not see.
        write!(f, "{:?} (uid {:?})", self.name, self.uid)
    }
}

fn listed(operators: &[OperatorLabel]) -> String {
    operators.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
