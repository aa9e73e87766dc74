//! A part of a run as a diagram of space and time, as Lamport drew them: a lane for each process,
//! what happens to it as points on its lane, and messages as arrows from lane to lane.
//!
//! Through it goes the [`Cut`] of a checkpoint, which is where each lane has its snapshot. A
//! message that is sent before the cut and received after it is in flight, so the checkpoint must
//! hold it as the state of a channel; one that is sent after the cut and received before it makes
//! the cut inconsistent: the checkpoint would know of its effect and not of its cause.
//!
//! Invariant: what a diagram costs depends on the events in its window, never on the length of the
//! run. Of what lies outside, only the checkpoint's own time is looked at, as far again on each
//! side.
//!
//! Neighbours: [`super::Timeline`] holds the events; the terminal draws this in characters,
//! [`to_svg`] and [`to_mermaid`] for elsewhere.

mod calls;
mod cut;
mod happening;
mod mermaid;
mod outside;
mod reader;
mod svg;

pub use cut::{Class, Cut, CutAt, Side, Tally};
pub use happening::Happening;
pub use mermaid::to_mermaid;
pub use svg::to_svg;

use super::Timeline;
use crate::base::{CheckpointId, JobId, Name, SimTime};

/// When something happened: the event's place in the recording, and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The event, by its index.
    pub event: usize,
    /// Its time.
    pub at: SimTime,
}

/// What has a lane of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lanes {
    /// The JobManager and each subtask.
    #[default]
    Subtasks,
    /// Each node.
    Nodes,
}

/// Which messages are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// Barriers.
    #[default]
    Barriers,
    /// And the calls with which the coordinator and the tasks talk about checkpoints.
    Calls,
    /// Barriers, and buffers with records.
    Buffers,
    /// All of them.
    All,
}

impl Shown {
    /// The next in turn.
    pub fn next(self) -> Self {
        match self {
            Self::Barriers => Self::Calls,
            Self::Calls => Self::Buffers,
            Self::Buffers => Self::All,
            Self::All => Self::Barriers,
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Barriers => "barriers",
            Self::Calls => "barriers, calls",
            Self::Buffers => "barriers, buffers",
            Self::All => "barriers, buffers, calls",
        }
    }

    fn has_buffers(self) -> bool {
        matches!(self, Self::Buffers | Self::All)
    }

    fn has_calls(self) -> bool {
        matches!(self, Self::Calls | Self::All)
    }
}

/// What a diagram is to be of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// The job.
    pub job: JobId,
    /// What has a lane of its own.
    pub lanes: Lanes,
    /// Which messages are shown.
    pub shown: Shown,
    /// The checkpoint whose cut is shown.
    pub checkpoint: Option<CheckpointId>,
    /// The position around which events are read.
    pub around: usize,
    /// How many of them before and after it.
    pub reach: usize,
}

/// A lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Its name.
    pub name: Name,
}

/// Something that sends and receives: the coordinator, which is the first, or a subtask.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// Its name.
    pub name: Name,
    /// The lane on which it was last.
    pub lane: usize,
}

/// An event on a lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// When.
    pub when: Moment,
    /// The lane; none if it concerns all of them.
    pub lane: Option<usize>,
    /// What happens.
    pub what: Happening,
}

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// A barrier.
    Barrier(CheckpointId),
    /// Records.
    Buffer {
        /// Its number on its channel.
        seq: u64,
        /// How many there are.
        records: u32,
    },
    /// A source is to begin a checkpoint.
    Trigger(CheckpointId),
    /// A task has stored its snapshot.
    Acknowledge(CheckpointId),
    /// A task has none.
    Decline(CheckpointId),
    /// A checkpoint is complete.
    Complete(CheckpointId),
    /// A checkpoint came to nothing.
    Abort(CheckpointId),
}

