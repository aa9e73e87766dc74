//! What the subtasks of a run did, as a table for each job.
//!
//! A vertex has a line for each subtask, or one for all of them where there are many. Numbers are
//! those of the last attempt; of what is not known there is a dash.

use std::io;

use unicode_width::UnicodeWidthStr;
use weir::base::SimDuration;
use weir::cluster::{AttemptMetrics, SubtaskMetrics};

use super::console::{Console, Meaning};
use super::table;

/// A vertex with more subtasks than this has one line.
const SHOWN_SUBTASKS: usize = 8;
/// What stands before a line.
const INDENT: &str = "      ";
/// The widest line, without what stands before it.
const WIDEST: usize = 80 - INDENT.len();
/// A name is never cut to less.
const NARROWEST_NAME: usize = 8;
/// Numbers from here on are given in thousands, millions and so on.
const LARGE: u64 = 100_000_000;

/// Prints what the subtasks did.
pub fn print(subtasks: &[SubtaskMetrics], console: &mut Console) -> io::Result<()> {
    for job in subtasks.chunk_by(|one, other| one.job == other.job) {
        let lines = lines(job);
        if lines.is_empty() {
            continue;
        }
        console.line("")?;
        console.line(format!("tasks {}", table::cut(&job[0].job, WIDEST)))?;
        for (index, line) in lines.into_iter().enumerate() {
            let line = if index == 0 { console.paint(Meaning::Aside, line) } else { line };
            console.line(format!("{INDENT}{line}"))?;
        }
    }
    Ok(())
}

/// The table of a job, unless nothing is known of any of its subtasks.
fn lines(job: &[SubtaskMetrics]) -> Vec<String> {
    if job.iter().all(|subtask| subtask.last.is_none()) {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for vertex in job.chunk_by(|one, other| one.uid == other.uid) {
        if vertex.len() > SHOWN_SUBTASKS {
            rows.push(Line::of(vertex));
        } else {
            rows.extend(vertex.iter().map(|subtask| Line::of(std::slice::from_ref(subtask))));
        }
    }
    // Where nothing was tried twice, nobody asks how often.
    let is_retried = rows.iter().any(|row| row.attempts != 1);
    let mut columns = vec!["subtask", "in", "out", "busy", "back-pressured", "idle"];
    if is_retried {
        columns.insert(1, "attempts");
    }
    let mut cells: Vec<Vec<String>> = rows.iter().map(|row| row.cells(is_retried)).collect();
    let width = |column: usize| {
        let cells = cells.iter().map(|row| row[column].width());
        cells.chain([columns[column].width()]).max().unwrap_or(0)
    };
    let others: usize = (1..columns.len()).map(|column| 2 + width(column)).sum();
    let room = WIDEST.saturating_sub(others).max(NARROWEST_NAME);
    for (row, cells) in rows.iter().zip(&mut cells) {
        cells[0] = row.name(room);
    }
    let right: Vec<bool> = (0..columns.len()).map(|column| column > 0).collect();
    let header: Vec<String> = columns.into_iter().map(str::to_owned).collect();
    table::aligned(&header, &cells, &right)
}

/// A line of the table.
struct Line<'a> {
    uid: &'a str,
    /// Which subtasks of the vertex it is about.
    which: String,
    attempts: u32,
    /// What they did together, if anything is known.
    did: Option<AttemptMetrics>,
}

impl<'a> Line<'a> {
    /// About one subtask, or all of a vertex. These are summed up as far as they are known, and
    /// have the most attempts that any of them has.
    fn of(subtasks: &'a [SubtaskMetrics]) -> Self {
        let count = subtasks.len();
        let known: Vec<AttemptMetrics> = subtasks.iter().filter_map(|it| it.last).collect();
        let which = match subtasks {
            [one] => format!("#{}", one.index + 1),
            _ if (1..count).contains(&known.len()) => format!(" ×{} of {count}", known.len()),
            _ => format!(" ×{count}"),
        };
        Self {
            uid: &subtasks[0].uid,
            which,
            attempts: subtasks.iter().map(|it| it.attempts).max().unwrap_or(0),
            did: known.into_iter().reduce(together),
        }
    }

    /// Its name. If it must be cut, it is still seen which subtask it is.
    fn name(&self, widest: usize) -> String {
        let room = widest.saturating_sub(self.which.width()).max(1);
        format!("{}{}", table::cut(self.uid, room), self.which)
    }

