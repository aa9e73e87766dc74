//! A task's input: all channels of all its inputs, read in the order in which they filled.
//!
//! A barrier that overtakes is taken out of its channel's order when it arrives, and read before
//! anything else; a channel that is blocked fills, and its credit runs out.
//!
//! Previous: the producer's [`super::ResultPartition`], across the wire. Next: the head of the
//! consumer's chain ([`crate::task`]).

use std::collections::VecDeque;

use super::DataMessage;
use super::channel::Channel;
use super::input::{Consumer, InputChannel, PriorityEvent, Taken};
use super::kept::Keeping;
use super::overtaken::stored;
use crate::base::{CheckpointId, JobId, Name, SimDuration, SimTime};
use crate::checkpoint::StoredChannel;
use crate::host::{Address, Host, Lane, Port};
use crate::record::{CheckpointBarrier, CheckpointKind, Element, Failure, StreamEvent};
use crate::trace::{ChannelCut, CheckpointEvent, Event, ExchangeEvent, Level};

/// `taskmanager.network.request-backoff.max`.
const LONGEST_BACKOFF: SimDuration = SimDuration::from_secs(10);

/// See the module.
pub struct InputGate {
    host: Host,
    job: JobId,
    consumer: Name,
    attempt: u32,
    port: Port,
    credit: u32,
    channels: Vec<Channel>,
    /// Channels with something to read, each once, in the order in which they got it.
    ready: VecDeque<usize>,
    /// What is read before all else.
    priority: VecDeque<(usize, u64, PriorityEvent)>,
    /// The channels in the order of their producers' addresses, once one was not there: a consumer
    /// of many may start before many of them.
    by_address: Option<Vec<usize>>,
    /// Channels whose producer was not there yet, and when to ask again.
    retries: Vec<(SimTime, usize)>,
    /// When the first of them is to be asked.
    next_retry: Option<SimTime>,
    open: usize,
    /// Barriers that no producer is left to send: they come just before the end of each channel.
    injected: Vec<CheckpointBarrier>,
    keeping: Keeping,
}

impl InputGate {
    /// A gate over `channels`, each of which begins with `credit` buffers.
    pub fn new(host: Host, consumer: Consumer, credit: u32, channels: Vec<InputChannel>) -> Self {
        let channels: Vec<_> = channels.into_iter().map(Channel::new).collect();
        let open = channels.len();
        let Consumer { job, name, attempt, port } = consumer;
        Self {
            host,
            job,
            consumer: name,
            attempt,
            port,
            credit,
            channels,
            ready: VecDeque::new(),
            priority: VecDeque::new(),
            by_address: None,
            retries: Vec::new(),
            next_retry: None,
            open,
            injected: Vec::new(),
            keeping: Keeping::default(),
        }
    }

    /// What a checkpoint has of a channel: how many records were consumed, and what is read before
    /// anything that comes.
    pub fn restore(&mut self, index: usize, consumed: u64, elements: Vec<Element>) {
        let channel = &mut self.channels[index];
        channel.consumed = consumed;
        channel.queue.extend(elements.into_iter().map(|element| (0, element)));
        if !channel.queue.is_empty() {
            self.ready.push_back(index);
        }
    }

    /// Connects every channel to its producer.
    pub fn request_partitions(&self) {
        for index in 0..self.channels.len() {
            self.request_partition(index);
        }
    }

    fn request_partition(&self, index: usize) {
        let InputChannel { edge, producer, address, subpartition, .. } =
            &self.channels[index].settings;
        self.host.trace.record(Event::Exchange(ExchangeEvent::PartitionRequested {
            job: self.job,
            edge: *edge,
            from: producer.clone(),
            to: self.consumer.clone(),
            credit: self.credit,
        }));
        let request = DataMessage::PartitionRequest {
            edge: *edge,
            subpartition: *subpartition,
            channel: index as u32,
            credit: self.credit,
        };
        self.host.wire.send(self.port, *address, Lane::Data, Box::new(request));
    }

