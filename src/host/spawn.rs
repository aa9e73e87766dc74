//! Tasks of a node. They end with it.

use std::future::Future;
use std::pin::Pin;

/// What a node runs.
pub type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Starts tasks.
pub trait Spawn {
    /// Runs `task` on this node until it ends or the node dies. Not for short things: each
    /// spawn costs memory until the node ends.
    fn spawn(&self, task: Task);
}