    /// Its cells, of which the first is left to the name.
    fn cells(&self, is_retried: bool) -> Vec<String> {
        let numbers = match &self.did {
            None => std::array::from_fn(|_| "–".to_owned()),
            Some(did) => {
                let all = did.busy.saturating_add(did.back_pressured).saturating_add(did.idle);
                let share = |span| percent(span, all);
                [
                    short(did.records_in),
                    short(did.records_out),
                    share(did.busy),
                    share(did.back_pressured),
                    share(did.idle),
                ]
            }
        };
        let attempts = is_retried.then(|| self.attempts.to_string());
        [String::new()].into_iter().chain(attempts).chain(numbers).collect()
    }
}

fn together(one: AttemptMetrics, other: AttemptMetrics) -> AttemptMetrics {
    AttemptMetrics {
        records_in: one.records_in.saturating_add(other.records_in),
        records_out: one.records_out.saturating_add(other.records_out),
        busy: one.busy.saturating_add(other.busy),
        back_pressured: one.back_pressured.saturating_add(other.back_pressured),
        idle: one.idle.saturating_add(other.idle),
    }
}

/// What part of `all` it is, to the nearest percent.
fn percent(part: SimDuration, all: SimDuration) -> String {
    let (part, all) = (part.as_micros(), all.as_micros());
    match (part * 100 + all / 2).checked_div(all) {
        Some(percent) => format!("{percent}%"),
        None => "–".to_owned(),
    }
}

/// A count that does not take much room.
fn short(count: u64) -> String {
    let mut count = count;
    for unit in ["", "k", "M", "G"] {
        if count < LARGE {
            return format!("{count}{unit}");
        }
        count /= 1000;
    }
    format!("{count}T")
}

#[cfg(test)]
mod tests {
    use weir::base::{Name, SimDuration};

    use super::*;

    /// What a subtask did, in records and microseconds.
    fn did(records: u64, [busy, back_pressured, idle]: [u64; 3]) -> Option<AttemptMetrics> {
        let [busy, back_pressured, idle] =
            [busy, back_pressured, idle].map(SimDuration::from_micros);
        let (records_in, records_out) = (records, records / 2);
        Some(AttemptMetrics { records_in, records_out, busy, back_pressured, idle })
    }

    /// The table of a job: of each vertex its uid, how many attempts its subtasks had, and what
    /// the last of them did.
    fn check(vertices: &[(&str, u32, &[Option<AttemptMetrics>])], expected: &[&str]) {
        let mut subtasks = Vec::new();
        for (uid, attempts, subtasks_of) in vertices {
            for (index, last) in (0..).zip(*subtasks_of) {
                let (job, vertex) = (Name::from("job"), Name::from("Vertex"));
                let (uid, attempts, last) = (Name::from(*uid), *attempts, *last);
                subtasks.push(SubtaskMetrics { job, vertex, uid, index, attempts, last });
            }
        }
        let lines = lines(&subtasks);
        assert_eq!(lines, expected);
        for line in lines {
            assert!(line.width() <= WIDEST, "{line}");
        }
    }

    #[test]
    fn a_subtask_has_a_line_and_many_share_one() {
        let one = did(10, [1, 1, 1]);
        check(
            &[("read", 1, &[one, did(1000, [0, 0, 7])]), ("count", 1, &[one; 9])],
            &[
                "subtask     in  out  busy  back-pressured  idle",
                "read#1      10    5   33%             33%   33%",
                "read#2    1000  500    0%              0%  100%",
                "count ×9    90   45   33%             33%   33%",
            ],
        );
    }

    #[test]
    fn what_is_not_known_is_a_dash() {
        check(&[("read", 1, &[None]), ("count", 0, &[None])], &[]);
        let mut some = [did(2, [5, 0, 95]); 10];
        some[3] = None;
        check(
            &[
                ("read", 2, &[None, did(0, [0, 0, 0])]),
                ("count", 3, &some),
                ("write", 1, &[None; 9]),
            ],
            &[
                "subtask         attempts  in  out  busy  back-pressured  idle",
                "read#1                 2   –    –     –               –     –",
                "read#2                 2   0    0     –               –     –",
                "count ×9 of 10         3  18    9    5%              0%   95%",
                "write ×9               1   –    –     –               –     –",
            ],
        );
    }

    #[test]
    fn whatever_a_job_is_called_and_does_its_table_is_narrow_and_harmless() {
        let much = did(u64::MAX, [u64::MAX; 3]);
        check(
            &[(
                "a\u{1b}[2J vertex of a very long name",
                u32::MAX,
                &[much, did(123_456_789, [1; 3])],
            )],
            &[
                "subtask          attempts         in       out  busy  back-pressured  idle",
                "a\\u{1b}[2J…#1  4294967295  18446744T  9223372T   33%             33%   33%",
                "a\\u{1b}[2J…#2  4294967295    123456k  61728394   33%             33%   33%",
            ],
        );
    }
}
