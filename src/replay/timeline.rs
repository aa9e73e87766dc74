//! A trace with a position in it.
//!
//! Going back means starting again from the last key frame before the goal. Key frames lie
//! evenly, and are thinned out as the trace grows, so that their number is bounded and a step
//! back costs a bounded share of the trace.
//!
//! Invariant: the world at a position is the fold of exactly the events before it, however the
//! position was reached.

use std::ops::Range;

use super::{Place, Seen, World};
use crate::base::SimTime;
use crate::trace::{
    Event, EventLog, EventRef, Events, ExecutionState, FaultEvent, Header, JobEvent, JobStatus,
    Recorded, TaskEvent, TraceFile,
};

/// What happened at a place that is worth finding again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// A note was shown.
    Note,
    /// A fault struck or was undone.
    Fault,
    /// A task or a job failed.
    Failure,
}

/// A mark on the scrub bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The position just after the event.
    pub position: usize,
    /// What happened.
    pub kind: MarkKind,
}

/// A trace with a position in it. The position counts the events that have happened.
///
/// A long trace is taken in bit by bit: what comes after [`Timeline::len`] is not known yet.
#[derive(Clone, Debug)]
pub struct Timeline {
    header: Header,
    log: EventLog,
    /// What each event that was taken in changed of what can be seen.
    seen: Vec<Seen>,
    marks: Vec<Mark>,
    /// `frames[i]` is the world at position `i * spacing`.
    frames: Vec<World>,
    spacing: usize,
    /// The world after the last event so far.
    end: World,
    /// Why the run ended, if it is known to have ended.
    ended: Option<String>,
    position: usize,
    world: World,
}

impl Timeline {
    const SPACING: usize = 128;
    const FRAMES: usize = 256;

    /// The run that `header` heads, at its start.
    pub fn new(header: Header, events: impl IntoIterator<Item = Recorded>) -> Self {
        let mut timeline = Self::over(header, EventLog::default());
        timeline.extend(events);
        timeline
    }

    /// The run that a trace is of, at its start. Nothing of it is taken in yet.
    pub fn of(trace: TraceFile) -> Self {
        let (header, end) = (trace.header().clone(), trace.trailer().end.clone());
        let mut timeline = Self::over(header, EventLog::of(trace));
        timeline.end_with(&end);
        timeline
    }

    fn over(header: Header, log: EventLog) -> Self {
        let start = World::new(&header);
        Self {
            header,
            log,
            seen: Vec::new(),
            marks: Vec::new(),
            frames: vec![start.clone()],
            spacing: Self::SPACING,
            end: start.clone(),
            ended: None,
            position: 0,
            world: start,
        }
    }

    /// Adds events that happened after all others. The position stays.
    pub fn extend(&mut self, events: impl IntoIterator<Item = Recorded>) {
        self.log.extend(&events.into_iter().collect::<Vec<_>>());
        self.catch_up(usize::MAX);
    }

    /// Whether there are events that were not taken in yet.
    pub fn is_behind(&self) -> bool {
        self.len() < self.log.len()
    }

    /// Takes in so many events, as far as there are any. The position stays.
    pub fn catch_up(&mut self, most: usize) {
        let known = self.len();
        for recorded in self.log.range(known..known.saturating_add(most)) {
            self.seen.push(self.end.apply(&recorded));
            let position = self.seen.len();
            if let Some(kind) = mark_of(&recorded.event) {
                self.marks.push(Mark { position, kind });
            }
            if position == self.frames.len() * self.spacing {
                self.frames.push(self.end.clone());
                if self.frames.len() > Self::FRAMES {
                    thin_out(&mut self.frames);
                    self.spacing *= 2;
                }
            }
        }
    }

    /// No more events will come, for this reason: `completed` if the run ended by itself.
    pub fn end_with(&mut self, why: &str) {
        self.ended = Some(why.to_owned());
    }

    /// Why the run ended, if it is known to have ended and was taken in to its end.
    pub fn ended(&self) -> Option<&str> {
        self.ended.as_deref().filter(|_| !self.is_behind())
    }

    /// What the run is of.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How many events there are so far.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// An event, if there is one of this index.
    pub fn event(&self, index: usize) -> Option<EventRef> {
        if index < self.len() { self.log.get(index) } else { None }
    }

