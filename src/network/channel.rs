//! A channel of an input gate: what has arrived on it, and how far it was read.
//!
//! Previous: [`super::input_gate`], which decides what is read next. Next: [`super::kept`].

use std::collections::VecDeque;

use super::input::InputChannel;
use crate::base::{CheckpointId, SimDuration};
use crate::record::{Element, StreamEvent};

/// `taskmanager.network.request-backoff.initial`.
const FIRST_BACKOFF: SimDuration = SimDuration::from_millis(100);

/// See the module.
pub(super) struct Channel {
    pub(super) settings: InputChannel,
    /// By number on the channel; what was restored has number 0.
    pub(super) queue: VecDeque<(u64, Element)>,
    pub(super) arrived: u64,
    pub(super) consumed_credit: u32,
    pub(super) backoff: SimDuration,
    /// Whether its producer was not there, so that it is among the retries.
    pub(super) waits: bool,
    /// All of it has arrived, or its producer has failed: in either case that may be gone.
    pub(super) complete: bool,
    /// Whether it waits for barriers of other channels.
    pub(super) blocked: bool,
    /// Records consumed, over all restarts.
    pub(super) consumed: u64,
    /// The latest checkpoint whose barrier was read.
    pub(super) delivered: CheckpointId,
    /// The latest barrier that has overtaken, by its number on the channel.
    pub(super) overtook: Option<(CheckpointId, u64)>,
}

impl Channel {
    /// Before anything has arrived.
    pub(super) fn new(settings: InputChannel) -> Self {
        Self {
            settings,
            queue: VecDeque::new(),
            arrived: 0,
            consumed_credit: 0,
            backoff: FIRST_BACKOFF,
            waits: false,
            complete: false,
            blocked: false,
            consumed: 0,
            delivered: CheckpointId(0),
            overtook: None,
        }
    }

    /// How many records wait in front of a place on the channel.
    pub(super) fn queued_records(&self, before: u64) -> u64 {
        let data = self.queue.iter().filter(|(seq, _)| *seq < before);
        data.map(|(_, element)| element.records()).sum()
    }

    /// The number of a checkpoint's barrier on the channel, if it has come and was not read: one
    /// that has overtaken, or one that waits in its place among the elements.
    pub(super) fn barrier_of(&self, checkpoint: CheckpointId) -> Option<u64> {
        let is_it = |element: &Element| match element {
            Element::Event(StreamEvent::Barrier(barrier)) => barrier.id == checkpoint,
            Element::Event(_) | Element::Data(_) => false,
        };
        let overtook = self.overtook.filter(|(overtook, _)| *overtook == checkpoint);
        let waits = || self.queue.iter().find(|(_, element)| is_it(element));
        overtook.map(|(_, seq)| seq).or_else(|| waits().map(|(seq, _)| *seq))
    }
}
