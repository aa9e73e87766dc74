//! The source operator: reads its subtask's splits, at their pace in simulated time, and says how
//! far event time is.
//!
//! Previous: [`super::Splits`]. Next: the chain behind the source, or its writer
//! ([`crate::network`]).

use std::sync::Arc;

use super::Splits;
use super::reading::{Pace, Read, Reading, SplitReader};
use crate::base::{EventTime, SimTime};
use crate::checkpoint::OperatorSubtaskState;
use crate::host::ReadRecords;
use crate::operator::{
    Cost, OperatorContext, OperatorEvent, PeriodicEmit, Said, SourceFactory, SourceReader,
    SourceStatus,
};
use crate::record::{Batch, ChainEvent, Data, Failure, LatencyMarker, Output, Outputs, RecordId};
use crate::time::{SourceAlignment, SourceTimestampsAndWatermarks, WatermarkStrategy};
use crate::trace::{Event, RecordEvent, RecoveryEvent, TimeEvent};

/// A source that ends.
pub struct BoundedSource<T> {
    /// What it reads.
    pub splits: Arc<dyn Splits<T>>,
    /// How many splits the records are divided into: one for each subtask if unset.
    pub split_count: Option<u16>,
    /// Whether a subtask reads its splits side by side, and not one after the other.
    pub side_by_side: bool,
    /// What it has in common with others.
    pub settings: SourceSettings<T>,
}

/// What sources have in common, whatever they read.
pub struct SourceSettings<T> {
    /// Which of the job's sources it is.
    pub source: u16,
    /// Records per second of simulated time, over all splits.
    pub rate: Option<f64>,
    /// What it says of event time.
    pub strategy: WatermarkStrategy<T>,
    /// Whether records get the time at which they are read as their timestamp.
    pub ingestion_time: bool,
}

impl<T: Data> SourceSettings<T> {
    /// How fast each of so many subtasks reads.
    pub(super) fn pace(&self, readers: u32) -> Pace {
        Pace::new(self.rate.map(|rate| f64::from(readers) * 1e9 / rate))
    }

    /// A subtask that reads these splits.
    pub(super) fn reader(
        &self,
        context: &OperatorContext,
        reading: Box<dyn SplitReader<T>>,
        outputs: Outputs,
    ) -> Box<dyn SourceReader> {
        let mut reader = Reader::new(context, self.source, reading, self.strategy.clone(), outputs);
        if self.ingestion_time {
            reader.take_ingestion_time();
        }
        Box::new(reader)
    }
}

impl<T: Data> SourceFactory for BoundedSource<T> {
    fn is_replayable(&self) -> bool {
        !self.splits.is_live()
    }

    fn build(&self, context: &OperatorContext, outputs: Outputs) -> Box<dyn SourceReader> {
        let splits = self.split_count.unwrap_or(context.parallelism as u16);
        let readers = context.parallelism.min(u32::from(splits));
        let own =
            (0..splits).filter(|split| u32::from(*split) % context.parallelism == context.index);
        let pace = self.settings.pace(readers);
        let mut reading = Reading::new(self.splits.clone(), splits, own, self.side_by_side, pace);
        let restored = context.restored().and_then(|restored| restored.source.as_ref());
        if self.splits.is_live() {
            reading.skip_missed(context.host.clock.now());
            if context.attempt > 0 {
                context.host.trace.record(Event::Recovery(RecoveryEvent::RecordsMissed {
                    job: context.job,
                    subtask: context.subtask.clone(),
                    attempt: context.attempt,
                    operator: context.operator.clone(),
                }));
            }
        } else if let Some(restored) = restored {
            let parts = &context.snapshots.parts;
            reading.restore(restored, |stored| parts.positions.position(stored));
        }
        self.settings.reader(context, Box::new(reading), outputs)
    }
}

/// One subtask of a source.
pub struct Reader<T> {
    context: OperatorContext,
    source: u16,
    reading: Box<dyn SplitReader<T>>,
    strategy: WatermarkStrategy<T>,
    has_event_time: bool,
    ingestion_time: bool,
    time: SourceTimestampsAndWatermarks<T, u16>,
    /// Where watermarks are emitted at all.
    periodic: Option<PeriodicEmit>,
    alignment: SourceAlignment<u16>,
    /// Whether nothing is read since the subtask is ahead of its alignment group.
    waits: bool,
    /// When the watermark is to be reported next, for the sources that wait for each other.
    next_report: Option<SimTime>,
    said: Said,
    output: Box<dyn Output<T>>,
    cost: Cost,
}

