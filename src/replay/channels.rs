//! Channels between subtasks, and what is on its way in them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::{Progress, Seen};
use crate::base::{CheckpointId, EventTime, Name, SimTime};
use crate::record::WatermarkStatus;
use crate::trace::ExchangeEvent;

/// Which channel of a job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChannelKey {
    /// The edge of the job graph, by its place there.
    pub edge: u16,
    /// The producing subtask.
    pub from: Name,
    /// The consuming subtask.
    pub to: Name,
}

impl ChannelKey {
    pub(super) fn of(event: &ExchangeEvent) -> Self {
        match event {
            ExchangeEvent::PartitionRequested { edge, from, to, .. }
            | ExchangeEvent::BufferSent { edge, from, to, .. }
            | ExchangeEvent::BufferConsumed { edge, from, to, .. }
            | ExchangeEvent::CreditAdded { edge, from, to, .. }
            | ExchangeEvent::WatermarkSent { edge, from, to, .. }
            | ExchangeEvent::WatermarkReceived { edge, from, to, .. }
            | ExchangeEvent::WatermarkStatusSent { edge, from, to, .. }
            | ExchangeEvent::WatermarkStatusReceived { edge, from, to, .. }
            | ExchangeEvent::EndOfInputSent { edge, from, to, .. }
            | ExchangeEvent::EndOfInputReceived { edge, from, to, .. } => {
                Self { edge: *edge, from: from.clone(), to: to.clone() }
            }
        }
    }
}

/// What is on its way in a channel: a buffer of records, or an event in its place among them.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// Records.
    Records {
        /// How many.
        count: u32,
        /// The records, rendered, where the level kept them.
        values: Option<Arc<[String]>>,
    },
    /// How far event time is.
    Watermark(EventTime),
    /// Whether anyone need wait for the channel's event time.
    Status(WatermarkStatus),
    /// What divides the records before a checkpoint from those after it.
    Barrier(CheckpointId),
    /// The end of the producer's output.
    EndOfInput,
}

impl Load {
    /// Whether it is an event, which needs no credit.
    pub fn is_event(&self) -> bool {
        match self {
            Self::Records { .. } => false,
            Self::Watermark(_) | Self::Status(_) | Self::Barrier(_) | Self::EndOfInput => true,
        }
    }
}

/// What was sent and not yet consumed.
#[derive(Clone, Debug, PartialEq)]
pub struct InFlight {
    /// Its number on the channel.
    pub seq: u64,
    /// What it holds.
    pub load: Load,
    /// When it was sent.
    pub sent: SimTime,
}

/// A channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Channel {
    /// Whether the consumer has asked for it.
    pub connected: bool,
    /// Buffers that may still be sent.
    pub credit: u32,
    /// Buffers that wait at the producer.
    pub backlog: u32,
    /// Buffers that were sent and not yet consumed, the oldest first.
    pub in_flight: VecDeque<InFlight>,
    /// Records sent so far.
    pub records_sent: u64,
    /// Records consumed so far.
    pub records_consumed: u64,
    /// Event time as the producer has sent it.
    pub sent: Progress,
    /// Event time as the consumer has taken it up.
    pub received: Progress,
    /// The checkpoint whose barrier it has delivered, if its consumer reads nothing more of it until
    /// the other channels have delivered theirs.
    pub blocked_for: Option<CheckpointId>,
    /// Whether the consumer has read all of it.
    pub ended: bool,
    /// Values told of before the buffer that they are in.
    awaited: Option<(u64, Arc<[String]>)>,
}

impl Channel {
    /// Records that are on their way.
    pub fn records_in_flight(&self) -> u64 {
        self.in_flight
            .iter()
            .map(|buffer| match &buffer.load {
                Load::Records { count, .. } => u64::from(*count),
                Load::Watermark(_) | Load::Status(_) | Load::Barrier(_) | Load::EndOfInput => 0,
            })
            .sum()
    }

    /// Buffers of records that are on their way: what has been sent of what the credit allows.
    /// Events need no credit.
    pub fn buffers_in_flight(&self) -> usize {
        self.in_flight.iter().filter(|buffer| !buffer.load.is_event()).count()
    }

    /// Whether it may not send although something waits.
    pub fn lacks_credit(&self) -> bool {
        self.credit == 0 && self.backlog > 0
    }

    /// Barriers that are on their way, the oldest first.
    pub fn barriers(&self) -> impl Iterator<Item = CheckpointId> {
        self.in_flight.iter().filter_map(|sent| match sent.load {
            Load::Barrier(checkpoint) => Some(checkpoint),
            Load::Records { .. } | Load::Watermark(_) | Load::Status(_) | Load::EndOfInput => None,
        })
    }

    pub(super) fn send(&mut self, at: SimTime, seq: u64, load: Load) {
        // A trace may be wrong, and tell of two things by one number: then the event counts.
        match self.in_flight.iter_mut().find(|buffer| buffer.seq == seq) {
            Some(buffer) => {
                if load.is_event() {
                    buffer.load = load;
                }
            }
            None => self.in_flight.push_back(InFlight { seq, load, sent: at }),
        }
    }

