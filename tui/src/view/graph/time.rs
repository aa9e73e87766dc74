//! Event time in few columns: watermarks, and what a box says of its subtasks.

use weir::base::{EventTime, Name};
use weir::replay::{Job, Progress};
use weir::trace::{Span, moment_within};

use super::super::look::{Look, Role};
use super::super::pen::Pen;
use super::super::text::{self, count};
use super::parts::Row;

/// A watermark: `≤10:00` if nothing of ten o'clock or before is expected any more, `<10:00` if
/// nothing of before ten. With its date as far as there are columns for it; the shortest form may
/// take more.
pub(super) fn watermark(look: Look, watermark: EventTime, columns: usize) -> String {
    // What ends a millisecond before the hour is said in fewer columns as what is before the hour.
    let next = EventTime(watermark.0.saturating_add(1));
    let is_shorter = moment_within(next, 0).len() < moment_within(watermark, 0).len();
    let (sign, time) = if is_shorter { ("<", next) } else { (look.glyphs().up_to, watermark) };
    format!("{sign}{}", moment_within(time, columns.saturating_sub(text::width(sign))))
}

/// A watermark among the records: nothing but its sign if there is no room for more.
pub(super) fn watermark_in_flight(look: Look, time: EventTime, room: usize) -> String {
    let said = watermark(look, time, 0);
    if text::width(&said) <= room { said } else { look.glyphs().up_to.to_owned() }
}

/// A span of time, its first moment with its day if it is to be.
pub(super) fn span(Span { start, end }: Span, with_day: bool) -> String {
    let first = if with_day { 11 } else { 0 };
    format!("[{}, {})", moment_within(EventTime(start), first), moment_within(EventTime(end), 0))
}

/// Columns from which on a box shows the day too.
const DAY_MIN: usize = 22;
/// Columns of a watermark with its day and its time to the millisecond.
const DAY_AND_TIME: usize = 19;

/// Event time at some subtasks together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    /// The least of those that are not idle, or of all if all are.
    progress: Option<Progress>,
    subtasks: usize,
    idle: usize,
    late: u64,
    windows: usize,
    paused_splits: usize,
}

impl Times {
    /// At these subtasks of a job.
    pub fn of(job: &Job, subtasks: impl Iterator<Item = Name>) -> Self {
        let mut times = Self::default();
        for subtask in subtasks {
            let Some(task) = job.tasks.get(&subtask) else { continue };
            let progress = task.event_time.progress();
            times.subtasks += 1;
            times.idle += usize::from(progress.is_idle());
            times.late = times.late.saturating_add(task.event_time.late().all());
            times.windows += job.windows.count(&subtask);
            times.paused_splits += task.event_time.paused_splits.len();
            let least = times.progress.get_or_insert(progress);
            let key = |progress: &Progress| (progress.is_idle(), progress.watermark);
            if key(&progress) < key(least) {
                *least = progress;
            }
        }
        times
    }

    /// What there is to say, the most telling first: at length and in short.
    fn parts(&self, look: Look, columns: usize) -> Vec<(String, String, Role)> {
        let mut parts = Vec::new();
        let time = self.progress.unwrap_or_default().watermark;
        let short = watermark(look, time, 0);
        parts.push(match time {
            EventTime::NONE => ("no watermark".to_owned(), short, Role::Dim),
            _ if columns < DAY_MIN => (short.clone(), short, Role::Time),
            time => (watermark(look, time, DAY_AND_TIME), short, Role::Time),
        });
        if self.idle > 0 {
            let all = self.idle == self.subtasks;
            let idle = if all { "idle".to_owned() } else { format!("{} idle", self.idle) };
            parts.push((idle.clone(), idle, Role::Waiting));
        }
        if self.late > 0 {
            let late = format!("{} late", count(self.late));
            parts.push((late.clone(), late, Role::Pressure));
        }
        if self.windows > 0 {
            let number = count(u64::try_from(self.windows).unwrap_or(u64::MAX));
            let plural = if self.windows == 1 { "" } else { "s" };
            parts.push((format!("{number} window{plural}"), format!("{number}w"), Role::Data));
        }
        if self.paused_splits > 0 {
            let sign = format!("{}{}", look.glyphs().pause, self.paused_splits);
            parts.push((format!("{} paused", self.paused_splits), sign, Role::Waiting));
        }
        parts
    }

    /// Says it in a row, in short if there is no room for more.
    pub fn draw(&self, pen: &mut Pen<'_>, row: Row) {
        let parts = self.parts(pen.look, row.width);
        let columns = |text: &String| text::width(text) + 1;
        let long: usize = parts.iter().map(|(long, ..)| columns(long)).sum();
        let mut x = row.x;
        for (at_length, in_short, role) in &parts {
            let part = if long <= row.width + 1 { at_length } else { in_short };
            if x + text::width(part) > row.x + row.width {
                return;
            }
            x = pen.put(x, row.y, part, *role) + 1;
        }
    }
}
