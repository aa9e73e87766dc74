//! A task's output along one edge: a queue per consumer, sent as credit allows.
//!
//! Previous: [`super::RecordWriter`]. Next: the wire, then the consumer's [`super::InputGate`].

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::{DataMessage, overtaken};
use crate::base::{CheckpointId, JobId, Name, SimDuration, SimTime};
use crate::checkpoint::{StoredChannel, StoredElement};
use crate::host::{Address, Host, Lane, Port};
use crate::operator::Channels;
use crate::record::{AnyBatch, CheckpointBarrier, Element, Partitioning, StreamEvent};
use crate::trace::{
    ChannelCut, CheckpointEvent, Event, ExchangeEvent, Level, RecordEvent, TimeEvent,
};

/// What a result partition is made with.
pub struct PartitionSettings {
    /// The job.
    pub job: JobId,
    /// The producing subtask.
    pub producer: Name,
    /// Which attempt at it.
    pub attempt: u32,
    /// The producer's port.
    pub port: Port,
    /// The edge of the job graph, by its place there.
    pub edge: u16,
    /// How records are dealt.
    pub partitioning: Partitioning,
    /// The maximum parallelism of the consumer.
    pub max_parallelism: u32,
    /// The consuming subtasks, by subpartition.
    pub consumers: Vec<Name>,
    /// How many buffers may wait in a subpartition before its producer stops
    /// (`taskmanager.network.memory.max-buffers-per-channel`).
    pub queue_limit: usize,
    /// After how long what is staged must be sent.
    pub buffer_timeout: SimDuration,
}

/// The channel that a consumer has connected to a subpartition.
#[derive(Clone, Copy, Debug)]
pub struct ConsumerChannel {
    /// Where the consumer is.
    pub address: Address,
    /// Its channel.
    pub channel: u32,
    /// Buffers that may be sent at once.
    pub credit: u32,
}

/// See the module. Shared by the writer, which adds, and the task, which hears from consumers.
pub struct ResultPartition {
    host: Host,
    settings: PartitionSettings,
    subpartitions: RefCell<Vec<Subpartition>>,
    /// When the first record was staged of those that wait in the writer.
    staged_since: Cell<Option<SimTime>>,
    /// Subpartitions whose queue is at its limit.
    full: Cell<usize>,
    /// Elements in all queues. A task that has nothing more to do asks at each of its wakings
    /// whether there are any, and it has as many wakings as subpartitions.
    queued: Cell<usize>,
}

#[derive(Default)]
struct Subpartition {
    queue: VecDeque<Element>,
    consumer: Option<(Address, u32)>,
    credit: u32,
    sent: u64,
    /// Records given to it, over all restarts.
    given: u64,
    /// The barriers in the queue.
    barriers: Vec<QueuedBarrier>,
}

/// A barrier in the queue.
#[derive(Clone, Copy)]
struct QueuedBarrier {
    checkpoint: CheckpointId,
    /// Records that were given to the channel before it.
    records: u64,
    /// How many of these it overtakes.
    overtaken: u64,
}

impl ResultPartition {
    /// An empty partition whose consumers have yet to connect.
    pub fn new(host: Host, settings: PartitionSettings) -> Rc<Self> {
        let subpartitions = settings.consumers.iter().map(|_| Subpartition::default()).collect();
        Rc::new(Self {
            host,
            settings,
            subpartitions: RefCell::new(subpartitions),
            staged_since: Cell::new(None),
            full: Cell::new(0),
            queued: Cell::new(0),
        })
    }

    /// The edge of the job graph, by its place there.
    pub fn edge(&self) -> u16 {
        self.settings.edge
    }

    /// Whether a producer may go on. The element at hand may still be finished when it may not,
    /// so a queue can exceed its limit by what one element produces.
    pub fn is_available(&self) -> bool {
        self.full.get() == 0
    }

    /// Whether everything has been sent.
    pub fn is_drained(&self) -> bool {
        self.queued.get() == 0
    }

