//! Snapshots that are taken and not yet acknowledged: what they wait for.

use std::collections::BTreeMap;

use crate::base::{CheckpointId, SimTime};
use crate::checkpoint::coordinator::CheckpointMetrics;
use crate::checkpoint::{ChannelState, StateHandle, SubtaskState, TaskSnapshot};

/// How far the records are known that barriers overtake.
#[derive(Clone, Debug, Default)]
pub(super) struct Overtaking {
    /// Barriers have yet to come in.
    pub(super) inputs_open: bool,
    /// Barriers that keep their place have yet to go out.
    pub(super) outputs_open: bool,
    /// What they have overtaken.
    pub(super) state: ChannelState,
    /// It is complete and on its way to storage.
    pub(super) handed_over: bool,
}

/// What sinks have yet to prepare outside. Only then is the snapshot whole and can be stored.
#[derive(Debug, Default)]
pub(super) struct PartsOutside {
    /// How many of them are not done.
    pub(super) parts: usize,
    /// The snapshot that waits for them.
    pub(super) waiting: Option<TaskSnapshot>,
}

/// One snapshot.
#[derive(Debug)]
pub(super) struct Underway {
    /// Where its parts will be.
    pub(super) state: SubtaskState,
    /// What it costs.
    pub(super) metrics: CheckpointMetrics,
    /// How many files are not stored yet.
    pub(super) files: usize,
    /// See [`PartsOutside`].
    pub(super) outside: PartsOutside,
    /// The files that were written for it.
    pub(super) written: Vec<String>,
    /// See [`Overtaking`].
    pub(super) overtaking: Overtaking,
    /// When barriers that keep their place in the output do so no longer, by the node's clock.
    pub(super) overtaking_at: Option<i64>,
    /// When the snapshot was taken.
    pub(super) since: SimTime,
    /// Whether its barriers overtake.
    pub(super) unaligned: bool,
    /// It was acknowledged before it was stored.
    pub(super) acknowledged: bool,
}

/// Files of serialized backends, by checkpoint.
pub(super) type BackendFiles<K> = BTreeMap<CheckpointId, BTreeMap<K, StateHandle>>;

impl Underway {
    /// Whether all that barriers overtake is known and has yet to be stored.
    pub(super) fn can_hand_over(&self) -> bool {
        let Overtaking { inputs_open, outputs_open, handed_over, .. } = &self.overtaking;
        !inputs_open && !outputs_open && !handed_over
    }

    /// Whether all of it is stored.
    pub(super) fn is_stored(&self) -> bool {
        self.overtaking.handed_over && self.files == 0 && self.outside.parts == 0
    }
}