    /// A buffer arrives.
    pub fn on_buffer(&mut self, channel: u32, seq: u64, element: Element) -> Result<(), Failure> {
        let index = channel as usize;
        let Some(channel) = self.channels.get_mut(index) else {
            return Err(Failure(format!(
                "a buffer arrived for channel {index}, which is not there"
            )));
        };
        if seq != channel.arrived + 1 {
            return Err(Failure(format!(
                "channel from {} is broken: buffer {seq} arrived after buffer {}",
                channel.settings.producer, channel.arrived
            )));
        }
        channel.arrived = seq;
        channel.complete = matches!(element, Element::Event(StreamEvent::EndOfInput));
        match element {
            Element::Event(StreamEvent::Barrier(barrier)) if barrier.is_unaligned() => {
                channel.overtook = Some((barrier.id, seq));
                self.priority.push_back((index, seq, PriorityEvent::Barrier(barrier)));
                self.keeping.barrier_came(barrier.id, index);
                return Ok(());
            }
            Element::Event(StreamEvent::CancelCheckpoint(checkpoint)) => {
                let cancel = PriorityEvent::CancelCheckpoint(checkpoint);
                self.priority.push_back((index, seq, cancel));
                return Ok(());
            }
            Element::Event(StreamEvent::Barrier(barrier)) => {
                let timed = matches!(barrier.kind, CheckpointKind::Aligned { timeout_ms: Some(_) });
                if timed && !channel.queue.is_empty() {
                    let announcement = PriorityEvent::Announcement(barrier);
                    self.priority.push_back((index, seq, announcement));
                }
                self.keeping.barrier_came(barrier.id, index);
            }
            Element::Event(_) | Element::Data(_) => {}
        }
        if let Some(kept) = self.keeping.channel(index)
            && let Some(element) = stored(&element)
        {
            kept.elements.push(element);
        }
        channel.queue.push_back((seq, element));
        if channel.queue.len() == 1 && !channel.blocked {
            self.ready.push_back(index);
        }
        Ok(())
    }

    /// The producer of a channel has failed or was cancelled. It is its failure that fails the
    /// job; this task waits to be cancelled.
    ///
    /// Unlike Flink, where a consumer then cancels itself.
    pub fn on_error(&mut self, channel: u32) {
        if let Some(channel) = self.channels.get_mut(channel as usize) {
            channel.complete = true;
        }
    }

    /// The process at `address` is not there. A producer that has not started yet is asked again
    /// after a while; one that had already begun to send is lost.
    ///
    /// Unlike Flink, where a consumer that has waited long enough asks the JobMaster whether its
    /// producer is still to come: the JobMaster cancels the consumer if it is not.
    pub fn on_reset(&mut self, address: Address) -> Result<(), Failure> {
        let now = self.host.clock.now();
        let channels = &self.channels;
        let by_address = self.by_address.get_or_insert_with(|| by_address(channels));
        let first = by_address.partition_point(|&it| channels[it].settings.address < address);
        for &index in &by_address[first..] {
            let channel = &mut self.channels[index];
            if channel.settings.address != address {
                break;
            }
            if channel.complete {
                continue;
            }
            let producer = &channel.settings.producer;
            if channel.arrived > 0 {
                return Err(Failure(format!(
                    "RemoteTransportException: connection to {producer} was lost"
                )));
            }
            if !std::mem::replace(&mut channel.waits, true) {
                let at = now + channel.backoff;
                self.retries.push((at, index));
                self.next_retry = Some(self.next_retry.map_or(at, |next| next.min(at)));
                channel.backoff = (channel.backoff * 2).min(LONGEST_BACKOFF);
            }
        }
        Ok(())
    }

    /// When a producer is to be asked again.
    pub fn retry_deadline(&self) -> Option<SimTime> {
        self.next_retry
    }

    /// Asks those producers again whose time has come.
    pub fn retry(&mut self) {
        let now = self.host.clock.now();
        if self.next_retry.is_none_or(|at| at > now) {
            return;
        }
        let (due, later) = self.retries.iter().partition(|(at, _)| *at <= now);
        self.retries = later;
        self.next_retry = self.retries.iter().map(|(at, _)| *at).min();
        let due: Vec<(SimTime, usize)> = due;
        for (_, index) in due {
            self.channels[index].waits = false;
            self.request_partition(index);
        }
    }

    /// Which input of the head operator each channel feeds.
    pub fn inputs(&self) -> impl Iterator<Item = u16> {
        self.channels.iter().map(|channel| channel.settings.input)
    }

    /// How many channels there are.
    pub fn channel_count(&self) -> usize {
        self.channels.len()
    }

    /// The edge of a channel, by its place in the job graph.
    pub fn edge(&self, index: usize) -> u16 {
        self.channels[index].settings.edge
    }

    /// The producer at the other end of a channel.
    pub fn producer(&self, index: usize) -> &Name {
        &self.channels[index].settings.producer
    }

    /// Whether there is something to read.
    pub fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// How many channels have not ended.
    pub fn open_channels(&self) -> usize {
        self.open
    }