impl<T: Data> Reader<T> {
    /// A subtask that reads these splits.
    pub(super) fn new(
        context: &OperatorContext,
        source: u16,
        reading: Box<dyn SplitReader<T>>,
        strategy: WatermarkStrategy<T>,
        outputs: Outputs,
    ) -> Self {
        let has_event_time = !strategy.is_without_event_time();
        Self {
            context: context.clone(),
            source,
            reading,
            has_event_time,
            ingestion_time: false,
            time: SourceTimestampsAndWatermarks::new(strategy.clone()),
            periodic: has_event_time.then(|| PeriodicEmit::new(context)),
            alignment: SourceAlignment::default(),
            waits: false,
            next_report: strategy.alignment().map(|alignment| {
                let at = context.host.clock.now() + alignment.update_interval;
                context.timers.call_at(at);
                at
            }),
            strategy,
            said: Said::default(),
            output: outputs.join().0,
            cost: context.cost(),
        }
    }

    /// Records get the time at which they are read as their timestamp.
    fn take_ingestion_time(&mut self) {
        self.ingestion_time = true;
        if !std::mem::replace(&mut self.has_event_time, true) {
            self.periodic = Some(PeriodicEmit::new(&self.context));
        }
    }

    fn record(&self, batch: &Batch<T>) {
        self.context.host.trace.record(Event::Record(RecordEvent::RecordsEmitted {
            job: self.context.job,
            subtask: self.context.subtask.clone(),
            operator: self.context.operator.clone(),
            ids: batch.ids.clone().unwrap_or_default(),
            values: batch.values.iter().map(|value| format!("{value:?}")).collect(),
        }));
    }

    /// Leaves the splits that are read to their end.
    fn release_finished(&mut self) {
        for split in self.reading.take_finished() {
            self.time.release_output_for_split(&split);
            self.alignment.on_split_finished(&split);
        }
    }

    /// Begins with the splits whose turn has come and leaves those that are read to their end.
    fn turn_splits(&mut self) {
        self.release_finished();
        for split in self.reading.open_next() {
            self.time.create_output_for_split(split);
        }
    }

    /// The place of the first of these records that nobody can process.
    fn poisoned(&self, read: &Read<T>) -> Option<u64> {
        let first = RecordId { source: self.source, split: read.split, offset: read.offset };
        self.context.host.outside.poisoned(ReadRecords {
            job: self.context.job,
            subtask: &self.context.subtask,
            first,
            count: read.values.len() as u64,
        })
    }

    /// Sends on what was read, as what it is.
    fn send_on(&mut self, read: Read<T>, now: SimTime) -> Result<(), Failure> {
        let count = read.values.len();
        let mut batch = Batch::from(read.values);
        if self.context.identities {
            let (source, split) = (self.source, read.split);
            let id = |index| RecordId { source, split, offset: read.offset + index };
            batch.ids = Some((0..count as u64).map(id).collect());
        }
        batch.markers.push(LatencyMarker { marked: now });
        self.context.meter.count_in(count);
        self.cost.charge(count);
        if self.context.identities {
            self.record(&batch);
        }
        self.emit(read.split, batch)
    }

    /// Emits records of one split, and what its generator says of them.
    fn emit(&mut self, split: u16, mut batch: Batch<T>) -> Result<(), Failure> {
        if !self.has_event_time {
            return self.output.collect_batch(batch);
        }
        let given = self.ingestion_time.then(|| self.context.host.clock.processing_time());
        let extract = |value| self.time.extract_timestamp(value, given);
        let timestamps: Vec<EventTime> = batch.values.iter().map(extract).collect();
        if self.time.on_timestamps(&split, &timestamps) {
            batch.timestamps = Some(timestamps);
            self.output.collect_batch(batch)?;
        } else {
            self.emit_one_by_one(split, batch, &timestamps)?;
        }
        self.check_splits();
        Ok(())
    }

    /// Sends each record on before the generator's answer to it.
    fn emit_one_by_one(
        &mut self,
        split: u16,
        batch: Batch<T>,
        timestamps: &[EventTime],
    ) -> Result<(), Failure> {
        let Batch { values, ids, markers, .. } = batch;
        let mut staged = Batch { markers, ..Batch::default() };
        for (index, value) in values.into_iter().enumerate() {
            let timestamp = timestamps[index];
            self.time.on_event(&split, &value, timestamp, &mut self.said);
            staged.push(value, Some(timestamp), ids.as_ref().map(|column| column[index]));
            if !self.said.is_empty() {
                self.output.collect_batch(staged.take())?;
                self.said.hand_on(&mut *self.output)?;
            }
        }
        if staged.is_empty() { Ok(()) } else { self.output.collect_batch(staged) }
    }

