//! Partitions of the log as bars: what can be read, what is open, what is aborted.
//!
//! All bars have one scale, so that they can be compared. Where several kinds of records fall into
//! one column, the most telling fills it.

use weir::replay::{LogPartition, OffsetRange, OpenTransaction, World};
use weir::trace::TransactionResult;

use super::super::look::{Look, Role};
use super::super::sections::{Line, Section, and_more, shown};
use super::MANY;

/// What becomes of a record, the most telling last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// It was deleted since it was too old.
    Deleted,
    /// It can be read.
    Readable,
    /// It belongs to no open transaction, and lies behind one.
    Behind,
    /// Its transaction was aborted.
    Aborted,
    /// Its transaction is open.
    Open,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Readable, Self::Open, Self::Behind, Self::Aborted, Self::Deleted];

    fn fill(self, look: Look) -> (&'static str, Role) {
        let (unicode, ascii, role) = match self {
            Self::Deleted => ("·", ".", Role::Dim),
            Self::Readable => ("█", "#", Role::Done),
            Self::Behind => ("▓", "=", Role::Waiting),
            Self::Aborted => ("░", "x", Role::Stopped),
            Self::Open => ("▒", "+", Role::Data),
        };
        (if look.ascii { ascii } else { unicode }, role)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Readable => "readable",
            Self::Behind => "waits for these",
            Self::Aborted => "aborted",
            Self::Open => "open",
        }
    }
}

/// Where readers of what is committed have to stop.
fn stable_mark(look: Look) -> &'static str {
    if look.ascii { "|" } else { "┃" }
}

/// The bar's columns and how many offsets they are for.
#[derive(Clone, Copy)]
struct Scale {
    columns: usize,
    offsets: u64,
}

impl Scale {
    fn column(self, offset: u64) -> usize {
        let column = u128::from(offset) * (self.columns as u128) / u128::from(self.offsets.max(1));
        usize::try_from(column).unwrap_or(self.columns).min(self.columns)
    }

    /// Paints a range over what is less telling. What is not empty has a column.
    fn paint(self, bar: &mut [Option<Kind>], range: OffsetRange, kind: Kind) {
        if range.to <= range.from {
            return;
        }
        let from = self.column(range.from).min(bar.len().saturating_sub(1));
        let to = self.column(range.to).max(from + 1).min(bar.len());
        for cell in &mut bar[from..to.max(from)] {
            *cell = (*cell).max(Some(kind));
        }
    }
}

fn kinds(partition: &LogPartition, scale: Scale) -> Vec<Option<Kind>> {
    let mut bar = vec![None; scale.columns];
    let stable = partition.stable.min(partition.end);
    let begin = partition.begin.min(stable);
    scale.paint(&mut bar, OffsetRange { from: 0, to: begin }, Kind::Deleted);
    scale.paint(&mut bar, OffsetRange { from: begin, to: stable }, Kind::Readable);
    scale.paint(&mut bar, OffsetRange { from: stable, to: partition.end }, Kind::Behind);
    for (_, marker) in partition.markers() {
        if marker.result == TransactionResult::Abort {
            marker.ranges.iter().for_each(|range| scale.paint(&mut bar, *range, Kind::Aborted));
        }
    }
    for open in partition.open.values() {
        open.ranges.iter().for_each(|range| scale.paint(&mut bar, *range, Kind::Open));
    }
    bar
}

/// The bar, with the last stable offset between two of its columns.
fn bar(partition: &LogPartition, scale: Scale, look: Look, line: Line) -> Line {
    let kinds = kinds(partition, scale);
    let stable = scale.column(partition.stable.min(partition.end));
    let mut line = line;
    for (column, kind) in kinds.iter().enumerate() {
        if column == stable {
            line = line.and(stable_mark(look), Role::Strong);
        }
        let (fill, role) = kind.map_or((" ", Role::Plain), |kind| kind.fill(look));
        line = line.and(fill, role);
    }
    match stable >= kinds.len() {
        true => line.and(stable_mark(look), Role::Strong),
        false => line,
    }
}

