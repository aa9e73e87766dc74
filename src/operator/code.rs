//! A job's code: what a graph's operators and edges do. It is to a job graph what the JAR is to
//! Flink's: the graph names operators and edges, the code builds them on a TaskManager.

use std::sync::Arc;

use super::OperatorContext;
use crate::graph::StreamNodeId;
use crate::record::AnyOutput;

/// Builds one subtask's instance of an operator.
pub trait OperatorFactory: Send + Sync {
    /// Builds it in front of what its output feeds.
    fn build(
        &self,
        context: &OperatorContext,
        outputs: Vec<Box<dyn AnyOutput>>,
    ) -> Box<dyn AnyOutput>;
}

/// The code of a job, by place in its stream graph.
#[derive(Clone, Default)]
pub struct JobCode {
    /// By [`StreamNodeId`].
    pub operators: Vec<Arc<dyn OperatorFactory>>,
}

impl JobCode {
    /// The code of an operator.
    pub fn operator(&self, node: StreamNodeId) -> &dyn OperatorFactory {
        &*self.operators[usize::from(node.0)]
    }
}
