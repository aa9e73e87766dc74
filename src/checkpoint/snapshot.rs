//! What a subtask stores of itself in a checkpoint, and how it is written.
//!
//! A subtask's snapshot is one document: the state of each operator of its chain, and how far its
//! channels were. The files of a serialized backend are stored beside it and named in it; so are
//! the records that barriers have overtaken. Whoever reads a file knows its checksum from the
//! handle with which it was acknowledged.
//!
//! Previous: the operators of a chain. Next: the task, which stores it, and another attempt at the
//! subtask, which takes it over.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::base::{EventTime, SimTime};
use crate::record::format::{FormatError, Schema, from_document_as, to_document_as};
use crate::record::{KeyGroup, WatermarkStatus};
use crate::state::StateSnapshot;
use crate::state::operator_state::OperatorSnapshot;
use crate::state::snapshot::blob;
use crate::state::{FilesSnapshot, KeyedSnapshot};

/// The state of one operator of a chain (Flink's `OperatorSubtaskState`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorSubtaskState {
    /// The operator's uid.
    pub operator: String,
    /// Its keyed state, as entries.
    pub keyed: Option<KeyedSnapshot>,
    /// Its keyed state, as files.
    pub files: Option<FilesSnapshot>,
    /// Its timers.
    pub timers: Vec<TimerGroup>,
    /// State without keys.
    pub operator_state: OperatorSnapshot,
    /// How far it has read, if it is a source.
    pub source: Option<SourceState>,
    /// What it has prepared outside and has yet to commit, if it is a sink.
    #[serde(with = "blob")]
    pub prepared: Vec<u8>,
}

/// The timers of one key group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerGroup {
    /// The key group.
    pub key_group: KeyGroup,
    /// How many there are.
    pub timers: u64,
    /// The sum of their hashes.
    pub digest: u128,
    /// The timers, as their service writes them.
    #[serde(with = "blob")]
    pub bytes: Vec<u8>,
}

/// How far a subtask of a source has read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// When it began to read, over all restarts: records that come at moments of their own come by
    /// this.
    pub started: Option<SimTime>,
    /// The offset of the next record of each split, by split.
    pub positions: Vec<(u16, u64)>,
    /// How many records it has sent on, where its end goes by that.
    pub sent_on: u64,
}

/// How many records of each channel belong to the snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelCounts {
    /// Consumed, by channel of the input gate.
    pub inputs: Vec<u64>,
    /// Given to the channel, by result partition and subpartition.
    pub outputs: Vec<Vec<u64>>,
}

/// All that a subtask stores of itself, but for records that were overtaken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSnapshot {
    /// The operators of its chain that have state.
    pub operators: Vec<OperatorSubtaskState>,
    /// How far its channels were.
    pub channels: ChannelCounts,
    /// Whether its input had ended, so that its operators have nothing more to say.
    pub ended: bool,
}

/// One element of a channel that barriers have overtaken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoredElement {
    /// Records.
    Records {
        /// How many.
        records: u64,
        /// The batch.
        #[serde(with = "blob")]
        bytes: Vec<u8>,
    },
    /// A watermark.
    Watermark(EventTime),
    /// The channel fell idle or came back.
    WatermarkStatus(WatermarkStatus),
}

impl StoredElement {
    /// How many records it holds.
    pub fn records(&self) -> u64 {
        match self {
            Self::Records { records, .. } => *records,
            Self::Watermark(_) | Self::WatermarkStatus(_) => 0,
        }
    }
}

/// What of a channel barriers have overtaken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredChannel {
    /// Its place: among the channels of the input gate, or among those of all result partitions.
    pub channel: u32,
    /// How many records of the channel come before.
    pub from: u64,
    /// What was overtaken, in order.
    pub elements: Vec<StoredElement>,
}

impl StoredChannel {
    /// How many records come before the end of what was overtaken.
    pub fn to(&self) -> u64 {
        self.from + self.elements.iter().map(StoredElement::records).sum::<u64>()
    }
}

