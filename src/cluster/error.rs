//! Why a cluster did not run its jobs.

use crate::database::TableError;
use crate::graph::GraphError;
use crate::sim::SimError;

/// Why a cluster did not run its jobs.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A program has no graph.
    #[error("job `{job}`: {error}")]
    Graph {
        /// The job.
        job: String,
        /// What is wrong with it.
        error: Box<GraphError>,
    },
    /// The world's nodes are not those of the cluster.
    #[error(
        "a cluster of {taskmanagers} TaskManagers needs a client, a JobManager and those, \
         not {nodes} nodes"
    )]
    Nodes {
        /// How many TaskManagers there are to be.
        taskmanagers: u16,
        /// How many nodes there are.
        nodes: usize,
    },
    /// Jobs have different tables of one name.
    #[error("two tables are called `{0}`")]
    TwoTables(String),
    /// A table that cannot be.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A setting of the data plane is 0.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
    /// The world is impossible, or broke.
    #[error(transparent)]
    Sim(#[from] SimError),
}
