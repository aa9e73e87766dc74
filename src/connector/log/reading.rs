//! What a subtask reads of the partitions of a topic.
//!
//! Records are fetched ahead and handed out partition by partition. The position that goes into a
//! checkpoint is behind what was handed out, not behind what was fetched.
//!
//! Partitions that were added are found by asking for them. One is read from its beginning, unless
//! a checkpoint knows it: then from there, whatever the topic had when the program was made.
//!
//! Previous: the log. Next: [`Reader`](crate::connector::Reader), for which partitions are splits.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::rc::Rc;

use super::discovery::Discovery;
use super::source::{LogEnd, LogSource, OffsetReset};
use crate::base::SimTime;
use crate::checkpoint::SourceState;
use crate::connector::from_fields;
use crate::connector::reading::{Due, Read, SplitReader};
use crate::host::{
    Fetched, IsolationLevel, LogAccess, LogError, LogOffsets, LogRecord, TopicPartition,
};
use crate::operator::OperatorContext;
use crate::record::{Data, Failure};
use crate::trace::{Event, LogEvent};

/// How many records of a partition wait at most before no more are fetched.
const AHEAD: usize = 1_000;
/// How many records are fetched at once at most (`max.poll.records`).
const AT_MOST: u32 = 500;

struct Partition {
    number: u16,
    /// The offset of the next record to hand out.
    emitted: u64,
    /// The offset of the next record to fetch.
    fetched: u64,
    ahead: VecDeque<(u64, LogRecord)>,
    fetching: bool,
    /// Where it ends, if it does.
    end: Option<u64>,
    paused: bool,
}

impl Partition {
    /// One that is read from `position` on, to its end if it has one.
    fn new(number: u16, position: u64, end: &LogEnd) -> Self {
        Self {
            number,
            emitted: position,
            fetched: position,
            ahead: VecDeque::new(),
            fetching: false,
            end: match end {
                LogEnd::Offsets(ends) => ends.get(usize::from(number)).copied(),
                LogEnd::Never | LogEnd::Records(_) => None,
            },
            paused: false,
        }
    }

    /// Behind what is ahead there is nothing before `next`: it is gone, or not for this reader.
    fn go_on_at(&mut self, next: u64) {
        self.fetched = next;
        if self.ahead.is_empty() {
            self.emitted = next;
        }
    }

    fn is_finished(&self) -> bool {
        self.end.is_some_and(|end| self.emitted >= end)
    }
}

/// What the log has said of a partition.
enum Answer {
    /// To a fetch.
    Fetched(Result<Fetched, LogError>),
    /// Where it begins and ends, since the position is not there.
    Offsets(Result<LogOffsets, LogError>),
}

/// What has come to partitions and was not looked at yet.
type Answers = Rc<RefCell<VecDeque<(u16, Answer)>>>;

/// See the module.
pub(super) struct LogReading<T> {
    context: OperatorContext,
    access: Option<Rc<dyn LogAccess>>,
    source: LogSource<T>,
    isolation: IsolationLevel,
    waiting: Vec<Partition>,
    open: VecDeque<Partition>,
    finished: Vec<(u16, u64)>,
    answers: Answers,
    discovery: Option<Discovery>,
    failed: Option<Failure>,
    sent_on: u64,
    records: PhantomData<fn() -> T>,
}

/// Whether a partition belongs to a subtask.
fn is_own(context: &OperatorContext, number: u16) -> bool {
    u32::from(number) % context.parallelism == context.index
}

impl<T: Data> LogReading<T> {
    /// Reads the partitions of a subtask, from where a checkpoint says or from the beginning.
    pub(super) fn new(
        context: &OperatorContext,
        source: &LogSource<T>,
        restored: Option<&SourceState>,
    ) -> Self {
        let parts = &context.snapshots.parts;
        let stored = restored.map_or(&[][..], |it| &it.positions[..]);
        let found = stored.iter().map(|(number, _)| *number).filter(|it| *it >= source.partitions);
        let partition = |number: u16| {
            let stored = stored.iter().find(|(of, _)| *of == number);
            let position = stored.map_or(0, |(_, stored)| parts.positions.position(*stored));
            Partition::new(number, position, &source.end)
        };
        let isolation = match parts.isolation.keeps() {
            true => source.isolation,
            false => IsolationLevel::ReadUncommitted,
        };
        Self {
            context: context.clone(),
            access: context.services.log.clone(),
            source: source.clone(),
            isolation,
            waiting: (0..source.partitions)
                .chain(found)
                .filter(|number| is_own(context, *number))
                .map(partition)
                .collect(),
            open: VecDeque::new(),
            finished: Vec::new(),
            answers: Rc::default(),
            discovery: source
                .discovery
                .map(|interval| Discovery::new(interval, context.host.clock.now())),
            failed: None,
            sent_on: restored.map_or(0, |it| it.sent_on),
            records: PhantomData,
        }
    }