    /// Whether every channel has ended.
    pub fn is_ended(&self) -> bool {
        self.open == 0
    }

    /// The next element. Channels that have something take turns.
    pub fn take(&mut self) -> Option<Taken> {
        let index = self.ready.pop_front()?;
        if let Some(barrier) = self.injection(index) {
            self.ready.push_front(index);
            return Some(barrier);
        }
        let channel = &mut self.channels[index];
        let (seq, element) = channel.queue.pop_front()?;
        if !channel.queue.is_empty() {
            self.ready.push_back(index);
        }
        let input = channel.settings.input;
        match &element {
            Element::Data(batch) => self.on_data_taken(index, seq, batch.records() as u32),
            Element::Event(event) => self.on_event_taken(index, seq, *event),
        }
        Some(Taken { channel: index, input, element })
    }

    /// The next event that is read before all elements.
    pub fn take_priority(&mut self) -> Option<(usize, PriorityEvent)> {
        let (index, seq, event) = self.priority.pop_front()?;
        if let PriorityEvent::Barrier(barrier) = event {
            let overtaken = self.channels[index].queued_records(seq);
            self.on_barrier_taken(index, seq, barrier, overtaken);
        }
        Some((index, event))
    }

    fn on_data_taken(&mut self, index: usize, seq: u64, records: u32) {
        let channel = &mut self.channels[index];
        channel.consumed += u64::from(records);
        if seq == 0 {
            return;
        }
        channel.consumed_credit += 1;
        // Credit is granted in halves, so that a message of credit is not sent for each buffer.
        let grant = if channel.consumed_credit * 2 >= self.credit.max(1) {
            std::mem::take(&mut channel.consumed_credit)
        } else {
            0
        };
        let InputChannel { edge, producer, address, subpartition, .. } = &channel.settings;
        let (job, edge, from, to) = (self.job, *edge, producer, &self.consumer);
        if self.host.trace.level() >= Level::Records {
            self.host.trace.record(Event::Exchange(ExchangeEvent::BufferConsumed {
                job,
                edge,
                from: from.clone(),
                to: to.clone(),
                seq,
                records,
            }));
        }
        if grant == 0 {
            return;
        }
        if self.host.trace.level() >= Level::Records {
            let (from, to) = (from.clone(), to.clone());
            let added = ExchangeEvent::CreditAdded { job, edge, from, to, credit: grant };
            self.host.trace.record(Event::Exchange(added));
        }
        let subpartition = *subpartition;
        let message = DataMessage::AddCredit { edge, subpartition, credit: grant };
        self.host.wire.send(self.port, *address, Lane::Data, Box::new(message));
    }

    fn on_event_taken(&mut self, index: usize, seq: u64, event: StreamEvent) {
        let InputChannel { edge, producer, .. } = &self.channels[index].settings;
        let (job, edge, from, to) = (self.job, *edge, producer.clone(), self.consumer.clone());
        self.host.trace.record(Event::Exchange(match event {
            StreamEvent::Watermark(watermark) => {
                ExchangeEvent::WatermarkReceived { job, edge, from, to, seq, watermark }
            }
            StreamEvent::WatermarkStatus(status) => {
                ExchangeEvent::WatermarkStatusReceived { job, edge, from, to, seq, status }
            }
            StreamEvent::Barrier(barrier) => {
                return self.on_barrier_taken(index, seq, barrier, 0);
            }
            // It never stands among the elements.
            StreamEvent::CancelCheckpoint(_) => return,
            StreamEvent::EndOfInput => {
                self.open -= 1;
                ExchangeEvent::EndOfInputReceived { job, edge, from, to, seq }
            }
        }));
    }

    fn on_barrier_taken(
        &mut self,
        index: usize,
        seq: u64,
        barrier: CheckpointBarrier,
        overtaken: u64,
    ) {
        let channel = &mut self.channels[index];
        channel.delivered = channel.delivered.max(barrier.id);
        self.host.trace.record(Event::Checkpoint(CheckpointEvent::BarrierReceived {
            job: self.job,
            edge: channel.settings.edge,
            from: channel.settings.producer.clone(),
            to: self.consumer.clone(),
            attempt: self.attempt,
            checkpoint: barrier.id,
            seq,
            records: channel.consumed,
            overtaken,
        }));
    }

    /// Nothing more is read of a channel, until it is resumed.
    pub fn block(&mut self, index: usize, checkpoint: CheckpointId) {
        if !std::mem::replace(&mut self.channels[index].blocked, true) {
            self.ready.retain(|ready| *ready != index);
            self.tell_blocked(index, checkpoint, true);
        }
    }

