//! The loop of one task: mail first, then one element of input if there is room for its output.
//!
//! Previous: the wire delivers into [`InputGate`]. Next: the chain ([`super::chain`]), whose last
//! operator writes into [`ResultPartition`]s.
//!
//! Invariants: user code (also that which serializes or shows a record when it is sent) runs only
//! inside [`guarded`]; what it costs is awaited before the next element; nothing is emitted after
//! the end of input.

use std::cell::Cell;
use std::rc::Rc;

use super::chain::{self, Head, Shared};
use super::checkpoints::Checkpointing;
use super::event_time::InputEventTime;
use super::guard::guarded;
use super::restoring::Restored;
use super::waiting::Spent;
use super::{CheckpointLetter, Mail, TaskDescriptor, TaskUpdate, wiring};
use crate::base::{EventTime, SimDuration, SimTime};
use crate::host::{Host, Inbox, InjectedFailure, Payload, Services, Signal};
use crate::network::{Consumer, ConsumerChannel, DataMessage, InputGate, ResultPartition, Taken};
use crate::operator::{
    AccumulatorRegistry, Channels, Meter, OutsideWork, ProcessingTimeService, Snapshots,
    SourceStatus,
};
use crate::record::{ChainEvent, Element, Failure, StreamEvent};
use crate::trace::{Event, TimeEvent};

/// How a task ended, other than by failing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Finished,
    Canceled,
}

/// What a task's loop finds to do.
enum Work {
    /// An operator has asked to be called.
    Timers,
    /// There is an element, or may be one.
    Input,
    /// There is none before this moment.
    NothingUntil(SimTime),
    /// There will never be any.
    EndOfInput,
}

pub(super) struct StreamTask {
    pub(super) host: Host,
    pub(super) descriptor: TaskDescriptor,
    pub(super) signal: Signal,
    pub(super) mail: Rc<Mail>,
    pub(super) on_update: Rc<dyn Fn(TaskUpdate)>,
    inbox: Rc<dyn Inbox>,
    pub(super) gate: InputGate,
    event_time: InputEventTime,
    /// How far its input is in event time, as far as that is known.
    pub(super) watermark: Option<EventTime>,
    pub(super) partitions: Vec<Rc<ResultPartition>>,
    pub(super) head: Head,
    pub(super) checkpoints: Checkpointing,
    /// Whether it is to fail.
    fails: Rc<Cell<Option<InjectedFailure>>>,
    /// When a source that had nothing will have something.
    source_due: SimTime,
    source_ended: bool,
    pub(super) back_pressured: bool,
    /// All that it had to send is on its way or will be: it takes no more snapshots.
    pub(super) closing: bool,
    /// Its input had ended by the checkpoint that it is restored from.
    ended_before: bool,
    pub(super) shared: Shared,
    /// What its work has cost and it has not slept for.
    pub(super) owed: SimDuration,
    pub(super) spent: Spent,
}

/// What connects a task with those outside.
pub(super) struct Surroundings {
    pub(super) signal: Signal,
    pub(super) mail: Rc<Mail>,
    pub(super) inbox: Rc<dyn Inbox>,
    pub(super) accumulators: AccumulatorRegistry,
    pub(super) services: Services,
    pub(super) on_update: Rc<dyn Fn(TaskUpdate)>,
}