impl Carries {
    /// In a word or two.
    pub fn words(self) -> String {
        match self {
            Self::Barrier(checkpoint) => format!("barrier {checkpoint}"),
            Self::Buffer { seq, records } => format!("buffer {seq}, {records} records"),
            Self::Trigger(checkpoint) => format!("trigger {checkpoint}"),
            Self::Acknowledge(checkpoint) => format!("acknowledge {checkpoint}"),
            Self::Decline(checkpoint) => format!("decline {checkpoint}"),
            Self::Complete(checkpoint) => format!("complete {checkpoint}"),
            Self::Abort(checkpoint) => format!("abort {checkpoint}"),
        }
    }
}

/// An end of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Who sends or receives.
    pub process: usize,
    /// On which lane.
    pub lane: usize,
    /// When. None if it was sent before the window, or is not received within it.
    pub when: Option<Moment>,
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Where it comes from.
    pub from: End,
    /// Where it goes.
    pub to: End,
    /// What it carries.
    pub carries: Carries,
    /// On which side of the cut the order in its channel puts its sending, where that is known. It
    /// is worth more than the moment: what was given to a channel before a barrier may leave the
    /// task when the snapshot has long been taken, for want of credit or as it was overtaken.
    pub order: Option<Side>,
    /// Where it lies with regard to the cut. None if there is no cut, or if it is not a message
    /// between subtasks.
    pub class: Option<Class>,
}

/// A diagram.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpaceTime {
    /// The lanes, in the order in which data flows.
    pub lanes: Vec<Lane>,
    /// Who sends and receives. The first is the coordinator.
    pub processes: Vec<Process>,
    /// Events on lanes, in order.
    pub points: Vec<Point>,
    /// Messages, in the order of what is first known of them.
    pub messages: Vec<Message>,
    /// The cut of the chosen checkpoint.
    pub cut: Option<Cut>,
}

impl SpaceTime {
    /// The diagram of a part of a run.
    pub fn read(timeline: &Timeline, wanted: &Wanted) -> Self {
        reader::read(timeline, wanted)
    }

    /// All moments at which there is something, in order.
    pub fn moments(&self) -> Vec<Moment> {
        let ends = self.messages.iter().flat_map(|message| [message.from.when, message.to.when]);
        let points = self.points.iter().map(|point| point.when);
        let mut moments: Vec<Moment> = points.chain(ends.flatten()).collect();
        moments.sort_unstable();
        moments.dedup();
        moments
    }

    /// Says of each message where it lies with regard to the cut.
    pub fn classify(&mut self) {
        for message in &mut self.messages {
            let between_tasks = message.from.process != 0 && message.to.process != 0;
            let cut = self.cut.as_ref().filter(|_| between_tasks);
            message.class = cut.map(|cut| cut.class(message));
        }
    }

    /// How many messages lie where.
    pub fn tally(&self) -> Tally {
        Tally::of(self.messages.iter().filter_map(|message| message.class))
    }

    /// Where the cut goes through each lane. Through one with several subtasks it goes where the
    /// last of them has its snapshot.
    pub fn cut_of_lanes(&self) -> Vec<CutAt> {
        let mut lanes: Vec<Option<CutAt>> = vec![None; self.lanes.len()];
        let Some(cut) = &self.cut else { return vec![CutAt::Unknown; self.lanes.len()] };
        for (process, at) in self.processes.iter().zip(&cut.of).skip(1) {
            if let Some(lane) = lanes.get_mut(process.lane) {
                let agrees = lane.is_none_or(|known| known == *at);
                *lane = Some(if agrees { *at } else { CutAt::Unknown });
            }
        }
        let snapshot = Happening::Snapshot(cut.checkpoint);
        for point in self.points.iter().filter(|point| point.what == snapshot) {
            if let Some(lane) = point.lane.and_then(|lane| lanes.get_mut(lane)) {
                *lane = Some(CutAt::At(point.when));
            }
        }
        lanes.into_iter().map(|lane| lane.unwrap_or(CutAt::Unknown)).collect()
    }
}