    /// Goes on with a channel that was blocked.
    pub fn resume(&mut self, index: usize, checkpoint: CheckpointId) {
        let channel = &mut self.channels[index];
        if !std::mem::replace(&mut channel.blocked, false) {
            return;
        }
        if !channel.queue.is_empty() {
            self.ready.push_back(index);
        }
        self.tell_blocked(index, checkpoint, false);
    }

    fn tell_blocked(&self, index: usize, checkpoint: CheckpointId, blocked: bool) {
        let InputChannel { edge, producer, .. } = &self.channels[index].settings;
        let (job, edge, from, to) = (self.job, *edge, producer.clone(), self.consumer.clone());
        self.host.trace.record(Event::Checkpoint(if blocked {
            CheckpointEvent::ChannelBlocked { job, edge, from, to, checkpoint }
        } else {
            CheckpointEvent::ChannelResumed { job, edge, from, to, checkpoint }
        }));
    }

    /// Lets the barrier that waits in a channel's order overtake what is in front of it.
    pub fn convert_to_priority(&mut self, index: usize, checkpoint: CheckpointId) {
        let channel = &mut self.channels[index];
        let barrier = channel.queue.iter().position(|(_, element)| match element {
            Element::Event(StreamEvent::Barrier(barrier)) => barrier.id == checkpoint,
            Element::Event(_) | Element::Data(_) => false,
        });
        let Some(place) = barrier else { return };
        let taken = channel.queue.remove(place);
        if let Some((seq, Element::Event(StreamEvent::Barrier(barrier)))) = taken {
            // That of a later checkpoint may have arrived while this one, which was given up, waited.
            if channel.overtook.is_none_or(|(known, _)| known < checkpoint) {
                channel.overtook = Some((checkpoint, seq));
            }
            let barrier = PriorityEvent::Barrier(barrier.as_unaligned());
            self.priority.push_back((index, seq, barrier));
        }
        if channel.queue.is_empty() {
            self.ready.retain(|ready| *ready != index);
        }
    }

    /// Has a barrier come just before the end of each channel that has not ended: its producers are
    /// gone and cannot send it. It keeps its place, since all that is before it has been sent.
    pub fn inject(&mut self, barrier: CheckpointBarrier) {
        let kind = match barrier.kind {
            CheckpointKind::AtLeastOnce => CheckpointKind::AtLeastOnce,
            CheckpointKind::Aligned { .. } | CheckpointKind::Unaligned => {
                CheckpointKind::Aligned { timeout_ms: None }
            }
        };
        self.injected.push(CheckpointBarrier { kind, ..barrier });
    }

    fn injection(&mut self, index: usize) -> Option<Taken> {
        let channel = self.channels.get(index)?;
        let (seq, Element::Event(StreamEvent::EndOfInput)) = channel.queue.front()? else {
            return None;
        };
        let (seq, delivered) = (*seq, channel.delivered);
        let barrier = self.injected.iter().find(|barrier| barrier.id > delivered).copied()?;
        self.on_barrier_taken(index, seq, barrier, 0);
        let input = self.channels[index].settings.input;
        let element = Element::Event(StreamEvent::Barrier(barrier));
        Some(Taken { channel: index, input, element })
    }

    /// Keeps from now on what the barriers of a checkpoint overtake: what waits in each channel
    /// that has not delivered its own, and what comes there before it does.
    pub fn start_keeping(&mut self, checkpoint: CheckpointId) {
        let waiting = self.channels.iter().enumerate();
        let waiting = waiting.filter(|(_, channel)| {
            channel.delivered < checkpoint
                || channel.overtook.is_some_and(|(overtook, _)| overtook == checkpoint)
        });
        self.keeping = Keeping::begin(checkpoint, waiting);
    }

    /// Keeps no more; what was kept.
    pub fn stop_keeping(&mut self) -> Vec<StoredChannel> {
        std::mem::take(&mut self.keeping).into_channels()
    }

    /// How many records of each channel were consumed, over all restarts.
    pub fn cuts(&self) -> Vec<ChannelCut> {
        let cut = |channel: &Channel| ChannelCut {
            edge: channel.settings.edge,
            peer: channel.settings.producer.clone(),
            records: channel.consumed,
        };
        self.channels.iter().map(cut).collect()
    }
}

fn by_address(channels: &[Channel]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..channels.len()).collect();
    places.sort_by_key(|&place| (channels[place].settings.address, place));
    places
}
