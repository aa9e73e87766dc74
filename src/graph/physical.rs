//! The physical plan: which slot each subtask runs in.
//!
//! Previous: [`super::ExecutionGraph`]. Next: [`crate::runtime`], which asks for the slots.
//!
//! Invariants: every subtask is in exactly one slot; a slot holds at most one subtask of each
//! vertex, and only of one slot sharing group.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{ChainingRule, ExecutionGraph, GraphError, JobGraph, JobVertex, StreamGraph};
use crate::base::VertexId;

/// A subtask of a vertex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VertexSubtask {
    /// The vertex.
    pub vertex: VertexId,
    /// The subtask's index.
    pub index: u32,
}

/// The subtasks that share a slot (Flink's `ExecutionSlotSharingGroup`): at most one of each
/// vertex, all of one slot sharing group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedSlot {
    /// The slot sharing group.
    pub group: String,
    /// The subtasks, by vertex.
    pub subtasks: Vec<VertexSubtask>,
}

/// What is asked of the ResourceManager, and what then goes into each slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhysicalPlan {
    /// The execution graph.
    pub execution: ExecutionGraph,
    /// The slots that are needed, in the order in which they are filled.
    pub slots: Vec<SharedSlot>,
}

impl PhysicalPlan {
    /// Translates a program through all layers.
    pub fn from_stream_graph(
        graph: &StreamGraph,
        rule: &dyn ChainingRule,
    ) -> Result<Self, GraphError> {
        let job = JobGraph::from_stream_graph(graph, rule)?;
        Ok(Self::from_execution_graph(ExecutionGraph::from_job_graph(job)?))
    }

    /// Deals the subtasks to slots as Flink's `LocalInputPreferredSlotSharingStrategy` does: to
    /// the slot of a producer where that still has room, else to the first with room, else to a
    /// new one.
    pub fn from_execution_graph(execution: ExecutionGraph) -> Self {
        let mut sharing = Sharing::default();
        for vertex in &execution.job.vertices {
            sharing.place_vertex(&execution, vertex);
        }
        let slots = sharing.slots;
        Self { execution, slots }
    }

    /// How many slots each slot sharing group needs, in the order of the vertices that first
    /// name them.
    pub fn slots_per_group(&self) -> IndexMap<&str, u32> {
        self.execution.job.slots_per_group()
    }

    /// How many slots the job needs.
    pub fn required_slots(&self) -> usize {
        self.slots.len()
    }

    /// The place in [`PhysicalPlan::slots`] of the slot that a subtask runs in.
    pub fn slot_of(&self, subtask: VertexSubtask) -> Option<usize> {
        self.slots.iter().position(|slot| slot.subtasks.contains(&subtask))
    }
}

/// Slots as they fill up.
#[derive(Default)]
struct Sharing {
    slots: Vec<SharedSlot>,
    /// The slots of each group, in order.
    by_group: BTreeMap<String, Vec<usize>>,
    /// The slot of each subtask placed so far.
    slot_of: BTreeMap<VertexSubtask, usize>,
}

impl Sharing {
    fn place_vertex(&mut self, execution: &ExecutionGraph, vertex: &JobVertex) {
        let group = self.by_group.entry(vertex.slot_sharing_group.clone()).or_default().clone();
        // Which slots have room, by place in `slots`.
        let mut room: BTreeSet<usize> = group.into_iter().collect();
        let subtask = |index| VertexSubtask { vertex: vertex.id, index };
        let mut homeless = Vec::new();
        for index in 0..vertex.parallelism {
            match self.slot_of_a_producer(execution, subtask(index), &room) {
                Some(slot) => {
                    room.remove(&slot);
                    self.put(subtask(index), slot);
                }
                None => homeless.push(index),
            }
        }
        for index in homeless {
            let slot = room.pop_first();
            let slot = slot.unwrap_or_else(|| self.open(&vertex.slot_sharing_group));
            self.put(subtask(index), slot);
        }
    }

    /// The first slot with room in which one of a subtask's producers runs.
    fn slot_of_a_producer(
        &self,
        execution: &ExecutionGraph,
        subtask: VertexSubtask,
        room: &BTreeSet<usize>,
    ) -> Option<usize> {
        let job = &execution.job;
        let mut producers = job.edges_into(subtask.vertex).flat_map(|(place, edge)| {
            let channels = execution.channels_into(place, subtask.index).iter();
            channels.map(|it| VertexSubtask { vertex: edge.source, index: it.producer })
        });
        producers.find_map(|producer| {
            let slot = *self.slot_of.get(&producer)?;
            room.contains(&slot).then_some(slot)
        })
    }

    fn open(&mut self, group: &str) -> usize {
        let slot = self.slots.len();
        self.slots.push(SharedSlot { group: group.to_string(), subtasks: Vec::new() });
        self.by_group.entry(group.to_string()).or_default().push(slot);
        slot
    }

    fn put(&mut self, subtask: VertexSubtask, slot: usize) {
        self.slots[slot].subtasks.push(subtask);
        self.slot_of.insert(subtask, slot);
    }
}
