//! Machines and processes.

use std::collections::BTreeSet;

use super::Seen;
use crate::base::{Incarnation, Name, NodeId};
use crate::trace::NodeEvent;

/// What a node's process is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// It was never started.
    #[default]
    Absent,
    /// It runs.
    Up,
    /// It stands still.
    Paused,
    /// It was killed.
    Dead,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: Name,
    /// What its process is doing.
    pub life: Life,
    /// Which life this is, or was.
    pub incarnation: Incarnation,
    /// How far its clock is ahead, in microseconds.
    pub offset_us: i64,
    /// How much too fast its clock runs, in parts per million.
    pub drift_ppm: i64,
    /// The nodes that it cannot reach.
    pub cut_off_from: BTreeSet<Name>,
    /// Unsynced bytes that its crashes have lost.
    pub bytes_lost: u64,
}

impl Node {
    fn new(name: Name) -> Self {
        Self {
            name,
            life: Life::default(),
            incarnation: Incarnation::default(),
            offset_us: 0,
            drift_ppm: 0,
            cut_off_from: BTreeSet::new(),
            bytes_lost: 0,
        }
    }
}

/// All nodes, in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nodes(Vec<Node>);

impl Nodes {
    pub(super) fn new(names: &[Name]) -> Self {
        Self(names.iter().cloned().map(Node::new).collect())
    }

    /// The nodes, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Node> {
        self.0.iter()
    }

    /// The node called `name`.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.0.iter().find(|node| &*node.name == name)
    }

    pub(super) fn name(&self, node: NodeId) -> Name {
        match self.0.get(usize::from(node.0)) {
            Some(node) => node.name.clone(),
            None => unknown(usize::from(node.0)),
        }
    }

    pub(super) fn apply(&mut self, id: NodeId, event: &NodeEvent) -> Seen {
        let index = usize::from(id.0);
        let known = if index < self.0.len() { Seen::No } else { Seen::Around };
        while self.0.len() <= index {
            self.0.push(Node::new(unknown(self.0.len())));
        }
        self.0[index].apply(event).or(known)
    }
}

impl Node {
    fn live(&mut self, life: Life, incarnation: Incarnation) -> Seen {
        let seen = Seen::set(&mut self.incarnation, incarnation).around();
        Seen::set(&mut self.life, life).or(seen)
    }

    fn apply(&mut self, event: &NodeEvent) -> Seen {
        match event {
            NodeEvent::NodeStarted { incarnation } => self.live(Life::Up, *incarnation),
            NodeEvent::NodeKilled { incarnation } => self.live(Life::Dead, *incarnation),
            NodeEvent::NodePaused => Seen::set(&mut self.life, Life::Paused),
            NodeEvent::NodeResumed => Seen::set(&mut self.life, Life::Up),
            NodeEvent::ClockChanged { offset_us, drift_ppm } => {
                (self.offset_us, self.drift_ppm) = (*offset_us, *drift_ppm);
                Seen::Around
            }
            NodeEvent::LinkCut { to } => {
                if self.cut_off_from.insert(to.clone()) {
                    Seen::Around
                } else {
                    Seen::No
                }
            }
            NodeEvent::LinkHealed { to } => {
                if self.cut_off_from.remove(to) {
                    Seen::Around
                } else {
                    Seen::No
                }
            }
            NodeEvent::BytesLost { bytes, .. } => {
                self.bytes_lost = self.bytes_lost.saturating_add(*bytes);
                Seen::Around
            }
        }
    }
}

fn unknown(index: usize) -> Name {
    format!("node-{index}").into()
}
