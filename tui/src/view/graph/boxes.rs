//! The drawing of a job along its layout.

use weir::graph::{ExecutionEdge, PhysicalPlan};
use weir::replay::{Job, subtask_name};

use super::super::look::Role;
use super::super::pen::Pen;
use super::super::text;
use super::channels::{self, ChannelRow};
use super::layout::{Detail, Direction, Layout};
use super::parts::{self, Row};
use super::time::Times;

/// What is drawn.
pub(super) struct Picture<'a> {
    pub job: &'a Job,
    pub plan: &'a PhysicalPlan,
    pub layout: &'a Layout,
    /// The vertex whose event time is looked at.
    pub selected: Option<usize>,
}

/// Columns that event time takes at most of a row that it shares.
const TIME_MOST: usize = 34;

pub(super) fn draw(picture: &Picture<'_>, pen: &mut Pen<'_>) {
    let Picture { plan, layout, .. } = picture;
    let lines = &pen.look.glyphs().lines;
    for (&(x, y), &sides) in &layout.lines {
        pen.put(x, y, lines[usize::from(sides & 15)], Role::Dim);
    }
    for vertex in 0..layout.boxes.len() {
        vertex_box(picture, vertex, pen);
    }
    let mut channels: Vec<Vec<&ExecutionEdge>> = vec![Vec::new(); layout.inlets.len()];
    for channel in &plan.execution.channels {
        channels[channel.edge].push(channel);
    }
    for (edge, channels) in channels.iter().enumerate() {
        inlet(picture, edge, channels, pen);
    }
}

fn vertex_box(picture: &Picture<'_>, index: usize, pen: &mut Pen<'_>) {
    let Picture { job, plan, layout, selected } = picture;
    let look = pen.look;
    let vertex = &plan.execution.job.vertices[index];
    let block = layout.boxes[index];
    let width = format!(" {}{}", look.glyphs().times, vertex.parallelism);
    let room = block.width.saturating_sub(2 + text::width(&width));
    let mark = if *selected == Some(index) { look.glyphs().cursor } else { "" };
    let name = look.show(&format!("{} {}", index + 1, vertex.name));
    let title = look.fit(&format!("{mark}{name}"), room) + &width;
    pen.boxed((block.x, block.y), (block.width, block.height), &title, Role::Dim);
    let rows = layout.rows_of_task();
    let row = |y| Row { x: block.x + 1, y: block.y + 1 + y * rows, width: block.width - 2 };
    let name = |index| subtask_name(&vertex.uid, index);
    match layout.detail {
        Detail::Vertices => {
            let tasks = (0..vertex.parallelism).filter_map(|index| job.task(&vertex.uid, index));
            let row = timed(picture, (0..vertex.parallelism).map(name), row(0), pen);
            parts::tasks(pen, row, tasks);
        }
        Detail::Channels | Detail::Subtasks => {
            for (y, index) in (0..vertex.parallelism).enumerate() {
                let row = row(y);
                if (row.y..row.y + rows).any(|y| pen.shows_row(y))
                    && let Some(task) = job.task(&vertex.uid, index)
                {
                    let row = timed(picture, [name(index)].into_iter(), row, pen);
                    parts::task(pen, row, index, task);
                }
            }
        }
    }
}

/// Says how far event time is at some subtasks, in a row of its own below or at the end of `row`.
/// Returns what is left for all else.
fn timed(
    Picture { job, layout, .. }: &Picture<'_>,
    subtasks: impl Iterator<Item = weir::base::Name>,
    row: Row,
    pen: &mut Pen<'_>,
) -> Row {
    if !layout.event_time {
        return row;
    }
    let times = Times::of(job, subtasks);
    match layout.direction {
        Direction::LeftToRight => {
            times.draw(pen, Row { x: row.x + 1, y: row.y + 1, width: row.width - 1 });
            row
        }
        Direction::TopToBottom => {
            let width = TIME_MOST.min(row.width / 2);
            times.draw(pen, Row { x: row.x + row.width - width, y: row.y, width });
            Row { width: row.width - width - 1, ..row }
        }
    }
}

fn inlet(picture: &Picture<'_>, index: usize, channels: &[&ExecutionEdge], pen: &mut Pen<'_>) {
    let Picture { job, plan, layout, .. } = picture;
    let look = pen.look;
    let graph = &plan.execution.job;
    let (edge, block) = (&graph.edges[index], layout.inlets[index]);
    let (source, target) =
        (&graph.vertices[usize::from(edge.source.0)], &graph.vertices[usize::from(edge.target.0)]);
    let room = block.width.saturating_sub(1);
    let how = format!("{:?}", edge.partitioning).to_lowercase();
    let several = graph.edges.iter().filter(|other| other.target == edge.target).count() > 1;
    let from = match layout.direction {
        Direction::TopToBottom => {
            format!("{how} from {} {}", u32::from(edge.source.0) + 1, look.show(&source.name))
        }
        Direction::LeftToRight if several => {
            let from = u32::from(edge.source.0) + 1;
            let (long, short) = (format!("{how} from {from}"), format!("{how} {from}"));
            if text::width(&long) <= room { long } else { short }
        }
        Direction::LeftToRight => how,
    };
    pen.put(block.x + 1, block.y, &look.fit(&from, room), Role::Dim);
    let row = |y| Row { x: block.x + 1, y: block.y + 1 + y, width: room };
    let of = |channel: &ExecutionEdge| {
        let from = (source.uid.as_str(), channel.producer);
        job.channel(index, from, (target.uid.as_str(), channel.consumer))
    };
    let event_time = layout.event_time;
    match layout.detail {
        Detail::Subtasks | Detail::Vertices => {
            let channels = channels.iter().filter_map(|channel| of(channel));
            channels::channels(pen, row(0), event_time, channels);
        }
        Detail::Channels => {
            for (y, edge) in channels.iter().enumerate() {
                if pen.shows_row(block.y + 1 + y)
                    && let Some(channel) = of(edge)
                {
                    let ends = (edge.producer, edge.consumer);
                    channels::channel(pen, row(y), &ChannelRow { ends, channel, event_time });
                }
            }
        }
    }
}
