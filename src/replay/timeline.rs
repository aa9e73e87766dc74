//! A trace with a position in it.
//!
//! Going back means starting again from the last key frame before the goal. Key frames lie
//! evenly, and are thinned out as the trace grows, so that their number is bounded and a step
//! back costs a bounded share of the trace.
//!
//! Invariant: the world at a position is the fold of exactly the events before it, however the
//! position was reached.

use super::{Place, Seen, World};
use crate::base::SimTime;
use crate::trace::{
    Event, ExecutionState, FaultEvent, Header, JobEvent, JobStatus, Recorded, TaskEvent,
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
#[derive(Clone, Debug)]
pub struct Timeline {
    header: Header,
    events: Vec<Recorded>,
    /// What each event changed of what can be seen.
    seen: Vec<Seen>,
    marks: Vec<Mark>,
    /// `frames[i]` is the world at position `i * spacing`.
    frames: Vec<World>,
    spacing: usize,
    /// The world after the last event.
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
        let start = World::new(&header);
        let mut timeline = Self {
            header,
            events: Vec::new(),
            seen: Vec::new(),
            marks: Vec::new(),
            frames: vec![start.clone()],
            spacing: Self::SPACING,
            end: start.clone(),
            ended: None,
            position: 0,
            world: start,
        };
        timeline.extend(events);
        timeline
    }

    /// Adds events that happened after all others. The position stays.
    pub fn extend(&mut self, events: impl IntoIterator<Item = Recorded>) {
        for recorded in events {
            self.seen.push(self.end.apply(&recorded));
            self.events.push(recorded);
            let position = self.events.len();
            if let Some(kind) = mark_of(&self.events[position - 1].event) {
                self.marks.push(Mark { position, kind });
            }
            if position == self.frames.len() * self.spacing {
                self.frames.push(self.end.clone());
                if self.frames.len() > Self::FRAMES {
                    self.thin_out();
                }
            }
        }
    }

    /// No more events will come, for this reason: `completed` if the run ended by itself.
    pub fn end_with(&mut self, why: &str) {
        self.ended = Some(why.to_owned());
    }

    /// Why the run ended, if it is known to have ended.
    pub fn ended(&self) -> Option<&str> {
        self.ended.as_deref()
    }

    fn thin_out(&mut self) {
        let mut index = 0;
        self.frames.retain(|_| {
            index += 1;
            index % 2 == 1
        });
        self.spacing *= 2;
    }

    /// What the run is of.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// All events.
    pub fn events(&self) -> &[Recorded] {
        &self.events
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
    pub fn current(&self) -> Option<&Recorded> {
        self.position.checked_sub(1).map(|index| &self.events[index])
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
        let goal = position.min(self.events.len());
        if goal == self.events.len() {
            return self.end.clone();
        }
        let frame = (goal / self.spacing).min(self.frames.len() - 1);
        let mut world = self.frames[frame].clone();
        for recorded in &self.events[frame * self.spacing..goal] {
            world.apply(recorded);
        }
        world
    }

    /// Goes to a position; beyond the end is the end.
    pub fn seek_position(&mut self, position: usize) {
        let goal = position.min(self.events.len());
        if goal == self.events.len() {
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
            for recorded in &self.events[start..goal] {
                self.world.apply(recorded);
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
        self.events.partition_point(|recorded| Place::of(recorded) <= place)
    }

    /// The position just after the last event that is not after `at`.
    pub fn position_at(&self, at: SimTime) -> usize {
        self.events.partition_point(|recorded| recorded.at <= at)
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
        let ahead = self.events[self.position..].iter().position(matches)?;
        Some(self.position + ahead + 1)
    }

    /// The position just after the last event before the current one that matches, if there is
    /// one.
    pub fn previous_matching(&self, matches: impl Fn(&Recorded) -> bool) -> Option<usize> {
        let before = self.position.saturating_sub(1);
        self.events[..before].iter().rposition(matches).map(|index| index + 1)
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