    /// How many records may yet be sent on.
    fn left(&self) -> u64 {
        match self.source.end {
            LogEnd::Records(records) => records.saturating_sub(self.sent_on),
            LogEnd::Never | LogEnd::Offsets(_) => u64::MAX,
        }
    }

    fn take_answers(&mut self) {
        loop {
            let answer = self.answers.borrow_mut().pop_front();
            let Some((number, answer)) = answer else { return };
            let Some(partition) = self.open.iter_mut().find(|it| it.number == number) else {
                continue;
            };
            partition.fetching = false;
            match answer {
                Answer::Fetched(Ok(Fetched { records, next })) => {
                    partition.ahead.extend(records);
                    partition.go_on_at(next);
                }
                Answer::Offsets(Ok(LogOffsets { earliest, latest })) => {
                    let to = match self.source.reset {
                        OffsetReset::Earliest => earliest,
                        OffsetReset::Latest | OffsetReset::None => latest,
                    };
                    let from = partition.fetched;
                    // What was fetched before is handed out first. An end that is gone is reached.
                    partition.go_on_at(to);
                    self.record_reset(number, from, to);
                }
                // Nobody has answered: it is asked again.
                Answer::Fetched(Err(LogError::TimedOut))
                | Answer::Offsets(Err(LogError::TimedOut)) => {}
                Answer::Fetched(Err(LogError::OffsetOutOfRange)) => self.reset(number),
                Answer::Fetched(Err(error)) | Answer::Offsets(Err(error)) => {
                    let topic = &self.source.topic;
                    self.failed = Some(Failure(format!("{topic}-{number}: {error}")));
                }
            }
        }
    }

    /// The position is not there: what the source is to do then.
    fn reset(&mut self, number: u16) {
        let topic = self.source.topic.clone();
        let partition = self.open.iter_mut().find(|it| it.number == number);
        let (Some(access), Some(partition)) = (&self.access, partition) else { return };
        if self.source.reset == OffsetReset::None {
            self.failed = Some(Failure(format!(
                "{topic}-{number}, offset {}: {}, and there is no reset policy",
                partition.fetched,
                LogError::OffsetOutOfRange
            )));
            return;
        }
        partition.fetching = true;
        let of = TopicPartition { topic, partition: number };
        let (answers, work) = (self.answers.clone(), self.context.outside_work.clone());
        let then = move |ends| {
            answers.borrow_mut().push_back((number, Answer::Offsets(ends)));
            work.wake();
        };
        access.offsets(&of, self.isolation, Box::new(then));
    }

    fn record_reset(&self, partition: u16, from: u64, to: u64) {
        self.context.host.trace.record(Event::Log(LogEvent::PositionReset {
            job: self.context.job,
            subtask: self.context.subtask.clone(),
            attempt: self.context.attempt,
            topic: self.source.topic.clone(),
            partition,
            from,
            to,
        }));
    }

    /// Takes in the partitions that were found, and asks for more when it is time.
    fn discover(&mut self) {
        match self.discovery.as_mut().and_then(Discovery::take_answer) {
            Some(Ok(count)) => self.add_up_to(count),
            Some(Err(LogError::TimedOut)) | None => {}
            Some(Err(error)) => {
                let topic = &self.source.topic;
                self.failed = Some(Failure(format!("{topic}: {error}")));
            }
        }
        if !self.awaits_partitions() {
            return;
        }
        let (Some(discovery), Some(access)) = (&mut self.discovery, &self.access) else { return };
        let (now, topic) = (self.context.host.clock.now(), &self.source.topic);
        if let Some(next) = discovery.ask(now, access, topic, &self.context.outside_work) {
            self.context.timers.call_at(next);
        }
    }

    /// The topic has so many partitions: those that are new and its own are read from now on.
    fn add_up_to(&mut self, count: u16) {
        let last = match &self.source.end {
            LogEnd::Offsets(ends) => count.min(u16::try_from(ends.len()).unwrap_or(u16::MAX)),
            LogEnd::Never | LogEnd::Records(_) => count,
        };
        for number in (0..last).filter(|number| is_own(&self.context, *number)) {
            if self.knows(number) {
                continue;
            }
            self.context.host.trace.record(Event::Log(LogEvent::PartitionDiscovered {
                job: self.context.job,
                subtask: self.context.subtask.clone(),
                attempt: self.context.attempt,
                topic: self.source.topic.clone(),
                partition: number,
            }));
            self.waiting.push(Partition::new(number, 0, &self.source.end));
        }
    }

    fn knows(&self, number: u16) -> bool {
        let unfinished = self.waiting.iter().chain(&self.open).any(|it| it.number == number);
        unfinished || self.finished.iter().any(|(known, _)| *known == number)
    }

