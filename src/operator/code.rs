//! A job's code: what a graph's operators and edges do. It is to a job graph what the JAR is to
//! Flink's: the graph names operators and edges, the code builds them on a TaskManager.

use std::sync::Arc;

use super::OperatorContext;
use crate::base::{EventTime, Name, SimDuration, SimTime};
use crate::graph::StreamNodeId;
use crate::record::{AnyBatch, AnyOutput, ChainEvent, Failure, Outputs, Partitioning, StreamEvent};
use crate::state::StateBackendKind;
use crate::time::WatermarkAlignmentParams;

/// Builds one subtask's instance of an operator.
pub trait OperatorFactory: Send + Sync {
    /// Builds it in front of what its output feeds.
    fn build(&self, context: &OperatorContext, outputs: Outputs) -> Built;
}

/// An operator in front of its outputs, or why it cannot be opened.
pub type Built = Result<Box<dyn AnyOutput>, Failure>;

impl<F: Fn(&OperatorContext, Outputs) -> Built + Send + Sync> OperatorFactory for F {
    fn build(&self, context: &OperatorContext, outputs: Outputs) -> Built {
        self(context, outputs)
    }
}

/// Builds one subtask's instance of a source.
pub trait SourceFactory: Send + Sync {
    /// Builds it in front of what its output feeds.
    fn build(&self, context: &OperatorContext, outputs: Outputs) -> Box<dyn SourceReader>;
    /// Whether what was read can be read again after a failure.
    fn is_replayable(&self) -> bool;
}

/// One subtask of a source (Flink's `SourceReader` with its `SourceOperator`).
pub trait SourceReader {
    /// Emits what is due, up to one batch.
    fn poll_next(&mut self, now: SimTime) -> Result<SourceStatus, Failure>;
    /// Takes what is not a record: it has asked to be called, or its chain has something to do.
    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure>;
    /// The control plane says how far it may read ahead of the sources that it waits for.
    fn on_alignment(&mut self, max_watermark: EventTime);
}

/// What a subtask of an operator tells the operator's coordinator at the JobMaster (Flink's
/// `OperatorEvent`, in this direction).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorEvent {
    /// How far a source subtask's event time is, for the sources that wait for each other.
    ReportedWatermark {
        /// The source operator's uid.
        operator: Name,
        /// Which sources wait for each other, and how.
        alignment: WatermarkAlignmentParams,
        /// How far event time is; the end of time for a subtask that holds nobody.
        watermark: EventTime,
    },
}

/// What the coordinator of an operator at the JobMaster tells a subtask (Flink's `OperatorEvent`,
/// in this direction).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoordinatorEvent {
    /// How far a source subtask may read ahead of the sources that it waits for.
    WatermarkAlignment {
        /// Beyond this watermark it waits.
        max_watermark: EventTime,
    },
}

/// What a source has to say after a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceStatus {
    /// It emitted, and may have more at once.
    MoreAvailable,
    /// Nothing is due before this moment.
    NothingUntil(SimTime),
    /// It waits to be told, or for a timer of its own.
    Waits,
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

impl OperatorKind {
    /// An operator that this function builds.
    pub fn operator(
        build: impl Fn(&OperatorContext, Outputs) -> Built + Send + Sync + 'static,
    ) -> Self {
        Self::Operator(Arc::new(build))
    }
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
    /// Reads records of the edge that were stored.
    fn decode(&self, bytes: &[u8]) -> Result<Box<dyn AnyBatch>, Failure>;
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
    /// Adds records to a channel.
    fn add(&self, channel: usize, batch: Box<dyn AnyBatch>);
    /// Adds an event to every channel.
    fn broadcast(&self, event: StreamEvent);
    /// Tells that something was staged: it is to be flushed within the buffer timeout.
    fn staged(&self);
}

/// The code of a job, by place in its stream graph.
#[derive(Clone)]
pub struct JobCode {
    /// By [`StreamNodeId`].
    pub operators: Vec<OperatorCode>,
    /// By place among the stream graph's edges.
    pub edges: Vec<Arc<dyn EdgeFactory>>,
    /// How often watermarks are emitted (`pipeline.auto-watermark-interval`); zero is never.
    pub watermark_interval: SimDuration,
    /// Where keyed state lives, if the program says.
    pub state_backend: Option<StateBackendKind>,
}

impl Default for JobCode {
    fn default() -> Self {
        let watermark_interval = SimDuration::from_millis(200);
        Self { operators: Vec::new(), edges: Vec::new(), watermark_interval, state_backend: None }
    }
}

impl JobCode {
    /// The code of an operator.
    pub fn operator(&self, node: StreamNodeId) -> &OperatorCode {
        &self.operators[usize::from(node.0)]
    }

    /// Whether all that its sources have read can be read again after a failure.
    pub fn is_replayable(&self) -> bool {
        self.operators.iter().all(|operator| match &operator.kind {
            OperatorKind::Source(source) => source.is_replayable(),
            OperatorKind::Operator(_) => true,
        })
    }
}