impl StreamTask {
    /// Sets the operators up, with what a checkpoint holds for them, and connects to the producers.
    pub(super) fn open(
        host: &Host,
        descriptor: TaskDescriptor,
        surroundings: Surroundings,
        restored: Option<Restored>,
    ) -> Result<Self, Failure> {
        let Surroundings { signal, mail, inbox, accumulators, services, on_update } = surroundings;
        let storage = services.storage.clone();
        let updates = on_update.clone();
        let coordinator = Rc::new(move |event| updates(TaskUpdate::OperatorEvent(event)));
        let (state, rest) = match restored {
            Some(restored) => {
                let (state, rest) = restored.split();
                (Some(state), Some(rest))
            }
            None => (None, None),
        };
        let finished = rest.as_ref().is_some_and(|rest| rest.finished);
        let counts = state.as_ref().map(|state| state.snapshot.channels.clone());
        let config = descriptor.checkpointing.clone();
        let incremental = config.as_ref().is_some_and(|config| config.incremental);
        let parts = descriptor.snapshot_parts.clone();
        let ended = state.as_ref().is_some_and(|state| state.snapshot.ended);
        let timers: Rc<ProcessingTimeService> = Rc::default();
        let shared = Shared {
            snapshots: Snapshots::new(parts.clone(), incremental, state),
            accumulators,
            meter: Rc::new(Meter::default()),
            outside: Rc::new(OutsideWork::new(signal.clone(), timers.clone())),
            services,
            timers,
            scratch: Rc::default(),
            activity_clock: Rc::default(),
            coordinator,
        };
        let partitions = wiring::result_partitions(host, &descriptor);
        let head = if finished {
            Head::Finished
        } else {
            guarded(|| chain::build(host, &descriptor, &shared, &partitions))?
        };
        let consumer = Consumer {
            job: descriptor.attempt.subtask.job,
            name: descriptor.name.clone(),
            attempt: descriptor.attempt.attempt,
            port: descriptor.port,
        };
        let channels = wiring::input_channels(&descriptor);
        let gate = InputGate::new(host.clone(), consumer, descriptor.options.credits, channels);
        let merge = &descriptor.parts.watermark_merge;
        let event_time = InputEventTime::new(gate.inputs(), merge);
        let checkpoints = Checkpointing::new(config, parts, storage, gate.channel_count());
        let fails = host.outside.expect_failure(&descriptor.name, signal.clone());
        let mut this = Self {
            host: host.clone(),
            descriptor,
            signal,
            mail,
            on_update,
            inbox,
            gate,
            event_time,
            watermark: None,
            partitions,
            head,
            checkpoints,
            fails,
            source_due: SimTime::ZERO,
            source_ended: false,
            back_pressured: false,
            closing: false,
            ended_before: ended,
            shared,
            owed: SimDuration::ZERO,
            spent: Spent::default(),
        };
        if let Some(rest) = rest {
            this.take_over(rest, &counts.unwrap_or_default())?;
        }
        this.gate.request_partitions();
        Ok(this)
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.shared.meter
    }

    /// Processes until the input has ended and all output is on its way.
    pub(super) async fn invoke(&mut self) -> Result<Ended, Failure> {
        loop {
            self.read_mail()?;
            if self.mail.cancelled.get() {
                return Ok(Ended::Canceled);
            }
            self.on_checkpoint_clock()?;
            // The clock may have let barriers overtake: nothing behind them may be read before.
            self.read_priority_events()?;
            self.flush_if_due()?;
            match self.next_work() {
                Work::EndOfInput => break,
                Work::NothingUntil(due) => self.wait_idle(due).await,
                Work::Timers | Work::Input if !self.is_output_available() => {
                    self.wait_back_pressured().await;
                }
                Work::Input if self.shared.outside.is_full() => self.wait_back_pressured().await,
                Work::Timers => {
                    self.ease_back_pressure();
                    self.call_timers()?;
                    self.pay().await?;
                }
                Work::Input => {
                    self.ease_back_pressure();
                    let late = self.checkpoints.late.take();
                    self.process_one()?;
                    self.take_late_snapshot(late)?;
                    self.pay().await?;
                }
            }
        }
        self.closing = true;
        self.end_input()?;
        self.tell_state_left()?;
        self.pay().await?;
        // Unlike Flink, where a finished task's partitions live on in their TaskManager, a task
        // stays until its consumers have been sent everything.
        while !self.partitions.iter().all(|partition| partition.is_drained()) {
            self.wait_back_pressured().await;
            self.read_mail()?;
            self.on_checkpoint_clock()?;
            if self.mail.cancelled.get() {
                return Ok(Ended::Canceled);
            }
        }
        self.ease_back_pressure();
        // What its sinks have written becomes visible with the next checkpoint.
        while self.shared.outside.is_uncommitted() {
            if self.shared.timers.is_due(&*self.host.clock) {
                self.call_timers()?;
            } else {
                self.wait_idle(SimTime::MAX).await;
            }
            self.read_mail()?;
            self.on_checkpoint_clock()?;
            if self.mail.cancelled.get() {
                return Ok(Ended::Canceled);
            }
        }
        // What was taken of its state is stored before it is gone.
        while !self.checkpoints.is_idle() {
            if self.shared.timers.is_due(&*self.host.clock) {
                self.call_timers()?;
            } else {
                self.wait_idle(SimTime::MAX).await;
            }
            self.read_mail()?;
            self.on_checkpoint_clock()?;
            if self.mail.cancelled.get() {
                return Ok(Ended::Canceled);
            }
        }
        Ok(Ended::Finished)
    }

