//! Remote procedure calls on their way.

use std::collections::VecDeque;

use super::Seen;
use crate::base::{Name, SimTime};
use crate::trace::{NodeEvent, Recorded, RpcEvent};

/// A message that was sent and not yet taken up.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The sending component.
    pub from: Name,
    /// The sending node.
    pub from_node: Name,
    /// The receiving node.
    pub to: Name,
    /// The method.
    pub message: Name,
    /// What it is about.
    pub about: String,
    /// When it was sent.
    pub sent: SimTime,
}

/// Messages on their way, in the order in which they were sent.
///
/// The trace does not say when a message is lost. One that is stays here, so the oldest are
/// dropped beyond [`Messages::LIMIT`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Messages(VecDeque<Message>);

impl Messages {
    /// How many messages are remembered at most.
    pub const LIMIT: usize = 1000;

    /// The messages, in the order in which they were sent.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.0.iter()
    }

    /// Whether none is on its way.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was sent to a process dies with it. What it had sent itself still arrives.
    pub(super) fn on_node(&mut self, node: &Name, event: &NodeEvent) -> Seen {
        match event {
            NodeEvent::NodeKilled { .. } => self.keep(|message| message.to != *node),
            NodeEvent::NodeStarted { .. }
            | NodeEvent::NodePaused
            | NodeEvent::NodeResumed
            | NodeEvent::ClockChanged { .. }
            | NodeEvent::LinkCut { .. }
            | NodeEvent::LinkHealed { .. }
            | NodeEvent::BytesLost { .. } => Seen::No,
        }
    }

    fn keep(&mut self, which: impl FnMut(&Message) -> bool) -> Seen {
        let before = self.0.len();
        self.0.retain(which);
        if self.0.len() == before { Seen::No } else { Seen::Yes }
    }

    pub(super) fn apply(&mut self, recorded: &Recorded, node: &Name, event: &RpcEvent) -> Seen {
        match event {
            RpcEvent::RpcSent { from, to, message, about } => {
                if self.0.len() == Self::LIMIT {
                    self.0.pop_front();
                }
                self.0.push_back(Message {
                    from: from.clone(),
                    from_node: node.clone(),
                    to: to.clone(),
                    message: message.clone(),
                    about: about.clone(),
                    sent: recorded.at,
                });
                Seen::Yes
            }
            RpcEvent::RpcReceived { from, message, about, .. } => {
                let taken = self.0.iter().position(|sent| {
                    sent.from_node == *from
                        && sent.to == *node
                        && sent.message == *message
                        && sent.about == *about
                });
                match taken {
                    Some(index) => {
                        self.0.remove(index);
                        Seen::Yes
                    }
                    None => Seen::No,
                }
            }
            RpcEvent::ConnectionReset { peer, .. } => {
                self.keep(|sent| !(sent.to == *peer && sent.from_node == *node))
            }
            // Heartbeats are too many to be worth showing one by one.
            RpcEvent::HeartbeatSent { .. }
            | RpcEvent::HeartbeatReceived { .. }
            | RpcEvent::HeartbeatTimedOut { .. } => Seen::No,
        }
    }
}
