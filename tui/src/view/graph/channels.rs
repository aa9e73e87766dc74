//! The rows of inlets.

use std::collections::BTreeMap;

use weir::base::CheckpointId;
use weir::replay::{Channel, Load};

use super::super::look::Role;
use super::super::pen::Pen;
use super::super::text::{self, count};
use super::checkpoint::barrier;
use super::parts::Row;
use super::time;

/// Columns from which on a channel's fill is shown too.
const FILL_MIN: usize = 20;

/// A channel with what is to be said of it.
pub(super) struct ChannelRow<'a> {
    /// The producer and the consumer, from 0.
    pub ends: (u32, u32),
    pub channel: &'a Channel,
    /// Whether watermarks are shown.
    pub event_time: bool,
}

/// A channel: its subtasks, what waits at the producer, what is on its way (the oldest on the
/// right), fill and credit.
pub(super) fn channel(pen: &mut Pen<'_>, row: Row, of: &ChannelRow<'_>) {
    let ChannelRow { ends, channel, .. } = of;
    let look = pen.look;
    let glyphs = look.glyphs();
    let (from, to) = (u64::from(ends.0) + 1, u64::from(ends.1) + 1);
    let label = look.fit(&format!("{from}{}{to}", glyphs.from_to), row.width);
    let blocked = !channel.ended && channel.blocked_for.is_some();
    let role = match (channel.ended, channel.lacks_credit()) {
        (false, _) if blocked => Role::Checkpoint,
        (false, true) => Role::Pressure,
        (false, false) if channel.connected => Role::Plain,
        (true, _) | (false, _) => Role::Dim,
    };
    let mut left = pen.put(row.x, row.y, &label, role);
    let mut right = row.x + row.width;
    if channel.backlog > 0 {
        let waiting = format!("+{}", count(u64::from(channel.backlog)));
        if left + text::width(&waiting) + 4 <= right {
            left = pen.put(left, row.y, &waiting, Role::Pressure);
        }
    }
    if channel.ended {
        let word = "ended";
        if left + word.len() < right {
            pen.put(right - word.len(), row.y, word, Role::Dim);
        }
        return;
    }
    if !channel.connected && !blocked && channel.in_flight.is_empty() {
        return;
    }
    if right > left {
        right -= 1;
        let into = if blocked { glyphs.pause } else { glyphs.into };
        pen.put(right, row.y, into, role);
    }
    if row.width >= FILL_MIN {
        let fill = channel.buffers_in_flight();
        let credit = u64::from(channel.credit);
        let window = credit.saturating_add(u64::try_from(fill).unwrap_or(u64::MAX));
        let fill = format!("{fill}/{} ", count(window));
        let width = text::width(&fill);
        if left + 1 + width < right {
            pen.put(left + 1, row.y, &fill, Role::Dim);
            left += 1 + width;
        }
    }
    for x in left..right {
        pen.put(x, row.y, glyphs.lines[10], Role::Dim);
    }
    on_its_way(pen, row.y, (left, right), of);
}

/// What is on its way in a channel, between two columns. Events stand in their place among the
/// records; where there is no room for what a watermark says, its sign does.
fn on_its_way(pen: &mut Pen<'_>, y: usize, (left, mut right): (usize, usize), of: &ChannelRow<'_>) {
    let look = pen.look;
    let glyphs = look.glyphs();
    let shown = of.channel.in_flight.iter().map(|sent| &sent.load);
    let shown = shown.filter(|load| of.event_time || !is_of_event_time(load));
    let mut waiting = shown.peekable();
    while let Some(load) = waiting.next() {
        let rest = if waiting.peek().is_some() { 1 } else { 0 };
        let room = right.saturating_sub(left + rest);
        let (part, role) = match load {
            Load::Records { count: records, .. } => {
                (format!("{}{}", glyphs.records, count(u64::from(*records))), Role::Data)
            }
            Load::Watermark(watermark) => {
                (time::watermark_in_flight(look, *watermark, room), Role::Time)
            }
            Load::Status(status) => (status.word().to_owned(), Role::Waiting),
            Load::Barrier(checkpoint) => (barrier(look, *checkpoint), Role::Checkpoint),
            Load::EndOfInput => (glyphs.end.to_owned(), Role::End),
        };
        let width = text::width(&part);
        if room < width {
            if right > left {
                pen.put(right - 1, y, glyphs.more, Role::Data);
            }
            break;
        }
        right -= width;
        pen.put(right, y, &part, role);
    }
}

fn is_of_event_time(load: &Load) -> bool {
    match load {
        Load::Watermark(_) | Load::Status(_) => true,
        Load::Records { .. } | Load::Barrier(_) | Load::EndOfInput => false,
    }
}

/// All channels of an edge in one row, watermarks among them if they are to be shown.
pub(super) fn channels<'a>(
    pen: &mut Pen<'_>,
    row: Row,
    event_time: bool,
    channels: impl Iterator<Item = &'a Channel>,
) {
    let glyphs = pen.look.glyphs();
    let (mut all, mut ended, mut ends, mut buffers, mut records, mut without_credit) =
        (0u64, 0u64, 0u64, 0u64, 0u64, 0u64);
    let (mut watermarks, mut blocked) = (0u64, 0u64);
    let mut barriers: BTreeMap<CheckpointId, u64> = BTreeMap::new();
    for channel in channels {
        all += 1;
        ended += u64::from(channel.ended);
        without_credit += u64::from(channel.lacks_credit());
        blocked += u64::from(channel.blocked_for.is_some());
        records = records.saturating_add(channel.records_in_flight());
        for buffer in &channel.in_flight {
            match buffer.load {
                Load::Records { .. } => buffers += 1,
                Load::Watermark(_) => watermarks += u64::from(event_time),
                Load::Status(_) => {}
                Load::Barrier(checkpoint) => *barriers.entry(checkpoint).or_default() += 1,
                Load::EndOfInput => ends += 1,
            }
        }
    }
    let mut parts: Vec<(String, Role)> = Vec::new();
    for (checkpoint, channels) in barriers {
        let barrier = barrier(pen.look, checkpoint);
        let several = format!("{barrier}{}{}", glyphs.times, count(channels));
        parts.push((if channels == 1 { barrier } else { several }, Role::Checkpoint));
    }
    if blocked > 0 {
        parts.push((format!("{}{}", glyphs.pause, count(blocked)), Role::Checkpoint));
    }
    if buffers > 0 {
        let batches = format!("{}{}", glyphs.records, count(records));
        let batches = format!("{batches} in {}", count(buffers));
        parts.push((batches, Role::Data));
    }
    if watermarks > 0 {
        parts.push((format!("{}{}", glyphs.up_to, count(watermarks)), Role::Time));
    }
    if ends > 0 {
        parts.push((format!("{}{}", glyphs.end, count(ends)), Role::End));
    }
    if without_credit > 0 {
        parts.push((format!("{}{}", glyphs.pressure, count(without_credit)), Role::Pressure));
    }
    if ended > 0 {
        parts.push((format!("ended {}/{}", count(ended), count(all)), Role::Dim));
    }
    let end = row.x + row.width;
    let mut x = row.x;
    for (part, role) in parts {
        let part = pen.look.fit(&part, end.saturating_sub(x));
        x = pen.put(x, row.y, &part, role) + 1;
        if x >= end {
            break;
        }
    }
}
