//! `assign_timestamps_and_watermarks` in the middle of a stream.
//!
//! Previous: any operator. Next: whatever goes by event time behind it.

use super::{Cost, OperatorContext};
use crate::base::{EventTime, SimDuration, SimTime};
use crate::record::{Batch, ChainEvent, Data, Failure, Output, WatermarkStatus};
use crate::time::{DataOutput, TimestampsAndWatermarks, WatermarkStrategy};

/// What a generator has said, to be handed on behind the records that it has seen.
#[derive(Default)]
pub struct Said(Vec<ChainEvent>);

impl Said {
    /// Whether it has said nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Hands it on.
    pub fn hand_on<T: 'static>(&mut self, output: &mut dyn Output<T>) -> Result<(), Failure> {
        self.0.drain(..).try_for_each(|event| output.on_event(event))
    }
}

impl DataOutput for Said {
    fn emit_watermark(&mut self, watermark: EventTime) {
        self.0.push(ChainEvent::Watermark(watermark));
    }

    fn emit_watermark_status(&mut self, status: WatermarkStatus) {
        self.0.push(ChainEvent::WatermarkStatus(status));
    }
}

/// The moments at which watermarks are emitted (`pipeline.auto-watermark-interval`).
pub struct PeriodicEmit {
    context: OperatorContext,
    next: SimTime,
}

impl PeriodicEmit {
    /// The first moment is one interval from now.
    pub fn new(context: &OperatorContext) -> Self {
        let next = Self::after(context);
        context.timers.call_at(next);
        Self { context: context.clone(), next }
    }

    /// Never, if the interval is zero.
    fn after(context: &OperatorContext) -> SimTime {
        match context.watermark_interval {
            SimDuration::ZERO => SimTime::MAX,
            interval => context.host.clock.now() + interval,
        }
    }

    /// Whether it is time; asks to be called again in any case.
    pub fn is_due(&mut self) -> bool {
        let due = self.next <= self.context.host.clock.now();
        if due {
            self.next = Self::after(&self.context);
        }
        self.context.timers.call_at(self.next);
        due
    }
}

/// See the module. Flink's `TimestampsAndWatermarksOperator`.
pub struct AssignTimestampsAndWatermarks<T> {
    context: OperatorContext,
    time: TimestampsAndWatermarks<T>,
    periodic: PeriodicEmit,
    said: Said,
    output: Box<dyn Output<T>>,
    cost: Cost,
}

impl<T: Data> AssignTimestampsAndWatermarks<T> {
    /// Puts the strategy in front of `output`.
    pub fn new(
        context: &OperatorContext,
        strategy: WatermarkStrategy<T>,
        output: Box<dyn Output<T>>,
    ) -> Self {
        Self {
            context: context.clone(),
            time: TimestampsAndWatermarks::new(strategy),
            periodic: PeriodicEmit::new(context),
            said: Said::default(),
            output,
            cost: context.cost(),
        }
    }

    /// Sends each record on before the generator's answer to it.
    fn one_by_one(&mut self, batch: Batch<T>, timestamps: &[EventTime]) -> Result<(), Failure> {
        let Batch { values, ids, markers, .. } = batch;
        let mut staged = Batch { markers, ..Batch::default() };
        for (index, value) in values.into_iter().enumerate() {
            let timestamp = timestamps[index];
            self.time.on_event(&value, timestamp, &mut self.said);
            staged.push(value, Some(timestamp), ids.as_ref().map(|column| column[index]));
            if !self.said.is_empty() {
                self.output.collect_batch(staged.take())?;
                self.said.hand_on(&mut *self.output)?;
            }
        }
        if staged.is_empty() { Ok(()) } else { self.output.collect_batch(staged) }
    }

    fn emit(&mut self) -> Result<(), Failure> {
        let now = self.context.activity_time();
        self.time.on_periodic_emit(now, &mut self.said);
        self.said.hand_on(&mut *self.output)
    }
}

impl<T: Data> Output<T> for AssignTimestampsAndWatermarks<T> {
    fn collect_batch(&mut self, mut batch: Batch<T>) -> Result<(), Failure> {
        self.cost.charge(batch.len());
        let given = batch.timestamps.take();
        let timestamps: Vec<EventTime> = batch
            .values
            .iter()
            .enumerate()
            .map(|(index, value)| {
                let given = given.as_ref().map(|column| column[index]);
                self.time.extract_timestamp(value, given)
            })
            .collect();
        if self.time.on_timestamps(&timestamps) {
            batch.timestamps = Some(timestamps);
            return self.output.collect_batch(batch);
        }
        self.one_by_one(batch, &timestamps)
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        match event {
            ChainEvent::Watermark(watermark) => {
                self.time.on_watermark(watermark, &mut self.said);
                self.said.hand_on(&mut *self.output)
            }
            // The strategy's own idleness decides.
            ChainEvent::WatermarkStatus(_) => Ok(()),
            ChainEvent::TimersDue => {
                if self.periodic.is_due() {
                    self.emit()?;
                }
                self.output.on_event(event)
            }
            ChainEvent::EndOfInput => {
                self.emit()?;
                self.output.on_event(event)
            }
            ChainEvent::Flush
            | ChainEvent::BeforeBarrier
            | ChainEvent::Snapshot(_)
            | ChainEvent::CheckpointComplete(_)
            | ChainEvent::CheckpointAborted(_) => self.output.on_event(event),
        }
    }
}
