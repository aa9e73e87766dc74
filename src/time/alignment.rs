//! Sources that wait for each other, so that no operator has to keep what a fast one reads long
//! before a slow one comes to the same time.
//!
//! Each subtask of a source in a group reports its watermark at an interval. The coordinator of
//! the source takes the lowest of its subtasks, the group the lowest of its sources; at the same
//! interval each source tells those of its subtasks that have reported how far they may go: the
//! group's watermark plus the drift. A subtask beyond it stops reading; of one within it, splits
//! beyond it pause. A subtask that is idle reports the end of time, so that it holds nobody.
//!
//! Invariant: a group's watermark is that of its slowest reporter; whoever has not reported yet,
//! or is over, holds nobody and is told nothing.
//!
//! Previous: [`super::SourceTimestampsAndWatermarks::reported_watermark`]. Next: the source task,
//! through [`SourceAlignment`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::WatermarkAlignmentParams;
use crate::base::{EventTime, Name};

/// The lowest of the watermarks that were reported (Flink's `WatermarkAggregator`).
#[derive(Clone, Debug)]
struct WatermarkAggregator<Id> {
    by_reporter: BTreeMap<Id, EventTime>,
    ordered: BTreeSet<(EventTime, Id)>,
}

impl<Id: Ord + Clone> WatermarkAggregator<Id> {
    fn new() -> Self {
        Self { by_reporter: BTreeMap::new(), ordered: BTreeSet::new() }
    }

    /// Takes a report, which may also go back; the new lowest, if it changed.
    fn aggregate(&mut self, reporter: Id, watermark: EventTime) -> Option<EventTime> {
        let before = self.aggregated();
        if let Some(previous) = self.by_reporter.insert(reporter.clone(), watermark) {
            self.ordered.remove(&(previous, reporter.clone()));
        }
        self.ordered.insert((watermark, reporter));
        let now = self.aggregated();
        (now != before).then_some(now)
    }

    /// Forgets a reporter; the new lowest, if it changed and anyone is left.
    fn remove(&mut self, reporter: &Id) -> Option<EventTime> {
        let before = self.aggregated();
        let watermark = self.by_reporter.remove(reporter)?;
        self.ordered.remove(&(watermark, reporter.clone()));
        let now = self.aggregated();
        (now != before && !self.is_empty()).then_some(now)
    }

    fn is_empty(&self) -> bool {
        self.by_reporter.is_empty()
    }

    fn aggregated(&self) -> EventTime {
        self.ordered.first().map_or(EventTime::NONE, |(watermark, _)| *watermark)
    }
}

/// What a source tells its subtasks: how far they may go (Flink's `WatermarkAlignmentEvent`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlignmentAnnouncement {
    /// Beyond this watermark a subtask waits.
    pub max_watermark: EventTime,
    /// The subtasks that are told: those that have reported.
    pub subtasks: Vec<u32>,
}

/// All alignment groups of a job: what the source coordinators share.
#[derive(Clone, Debug, Default)]
pub struct WatermarkAlignment {
    groups: BTreeMap<Name, WatermarkAggregator<Name>>,
    sources: BTreeMap<Name, WatermarkAggregator<u32>>,
}

impl WatermarkAlignment {
    /// A subtask of a source reports its watermark.
    pub fn on_reported_watermark(
        &mut self,
        params: &WatermarkAlignmentParams,
        source: &Name,
        subtask: u32,
        watermark: EventTime,
    ) {
        let subtasks = self.sources.entry(source.clone()).or_insert_with(WatermarkAggregator::new);
        if let Some(lowest) = subtasks.aggregate(subtask, watermark) {
            let group = self.groups.entry(params.watermark_group.clone());
            group.or_insert_with(WatermarkAggregator::new).aggregate(source.clone(), lowest);
        }
    }

    /// A subtask of a source is over: what it has reported no longer holds anyone.
    ///
    /// Unlike Flink: there the last report stands, which is the end of time for a subtask that has
    /// finished; here that report may be lost.
    pub fn on_subtask_over(
        &mut self,
        params: &WatermarkAlignmentParams,
        source: &Name,
        subtask: u32,
    ) {
        let Some(subtasks) = self.sources.get_mut(source) else { return };
        let lowest = subtasks.remove(&subtask);
        let was_last = subtasks.is_empty();
        let Some(group) = self.groups.get_mut(&params.watermark_group) else { return };
        if let Some(lowest) = lowest {
            group.aggregate(source.clone(), lowest);
        }
        if was_last {
            self.sources.remove(source);
            group.remove(source);
        }
    }

    /// What a source tells its subtasks now (Flink's `announceCombinedWatermark`).
    pub fn announce_combined_watermark(
        &self,
        params: &WatermarkAlignmentParams,
        source: &Name,
    ) -> AlignmentAnnouncement {
        let group = self.groups.get(&params.watermark_group);
        let lowest = group.map_or(EventTime::NONE, WatermarkAggregator::aggregated);
        let subtasks = self.sources.get(source).into_iter();
        AlignmentAnnouncement {
            max_watermark: allowed(lowest, params.max_allowed_watermark_drift),
            subtasks: subtasks.flat_map(|it| it.by_reporter.keys().copied()).collect(),
        }
    }
}

/// The end of time stays where it is.
fn allowed(lowest: EventTime, drift: Duration) -> EventTime {
    let drift = i64::try_from(drift.as_millis()).unwrap_or(i64::MAX);
    EventTime(lowest.0.saturating_add(drift))
}

/// Which splits of a subtask pause and which go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitAlignment<Id> {
    /// Splits that stop being read.
    pub pause: Vec<Id>,
    /// Splits that are read again.
    pub resume: Vec<Id>,
}

/// What a source subtask knows of its group.
#[derive(Clone, Debug)]
pub struct SourceAlignment<Id> {
    max_desired_watermark: EventTime,
    paused: BTreeSet<Id>,
}

impl<Id> Default for SourceAlignment<Id> {
    fn default() -> Self {
        Self { max_desired_watermark: EventTime::MAX, paused: BTreeSet::new() }
    }
}

impl<Id: Ord + Clone> SourceAlignment<Id> {
    /// The coordinator says how far the subtask may go.
    pub fn on_alignment(&mut self, max_watermark: EventTime) {
        self.max_desired_watermark = max_watermark;
    }

    /// Whether a subtask that has emitted this watermark must wait.
    pub fn should_wait(&self, latest_watermark: EventTime) -> bool {
        self.max_desired_watermark < latest_watermark
    }

    /// Which splits change, given where each of them is. To be asked when the coordinator has
    /// spoken and when a split's watermark has moved.
    pub fn check_splits<'a>(
        &mut self,
        splits: impl IntoIterator<Item = (&'a Id, EventTime)>,
    ) -> SplitAlignment<Id>
    where
        Id: 'a,
    {
        let mut change = SplitAlignment { pause: Vec::new(), resume: Vec::new() };
        for (split, watermark) in splits {
            if watermark > self.max_desired_watermark {
                if self.paused.insert(split.clone()) {
                    change.pause.push(split.clone());
                }
            } else if self.paused.remove(split) {
                change.resume.push(split.clone());
            }
        }
        change
    }

    /// A split is done with.
    pub fn on_split_finished(&mut self, split: &Id) {
        self.paused.remove(split);
    }
}
