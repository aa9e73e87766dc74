//! A finished program: graph and code.

use std::sync::Arc;

use crate::graph::StreamGraph;
use crate::operator::JobCode;

/// A finished program.
#[derive(Clone)]
pub struct Program {
    /// What it looks like.
    pub graph: StreamGraph,
    /// What its operators do.
    pub code: Arc<JobCode>,
    /// The sinks whose contents the outside world sees.
    pub sinks: Vec<SinkDeclaration>,
}

/// A sink that the outside world sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkDeclaration {
    /// Its name: a safe file name, unique in the run.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// How many leading columns are the key, if rows of one key replace each other.
    pub key_columns: Option<usize>,
}
