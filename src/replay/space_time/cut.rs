//! Where a checkpoint cuts a run, and where messages lie with regard to that.

use super::{Carries, End, Message, Moment};
use crate::base::CheckpointId;

/// A side of the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the snapshot knows of.
    Before,
    /// What it does not.
    After,
    /// The window does not say.
    Unknown,
}

/// Where the cut goes through a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutAt {
    /// Before the window.
    Earlier,
    /// Here.
    At(Moment),
    /// Behind the window; or the process had finished, and all it did is before the cut.
    Later,
    /// There is no snapshot, or none was found.
    Unknown,
}

/// Where a message lies with regard to the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Sent and received before it.
    Before,
    /// Sent and received after it.
    After,
    /// Sent before and received after it: in flight, and so part of the checkpoint.
    Crossing,
    /// Sent after and received before it, which must not be.
    Inconsistent,
    /// The barrier that carries the cut from one process to the next.
    Marker,
    /// The window does not say.
    Unknown,
}

impl Class {
    /// Of a message whose ends lie on these sides.
    pub fn of(sent: Side, received: Side) -> Self {
        match (sent, received) {
            (Side::Before, Side::Before) => Self::Before,
            (Side::After, Side::After) => Self::After,
            (Side::Before, Side::After) => Self::Crossing,
            (Side::After, Side::Before) => Self::Inconsistent,
            (Side::Unknown, Side::Before | Side::After | Side::Unknown)
            | (Side::Before | Side::After, Side::Unknown) => Self::Unknown,
        }
    }

    /// In a word or two.
    pub fn words(self) -> &'static str {
        match self {
            Self::Before => "before the cut",
            Self::After => "after the cut",
            Self::Crossing => "in flight",
            Self::Inconsistent => "from after to before",
            Self::Marker => "carries the cut",
            Self::Unknown => "not known",
        }
    }
}

/// Where a checkpoint cuts a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// The checkpoint.
    pub checkpoint: CheckpointId,
    /// Where it goes through each process.
    pub of: Vec<CutAt>,
}

impl Cut {
    /// On which side of the cut a message is sent, going by its moment.
    pub fn sent(&self, from: &End) -> Side {
        match (self.at(from), from.when) {
            (CutAt::At(cut), Some(when)) => side(when, cut),
            (CutAt::Earlier, Some(_)) => Side::After,
            // What was sent before the window was sent before a cut that is in it or later.
            (CutAt::Later, Some(_)) | (CutAt::At(_) | CutAt::Later, None) => Side::Before,
            (CutAt::Earlier, None) | (CutAt::Unknown, _) => Side::Unknown,
        }
    }

    /// On which side of the cut a message is received.
    pub fn received(&self, to: &End) -> Side {
        match (self.at(to), to.when) {
            (CutAt::At(cut), Some(when)) => side(when, cut),
            (CutAt::Later, Some(_)) => Side::Before,
            // What is not received in the window is received after a cut that is in it or earlier.
            (CutAt::Earlier, Some(_)) | (CutAt::At(_) | CutAt::Earlier, None) => Side::After,
            (CutAt::Later, None) | (CutAt::Unknown, _) => Side::Unknown,
        }
    }

    /// Where a message lies.
    pub fn class(&self, message: &Message) -> Class {
        if message.carries == Carries::Barrier(self.checkpoint) {
            return Class::Marker;
        }
        let sent = message.order.unwrap_or_else(|| self.sent(&message.from));
        Class::of(sent, self.received(&message.to))
    }

    fn at(&self, end: &End) -> CutAt {
        self.of.get(end.process).copied().unwrap_or(CutAt::Unknown)
    }
}

fn side(when: Moment, cut: Moment) -> Side {
    if when < cut { Side::Before } else { Side::After }
}

/// How many messages lie where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sent and received before the cut.
    pub before: usize,
    /// Sent and received after it.
    pub after: usize,
    /// In flight across it.
    pub crossing: usize,
    /// From after to before.
    pub inconsistent: usize,
    /// Of which the window does not say.
    pub unknown: usize,
}

impl Tally {
    /// Barriers that carry the cut do not count.
    pub fn of(classes: impl IntoIterator<Item = Class>) -> Self {
        let mut tally = Self::default();
        for class in classes {
            match class {
                Class::Before => tally.before += 1,
                Class::After => tally.after += 1,
                Class::Crossing => tally.crossing += 1,
                Class::Inconsistent => tally.inconsistent += 1,
                Class::Unknown => tally.unknown += 1,
                Class::Marker => {}
            }
        }
        tally
    }
}