    /// All events.
    pub fn events(&self) -> Events<'_> {
        self.range(0..self.len())
    }

    /// The events of a range, as far as there are any, from either end.
    pub fn range(&self, range: Range<usize>) -> Events<'_> {
        let end = range.end.min(self.len());
        self.log.range(range.start.min(end)..end)
    }

    /// The marks, in order.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// How many events have happened.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The event that happened last.
    pub fn current(&self) -> Option<EventRef> {
        self.event(self.position.checked_sub(1)?)
    }

    /// The world now.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The world after the last event so far.
    pub fn end(&self) -> &World {
        &self.end
    }

    /// The world at a position, without going there; beyond the end is the end.
    pub fn world_at(&self, position: usize) -> World {
        let goal = position.min(self.len());
        if goal == self.len() {
            return self.end.clone();
        }
        let frame = (goal / self.spacing).min(self.frames.len() - 1);
        let mut world = self.frames[frame].clone();
        for recorded in self.range(frame * self.spacing..goal) {
            world.apply(&recorded);
        }
        world
    }

    /// Goes to a position; beyond the end is the end.
    pub fn seek_position(&mut self, position: usize) {
        let goal = position.min(self.len());
        if goal == self.len() {
            self.world.clone_from(&self.end);
        } else {
            let frame = (goal / self.spacing).min(self.frames.len() - 1);
            let from = frame * self.spacing;
            let start = if self.position <= goal && self.position >= from {
                self.position
            } else {
                self.world.clone_from(&self.frames[frame]);
                from
            };
            for recorded in self.log.range(start..goal) {
                self.world.apply(&recorded);
            }
        }
        self.position = goal;
    }

    /// Goes to just after the last event that is not after `place`.
    pub fn seek(&mut self, place: Place) {
        self.seek_position(self.position_of(place));
    }

    /// Goes to just after the last event that is not after `at`.
    pub fn seek_time(&mut self, at: SimTime) {
        self.seek_position(self.position_at(at));
    }

    /// The position just after the last event that is not after `place`.
    pub fn position_of(&self, place: Place) -> usize {
        self.log.partition_point(|recorded| Place::of(recorded) <= place).min(self.len())
    }

    /// The position just after the last event that is not after `at`.
    pub fn position_at(&self, at: SimTime) -> usize {
        self.log.partition_point(|recorded| recorded.at <= at).min(self.len())
    }

    /// Goes on by one event.
    pub fn forward(&mut self) {
        self.seek_position(self.position.saturating_add(1));
    }

    /// Goes back by one event.
    pub fn back(&mut self) {
        self.seek_position(self.position.saturating_sub(1));
    }

    /// The position just after the next event that matches, if there is one.
    pub fn next_matching(&self, matches: impl Fn(&Recorded) -> bool) -> Option<usize> {
        let ahead = self.range(self.position..self.len()).position(|it| matches(&it))?;
        Some(self.position + ahead + 1)
    }

    /// The position just after the last event before the current one that matches, if there is
    /// one.
    pub fn previous_matching(&self, matches: impl Fn(&Recorded) -> bool) -> Option<usize> {
        let before = self.position.saturating_sub(1);
        self.range(0..before).rposition(|it| matches(&it)).map(|index| index + 1)
    }

    /// The position just after the next event that changes what a drawing of the jobs shows.
    pub fn next_seen(&self) -> Option<usize> {
        self.next_where(|seen| seen == Seen::Yes)
    }

    /// The position just after the last such event before the current one.
    pub fn previous_seen(&self) -> Option<usize> {
        self.previous_where(|seen| seen == Seen::Yes)
    }

    /// The position just after the next event that changes the jobs or what is around them.
    pub fn next_seen_around(&self) -> Option<usize> {
        self.next_where(|seen| seen != Seen::No)
    }

    /// The position just after the last such event before the current one.
    pub fn previous_seen_around(&self) -> Option<usize> {
        self.previous_where(|seen| seen != Seen::No)
    }

    fn next_where(&self, is_one: impl Fn(Seen) -> bool) -> Option<usize> {
        let ahead = self.seen[self.position..].iter().position(|seen| is_one(*seen))?;
        Some(self.position + ahead + 1)
    }

    fn previous_where(&self, is_one: impl Fn(Seen) -> bool) -> Option<usize> {
        let before = self.position.saturating_sub(1);
        self.seen[..before].iter().rposition(|seen| is_one(*seen)).map(|index| index + 1)
    }

    /// When the last event happened.
    pub fn end_time(&self) -> SimTime {
        self.end.at
    }
}

/// Leaves every second frame, beginning with the first.
fn thin_out(frames: &mut Vec<World>) {
    let mut index = 0;
    frames.retain(|_| {
        index += 1;
        index % 2 == 1
    });
}

fn mark_of(event: &Event) -> Option<MarkKind> {
    match event {
        Event::Fault(FaultEvent::NoteShown { .. }) => Some(MarkKind::Note),
        Event::Fault(FaultEvent::FaultInjected { .. } | FaultEvent::FaultHealed { .. }) => {
            Some(MarkKind::Fault)
        }
        Event::Job(JobEvent::JobStatusChanged {
            to: JobStatus::Restarting | JobStatus::Failing | JobStatus::Failed,
            ..
        })
        | Event::Task(TaskEvent::ExecutionStateChanged { to: ExecutionState::Failed, .. }) => {
            Some(MarkKind::Failure)
        }
        Event::Node(_)
        | Event::Rpc(_)
        | Event::Resource(_)
        | Event::Job(_)
        | Event::Task(_)
        | Event::Exchange(_)
        | Event::Record(_)
        | Event::Time(_)
        | Event::Window(_)
        | Event::Timer(_)
        | Event::State(_)
        | Event::Checkpoint(_)
        | Event::Recovery(_)
        | Event::Storage(_)
        | Event::Log(_)
        | Event::Database(_)
        | Event::Transaction(_)
        | Event::Sink(_) => None,
    }
}
