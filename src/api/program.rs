//! A finished program: graph and code.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::LogTopic;
use crate::connector::{DatabaseQuery, LogFeed};
use crate::database::{Table, TableError};
use crate::graph::{StreamGraph, StreamNodeId};
use crate::operator::JobCode;
use crate::state::UnknownBackend;
use crate::time::WatermarkStrategyError;
use crate::window::WindowError;

/// A finished program.
#[derive(Clone)]
pub struct Program {
    /// What it looks like.
    pub graph: StreamGraph,
    /// The operators that say no parallelism. They have one of 1 until one is filled in.
    pub(super) unset_parallelism: BTreeSet<StreamNodeId>,
    /// What its operators do.
    pub code: Arc<JobCode>,
    /// The sinks whose contents the outside world sees.
    pub sinks: Vec<SinkDeclaration>,
    /// The topics of the log that it uses.
    pub topics: Vec<LogTopic>,
    /// Who appends to them from outside.
    pub feeds: Vec<LogFeed>,
    /// The tables of the database that it uses.
    pub tables: Vec<Table>,
    /// What somebody outside asks the database.
    pub queries: Vec<DatabaseQuery>,
    /// What sinks must show in the end, where that is known. What becomes visible in them is held
    /// against it.
    pub expected: ExpectedRows,
}

impl Program {
    /// The program with the parallelism that is asked for when it is submitted, for all operators
    /// that say none themselves.
    ///
    /// Flink's order holds: what an operator says, else its environment, else who submits the
    /// program (here), else the cluster (`parallelism.default`), else 1. What has been filled in
    /// stays.
    ///
    /// ```
    /// use weir::api::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new("copy");
    /// env.from_sequence(4).map(|n| (n,)).write_to("copies", ["n"]).parallelism(1);
    /// let submitted = env.build()?.with_parallelism(3);
    /// let by_default = submitted.with_parallelism(8);
    /// let subtasks: Vec<u32> = by_default.graph.nodes.iter().map(|n| n.parallelism).collect();
    /// assert_eq!(subtasks, [3, 3, 1]);
    /// # Ok::<(), weir::api::ProgramError>(())
    /// ```
    #[must_use]
    pub fn with_parallelism(mut self, parallelism: u32) -> Self {
        self.graph = self.graph_with_parallelism(parallelism);
        self.unset_parallelism.clear();
        self
    }

    /// The graph of [`Self::with_parallelism`].
    pub fn graph_with_parallelism(&self, parallelism: u32) -> StreamGraph {
        let mut graph = self.graph.clone();
        for unset in &self.unset_parallelism {
            graph.nodes[usize::from(unset.0)].parallelism = parallelism;
        }
        graph
    }

    /// The program with a maximum parallelism for all operators that say none themselves
    /// (`pipeline.max-parallelism`).
    #[must_use]
    pub fn with_max_parallelism(mut self, max_parallelism: u32) -> Self {
        for node in &mut self.graph.nodes {
            node.max_parallelism.get_or_insert(max_parallelism);
        }
        self
    }
}

/// What sinks must show in the end, as the fields of rows: for an upsert sink the last row of each
/// key, for others all rows in any order.
pub type ExpectedRows = BTreeMap<String, Vec<Vec<String>>>;

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

/// Why a program cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// Two operators have one uid.
    #[error("two operators have the uid `{0}`")]
    DuplicateUid(String),
    /// Two sinks have one name.
    #[error("two sinks are called `{0}`")]
    DuplicateSink(String),
    /// A sink's name does not do as a file name.
    #[error(
        "`{0}` is no name for a sink: letters, digits, `-`, `_` and `.` only, not beginning with `.`"
    )]
    UnsafeSinkName(String),
    /// A sink has no columns, twice the same, or more key columns than columns.
    #[error("the columns of sink `{0}` are empty, ambiguous or fewer than its key")]
    BadColumns(String),
    /// A topic without partitions, or with two numbers of them.
    #[error("the topic `{0}` has one number of partitions, which is at least 1")]
    BadTopic(String),
    /// Two tables have one name.
    #[error("two tables are called `{0}`")]
    TwoTables(String),
    /// A table that cannot be.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A query that makes no sense.
    #[error("the query `{query}`: {cause}")]
    BadQuery {
        /// What it is called.
        query: String,
        /// What is wrong with it.
        cause: String,
    },
    /// A parallelism that cannot be.
    #[error("`{operator}` cannot have a parallelism of {parallelism}: 1 to 32768")]
    BadParallelism {
        /// The operator.
        operator: String,
        /// Its parallelism.
        parallelism: u32,
    },
    /// A rate that is not a positive number.
    #[error("source `{source_name}` cannot have a rate of {rate} records per second")]
    BadRate {
        /// The source.
        source_name: String,
        /// The rate.
        rate: String,
    },
    /// A setting was made on what is not a single operator.
    #[error("`{setting}` belongs to one operator, but this is a union or a partitioned stream")]
    NotAnOperator {
        /// The setting.
        setting: &'static str,
    },
    /// A union with a stream of another program.
    #[error("a union of streams that belong to different environments")]
    ForeignStream,
    /// A watermark strategy that makes no sense.
    #[error(transparent)]
    WatermarkStrategy(#[from] WatermarkStrategyError),
    /// A state backend that is not there.
    #[error(transparent)]
    StateBackend(#[from] UnknownBackend),
    /// Windows that cannot be.
    #[error("{operator}: {error}")]
    Window {
        /// The kind of windows.
        operator: &'static str,
        /// What is wrong with them.
        error: WindowError,
    },
    /// A side output is read as records of two types.
    #[error("side output `{tag}` is read as records of {first} and of {second}")]
    SideOutputOfTwoTypes {
        /// The side output.
        tag: String,
        /// The one type.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// Too many operators.
    #[error("a program has at most 65,535 operators")]
    TooLarge,
    /// Nothing reads from outside.
    #[error("a program needs a source and a sink")]
    Empty,
}
