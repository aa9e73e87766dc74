//! How a subtask spends the time of a checkpoint: phases on an axis that all subtasks share.

use weir::base::SimTime;
use weir::replay::{Checkpoint, SnapshotProgress, SubtaskSnapshot};

use super::super::look::{Look, Role};

/// What a subtask does from the trigger of a checkpoint to its acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Until its first barrier comes.
    StartDelay,
    /// Until its last one does.
    Alignment,
    /// It takes its snapshot, and no record is processed.
    Synchronous,
    /// It stores the snapshot, and records are processed.
    Asynchronous,
    /// The coordinator has not heard of it.
    OnItsWay,
}

impl Phase {
    pub const ALL: [Self; 5] =
        [Self::StartDelay, Self::Alignment, Self::Synchronous, Self::Asynchronous, Self::OnItsWay];

    /// What fills its part of the bar.
    pub fn fill(self, look: Look) -> (&'static str, Role) {
        let (unicode, ascii, role) = match self {
            Self::StartDelay => ("·", ".", Role::Dim),
            Self::Alignment => ("▒", "=", Role::Waiting),
            Self::Synchronous => ("█", "#", Role::Pressure),
            Self::Asynchronous => ("░", "+", Role::Data),
            Self::OnItsWay => ("╌", "-", Role::Dim),
        };
        (if look.ascii { ascii } else { unicode }, role)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::StartDelay => "start delay",
            Self::Alignment => "alignment",
            Self::Synchronous => "sync",
            Self::Asynchronous => "async",
            Self::OnItsWay => "on its way",
        }
    }
}

/// What stands where a subtask is done, or has failed.
pub(super) fn end_mark(look: Look, failed: bool) -> (&'static str, Role) {
    match (failed, look.ascii) {
        (true, _) => (look.glyphs().failure, Role::Failed),
        (false, true) => ("|", Role::Done),
        (false, false) => ("┃", Role::Done),
    }
}

/// The phases of a subtask, each with when it begins and ends, in microseconds since the trigger.
#[derive(Clone, Debug, Default)]
pub(super) struct Phases {
    phases: Vec<(Phase, u64, u64)>,
    /// When the coordinator heard of it, or of its failure.
    end: Option<(u64, bool)>,
}

fn micros(from: SimTime, to: SimTime) -> u64 {
    u64::try_from(to.since(from).as_micros()).unwrap_or(u64::MAX)
}

impl Phases {
    /// Those that are known at `now`. What goes on lasts until then, or until the checkpoint is over.
    pub fn new(checkpoint: &Checkpoint, of: &SubtaskSnapshot, now: SimTime) -> Self {
        let mut phases = Self::default();
        for (phase, length) in [
            (Phase::StartDelay, of.start_delay_us),
            (Phase::Alignment, of.alignment_us),
            (Phase::Synchronous, of.sync_us),
            (Phase::Asynchronous, of.async_us),
        ] {
            if let Some(length) = length {
                phases.until(phase, phases.last().saturating_add(length));
            }
        }
        let Some(triggered) = checkpoint.triggered else { return phases };
        let now = micros(triggered, checkpoint.ended.unwrap_or(now));
        let since = of.since.map(|since| micros(triggered, since));
        match &of.progress {
            SnapshotProgress::Waiting => phases.until(Phase::StartDelay, now),
            SnapshotProgress::Aligning => {
                phases.until(Phase::StartDelay, since.unwrap_or(0));
                phases.until(Phase::Alignment, now);
            }
            SnapshotProgress::Taken => phases.until(Phase::Asynchronous, now),
            SnapshotProgress::Stored => phases.until(Phase::OnItsWay, now),
            SnapshotProgress::Acknowledged => {
                phases.until(Phase::OnItsWay, since.unwrap_or(0));
                phases.end = Some((since.unwrap_or(phases.last()), false));
            }
            SnapshotProgress::Failed(_) | SnapshotProgress::Declined(_) => {
                phases.end = Some((since.unwrap_or(phases.last()), true));
            }
        }
        phases
    }

    /// A phase goes on until then. What has taken no time is no phase.
    fn until(&mut self, phase: Phase, end: u64) {
        let begin = self.phases.last().map_or(0, |(_, _, end)| *end);
        if end > begin {
            self.phases.push((phase, begin, end));
        }
    }

    /// When the last of it ends.
    pub fn last(&self) -> u64 {
        let phase = self.phases.last().map_or(0, |(_, _, end)| *end);
        phase.max(self.end.map_or(0, |(end, _)| end))
    }

    /// A bar of so many columns for so many microseconds. However short a phase is, it has a column
    /// unless a shorter one needs it.
    pub fn bar(&self, look: Look, (columns, axis): (usize, u64)) -> Vec<(&'static str, Role)> {
        let mut bar = vec![(" ", Role::Plain); columns];
        let last = columns.saturating_sub(1);
        let column = |at: u64| {
            let column = u128::from(at) * (columns as u128) / u128::from(axis.max(1));
            usize::try_from(column).unwrap_or(last)
        };
        let mut longest_first = self.phases.clone();
        longest_first.sort_by_key(|(_, begin, end)| std::cmp::Reverse(end - begin));
        for (phase, begin, end) in longest_first {
            let begin = column(begin).min(last);
            let end = column(end).max(begin + 1).min(columns);
            bar[begin..end.max(begin)].fill(phase.fill(look));
        }
        if let Some((end, failed)) = self.end
            && let Some(cell) = bar.get_mut(column(end).min(last))
        {
            *cell = end_mark(look, failed);
        }
        bar
    }
}
