//! How far event time is at a subtask, and what came too late for it.
//!
//! Known at every level of trace, unlike what single channels carry (see [`super::Channels`]) and
//! windows (see [`super::Windows`]).

use std::collections::{BTreeMap, BTreeSet};

use super::{Channel, ChannelKey, Seen};
use crate::base::{EventTime, Name};
use crate::record::WatermarkStatus;
use crate::trace::{LateOutcome, TimeEvent};

/// How far event time is somewhere, and whether that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The last watermark; [`EventTime::NONE`] before the first.
    pub watermark: EventTime,
    /// Whether anyone waits for more.
    pub status: WatermarkStatus,
}

impl Default for Progress {
    fn default() -> Self {
        Self { watermark: EventTime::NONE, status: WatermarkStatus::Active }
    }
}

impl Progress {
    /// Whether nobody waits for more.
    pub fn is_idle(&self) -> bool {
        self.status == WatermarkStatus::Idle
    }
}

/// How many records of an operator came too late for all their windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Late {
    /// Those that were dropped.
    pub dropped: u64,
    /// Those that went to the side output for late records.
    pub side_output: u64,
}

impl Late {
    fn of(records: u32, outcome: LateOutcome) -> Self {
        let records = u64::from(records);
        match outcome {
            LateOutcome::Dropped => Self { dropped: records, side_output: 0 },
            LateOutcome::SideOutput => Self { dropped: 0, side_output: records },
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            dropped: self.dropped.saturating_add(other.dropped),
            side_output: self.side_output.saturating_add(other.side_output),
        }
    }

    /// All of them.
    pub fn all(&self) -> u64 {
        self.dropped.saturating_add(self.side_output)
    }
}

/// Event time at an execution of a subtask.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskEventTime {
    /// Of all input together: what its operators are told.
    pub input: Progress,
    /// What it has sent along each edge of the job graph.
    pub emitted: BTreeMap<u16, Progress>,
    /// What came too late, by operator.
    pub late: BTreeMap<Name, Late>,
    /// How far it may read ahead, if it is in an alignment group.
    pub max_watermark: Option<EventTime>,
    /// Splits that it does not read, being too far ahead.
    pub paused_splits: BTreeSet<u16>,
}

impl TaskEventTime {
    /// How far event time is at the subtask: at its input, or, where that has none as at sources,
    /// behind it.
    pub fn progress(&self) -> Progress {
        if self.input != Progress::default() {
            return self.input;
        }
        let least = self.emitted.values().map(|sent| sent.watermark).min();
        let idle = !self.emitted.is_empty() && self.emitted.values().all(Progress::is_idle);
        Progress {
            watermark: least.unwrap_or(EventTime::NONE),
            status: if idle { WatermarkStatus::Idle } else { WatermarkStatus::Active },
        }
    }

    /// What came too late for any of its operators.
    pub fn late(&self) -> Late {
        self.late.values().copied().fold(Late::default(), Late::and)
    }

    pub(super) fn apply(&mut self, event: &TimeEvent) -> Seen {
        match event {
            TimeEvent::WatermarkAdvanced { watermark, .. } => {
                Seen::set(&mut self.input.watermark, *watermark)
            }
            TimeEvent::WatermarkStatusChanged { status, .. } => {
                Seen::set(&mut self.input.status, *status)
            }
            TimeEvent::WatermarkEmitted { edge, watermark, .. } => {
                let watermark = *watermark;
                set_at(&mut self.emitted, edge, |sent| Progress { watermark, ..sent })
            }
            TimeEvent::WatermarkStatusEmitted { edge, status, .. } => {
                let status = *status;
                set_at(&mut self.emitted, edge, |sent| Progress { status, ..sent })
            }
            TimeEvent::RecordsLate { operator, records, outcome, .. } => {
                let more = Late::of(*records, *outcome);
                set_at(&mut self.late, operator, |late| late.and(more))
            }
            TimeEvent::AlignmentAnnounced { max_watermark, .. } => {
                Seen::set(&mut self.max_watermark, Some(*max_watermark))
            }
            TimeEvent::SplitPaused { split, .. } => {
                if self.paused_splits.insert(*split) {
                    Seen::Yes
                } else {
                    Seen::No
                }
            }
            TimeEvent::SplitResumed { split, .. } => {
                if self.paused_splits.remove(split) {
                    Seen::Yes
                } else {
                    Seen::No
                }
            }
        }
    }
}

/// Changes an entry, which may be new. One that is new is a change to see, whatever it is.
fn set_at<K: Ord + Clone, V: Default + Copy + PartialEq>(
    entries: &mut BTreeMap<K, V>,
    key: &K,
    change: impl FnOnce(V) -> V,
) -> Seen {
    let before = entries.get(key).copied();
    let after = change(before.unwrap_or_default());
    entries.insert(key.clone(), after);
    if before == Some(after) { Seen::No } else { Seen::Yes }
}

/// Whether an event says that event time plays a part in its job. The end of time does not: every
/// source ends with it.
pub(super) fn is_telling(event: &TimeEvent) -> bool {
    match event {
        TimeEvent::WatermarkAdvanced { watermark, .. }
        | TimeEvent::WatermarkEmitted { watermark, .. } => {
            !matches!(*watermark, EventTime::NONE | EventTime::MAX)
        }
        TimeEvent::WatermarkStatusChanged { .. }
        | TimeEvent::WatermarkStatusEmitted { .. }
        | TimeEvent::RecordsLate { .. }
        | TimeEvent::AlignmentAnnounced { .. }
        | TimeEvent::SplitPaused { .. }
        | TimeEvent::SplitResumed { .. } => true,
    }
}

/// What a channel means for event time at its consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The others are further: the consumer waits for it.
    HoldsBack,
    /// The consumer waits for another, or for none.
    Counts,
    /// It has come back from being idle and is behind: it counts once it has caught up.
    CatchesUp,
    /// It is idle.
    Idle,
}

/// A channel into a subtask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input<'a> {
    /// Which it is.
    pub key: &'a ChannelKey,
    /// The channel.
    pub channel: &'a Channel,
    /// What it means for the subtask's event time.
    pub standing: Standing,
}

/// What these channels mean for event time at their consumer, whose input is as far as that.
pub(super) fn standings<'a>(
    channels: impl Iterator<Item = (&'a ChannelKey, &'a Channel)>,
    at: Progress,
) -> Vec<Input<'a>> {
    let standing = |channel: &Channel| match channel.received {
        received if received.is_idle() => Standing::Idle,
        received if received.watermark < at.watermark => Standing::CatchesUp,
        Progress { .. } => Standing::Counts,
    };
    let mut inputs: Vec<_> = channels
        .map(|(key, channel)| Input { key, channel, standing: standing(channel) })
        .collect();
    let counting = || inputs.iter().filter(|input| input.standing == Standing::Counts);
    let watermarks = || counting().map(|input| input.channel.received.watermark);
    let (least, most) = (watermarks().min(), watermarks().max());
    if least < most {
        for input in &mut inputs {
            let is_least = Some(input.channel.received.watermark) == least;
            if input.standing == Standing::Counts && is_least {
                input.standing = Standing::HoldsBack;
            }
        }
    }
    inputs
}
