//! How an edge deals records to the subtasks downstream: the rule, not the code that applies it
//! (which is [`crate::network`]'s).

use serde::{Deserialize, Serialize};

/// Flink's stream partitioners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Partitioning {
    /// To the subtask of the same index; asks for equal parallelism.
    Forward,
    /// In turn to every subtask, from a random first one.
    Rebalance,
    /// In turn to a nearby few.
    Rescale,
    /// To one at random.
    Shuffle,
    /// To all.
    Broadcast,
    /// To the first.
    Global,
    /// To the owner of the key's group.
    Hash,
    /// As the user's partitioner says.
    Custom,
}