/// The records that the barriers of a checkpoint have overtaken at a subtask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelState {
    /// Of its input channels.
    pub inputs: Vec<StoredChannel>,
    /// Of its output channels.
    pub outputs: Vec<StoredChannel>,
}

impl ChannelState {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty() && self.outputs.is_empty()
    }
}

static TASK: LazyLock<Schema> = LazyLock::new(Schema::of::<TaskSnapshot>);
static CHANNELS: LazyLock<Schema> = LazyLock::new(Schema::of::<ChannelState>);

impl TaskSnapshot {
    /// The snapshot as bytes that say what they are.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_document_as(&TASK, self).expect("a snapshot is plain data")
    }

    /// The snapshot that these bytes are.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        from_document_as(&TASK, bytes)
    }

    /// The state of an operator, if it has any.
    pub fn operator(&self, uid: &str) -> Option<&OperatorSubtaskState> {
        self.operators.iter().find(|state| state.operator == uid)
    }

    /// Adds what a sink has prepared.
    pub fn add_prepared(&mut self, uid: &str, prepared: Vec<u8>) {
        if prepared.is_empty() {
            return;
        }
        if let Some(state) = self.operators.iter_mut().find(|state| state.operator == uid) {
            state.prepared = prepared;
            return;
        }
        let operator = uid.to_string();
        self.operators.push(OperatorSubtaskState { operator, prepared, ..Default::default() });
    }

    /// How often keyed state had been changed.
    pub fn state_version(&self) -> u64 {
        let version = |state: &OperatorSubtaskState| match (&state.keyed, &state.files) {
            (Some(keyed), _) => keyed.state_version,
            (None, Some(files)) => files.state_version,
            (None, None) => 0,
        };
        self.operators.iter().map(version).sum()
    }
}

impl ChannelState {
    /// The records as bytes that say what they are.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_document_as(&CHANNELS, self).expect("channel state is plain data")
    }

    /// The records that these bytes are.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        from_document_as(&CHANNELS, bytes)
    }
}

/// What a state holds, without regard to order: how many entries, and the sum of their hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContentDigest {
    /// How many entries.
    pub entries: u64,
    /// The sum of their hashes.
    pub digest: u128,
}

impl ContentDigest {
    fn add(&mut self, entries: u64, digest: u128) {
        self.entries += entries;
        self.digest = self.digest.wrapping_add(digest);
    }
}

impl OperatorSubtaskState {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        let Self { operator: _, keyed, files, timers, operator_state, source, prepared } = self;
        keyed.is_none()
            && files.is_none()
            && timers.is_empty()
            && operator_state.states.is_empty()
            && source.is_none()
            && prepared.is_empty()
    }

    /// What its keyed states hold, by name. State in files is left out.
    pub fn keyed_digests(&self) -> Vec<(String, ContentDigest)> {
        let states = self.keyed.iter().flat_map(|keyed| &keyed.states);
        let digest = |state: &StateSnapshot| {
            let mut content = ContentDigest::default();
            for group in &state.groups {
                content.add(group.entries, group.digest);
            }
            (state.meta.name.clone(), content)
        };
        states.map(digest).collect()
    }

    /// What its states hold, by name. State in files is left out: who has the tree can say.
    pub fn digests(&self) -> Vec<(String, ContentDigest)> {
        let mut digests = self.keyed_digests();
        if !self.timers.is_empty() {
            let mut content = ContentDigest::default();
            for group in &self.timers {
                content.add(group.timers, group.digest);
            }
            digests.push(("timers".to_string(), content));
        }
        let OperatorSnapshot { states, offsets, bytes } = &self.operator_state;
        let mut begins: Vec<u64> = offsets.iter().flatten().copied().collect();
        begins.sort_unstable();
        for (meta, offsets) in states.iter().zip(offsets) {
            let mut content = ContentDigest::default();
            for &offset in offsets {
                let next = begins.partition_point(|begin| *begin <= offset);
                let end = begins.get(next).map_or(bytes.len(), |end| *end as usize);
                content.add(1, xxh3_128(&bytes[offset as usize..end]));
            }
            digests.push((meta.name.clone(), content));
        }
        digests
    }
}