/// Open transactions of which each partition shows its own.
const OPEN: usize = 4;

pub(super) fn section(world: &World, look: Look, width: usize) -> Section {
    let log = &world.log;
    let mut section = Section::new("log: partitions");
    let longest = log.partitions.values().map(|partition| partition.end).max().unwrap_or(0);
    let columns = width.saturating_sub(20 + 2 + 22).clamp(8, 80);
    // A short log has a column for each offset and no more.
    let columns = usize::try_from(longest).unwrap_or(columns).clamp(1, columns);
    let scale = Scale { columns, offsets: longest };
    for ((topic, number), partition) in log.partitions.iter().take(MANY) {
        let name = look.pad(&shown(look, &format!("{topic}/{number}")), 18);
        let line = bar(partition, scale, look, Line::of(format!("{name} "), Role::Plain));
        let (stable, end) = (partition.stable, partition.end);
        section.add(line.and(format!(" {stable} of {end}"), Role::Strong));
        for (id, open) in partition.open.iter().take(OPEN) {
            section.add(open_line(look, id, open));
        }
        if let Some(more) = and_more(partition.open.len(), OPEN, look) {
            section.add(more);
        }
    }
    if let Some(more) = and_more(log.partitions.len(), MANY, look) {
        section.add(more);
    }
    if !log.partitions.is_empty() {
        section.add(legend(look));
    }
    for line in counts(world, look) {
        section.add(line);
    }
    section
}

fn open_line(look: Look, id: &str, open: &OpenTransaction) -> Line {
    let (fill, role) = Kind::Open.fill(look);
    let ranges = match (open.ranges.first(), open.ranges.last()) {
        (Some(first), Some(last)) => {
            let records = open.records();
            format!("{records} records from {} to {}", first.from, last.to)
        }
        (None, _) | (_, None) => "no record yet".to_owned(),
    };
    let line = Line::of(format!("  {fill} "), role)
        .and(look.pad(&shown(look, id), 24), Role::Plain)
        .and(format!(" {ranges}"), Role::Dim);
    let decided = match open.decided {
        None => line,
        Some(TransactionResult::Commit) => line.and(", will commit", Role::Running),
        Some(TransactionResult::Abort) => line.and(", will abort", Role::Stopped),
    };
    if open.expired { decided.and(", expired", Role::Failed) } else { decided }
}

fn legend(look: Look) -> Line {
    let mut line = Line::default();
    for kind in Kind::ALL {
        let (fill, role) = kind.fill(look);
        line = line.and(fill, role).and(format!(" {}  ", kind.word()), Role::Dim);
    }
    line.and(stable_mark(look), Role::Strong).and(" last stable offset", Role::Dim)
}

fn counts(world: &World, look: Look) -> Vec<Line> {
    let log = &world.log;
    let mut lines = Vec::new();
    let epochs = log.producers.values().filter(|producer| producer.epoch > 0).count();
    if !log.producers.is_empty() {
        let replaced = match epochs {
            0 => String::new(),
            epochs => format!(", {epochs} of them given out again"),
        };
        let said = format!("{} producers{replaced}", log.producers.len());
        lines.push(Line::of(said, Role::Dim));
    }
    if log.fenced + log.expired > 0 {
        let said = format!("{} fenced, {} transactions expired", log.fenced, log.expired);
        lines.push(Line::of(said, Role::Waiting));
    }
    if let Some(cause) = &log.refusal {
        let said = format!("{} refused, the last: {}", log.refused, shown(look, cause));
        lines.push(Line::of(said, Role::Failed));
    }
    if log.recovered > 0 {
        let said = format!("read again {} times, {} torn bytes", log.recovered, log.torn_bytes);
        lines.push(Line::of(said, Role::Dim));
    }
    lines
}