    /// Whether there may be partitions yet that it has to read.
    fn awaits_partitions(&self) -> bool {
        self.discovery.is_some()
            && match &self.source.end {
                LogEnd::Never => true,
                LogEnd::Records(_) => self.left() > 0,
                LogEnd::Offsets(ends) => {
                    let count = u16::try_from(ends.len()).unwrap_or(u16::MAX);
                    (0..count).any(|it| is_own(&self.context, it) && !self.knows(it))
                }
            }
    }

    fn fetch(&mut self) {
        let Some(access) = &self.access else {
            let subtask = &self.context.subtask;
            let text = format!("{subtask} reads the log, but the cluster has no brokers");
            self.failed = Some(Failure(text));
            return;
        };
        for partition in &mut self.open {
            let is_read = partition.end.is_some_and(|end| partition.fetched >= end);
            if partition.fetching || is_read || partition.ahead.len() >= AHEAD {
                continue;
            }
            partition.fetching = true;
            let number = partition.number;
            let from = TopicPartition { topic: self.source.topic.clone(), partition: number };
            let (answers, work) = (self.answers.clone(), self.context.outside_work.clone());
            let then = move |answer| {
                answers.borrow_mut().push_back((number, Answer::Fetched(answer)));
                work.wake();
            };
            access.fetch(&from, partition.fetched, self.isolation, AT_MOST, Box::new(then));
        }
    }
}

impl<T: Data> SplitReader<T> for LogReading<T> {
    fn is_live(&self) -> bool {
        false
    }

    fn state(&self) -> SourceState {
        let taking = &self.context.snapshots.parts.position_taking;
        let position = |it: &Partition| (it.number, taking.position(it.emitted, it.fetched));
        let mut positions: Vec<(u16, u64)> =
            self.waiting.iter().chain(&self.open).map(position).collect();
        positions.extend(&self.finished);
        positions.sort_unstable();
        SourceState { started: None, positions, sent_on: self.sent_on }
    }

    fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.open.is_empty() && !self.awaits_partitions()
    }

    fn take_finished(&mut self) -> Vec<u16> {
        self.take_answers();
        if self.left() == 0 {
            self.open.iter_mut().for_each(|it| it.end = Some(it.emitted));
        }
        let finished = self.open.iter().filter(|it| it.is_finished());
        let finished: Vec<(u16, u64)> = finished.map(|it| (it.number, it.emitted)).collect();
        self.open.retain(|it| !it.is_finished());
        self.finished.extend(&finished);
        finished.into_iter().map(|(number, _)| number).collect()
    }

    fn open_next(&mut self) -> Vec<u16> {
        self.discover();
        let mut opened = Vec::new();
        for partition in self.waiting.drain(..) {
            if partition.is_finished() {
                self.finished.push((partition.number, partition.emitted));
            } else {
                opened.push(partition.number);
                self.open.push_back(partition);
            }
        }
        opened
    }

    fn set_paused(&mut self, splits: &[u16], paused: bool) {
        for partition in self.open.iter_mut().filter(|it| splits.contains(&it.number)) {
            partition.paused = paused;
        }
    }

    fn next_due(&mut self, now: SimTime) -> Option<Due> {
        self.take_answers();
        self.fetch();
        if self.failed.is_some() {
            return Some(Due { place: 0, at: now });
        }
        let has_some = |it: &Partition| !it.paused && !it.ahead.is_empty();
        self.open.iter().position(has_some).map(|place| Due { place, at: now })
    }

    fn read(&mut self, due: Due, _now: SimTime, at_most: usize) -> Result<Read<T>, Failure> {
        if let Some(failure) = self.failed.take() {
            return Err(failure);
        }
        let at_most = at_most.min(usize::try_from(self.left()).unwrap_or(usize::MAX));
        let mut partition = self.open.remove(due.place).expect("it was open a moment ago");
        let first = partition.ahead.front().map_or(partition.emitted, |(offset, _)| *offset);
        let mut values = Vec::new();
        // Only records in a row: between them there may be marks that are not for readers.
        while values.len() < at_most
            && let Some((offset, _)) = partition.ahead.front()
            && *offset == first + values.len() as u64
            && partition.end.is_none_or(|end| *offset < end)
        {
            let (offset, record) = partition.ahead.pop_front().expect("it is there");
            let value = from_fields(&record.row.fields).map_err(|error| {
                let (topic, number) = (&self.source.topic, partition.number);
                Failure(format!("{topic}-{number}, offset {offset}: {error}"))
            })?;
            values.push(value);
        }
        let next = first + values.len() as u64;
        partition.emitted = if partition.ahead.is_empty() { partition.fetched } else { next };
        if values.is_empty() {
            // The rest is behind the end.
            partition.emitted = partition.end.unwrap_or(partition.fetched);
            partition.ahead.clear();
        }
        self.sent_on += values.len() as u64;
        let split = partition.number;
        self.open.push_back(partition);
        Ok(Read { split, offset: first, values })
    }
}
