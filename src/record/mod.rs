//! What flows through a job.
//!
//! Records cross operators and edges in typed batches ([`Batch`]), which an exchange carries
//! without knowing their type ([`AnyBatch`]); between batches flow events ([`StreamEvent`]).
//! Keys hash as in Java ([`Key`]) so that they land on the key group on which Flink puts them
//! ([`key_group`]). [`mod@format`] is how they, and all state, are stored.

mod any;
mod barrier;
mod batch;
mod collector;
mod element;
pub mod format;
mod frames;
mod key;
pub mod key_group;
mod output;
mod partitioning;
mod row;
mod shown;
mod side_output;

pub use any::{AnyBatch, decode_batch};
pub use barrier::{CheckpointBarrier, CheckpointKind};
pub use batch::{BATCH_RECORDS, Batch, LatencyMarker, RecordId};
pub use collector::Collector;
pub use element::{Element, StreamEvent, WatermarkStatus};
pub use frames::{Frames, append_frame, read_frames};
pub use key::Key;
pub use key_group::{KeyGroup, KeyGroupRange};
pub use output::{AnyOutput, ChainEvent, Failure, Output, Outputs, downcast, erase};
pub use partitioning::Partitioning;
pub use row::{Row, RowKind, RowNumber};
pub use shown::{shown, shown_list, shown_map};
pub use side_output::{OutputTag, SideOutputs};

use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// Whatever may be a record: any type that can be cloned, shown, stored and sent.
pub trait Data: Clone + Debug + Serialize + DeserializeOwned + Send + 'static {}

impl<T: Clone + Debug + Serialize + DeserializeOwned + Send + 'static> Data for T {}
