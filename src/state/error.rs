//! What can go wrong with state: what a program does wrong, and what storage does.

use thiserror::Error;

use super::StateKind;
use crate::record::format::FormatError;
use crate::record::{Failure, KeyGroup, KeyGroupRange};

/// See the module.
#[derive(Debug, Error)]
pub enum StateError {
    /// Keyed state belongs to a key.
    #[error("keyed state \"{0}\" was used while no record and no timer of a key was at work")]
    NoKey(String),
    /// State with namespaces belongs to one of them.
    #[error("state \"{0}\" was used before its namespace was set")]
    NoNamespace(String),
    /// The handle is not of this operator.
    #[error("state \"{0}\" is not registered; register its descriptor when the operator opens")]
    Unregistered(String),
    /// One name, two kinds.
    #[error(
        "state \"{name}\" is registered as {registered} state and cannot be {wanted} state too"
    )]
    KindDiffers {
        /// The name.
        name: String,
        /// What it is.
        registered: StateKind,
        /// What it should be too.
        wanted: StateKind,
    },
    /// One name, two types.
    #[error("state \"{name}\" is registered with {registered} and cannot have {wanted} too")]
    TypeDiffers {
        /// The name.
        name: String,
        /// Its types.
        registered: String,
        /// The others.
        wanted: String,
    },
    /// The operator keeps something of its own under that name.
    #[error("state \"{0}\" is the operator's own; give the function's state another name")]
    Reserved(String),
    /// Values that are gone at once.
    #[error("TTL is expected to be positive, that of state \"{0}\" is below a millisecond")]
    TtlNotPositive(String),
    /// One name, two lives.
    #[error("state \"{0}\" is registered with another time to live")]
    TtlDiffers(String),
    /// What was stored has another kind or type.
    #[error("state \"{name}\" cannot be restored: {difference}")]
    Changed {
        /// The name.
        name: String,
        /// What differs.
        difference: String,
    },
    /// A key of another subtask.
    #[error("key group {group} is not of this subtask, which owns {} to {}", range.start, range.end)]
    ForeignKeyGroup {
        /// The key's group.
        group: KeyGroup,
        /// The groups of this subtask.
        range: KeyGroupRange,
    },
    /// The snapshot divides keys otherwise.
    #[error("the snapshot has maximum parallelism {snapshot}, the operator has {operator}")]
    MaxParallelismDiffers {
        /// Of the snapshot.
        snapshot: u32,
        /// Of the operator.
        operator: u32,
    },
    /// The tree takes addresses of 16 bits.
    #[error("a key of {0} bytes is too long for the `lsm` backend, which takes 65535")]
    KeyTooLong(usize),
    /// Bytes that are no value, or a value that makes no bytes.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The directory of the `lsm` backend cannot be used.
    #[error("the `lsm` backend's files cannot be used: {0}")]
    Tree(#[from] lsm_tree::Error),
    /// The same, for what is not the tree's own.
    #[error("the `lsm` backend's files cannot be used: {0}")]
    Files(#[from] std::io::Error),
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self(error.to_string())
    }
}
