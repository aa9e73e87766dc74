//! The drawing of a job along its layout.

use weir::graph::{ExecutionEdge, PhysicalPlan};
use weir::replay::Job;

use super::super::look::Role;
use super::super::pen::Pen;
use super::super::text;
use super::layout::{Detail, Direction, Layout};
use super::parts::{self, Row};

pub(super) fn draw(job: &Job, plan: &PhysicalPlan, layout: &Layout, pen: &mut Pen<'_>) {
    let lines = &pen.look.glyphs().lines;
    for (&(x, y), &sides) in &layout.lines {
        pen.put(x, y, lines[usize::from(sides & 15)], Role::Dim);
    }
    for vertex in 0..layout.boxes.len() {
        vertex_box(job, plan, layout, vertex, pen);
    }
    let mut channels: Vec<Vec<&ExecutionEdge>> = vec![Vec::new(); layout.inlets.len()];
    for channel in &plan.execution.channels {
        channels[channel.edge].push(channel);
    }
    for (edge, channels) in channels.iter().enumerate() {
        inlet(job, plan, layout, edge, channels, pen);
    }
}

fn vertex_box(job: &Job, plan: &PhysicalPlan, layout: &Layout, index: usize, pen: &mut Pen<'_>) {
    let look = pen.look;
    let vertex = &plan.execution.job.vertices[index];
    let block = layout.boxes[index];
    let width = format!(" {}{}", look.glyphs().times, vertex.parallelism);
    let room = block.width.saturating_sub(2 + text::width(&width));
    let name = look.show(&format!("{} {}", index + 1, vertex.name));
    let title = look.fit(&name, room) + &width;
    pen.boxed((block.x, block.y), (block.width, block.height), &title, Role::Dim);
    let row = |y| Row { x: block.x + 1, y: block.y + 1 + y, width: block.width - 2 };
    match layout.detail {
        Detail::Vertices => {
            let tasks = (0..vertex.parallelism).filter_map(|index| job.task(&vertex.uid, index));
            parts::tasks(pen, row(0), tasks);
        }
        Detail::Channels | Detail::Subtasks => {
            for (y, index) in (0..vertex.parallelism).enumerate() {
                if pen.shows_row(block.y + 1 + y)
                    && let Some(task) = job.task(&vertex.uid, index)
                {
                    parts::task(pen, row(y), index, task);
                }
            }
        }
    }
}

fn inlet(
    job: &Job,
    plan: &PhysicalPlan,
    layout: &Layout,
    index: usize,
    channels: &[&ExecutionEdge],
    pen: &mut Pen<'_>,
) {
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
    match layout.detail {
        Detail::Subtasks | Detail::Vertices => {
            parts::channels(pen, row(0), channels.iter().filter_map(|channel| of(channel)));
        }
        Detail::Channels => {
            for (y, channel) in channels.iter().enumerate() {
                if pen.shows_row(block.y + 1 + y)
                    && let Some(state) = of(channel)
                {
                    parts::channel(pen, row(y), (channel.producer, channel.consumer), state);
                }
            }
        }
    }
}