    /// Ends without having finished: the consumers need not wait for more, and nobody will ask for
    /// the snapshots that are underway.
    pub(super) fn abandon(&mut self) {
        self.partitions.iter().for_each(|partition| partition.abandon());
        self.forget_all();
    }

    /// Takes up what the JobMaster and the neighbours sent.
    fn read_mail(&mut self) -> Result<(), Failure> {
        match self.fails.get() {
            None => {}
            Some(InjectedFailure::Throws) => {
                let name = &self.descriptor.name;
                return Err(Failure(format!("injected failure: the function of {name} threw")));
            }
            Some(InjectedFailure::Panics) => {
                let name = self.descriptor.name.clone();
                return guarded(|| panic!("injected panic in the function of {name}"));
            }
        }
        if let (Some(max_watermark), Head::Source(source)) =
            (self.mail.alignment.take(), &mut self.head)
        {
            guarded(|| {
                source.on_alignment(max_watermark);
                Ok(())
            })?;
            self.source_due = SimTime::ZERO;
        }
        while let Some(delivery) = self.inbox.try_recv() {
            let Payload::Message(message) = delivery.payload else {
                self.gate.on_reset(delivery.from)?;
                continue;
            };
            let message: Box<dyn std::any::Any> = message;
            let Ok(message) = message.downcast::<DataMessage>() else {
                return Err(Failure(format!("a stranger wrote to {}", self.descriptor.name)));
            };
            match *message {
                DataMessage::PartitionRequest { edge, subpartition, channel, credit } => {
                    let consumer = ConsumerChannel { address: delivery.from, channel, credit };
                    if let Some(partition) = self.partition(edge) {
                        guarded(|| {
                            partition.on_partition_request(subpartition, consumer);
                            Ok(())
                        })?;
                    }
                }
                DataMessage::AddCredit { edge, subpartition, credit } => {
                    if let Some(partition) = self.partition(edge) {
                        guarded(|| {
                            partition.on_add_credit(subpartition, credit);
                            Ok(())
                        })?;
                    }
                }
                DataMessage::BufferResponse { channel, seq, element } => {
                    self.gate.on_buffer(channel, seq, element)?;
                }
                DataMessage::ErrorResponse { channel } => self.gate.on_error(channel),
            }
        }
        self.gate.retry();
        self.read_checkpoint_mail()
    }

    fn read_priority_events(&mut self) -> Result<(), Failure> {
        while let Some((channel, event)) = self.gate.take_priority() {
            self.on_priority(channel, event)?;
        }
        Ok(())
    }

    fn read_checkpoint_mail(&mut self) -> Result<(), Failure> {
        self.read_priority_events()?;
        loop {
            let letter = self.mail.checkpoints.borrow_mut().pop_front();
            match letter {
                Some(CheckpointLetter::Trigger(barrier)) => self.on_trigger(barrier)?,
                Some(CheckpointLetter::Complete(id)) => self.on_checkpoint_complete(id)?,
                Some(CheckpointLetter::Aborted(id)) => self.on_checkpoint_aborted(id)?,
                None => break,
            }
        }
        while let Some((checkpoint, operator, how)) = self.shared.outside.take_prepared() {
            self.on_prepared(checkpoint, &operator, how);
        }
        loop {
            let stored = self.mail.stored.borrow_mut().pop_front();
            let Some((checkpoint, result)) = stored else { return Ok(()) };
            self.on_stored(checkpoint, result);
        }
    }

    fn partition(&self, edge: u16) -> Option<&Rc<ResultPartition>> {
        self.partitions.iter().find(|partition| partition.edge() == edge)
    }

    fn is_output_available(&self) -> bool {
        self.partitions.iter().all(|partition| partition.is_available())
    }