    /// When what is staged in the writer must be sent, if anything is.
    pub fn flush_deadline(&self) -> Option<SimTime> {
        self.staged_since.get().map(|since| since + self.settings.buffer_timeout)
    }

    /// Forgets the deadline: the writer has been flushed.
    pub fn flushed(&self) {
        self.staged_since.set(None);
    }

    /// A consumer connects. One that has asked twice, since it took a reset that was meant for
    /// another of its channels for its own, has the credit of the first time.
    pub fn on_partition_request(&self, subpartition: u32, consumer: ConsumerChannel) {
        let index = subpartition as usize;
        match self.subpartitions.borrow_mut().get_mut(index) {
            Some(subpartition) if subpartition.consumer.is_none() => {
                subpartition.consumer = Some((consumer.address, consumer.channel));
                subpartition.credit = consumer.credit;
            }
            Some(_) | None => return,
        }
        self.send_ready(index);
    }

    /// A consumer lets more be sent.
    pub fn on_add_credit(&self, subpartition: u32, credit: u32) {
        let index = subpartition as usize;
        if let Some(subpartition) = self.subpartitions.borrow_mut().get_mut(index) {
            subpartition.credit += credit;
        }
        self.send_ready(index);
    }

    /// Tells the consumers that nothing more comes, since the producer has failed or was
    /// cancelled.
    pub fn abandon(&self) {
        for (address, channel) in self.subpartitions.borrow().iter().filter_map(|it| it.consumer) {
            let message = DataMessage::ErrorResponse { channel };
            self.host.wire.send(self.settings.port, address, Lane::Data, Box::new(message));
        }
    }

    /// What a checkpoint has of a subpartition: how many records were given to it before those that
    /// it must send again.
    pub fn restore(&self, index: usize, given: u64, elements: Vec<Element>) {
        self.subpartitions.borrow_mut()[index].given = given;
        for element in elements {
            self.enqueue(index, element);
        }
    }

    /// Sends a barrier to every consumer: behind all that waits, or in front of it if it overtakes.
    /// What it overtakes, by subpartition.
    pub fn send_barrier(&self, barrier: CheckpointBarrier) -> Vec<StoredChannel> {
        if !barrier.is_unaligned() {
            for index in 0..self.settings.consumers.len() {
                let mut subpartitions = self.subpartitions.borrow_mut();
                let Subpartition { given, barriers, .. } = &mut subpartitions[index];
                let (checkpoint, records) = (barrier.id, *given);
                barriers.push(QueuedBarrier { checkpoint, records, overtaken: 0 });
                drop(subpartitions);
                self.enqueue(index, Element::Event(StreamEvent::Barrier(barrier)));
            }
            return Vec::new();
        }
        (0..self.settings.consumers.len())
            .filter_map(|index| self.send_in_front(index, barrier, usize::MAX))
            .collect()
    }

    /// Lets a barrier overtake what stands in front of it in a queue, or would if it stood at
    /// `place`.
    fn send_in_front(
        &self,
        index: usize,
        barrier: CheckpointBarrier,
        place: usize,
    ) -> Option<StoredChannel> {
        let mut subpartitions = self.subpartitions.borrow_mut();
        let Subpartition { queue, given, barriers, .. } = &mut subpartitions[index];
        let elements: Vec<StoredElement> =
            queue.iter().take(place).filter_map(overtaken::stored).collect();
        let behind: u64 = queue.iter().skip(place).map(Element::records).sum();
        let (checkpoint, records) = (barrier.id, *given - behind);
        let overtaken = elements.iter().map(StoredElement::records).sum();
        barriers.push(QueuedBarrier { checkpoint, records, overtaken });
        queue.push_front(Element::Event(StreamEvent::Barrier(barrier)));
        self.queued.set(self.queued.get() + 1);
        if queue.len() == self.settings.queue_limit {
            self.full.set(self.full.get() + 1);
        }
        drop(subpartitions);
        self.send_ready(index);
        let from = records - overtaken;
        let kept = StoredChannel { channel: index as u32, from, elements };
        (!kept.elements.is_empty()).then_some(kept)
    }

