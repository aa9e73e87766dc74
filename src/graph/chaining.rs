//! Which operators share a task: the seam, and Flink's rule.
//!
//! Chained operators hand each other records by a call instead of an exchange. That is right
//! only where an exchange would not have moved a record to another subtask: Flink's
//! `StreamingJobGraphGenerator.isChainable`.
//!
//! Previous: [`super::StreamGraph`]. Next: [`super::JobGraph`], which asks this rule edge by edge.

use super::{ChainingStrategy, StreamNode};
use crate::record::Partitioning;

/// An edge of the stream graph that may become a call within a task.
#[derive(Clone, Copy, Debug)]
pub struct ChainCandidate<'a> {
    /// Whether the program allows chaining at all.
    pub enabled: bool,
    /// The operator that produces.
    pub upstream: &'a StreamNode,
    /// Its slot sharing group, derived from its inputs if unset.
    pub upstream_group: &'a str,
    /// The operator that consumes.
    pub downstream: &'a StreamNode,
    /// Its slot sharing group, derived from its inputs if unset.
    pub downstream_group: &'a str,
    /// How many edges lead into the consumer.
    pub downstream_inputs: usize,
    /// How the edge deals records.
    pub partitioning: Partitioning,
}

/// Decides which operators share a task.
///
/// Whatever a rule says, an operator with several inputs begins a chain, since a chain has one
/// way in.
pub trait ChainingRule: Send + Sync {
    /// Whether the two operators share a task.
    fn is_chainable(&self, candidate: &ChainCandidate<'_>) -> bool;
}

/// Flink's rule.
///
/// Unlike Flink: no `HEAD_WITH_SOURCES`, since there are no operators with more than two inputs
/// that read their sources themselves; and no exchange modes, since every exchange is pipelined.
#[derive(Clone, Copy, Debug, Default)]
pub struct FlinkChaining;

impl ChainingRule for FlinkChaining {
    fn is_chainable(&self, candidate: &ChainCandidate<'_>) -> bool {
        let strategies_allow = match candidate.downstream.chaining {
            ChainingStrategy::Always => match candidate.upstream.chaining {
                ChainingStrategy::Always | ChainingStrategy::Head => true,
                ChainingStrategy::Never => false,
            },
            ChainingStrategy::Head | ChainingStrategy::Never => false,
        };
        // Max parallelisms may differ: `chain-operators-with-different-max-parallelism` is on
        // by default, and the head's then holds for the whole chain.
        candidate.enabled
            && strategies_allow
            && candidate.downstream_inputs == 1
            && candidate.upstream_group == candidate.downstream_group
            && candidate.upstream.parallelism == candidate.downstream.parallelism
            && candidate.partitioning == Partitioning::Forward
    }
}
