//! Event time as counters: a curve for each subtask, which stands still where it waits.
//!
//! A curve begins at the bottom of its picture, and a moment in milliseconds since 1970 would make
//! it flat; so each job counts from its first watermark.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::task_track;
use crate::base::{EventTime, JobId};
use crate::trace::TimeEvent;

/// The first watermark of each job.
#[derive(Default)]
pub(super) struct EventTimes(BTreeMap<JobId, EventTime>);

impl EventTimes {
    /// What the event adds to a curve. The ends of time are on none.
    pub fn counter(&mut self, event: &TimeEvent) -> Option<Value> {
        let (job, subtask) = (event.job(), event.subtask());
        let of = task_track(job, subtask);
        let (name, watermark) = match event {
            TimeEvent::WatermarkAdvanced { watermark, .. } => {
                (format!("event time of {of}"), *watermark)
            }
            TimeEvent::WatermarkEmitted { edge, watermark, .. } => {
                (format!("watermarks of {of} on e{edge}"), *watermark)
            }
            TimeEvent::WatermarkStatusChanged { .. }
            | TimeEvent::WatermarkStatusEmitted { .. }
            | TimeEvent::RecordsLate { .. }
            | TimeEvent::AlignmentAnnounced { .. }
            | TimeEvent::SplitPaused { .. }
            | TimeEvent::SplitResumed { .. } => return None,
        };
        if matches!(watermark, EventTime::NONE | EventTime::MAX) {
            return None;
        }
        let first = self.0.entry(job).or_insert(watermark);
        let millis = watermark.0.saturating_sub(first.0);
        let args = json!({ "ms since the first watermark": millis });
        Some(json!({ "ph": "C", "name": name, "args": args }))
    }
}
