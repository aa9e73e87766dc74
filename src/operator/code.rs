//! A job's code: what a graph's operators and edges do. It is to a job graph what the JAR is to
//! Flink's: the graph names operators and edges, the code builds them on a TaskManager.

use std::sync::Arc;

use super::OperatorContext;
use crate::base::{SimDuration, SimTime};
use crate::graph::StreamNodeId;
use crate::record::{AnyOutput, Element, Failure, Partitioning};

/// Builds one subtask's instance of an operator.
pub trait OperatorFactory: Send + Sync {
    /// Builds it in front of what its output feeds.
    fn build(
        &self,
        context: &OperatorContext,
        outputs: Vec<Box<dyn AnyOutput>>,
    ) -> Box<dyn AnyOutput>;
}

impl<F> OperatorFactory for F
where
    F: Fn(&OperatorContext, Vec<Box<dyn AnyOutput>>) -> Box<dyn AnyOutput> + Send + Sync,
{
    fn build(
        &self,
        context: &OperatorContext,
        outputs: Vec<Box<dyn AnyOutput>>,
    ) -> Box<dyn AnyOutput> {
        self(context, outputs)
    }
}

/// Builds one subtask's instance of a source.
pub trait SourceFactory: Send + Sync {
    /// Builds it in front of what its output feeds.
    fn build(
        &self,
        context: &OperatorContext,
        outputs: Vec<Box<dyn AnyOutput>>,
    ) -> Box<dyn SourceReader>;
}

/// One subtask of a source (Flink's `SourceReader` with its `SourceOperator`).
pub trait SourceReader {
    /// Emits what is due, up to one batch.
    fn poll_next(&mut self, now: SimTime) -> Result<SourceStatus, Failure>;
    /// Sends on whatever the chain has staged.
    fn flush(&mut self) -> Result<(), Failure>;
    /// Tells the chain that nothing more will come.
    fn end_of_input(&mut self) -> Result<(), Failure>;
}

/// What a source has to say after a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceStatus {
    /// It emitted, and may have more at once.
    MoreAvailable,
    /// Nothing is due before this moment.
    NothingUntil(SimTime),
    /// It has emitted everything.
    EndOfInput,
}

/// What an operator does.
#[derive(Clone)]
pub enum OperatorKind {
    /// It reads from outside.
    Source(Arc<dyn SourceFactory>),
    /// It processes what comes in.
    Operator(Arc<dyn OperatorFactory>),
}

/// An operator's code.
#[derive(Clone)]
pub struct OperatorCode {
    /// What it does.
    pub kind: OperatorKind,
    /// What a record costs it, if not the cluster's default.
    pub record_cost: Option<SimDuration>,
}

/// An edge's code: deals records of one type out to a result partition's channels.
pub trait EdgeFactory: Send + Sync {
    /// Builds the writer in front of `channels`.
    fn build(&self, context: &OperatorContext, channels: Box<dyn Channels>) -> Box<dyn AnyOutput>;
}

/// What a writer sees of the result partition behind it.
pub trait Channels {
    /// How many channels there are.
    fn count(&self) -> usize;
    /// The edge of the job graph, by its place there.
    fn edge(&self) -> u16;
    /// The maximum parallelism of the consumer.
    fn max_parallelism(&self) -> u32;
    /// How records are dealt to them.
    fn partitioning(&self) -> Partitioning;
    /// Adds an element to a channel.
    fn add(&self, channel: usize, element: Element);
    /// Tells that something was staged: it is to be flushed within the buffer timeout.
    fn staged(&self);
}

/// The code of a job, by place in its stream graph.
#[derive(Clone, Default)]
pub struct JobCode {
    /// By [`StreamNodeId`].
    pub operators: Vec<OperatorCode>,
    /// By place among the stream graph's edges.
    pub edges: Vec<Arc<dyn EdgeFactory>>,
}

impl JobCode {
    /// The code of an operator.
    pub fn operator(&self, node: StreamNodeId) -> &OperatorCode {
        &self.operators[usize::from(node.0)]
    }
}
