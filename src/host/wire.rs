//! Messages between nodes.
//!
//! Between two ports messages of one lane arrive in the order in which they were sent, each at
//! most once, none before the link's latency has passed. Nobody is told that a message was lost:
//! a dead peer shows as a [`Payload::Reset`] when a later message reaches its machine, a
//! partition shows as silence.

use std::any::Any;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::Signal;
use crate::base::NodeId;

/// A place on a node that receives messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Port(pub u32);

/// A port of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    /// The node.
    pub node: NodeId,
    /// The port there.
    pub port: Port,
}

/// Streams between the same two nodes that do not hold each other up, as separate TCP
/// connections would not. They share the link's bandwidth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// Remote procedure calls and heartbeats.
    Rpc,
    /// Buffers and credits.
    Data,
}

/// Anything that crosses the wire.
pub trait Message: Any {
    /// Its encoded length. Asked only where bandwidth is limited or bytes are counted.
    fn wire_size(&self) -> u64;
}

/// What arrives.
pub enum Payload {
    /// A message.
    Message(Box<dyn Message>),
    /// The port is not there: its process died, or it was never opened. What had been sent to
    /// it is lost.
    Reset,
}

/// One arrival.
pub struct Delivery {
    /// The sender's port; for a [`Payload::Reset`], the port that is not there.
    pub from: Address,
    /// What arrived.
    pub payload: Payload,
}

/// The receiving end of a port. Dropping it closes the port.
pub trait Inbox {
    /// The next arrival, if there is one.
    fn try_recv(&self) -> Option<Delivery>;
}

/// A node's access to the network.
pub trait Wire {
    /// Opens `port`; `signal` is notified at each arrival. A port is open once at a time.
    fn open(&self, port: Port, signal: Signal) -> Rc<dyn Inbox>;

    /// Sends from this node's `port`.
    fn send(&self, port: Port, to: Address, lane: Lane, message: Box<dyn Message>);
}