    /// Whether a barrier that keeps its place has yet to be sent.
    pub fn has_queued(&self, checkpoint: CheckpointId) -> bool {
        let subpartitions = self.subpartitions.borrow();
        subpartitions.iter().any(|it| it.barriers.iter().any(|it| it.checkpoint == checkpoint))
    }

    /// Lets the barriers of a checkpoint that wait in their place overtake. What they overtake.
    pub fn overtake(&self, checkpoint: CheckpointId) -> Vec<StoredChannel> {
        (0..self.settings.consumers.len())
            .filter_map(|index| self.overtake_in(index, checkpoint))
            .collect()
    }

    fn overtake_in(&self, index: usize, checkpoint: CheckpointId) -> Option<StoredChannel> {
        let is_it = |element: &Element| match element {
            Element::Event(StreamEvent::Barrier(barrier)) => barrier.id == checkpoint,
            Element::Event(_) | Element::Data(_) => false,
        };
        let (place, barrier) = {
            let mut subpartitions = self.subpartitions.borrow_mut();
            let Subpartition { queue, barriers, .. } = &mut subpartitions[index];
            let place = queue.iter().position(is_it)?;
            barriers.retain(|queued| queued.checkpoint != checkpoint);
            let Some(Element::Event(StreamEvent::Barrier(barrier))) = queue.remove(place) else {
                return None;
            };
            self.queued.set(self.queued.get() - 1);
            if queue.len() + 1 == self.settings.queue_limit {
                self.full.set(self.full.get() - 1);
            }
            (place, barrier)
        };
        self.send_in_front(index, barrier.as_unaligned(), place)
    }

    /// How many records were given to each channel, over all restarts.
    pub fn cuts(&self) -> Vec<ChannelCut> {
        let (edge, consumers) = (self.settings.edge, &self.settings.consumers);
        let subpartitions = self.subpartitions.borrow();
        let given = subpartitions.iter().map(|subpartition| subpartition.given);
        let cut = |(peer, records): (&Name, u64)| ChannelCut { edge, peer: peer.clone(), records };
        consumers.iter().zip(given).map(cut).collect()
    }

    /// Sends what the credit of a subpartition allows.
    fn send_ready(&self, index: usize) {
        while let Some((message, to)) = self.next_message(index) {
            self.host.wire.send(self.settings.port, to, Lane::Data, Box::new(message));
        }
    }

    fn next_message(&self, index: usize) -> Option<(DataMessage, Address)> {
        let mut subpartitions = self.subpartitions.borrow_mut();
        let subpartition = subpartitions.get_mut(index)?;
        let (address, channel) = subpartition.consumer?;
        if let Element::Data(_) = subpartition.queue.front()? {
            if subpartition.credit == 0 {
                return None;
            }
            subpartition.credit -= 1;
        }
        let element = subpartition.queue.pop_front()?;
        self.queued.set(self.queued.get() - 1);
        if subpartition.queue.len() + 1 == self.settings.queue_limit {
            self.full.set(self.full.get() - 1);
        }
        subpartition.sent += 1;
        let (seq, backlog) = (subpartition.sent, subpartition.queue.len() as u32);
        let credit = subpartition.credit;
        drop(subpartitions);
        self.record_sent(index, seq, backlog, credit, &element);
        Some((DataMessage::BufferResponse { channel, seq, element }, address))
    }

    fn record_emitted(&self, event: StreamEvent) {
        let PartitionSettings { job, edge, producer, .. } = &self.settings;
        let (job, edge, subtask) = (*job, *edge, producer.clone());
        self.host.trace.record(Event::Time(match event {
            StreamEvent::Watermark(watermark) => {
                TimeEvent::WatermarkEmitted { job, subtask, edge, watermark }
            }
            StreamEvent::WatermarkStatus(status) => {
                TimeEvent::WatermarkStatusEmitted { job, subtask, edge, status }
            }
            StreamEvent::Barrier(_)
            | StreamEvent::CancelCheckpoint(_)
            | StreamEvent::EndOfInput => return,
        }));
    }