    /// Pauses the splits that are ahead of the alignment group, and goes on with the others.
    ///
    /// Unlike Flink: what one poll has read is emitted whole, even if a watermark within it shows
    /// that the split is ahead.
    fn check_splits(&mut self) {
        if self.next_report.is_none() {
            return;
        }
        self.release_finished();
        let change = self.alignment.check_splits(self.time.split_watermarks());
        self.time.pause_or_resume_splits(self.context.activity_time(), &change);
        let (job, trace) = (self.context.job, &self.context.host.trace);
        for &split in &change.pause {
            let subtask = self.context.subtask.clone();
            trace.record(Event::Time(TimeEvent::SplitPaused { job, subtask, split }));
        }
        for &split in &change.resume {
            let subtask = self.context.subtask.clone();
            trace.record(Event::Time(TimeEvent::SplitResumed { job, subtask, split }));
        }
        self.reading.set_paused(&change.pause, true);
        self.reading.set_paused(&change.resume, false);
    }

    /// Whether the subtask as a whole is ahead of its alignment group.
    fn waits_for_alignment(&mut self) -> bool {
        let waits = self.alignment.should_wait(self.time.latest_watermark());
        if waits != self.waits {
            self.waits = waits;
            let now = self.context.activity_time();
            match waits {
                true => self.time.pause_input(now),
                false => self.time.resume_input(now),
            }
        }
        waits
    }

    /// Reports the watermark to the source's coordinator, if it is time.
    fn report(&mut self) {
        let (Some(next), Some(alignment)) = (self.next_report, self.strategy.alignment()) else {
            return;
        };
        let now = self.context.host.clock.now();
        let mut due = next;
        if next <= now {
            if let Some(watermark) = self.time.reported_watermark() {
                (self.context.coordinator)(OperatorEvent::ReportedWatermark {
                    operator: self.context.operator.clone(),
                    alignment: alignment.clone(),
                    watermark,
                });
            }
            due = now + alignment.update_interval;
            self.next_report = Some(due);
        }
        self.context.timers.call_at(due);
    }

    fn finish(&mut self) -> Result<SourceStatus, Failure> {
        self.time.emit_final_watermark(&mut self.said);
        self.said.hand_on(&mut *self.output)?;
        // Whoever waits for this source need not do so any longer.
        if self.next_report.is_some() {
            self.next_report = Some(SimTime::ZERO);
            self.report();
        }
        Ok(SourceStatus::EndOfInput)
    }
}

impl<T: Data> SourceReader for Reader<T> {
    fn poll_next(&mut self, now: SimTime) -> Result<SourceStatus, Failure> {
        self.turn_splits();
        if self.reading.is_done() {
            return self.finish();
        }
        if self.waits_for_alignment() {
            return Ok(SourceStatus::Waits);
        }
        let Some(due) = self.reading.next_due(now) else { return Ok(SourceStatus::Waits) };
        if due.at > now {
            return Ok(SourceStatus::NothingUntil(due.at));
        }
        let mut read = self.reading.read(due, now, self.context.batch_records)?;
        let Some(place) = self.poisoned(&read) else {
            self.send_on(read, now)?;
            return Ok(SourceStatus::MoreAvailable);
        };
        let (split, offset) = (read.split, read.offset + place);
        read.values.truncate(place as usize);
        if !read.values.is_empty() {
            self.send_on(read, now)?;
        }
        // No snapshot has its position behind it: whoever is restored reads it again.
        Err(Failure(format!("poisoned record: split {split}, offset {offset} cannot be processed")))
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        match event {
            ChainEvent::TimersDue => {
                self.turn_splits();
                let is_due = self.periodic.as_mut().is_some_and(PeriodicEmit::is_due);
                if is_due && !self.reading.is_done() {
                    let now = self.context.activity_time();
                    self.time.emit_periodic_watermark(now, &mut self.said);
                    self.said.hand_on(&mut *self.output)?;
                    self.check_splits();
                }
                if self.context.watermark_interval.is_zero() && !self.reading.is_done() {
                    // Else a split that has ended would hold the others for ever.
                    self.time.combine_splits(&mut self.said);
                    self.said.hand_on(&mut *self.output)?;
                }
                self.report();
                self.output.on_event(event)
            }
            ChainEvent::Snapshot(_) => {
                // One that cannot be read again has no position to go back to.
                let source = (!self.reading.is_live()).then(|| self.reading.state());
                self.context
                    .hand_in(OperatorSubtaskState { source, ..self.context.empty_snapshot() });
                self.output.on_event(event)
            }
            ChainEvent::Watermark(_)
            | ChainEvent::BeforeBarrier
            | ChainEvent::WatermarkStatus(_)
            | ChainEvent::Flush
            | ChainEvent::CheckpointComplete(_)
            | ChainEvent::CheckpointAborted(_)
            | ChainEvent::EndOfInput => self.output.on_event(event),
        }
    }

    fn on_alignment(&mut self, max_watermark: EventTime) {
        let (job, subtask) = (self.context.job, self.context.subtask.clone());
        let told = TimeEvent::AlignmentAnnounced { job, subtask, max_watermark };
        self.context.host.trace.record(Event::Time(told));
        self.alignment.on_alignment(max_watermark);
        self.check_splits();
    }
}
