//! Event time never goes back within an attempt at a subtask.

use std::collections::BTreeMap;

use super::Fold;
use super::verdict::{Findings, Invariant};
use crate::base::{EventTime, JobId, Name, NodeId, Step};
use crate::trace::{Event, Recorded, TaskEvent, TimeEvent};

/// A subtask on a node: what is left of an attempt that was replaced runs on another.
type Place = (JobId, Name, NodeId);

/// See the module. The input of a subtask has no edge.
#[derive(Default)]
pub(super) struct Watermarks {
    last: BTreeMap<Place, BTreeMap<Option<u16>, (EventTime, Step)>>,
}

impl Fold for Watermarks {
    fn apply(&mut self, recorded: &Recorded, findings: &mut Findings) {
        let (job, subtask, edge, watermark) = match &recorded.event {
            Event::Task(TaskEvent::TaskStarted { job, subtask, .. }) => {
                self.last.remove(&(*job, subtask.clone(), recorded.node));
                return;
            }
            Event::Time(TimeEvent::WatermarkAdvanced { job, subtask, watermark }) => {
                (*job, subtask, None, *watermark)
            }
            Event::Time(TimeEvent::WatermarkEmitted { job, subtask, edge, watermark }) => {
                (*job, subtask, Some(*edge), *watermark)
            }
            _ => return,
        };
        let last = self.last.entry((job, subtask.clone(), recorded.node)).or_default();
        let before = last.insert(edge, (watermark, recorded.step));
        if let Some((before, at)) = before.filter(|(before, _)| *before > watermark) {
            findings.violate(Invariant::MonotonicWatermarks, &[at, recorded.step], || {
                format!(
                    "{subtask} was at {} (step {at}) and goes back to {} (step {})",
                    before.0, watermark.0, recorded.step
                )
            });
        }
    }
}
