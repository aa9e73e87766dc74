//! Operator state: what a subtask remembers without a key.
//!
//! List state is dealt out anew when the parallelism changes (`SPLIT_DISTRIBUTE`), or given whole to
//! everyone (`UNION`); broadcast state is the same everywhere (`BROADCAST`). It is always in memory,
//! and stored as one run of bytes with the offset of each element, so that redistribution deals in
//! offsets and never reads what they point to.
//!
//! | file | what it is |
//! |---|---|
//! | [`backend`] | the registered states of a subtask, their snapshot and restore |
//! | [`states`] | the handles |
//! | [`repartition`] | who gets which offsets |

pub mod backend;
pub mod repartition;
pub mod states;

pub use backend::{OperatorSnapshot, OperatorStateBackend, OperatorStateMeta};
pub use repartition::{
    OperatorStateHandle, OperatorStateMode, OperatorStateRepartitioner,
    RoundRobinOperatorStateRepartitioner, StateMetaInfo,
};
pub use states::{BroadcastState, OperatorListState, ReadOnlyBroadcastState};
