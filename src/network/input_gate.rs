//! A task's input: all channels of all its inputs, read in the order in which they filled.
//!
//! Previous: the producer's [`super::ResultPartition`], across the wire. Next: the head of the
//! consumer's chain ([`crate::task`]).

use std::collections::VecDeque;

use super::DataMessage;
use crate::base::{JobId, Name, SimDuration, SimTime};
use crate::host::{Address, Host, Lane, Port};
use crate::record::{Element, Failure, StreamEvent};
use crate::trace::{Event, ExchangeEvent, Level};

/// `taskmanager.network.request-backoff.initial`.
const FIRST_BACKOFF: SimDuration = SimDuration::from_millis(100);
/// `taskmanager.network.request-backoff.max`.
const LONGEST_BACKOFF: SimDuration = SimDuration::from_secs(10);

/// One channel, as it is known before anything arrives.
pub struct InputChannel {
    /// The edge of the job graph, by its place there.
    pub edge: u16,
    /// Which input of the head operator it feeds.
    pub input: u16,
    /// The producing subtask.
    pub producer: Name,
    /// Where the producer is.
    pub address: Address,
    /// The subpartition of the producer.
    pub subpartition: u32,
}

/// What an input gate gives its task.
pub struct Taken {
    /// The channel that it came on, by its place among all of the gate.
    pub channel: usize,
    /// Which input of the head operator it is for.
    pub input: u16,
    /// What it is.
    pub element: Element,
}

struct Channel {
    settings: InputChannel,
    queue: VecDeque<(u64, Element)>,
    arrived: u64,
    consumed_credit: u32,
    backoff: SimDuration,
    /// Whether its producer was not there, so that it is among the retries.
    waits: bool,
    /// All of it has arrived, or its producer has failed: in either case that may be gone.
    complete: bool,
}

/// See the module.
pub struct InputGate {
    host: Host,
    job: JobId,
    consumer: Name,
    port: Port,
    credit: u32,
    channels: Vec<Channel>,
    /// Channels with something to read, each once, in the order in which they got it.
    ready: VecDeque<usize>,
    /// Channels whose producer was not there yet, and when to ask again.
    retries: Vec<(SimTime, usize)>,
    open: usize,
}

impl InputGate {
    /// A gate over `channels`, each of which begins with `credit` buffers.
    pub fn new(
        host: Host,
        job: JobId,
        consumer: Name,
        port: Port,
        credit: u32,
        channels: Vec<InputChannel>,
    ) -> Self {
        let channel = |settings| Channel {
            settings,
            queue: VecDeque::new(),
            arrived: 0,
            consumed_credit: 0,
            backoff: FIRST_BACKOFF,
            waits: false,
            complete: false,
        };
        let channels: Vec<_> = channels.into_iter().map(channel).collect();
        let (ready, retries, open) = (VecDeque::new(), Vec::new(), channels.len());
        Self { host, job, consumer, port, credit, channels, ready, retries, open }
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
        channel.queue.push_back((seq, element));
        if channel.queue.len() == 1 {
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
        for (index, channel) in self.channels.iter_mut().enumerate() {
            if channel.settings.address != address || channel.complete {
                continue;
            }
            let producer = &channel.settings.producer;
            if channel.arrived > 0 {
                return Err(Failure(format!(
                    "RemoteTransportException: connection to {producer} was lost"
                )));
            }
            if !std::mem::replace(&mut channel.waits, true) {
                self.retries.push((now + channel.backoff, index));
                channel.backoff = (channel.backoff * 2).min(LONGEST_BACKOFF);
            }
        }
        Ok(())
    }

    /// When a producer is to be asked again.
    pub fn retry_deadline(&self) -> Option<SimTime> {
        self.retries.iter().map(|(at, _)| *at).min()
    }

    /// Asks those producers again whose time has come.
    pub fn retry(&mut self) {
        let now = self.host.clock.now();
        let (due, later) = self.retries.iter().partition(|(at, _)| *at <= now);
        self.retries = later;
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

    /// Whether there is something to read.
    pub fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether every channel has ended.
    pub fn is_ended(&self) -> bool {
        self.open == 0
    }

    /// The next element. Channels that have something take turns.
    pub fn take(&mut self) -> Option<Taken> {
        let index = self.ready.pop_front()?;
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

    fn on_data_taken(&mut self, index: usize, seq: u64, records: u32) {
        let channel = &mut self.channels[index];
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
            StreamEvent::EndOfInput => {
                self.open -= 1;
                ExchangeEvent::EndOfInputReceived { job, edge, from, to, seq }
            }
        }));
    }
}
