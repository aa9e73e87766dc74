//! On which side of a window the snapshots lie that are not in it.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{CutAt, Wanted};
use crate::base::{CheckpointId, Name, SimTime};
use crate::replay::{Checkpoint, SnapshotProgress, Timeline};
use crate::trace::{CheckpointEvent, Event};

/// How many windows before the window are searched for snapshots.
const WINDOWS: usize = 4;

/// What is known of a checkpoint's snapshots outside a window.
pub(super) struct Outside<'a> {
    checkpoint: Option<&'a Checkpoint>,
    /// All snapshots lie on this side of the window, if that is known without a search.
    all: Option<CutAt>,
    /// The subtasks whose snapshot was found before it.
    earlier: BTreeSet<Name>,
    /// Whether the search came to the checkpoint's beginning.
    is_complete: bool,
}

impl<'a> Outside<'a> {
    pub fn new(
        timeline: &'a Timeline,
        wanted: &Wanted,
        id: CheckpointId,
        window: &Range<usize>,
    ) -> Self {
        let job = timeline.end().jobs.get(wanted.job);
        let checkpoint = job.and_then(|job| job.checkpoints.get(id));
        let nothing =
            |all| Self { checkpoint, all: Some(all), earlier: BTreeSet::new(), is_complete: true };
        let Some(known) = checkpoint else { return nothing(CutAt::Unknown) };
        // The first event that is not before its beginning.
        let begins = known.triggered.and_then(|at| at.0.checked_sub(1));
        let begins = begins.map_or(0, |before| timeline.position_at(SimTime(before)));
        if begins >= window.end {
            return nothing(CutAt::Later);
        }
        let first = timeline.event(window.start).map(|recorded| recorded.at);
        if known.ended.zip(first).is_some_and(|(ended, first)| ended < first) {
            return nothing(CutAt::Earlier);
        }
        let reach = wanted.reach.saturating_mul(WINDOWS);
        let from = window.start.saturating_sub(reach).max(begins).min(window.start);
        let earlier = timeline.range(from..window.start).filter_map(|recorded| {
            match &recorded.event {
                Event::Checkpoint(CheckpointEvent::SnapshotTaken {
                    job,
                    subtask,
                    checkpoint,
                    ..
                }) if *job == wanted.job && *checkpoint == id => Some(subtask.clone()),
                // Only these are looked for.
                _ => None,
            }
        });
        let is_complete = from <= begins || from == 0;
        Self { checkpoint, all: None, earlier: earlier.collect(), is_complete }
    }

    /// Where the cut goes through a subtask whose snapshot is not in the window.
    pub fn of(&self, subtask: &Name) -> CutAt {
        let snapshot = self.checkpoint.and_then(|checkpoint| checkpoint.subtask(subtask));
        let was_taken = snapshot.is_some_and(|snapshot| match &snapshot.progress {
            SnapshotProgress::Taken | SnapshotProgress::Stored | SnapshotProgress::Acknowledged => {
                true
            }
            SnapshotProgress::Waiting
            | SnapshotProgress::Aligning
            | SnapshotProgress::Failed(_)
            | SnapshotProgress::Declined(_) => false,
        });
        if self.earlier.contains(subtask) {
            return CutAt::Earlier;
        }
        match self.all {
            _ if !was_taken => CutAt::Unknown,
            Some(all) => all,
            None if self.is_complete => CutAt::Later,
            None => CutAt::Unknown,
        }
    }
}