    fn next_work(&self) -> Work {
        if self.checkpoints.is_paused() {
            return Work::NothingUntil(SimTime::MAX);
        }
        if self.shared.timers.is_due(&*self.host.clock) {
            return Work::Timers;
        }
        match &self.head {
            Head::Source(_) if self.source_ended => Work::EndOfInput,
            Head::Source(_) if self.source_due > self.host.clock.now() => {
                Work::NothingUntil(self.source_due)
            }
            Head::Source(_) => Work::Input,
            Head::Operator(_) | Head::Finished if self.gate.is_ready() => Work::Input,
            Head::Operator(_) | Head::Finished if self.gate.is_ended() => Work::EndOfInput,
            Head::Operator(_) | Head::Finished => Work::NothingUntil(SimTime::MAX),
        }
    }

    fn process_one(&mut self) -> Result<(), Failure> {
        let now = self.host.clock.now();
        match &mut self.head {
            Head::Source(source) => match guarded(|| source.poll_next(now))? {
                SourceStatus::MoreAvailable => {}
                SourceStatus::NothingUntil(due) => self.source_due = due,
                SourceStatus::Waits => self.source_due = SimTime::MAX,
                SourceStatus::EndOfInput => self.source_ended = true,
            },
            Head::Operator(operator) => match self.gate.take() {
                Some(Taken { input, element: Element::Data(batch), .. }) => {
                    self.shared.meter.count_in(batch.records());
                    guarded(|| operator.collect_any(input, batch))?;
                }
                Some(Taken { channel, input, element: Element::Event(event) }) => {
                    self.on_stream_event(channel, input, event)?;
                }
                None => {}
            },
            Head::Finished => {
                self.gate.take();
            }
        }
        Ok(())
    }

    fn on_stream_event(
        &mut self,
        channel: usize,
        input: u16,
        event: StreamEvent,
    ) -> Result<(), Failure> {
        match event {
            StreamEvent::Barrier(barrier) => return self.on_barrier(channel, barrier),
            StreamEvent::EndOfInput => self.on_end_of_channel(channel)?,
            StreamEvent::Watermark(_)
            | StreamEvent::WatermarkStatus(_)
            | StreamEvent::CancelCheckpoint(_) => {}
        }
        for event in self.event_time.on_event(channel, input, event) {
            self.record_event_time(event);
            guarded(|| self.head.on_event(event))?;
        }
        Ok(())
    }

    /// Calls the operators that have asked for it.
    fn call_timers(&mut self) -> Result<(), Failure> {
        self.shared.timers.forget();
        guarded(|| self.head.on_event(ChainEvent::TimersDue))?;
        // A source may have waited for what its timer has done.
        self.source_due = SimTime::ZERO;
        Ok(())
    }

    fn record_event_time(&mut self, event: ChainEvent) {
        if let ChainEvent::Watermark(watermark) = event {
            self.watermark = Some(watermark);
        }
        let job = self.descriptor.attempt.subtask.job;
        let subtask = self.descriptor.name.clone();
        self.host.trace.record(Event::Time(match event {
            ChainEvent::Watermark(watermark) => {
                TimeEvent::WatermarkAdvanced { job, subtask, watermark }
            }
            ChainEvent::WatermarkStatus(status) => {
                TimeEvent::WatermarkStatusChanged { job, subtask, status }
            }
            ChainEvent::TimersDue
            | ChainEvent::Flush
            | ChainEvent::BeforeBarrier
            | ChainEvent::Snapshot(_)
            | ChainEvent::CheckpointComplete(_)
            | ChainEvent::CheckpointAborted(_)
            | ChainEvent::EndOfInput => return,
        }));
    }

    fn end_input(&mut self) -> Result<(), Failure> {
        if self.ended_before || matches!(self.head, Head::Finished) {
            for partition in &self.partitions {
                partition.broadcast(StreamEvent::Watermark(EventTime::MAX));
                partition.broadcast(StreamEvent::EndOfInput);
            }
            return Ok(());
        }
        guarded(|| self.head.on_event(ChainEvent::EndOfInput))?;
        // The end of the input has flushed what was staged.
        self.partitions.iter().for_each(|partition| partition.flushed());
        Ok(())
    }

    pub(super) fn flush_deadline(&self) -> Option<SimTime> {
        self.partitions.iter().filter_map(|partition| partition.flush_deadline()).min()
    }

    fn flush_if_due(&mut self) -> Result<(), Failure> {
        if self.flush_deadline().is_none_or(|due| due > self.host.clock.now()) {
            return Ok(());
        }
        guarded(|| self.head.on_event(ChainEvent::Flush))?;
        self.partitions.iter().for_each(|partition| partition.flushed());
        Ok(())
    }
}
