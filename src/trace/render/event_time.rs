//! Sentences about event time and windows.

use super::escape::{brief, escape};
use super::moment;
use super::sentence::{VALUE_CHARS, count, execution};
use crate::base::{EventTime, JobId};
use crate::record::WatermarkStatus;
use crate::trace::{FiringTime, LateOutcome, Span, TimeEvent, WindowEvent};

pub(super) fn time(event: &TimeEvent) -> String {
    let which = execution(event.job(), event.subtask(), 0);
    match event {
        TimeEvent::WatermarkAdvanced { watermark, .. } => {
            format!("{which}  event time is now {}", moment(*watermark))
        }
        TimeEvent::WatermarkStatusChanged { status, .. } => match status {
            WatermarkStatus::Idle => format!("{which}  all its input is idle"),
            WatermarkStatus::Active => format!("{which}  some of its input is active again"),
        },
        TimeEvent::WatermarkEmitted { edge, watermark, .. } => {
            format!("{which}  emits watermark {} on e{edge}", moment(*watermark))
        }
        TimeEvent::WatermarkStatusEmitted { edge, status, .. } => match status {
            WatermarkStatus::Idle => {
                format!("{which}  says on e{edge} that it is idle: nobody need wait for it")
            }
            WatermarkStatus::Active => format!("{which}  says on e{edge} that it is active again"),
        },
        TimeEvent::RecordsLate { operator, records, outcome, .. } => {
            let (operator, records) = (escape(operator), count(*records, "record"));
            format!("{which}  {operator}: too late: {records} {}", late_outcome(*outcome))
        }
        TimeEvent::AlignmentAnnounced { max_watermark, .. } => match *max_watermark {
            EventTime::MAX => format!("{which}  may read ahead as far as it likes"),
            limit => format!("{which}  may read ahead up to watermark {}", moment(limit)),
        },
        TimeEvent::SplitPaused { split, .. } => {
            format!("{which}  pauses split {split}, which is too far ahead of the others")
        }
        TimeEvent::SplitResumed { split, .. } => format!("{which}  reads split {split} again"),
    }
}

/// A window of one key of one operator.
fn pane(job: JobId, subtask: &str, operator: &str, key: &str, window: Option<Span>) -> String {
    let (which, operator) = (execution(job, subtask, 0), escape(operator));
    let window =
        window.map_or_else(|| "the global window".into(), |it| format!("window {}", span(it)));
    format!("{which}  {operator}: {window} of key {}", brief(key, VALUE_CHARS))
}

pub(super) fn window(event: &WindowEvent) -> String {
    match event {
        WindowEvent::WindowCreated { job, subtask, operator, key, window } => {
            format!("{} opens", pane(*job, subtask, operator, key, *window))
        }
        WindowEvent::WindowMerged { job, subtask, operator, key, window, merged } => {
            let pane = pane(*job, subtask, operator, key, *window);
            let merged: Vec<_> = merged.iter().map(|it| span(*it)).collect();
            let verb = if merged.len() == 1 { "grows out of" } else { "merges" };
            format!("{pane} {verb} {}", merged.join(" and "))
        }
        WindowEvent::WindowFired { job, subtask, operator, key, window, timing } => {
            let timing = match timing {
                FiringTime::Early => "early, before event time has passed its end",
                FiringTime::OnTime => "on time",
                FiringTime::Late => "late, after event time has passed its end",
            };
            format!("{} fires {timing}", pane(*job, subtask, operator, key, *window))
        }
        WindowEvent::WindowPurged { job, subtask, operator, key, window } => {
            format!("{} is emptied by its trigger", pane(*job, subtask, operator, key, *window))
        }
        WindowEvent::WindowCleaned { job, subtask, operator, key, window } => {
            format!("{} is over, its state removed", pane(*job, subtask, operator, key, *window))
        }
        WindowEvent::RecordLate {
            job,
            subtask,
            operator,
            value,
            id: _,
            timestamp,
            watermark,
            outcome,
        } => {
            let (which, operator) = (execution(*job, subtask, 0), escape(operator));
            let (value, outcome) = (brief(value, VALUE_CHARS), late_outcome(*outcome));
            let (of, at) = (moment(*timestamp), moment(*watermark));
            format!("{which}  {operator}: too late: {value} of {of} {outcome}, event time is {at}")
        }
    }
}

fn late_outcome(outcome: LateOutcome) -> &'static str {
    match outcome {
        LateOutcome::Dropped => "dropped",
        LateOutcome::SideOutput => "sent to the side output",
    }
}

pub(super) fn span(Span { start, end }: Span) -> String {
    format!("[{}, {})", moment(EventTime(start)), moment(EventTime(end)))
}
