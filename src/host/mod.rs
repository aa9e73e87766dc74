//! The ports through which the engine reaches its world.
//!
//! Engine modules know only what is here; [`crate::sim`] implements it, and only
//! [`crate::cluster`] and [`crate::scenario`] know that it does. A [`Host`] belongs to one life
//! (incarnation) of one node: once that life ends, whatever is still tried through it is refused.

mod clock;
mod database;
mod disk;
mod log;
mod outside;
mod scratch;
mod services;
mod signal;
mod spawn;
mod storage;
mod wire;

use std::rc::Rc;

use crate::base::{Name, NodeId, StreamRng};
use crate::trace::{Event, Level};

pub use clock::{Clock, Sleep};
pub use database::{
    DatabaseAccess, DatabaseAnswer, DatabaseDone, DatabaseError, DatabaseRequest, DatabaseWriter,
};
pub use disk::{Disk, DiskError};
pub use log::{
    Append, Fetched, IsolationLevel, LogAccess, LogDone, LogError, LogOffsets, LogRecord,
    ProducerIdentity, TopicPartition, TransactionResult,
};
pub use outside::{FenceReplaced, InjectedFailure, Outside, ReadRecords, Writer, WriterFencing};
pub use scratch::Scratch;
pub use services::Services;
pub use signal::Signal;
pub use spawn::{Spawn, Task};
pub use storage::{Done, DurableStorage, PUBLISHED, StorageError};
pub use wire::{Address, Delivery, Inbox, Lane, Message, Payload, Port, Wire};

/// Draws from the run's named random streams.
pub trait Random {
    /// The stream `name`, private to this node.
    fn stream(&self, name: &str) -> StreamRng;
}

/// Where a node reports what it does.
pub trait Trace {
    /// Records `event` as happening now on this node. Faults that wait for it fire before this
    /// returns, so the caller's node may be dead afterwards.
    fn record(&self, event: Event);

    /// The level of this run; events above it need not be built.
    fn level(&self) -> Level;
}

/// All ports of one life of one node.
#[derive(Clone)]
pub struct Host {
    /// The node.
    pub node: NodeId,
    /// Its name, such as `taskmanager-1`.
    pub name: Name,
    /// Time.
    pub clock: Rc<dyn Clock>,
    /// The network.
    pub wire: Rc<dyn Wire>,
    /// The local disk.
    pub disk: Rc<dyn Disk>,
    /// Scratch files.
    pub scratch: Rc<dyn Scratch>,
    /// Randomness.
    pub random: Rc<dyn Random>,
    /// Tasks.
    pub spawn: Rc<dyn Spawn>,
    /// The trace.
    pub trace: Rc<dyn Trace>,
    /// What lies outside the cluster and sees its results.
    pub outside: Rc<dyn Outside>,
}
