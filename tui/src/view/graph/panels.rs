//! What stands under the graph where there is room: nodes with their slots, sinks, and what is on
//! its way, records and messages.

use ratatui::layout::Rect;
use weir::base::{CheckpointId, EventTime};
use weir::record::WatermarkStatus;
use weir::replay::{ChannelKey, Job, Load, World};

use super::super::look::{Look, Role};
use super::super::pen::Pen;
use super::super::text;
use super::time;

/// Rows below which the panels are left out.
pub(super) const ROWS_MIN: usize = 4;
/// Rows that are enough for the panels where something else could have the rest.
pub(super) const ROWS: usize = 10;

pub(super) fn draw(world: &World, job: Option<&Job>, pen: &mut Pen<'_>) {
    let window = pen.window();
    let cluster = (window.width * 3 / 8).min(44);
    let sinks = window.width / 4;
    let messages = window.width - cluster - sinks;
    let mut x = window.x;
    let mut column = |width: u16| {
        let rect = Rect { x, width, ..window };
        x += width;
        rect
    };
    nodes(world, &mut pen.within(column(cluster)));
    outside(world, &mut pen.within(column(sinks)));
    let rect = column(messages);
    let lines = job.map(records).unwrap_or_default();
    let wanted = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let above = match lines.len() {
        0 => 0,
        _ if world.messages.iter().next().is_none() => rect.height,
        _ if rect.height < 6 => rect.height,
        _ => wanted.min(rect.height - 3),
    };
    on_edges(&lines, &mut pen.within(Rect { height: above, ..rect }));
    let below = Rect { y: rect.y + above, height: rect.height - above, ..rect };
    calls(world, &mut pen.within(below));
}

/// What is on its way in one place of a channel.
struct Line<'a> {
    channel: &'a ChannelKey,
    holds: Holds<'a>,
}

enum Holds<'a> {
    Records(&'a [String]),
    Watermark(EventTime),
    Status(WatermarkStatus),
    Barrier(CheckpointId),
}

/// Records on their way that are known, and event time between them, the next to be read first.
fn records(job: &Job) -> Vec<Line<'_>> {
    let known = job.channels.iter().flat_map(|(channel, state)| {
        state.in_flight.iter().filter_map(move |sent| {
            let holds = match &sent.load {
                Load::Records { values: Some(values), .. } => Holds::Records(values),
                Load::Watermark(watermark) if job.has_event_time => Holds::Watermark(*watermark),
                Load::Status(status) => Holds::Status(*status),
                Load::Barrier(checkpoint) => Holds::Barrier(*checkpoint),
                Load::Records { values: None, .. } | Load::Watermark(_) | Load::EndOfInput => {
                    return None;
                }
            };
            Some((sent.sent, Line { channel, holds }))
        })
    });
    let mut known: Vec<_> = known.collect();
    known.sort_by_key(|(sent, _)| *sent);
    known.into_iter().map(|(_, line)| line).collect()
}

fn on_edges(lines: &[Line<'_>], pen: &mut Pen<'_>) {
    pen.frame(" records on their way ", Role::Dim);
    let (look, room) = (pen.look, pen.width().saturating_sub(3));
    let arrow = look.glyphs().from_to;
    for (y, line) in lines.iter().enumerate().take(pen.height().saturating_sub(2)) {
        let channel = look.show(&format!("{}{arrow}{}", line.channel.from, line.channel.to));
        let x = pen.put(2, y + 1, &look.fit(&channel, room), Role::Plain) + 1;
        let left = (room + 2).saturating_sub(x);
        let (said, role) = match line.holds {
            Holds::Records(values) => (values_within(look, values, left), Role::Data),
            Holds::Watermark(watermark) => (time::watermark(look, watermark, left), Role::Time),
            Holds::Status(status) => (format!("is {}", status.word()), Role::Waiting),
            Holds::Barrier(checkpoint) => (format!("barrier {checkpoint}"), Role::Checkpoint),
        };
        pen.put(x, y + 1, &look.fit(&said, left.min(room)), role);
    }
}

/// As many values as can be seen in so many columns, and a little more.
fn values_within(look: Look, values: &[String], columns: usize) -> String {
    let mut said = String::new();
    for value in values {
        // What cannot be seen need not be made ready to be shown.
        if text::width(&said) > columns {
            break;
        }
        if !said.is_empty() {
            said.push_str(" | ");
        }
        said.push_str(&look.show(text::first(value, columns + 1)));
    }
    said
}

fn nodes(world: &World, pen: &mut Pen<'_>) {
    pen.frame(" nodes and slots ", Role::Dim);
    let (look, room) = (pen.look, pen.width().saturating_sub(3));
    let glyphs = look.glyphs();
    for (y, node) in world.nodes.iter().enumerate().take(pen.height().saturating_sub(2)) {
        let (life, role) = look.life(node.life);
        let slots: String = world
            .resources
            .slots_of(&node.name)
            .iter()
            .map(|slot| match slot {
                None => glyphs.free,
                Some(slot) if slot.accepted => glyphs.held,
                Some(_) => glyphs.granted,
            })
            .collect();
        let slots = look.fit(&slots, room / 2);
        let name = look.fit(&look.show(&node.name), room.saturating_sub(9 + text::width(&slots)));
        let x = pen.put(2, y + 1, &name, Role::Plain) + 1;
        pen.put(x, y + 1, life, role);
        pen.put(2 + room - text::width(&slots), y + 1, &slots, Role::Data);
    }
}

fn outside(world: &World, pen: &mut Pen<'_>) {
    pen.frame(" sinks ", Role::Dim);
    let (look, room) = (pen.look, pen.width().saturating_sub(3));
    let mut y = 1;
    let bottom = pen.height().saturating_sub(1);
    for (name, sink) in world.sinks.iter() {
        if y >= bottom {
            break;
        }
        let rows = format!("{} shown", text::count(sink.shown));
        let name = look.fit(&look.show(name), room.saturating_sub(text::width(&rows) + 1));
        pen.put(2, y, &name, Role::Plain);
        pen.put(2 + room.saturating_sub(text::width(&rows)), y, &rows, Role::Strong);
        y += 1;
        for row in sink.last.iter().rev().take(3) {
            if y >= bottom {
                break;
            }
            let row = look.show(&format!("{} {}", row.kind.short(), row.fields.join(",")));
            pen.put(3, y, &look.fit(&row, room.saturating_sub(1)), Role::Dim);
            y += 1;
        }
    }
}

fn calls(world: &World, pen: &mut Pen<'_>) {
    pen.frame(" messages on their way ", Role::Dim);
    let (look, room) = (pen.look, pen.width().saturating_sub(3));
    let arrow = look.glyphs().from_to;
    for (y, call) in world.messages.iter().take(pen.height().saturating_sub(2)).enumerate() {
        let (message, about) = (look.show(&call.message), look.show(&call.about));
        let ends = look.show(&format!("{} {arrow} {}", call.from, call.to));
        let whole = format!("{message}  {about}  {ends}");
        let text = if text::width(&whole) <= room {
            whole
        } else {
            // Many messages differ in nothing but what they are about.
            let about = look.fit(&about, room * 3 / 5);
            let taken = if about.is_empty() { 0 } else { text::width(&about) + 1 };
            format!("{} {about}", look.fit(&message, room.saturating_sub(taken)))
        };
        pen.put(2, y + 1, &look.fit(&text, room), Role::Plain);
    }
}