    fn send_event(&mut self, at: SimTime, seq: u64, event: Load) -> Seen {
        // It was among what waited behind the last buffer, if anything did.
        self.backlog = self.backlog.saturating_sub(1);
        self.send(at, seq, event);
        Seen::Yes
    }

    /// Channels keep their order, so whatever was sent before `seq` is gone too; what an execution
    /// that was replaced may still have sent stands among it, with numbers of its own.
    fn consume(&mut self, seq: u64) {
        self.in_flight.retain(|buffer| buffer.seq > seq);
    }

    pub(super) fn tell_values(&mut self, seq: u64, told: &[String]) -> Seen {
        let told: Arc<[String]> = told.into();
        let buffer = self.in_flight.iter_mut().find(|buffer| buffer.seq == seq);
        match buffer.map(|buffer| &mut buffer.load) {
            Some(Load::Records { values, .. }) => Seen::set(values, Some(told)),
            Some(Load::Watermark(_) | Load::Status(_) | Load::Barrier(_) | Load::EndOfInput) => {
                Seen::No
            }
            None => {
                self.awaited = Some((seq, told));
                Seen::No
            }
        }
    }
}

/// The channels of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Channels(BTreeMap<ChannelKey, Channel>);

impl Channels {
    /// The channels, by edge, producer and consumer.
    pub fn iter(&self) -> impl Iterator<Item = (&ChannelKey, &Channel)> {
        self.0.iter()
    }

    /// The channel `key`.
    pub fn get(&self, key: &ChannelKey) -> Option<&Channel> {
        self.0.get(key)
    }

    /// The channels into a subtask.
    pub fn into_subtask<'a>(
        &'a self,
        subtask: &'a str,
    ) -> impl Iterator<Item = (&'a ChannelKey, &'a Channel)> {
        self.0.iter().filter(move |(key, _)| &*key.to == subtask)
    }

    pub(super) fn inputs_mut(&mut self, subtask: &str) -> impl Iterator<Item = &mut Channel> {
        self.0.iter_mut().filter(move |(key, _)| &*key.to == subtask).map(|(_, channel)| channel)
    }

    pub(super) fn entry(&mut self, key: ChannelKey) -> &mut Channel {
        self.0.entry(key).or_default()
    }

    /// Forgets what an ended execution of `subtask` had on its channels.
    pub(super) fn reset(&mut self, subtask: &Name) {
        for (key, channel) in &mut self.0 {
            if key.from == *subtask || key.to == *subtask {
                *channel = Channel::default();
            }
        }
    }

    pub(super) fn apply(&mut self, at: SimTime, event: &ExchangeEvent) -> Seen {
        let channel = self.entry(ChannelKey::of(event));
        match event {
            // Whoever asks for it reads it from its beginning.
            ExchangeEvent::PartitionRequested { credit, .. } => {
                let begun = Channel { connected: true, credit: *credit, ..Channel::default() };
                Seen::set(channel, begun)
            }
            ExchangeEvent::BufferSent { seq, records, backlog, credit, .. } => {
                (channel.backlog, channel.credit) = (*backlog, *credit);
                // One without records holds nothing to be seen.
                if *records > 0 {
                    let awaited = channel.awaited.take().filter(|(of, _)| of == seq);
                    let values = awaited.map(|(_, values)| values);
                    channel.send(at, *seq, Load::Records { count: *records, values });
                    channel.records_sent = channel.records_sent.saturating_add(u64::from(*records));
                }
                Seen::Yes
            }
            ExchangeEvent::BufferConsumed { seq, records, .. } => {
                channel.consume(*seq);
                channel.records_consumed =
                    channel.records_consumed.saturating_add(u64::from(*records));
                Seen::Yes
            }
            ExchangeEvent::CreditAdded { credit, .. } => {
                channel.credit = channel.credit.saturating_add(*credit);
                Seen::Yes
            }
            ExchangeEvent::WatermarkSent { seq, watermark, .. } => {
                channel.sent.watermark = *watermark;
                channel.send_event(at, *seq, Load::Watermark(*watermark))
            }
            ExchangeEvent::WatermarkReceived { seq, watermark, .. } => {
                channel.received.watermark = *watermark;
                channel.consume(*seq);
                Seen::Yes
            }
            ExchangeEvent::WatermarkStatusSent { seq, status, .. } => {
                channel.sent.status = *status;
                channel.send_event(at, *seq, Load::Status(*status))
            }
            ExchangeEvent::WatermarkStatusReceived { seq, status, .. } => {
                channel.received.status = *status;
                channel.consume(*seq);
                Seen::Yes
            }
            ExchangeEvent::EndOfInputSent { seq, .. } => {
                // It is the last of what could wait.
                channel.backlog = 0;
                channel.send(at, *seq, Load::EndOfInput);
                Seen::Yes
            }
            ExchangeEvent::EndOfInputReceived { seq, .. } => {
                channel.consume(*seq);
                channel.backlog = 0;
                channel.ended = true;
                Seen::Yes
            }
        }
    }
}
