//! The physical plan: which slot each subtask runs in.

use serde::{Deserialize, Serialize};

use super::ExecutionGraph;
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
