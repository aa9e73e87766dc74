//! Plans as traces hold them.

use super::ChannelKey;
use crate::base::{Name, VertexId};
use crate::graph::PhysicalPlan;

/// Why a plan in a trace cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It is not a plan at all.
    #[error("the plan of the job cannot be read: {0}")]
    Unreadable(String),
    /// It speaks of vertices, subtasks or edges that it does not have.
    #[error("the plan of the job contradicts itself: {0}")]
    Inconsistent(&'static str),
    /// It has more subtasks or channels than can be shown.
    #[error("the plan of the job is too large to be shown")]
    TooLarge,
}

/// The name of the `index`-th subtask (from 0) of the vertex with this uid, as in traces.
pub fn subtask_name(uid: &str, index: u32) -> Name {
    format!("{uid}#{}", u64::from(index) + 1).into()
}

/// The keys of a plan's channels.
pub(super) fn channels_of(plan: &PhysicalPlan) -> impl Iterator<Item = ChannelKey> {
    let graph = &plan.execution.job;
    plan.execution.channels.iter().map(|channel| {
        let edge = &graph.edges[channel.edge];
        let uid = |vertex: VertexId| &graph.vertices[usize::from(vertex.0)].uid;
        ChannelKey {
            edge: u16::try_from(channel.edge).expect("the plan was checked to have fewer edges"),
            from: subtask_name(uid(edge.source), channel.producer),
            to: subtask_name(uid(edge.target), channel.consumer),
        }
    })
}

/// Reads a plan and makes sure that it may be followed without a look at every index.
pub(super) fn read_plan(text: &str) -> Result<PhysicalPlan, PlanError> {
    const SUBTASKS: u64 = 1 << 16;
    const CHANNELS: usize = 1 << 20;

    let plan: PhysicalPlan =
        serde_json::from_str(text).map_err(|error| PlanError::Unreadable(error.to_string()))?;
    let graph = &plan.execution.job;
    let subtasks: u64 = graph.vertices.iter().map(|vertex| u64::from(vertex.parallelism)).sum();
    if subtasks > SUBTASKS || plan.execution.channels.len() > CHANNELS {
        return Err(PlanError::TooLarge);
    }
    if graph.edges.len() >= usize::from(u16::MAX) {
        return Err(PlanError::TooLarge);
    }
    let in_place = graph.vertices.iter().enumerate().all(|(i, v)| usize::from(v.id.0) == i);
    if !in_place {
        return Err(PlanError::Inconsistent("a vertex is not in its place"));
    }
    let vertices = graph.vertices.len();
    if graph
        .edges
        .iter()
        .any(|edge| edge.source >= edge.target || usize::from(edge.target.0) >= vertices)
    {
        return Err(PlanError::Inconsistent("an edge leads back or to no vertex"));
    }
    let parallelism = |vertex: VertexId| graph.vertices[usize::from(vertex.0)].parallelism;
    let joined = plan.execution.channels.iter().all(|channel| {
        graph.edges.get(channel.edge).is_some_and(|edge| {
            channel.producer < parallelism(edge.source)
                && channel.consumer < parallelism(edge.target)
        })
    });
    if !joined {
        return Err(PlanError::Inconsistent("a channel joins subtasks that it does not have"));
    }
    Ok(plan)
}