    fn record_sent(&self, index: usize, seq: u64, backlog: u32, credit: u32, element: &Element) {
        let trace = &self.host.trace;
        if matches!(element, Element::Data(_)) && trace.level() < Level::Records {
            return;
        }
        let PartitionSettings { job, edge, producer, consumers, .. } = &self.settings;
        let (job, edge) = (*job, *edge);
        let (from, to) = (producer.clone(), consumers[index].clone());
        match element {
            Element::Event(event) => {
                let sent = match *event {
                    StreamEvent::Watermark(watermark) => {
                        ExchangeEvent::WatermarkSent { job, edge, from, to, seq, watermark }
                    }
                    StreamEvent::WatermarkStatus(status) => {
                        ExchangeEvent::WatermarkStatusSent { job, edge, from, to, seq, status }
                    }
                    StreamEvent::Barrier(barrier) => {
                        return self.record_barrier_sent(index, seq, barrier.id);
                    }
                    StreamEvent::CancelCheckpoint(_) => return,
                    StreamEvent::EndOfInput => {
                        ExchangeEvent::EndOfInputSent { job, edge, from, to, seq }
                    }
                };
                trace.record(Event::Exchange(sent));
            }
            Element::Data(batch) => {
                let records = batch.records() as u32;
                trace.record(Event::Exchange(ExchangeEvent::BufferSent {
                    job,
                    edge,
                    from: from.clone(),
                    to: to.clone(),
                    seq,
                    records,
                    backlog,
                    credit,
                }));
                let (ids, values) = (batch.ids().to_vec(), batch.render());
                trace.record(Event::Record(RecordEvent::RecordsSent {
                    job,
                    edge,
                    from,
                    to,
                    seq,
                    ids,
                    values,
                }));
            }
        }
    }
}

impl ResultPartition {
    fn record_barrier_sent(&self, index: usize, seq: u64, checkpoint: CheckpointId) {
        let PartitionSettings { job, edge, producer, attempt, consumers, .. } = &self.settings;
        let queued = {
            let barriers = &mut self.subpartitions.borrow_mut()[index].barriers;
            let place = barriers.iter().position(|queued| queued.checkpoint == checkpoint);
            barriers.remove(place.expect("a barrier in the queue is known"))
        };
        self.host.trace.record(Event::Checkpoint(CheckpointEvent::BarrierSent {
            job: *job,
            edge: *edge,
            from: producer.clone(),
            to: consumers[index].clone(),
            attempt: *attempt,
            checkpoint,
            seq,
            records: queued.records,
            overtaken: queued.overtaken,
        }));
    }
}

impl Channels for Rc<ResultPartition> {
    fn count(&self) -> usize {
        self.settings.consumers.len()
    }

    fn edge(&self) -> u16 {
        self.settings.edge
    }

    fn max_parallelism(&self) -> u32 {
        self.settings.max_parallelism
    }

    fn partitioning(&self) -> Partitioning {
        self.settings.partitioning
    }

    fn add(&self, channel: usize, batch: Box<dyn AnyBatch>) {
        self.enqueue(channel, Element::Data(batch));
    }

    fn broadcast(&self, event: StreamEvent) {
        self.record_emitted(event);
        for channel in 0..self.settings.consumers.len() {
            self.enqueue(channel, Element::Event(event));
        }
    }

    fn staged(&self) {
        if self.staged_since.get().is_none() {
            self.staged_since.set(Some(self.host.clock.now()));
        }
    }
}

impl ResultPartition {
    fn enqueue(&self, channel: usize, element: Element) {
        let length = {
            let subpartition = &mut self.subpartitions.borrow_mut()[channel];
            subpartition.given += element.records();
            subpartition.queue.push_back(element);
            self.queued.set(self.queued.get() + 1);
            subpartition.queue.len()
        };
        if length == self.settings.queue_limit {
            self.full.set(self.full.get() + 1);
        }
        self.send_ready(channel);
    }
}
