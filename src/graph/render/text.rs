//! Drawings for a terminal: boxes in layers, sources on top.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::Layer;
use super::canvas::Canvas;
use super::diagram::{self, Diagram};
use super::escape::printable;
use crate::graph::layout::{BoxSize, Connection, Layout, Point, Rect, layout};
use crate::graph::{
    DistributionPattern, ExecutionGraph, JobEdge, PhysicalPlan, StreamGraph, VertexSubtask,
};

/// The columns that a drawing keeps to if its boxes can be made narrow enough.
const COLUMNS: usize = 100;

/// How wide the text of a box may be: the widest with which the drawing fits.
const TEXT_WIDTHS: [usize; 5] = [48, 36, 28, 22, 16];

/// How many subtasks, channels or consumers are written out before the rest is only counted.
const SHOWN: usize = 16;

pub(super) fn render(layer: Layer, program: &StreamGraph, plan: &PhysicalPlan) -> String {
    match layer {
        Layer::Stream => draw(&diagram::stream(program)),
        Layer::Job => format!("{}{}", draw(&diagram::job(program, plan)), slots_line(plan)),
        Layer::Execution => execution(program, plan),
        Layer::Physical => physical(program, plan),
    }
}

/// A title, an empty line and the drawing.
fn draw(diagram: &Diagram) -> String {
    let labels: Vec<String> = diagram.edges.iter().map(|edge| printable(&edge.label)).collect();
    let connections: Vec<Connection> = diagram
        .edges
        .iter()
        .zip(&labels)
        .map(|(edge, label)| Connection { from: edge.from, to: edge.to, label: label.width() })
        .collect();
    let mut widths = TEXT_WIDTHS.into_iter();
    let (texts, layout) = loop {
        let width = widths.next().expect("the last width is taken");
        let texts: Vec<Vec<String>> =
            diagram.boxes.iter().map(|it| wrapped(&it.lines, width)).collect();
        let sizes: Vec<BoxSize> = texts.iter().map(|lines| size(lines)).collect();
        let layout = layout(&sizes, &connections);
        if layout.width <= COLUMNS || widths.len() == 0 {
            break (texts, layout);
        }
    };
    format!("{}\n\n{}", printable(&diagram.title), picture(&layout, &texts, &labels))
}

fn size(lines: &[String]) -> BoxSize {
    let text = lines.iter().map(|line| line.width()).max().unwrap_or(0);
    BoxSize { width: text + 4, height: lines.len() + 2 }
}

fn picture(layout: &Layout, texts: &[Vec<String>], labels: &[String]) -> String {
    let mut canvas = Canvas::new(layout.width, layout.height);
    for (rect, lines) in layout.boxes.iter().zip(texts) {
        canvas.frame(*rect, lines);
    }
    for leg in layout.routes.iter().flat_map(|route| &route.legs) {
        canvas.leg(leg);
    }
    for (route, label) in layout.routes.iter().zip(labels) {
        canvas.text(route.label, label);
        if let (Some(first), Some(last)) = (route.legs.first(), route.legs.last()) {
            canvas.put(Point { y: first.start.y - 1, ..first.start }, '┬');
            canvas.put(last.end, '▼');
        }
    }
    canvas.rows()
}

/// Printable lines of at most `width` columns, broken between words if there are any.
fn wrapped(lines: &[String], width: usize) -> Vec<String> {
    let mut out = Vec::new();
    for line in lines {
        let line = printable(line);
        let mut row = String::new();
        for word in line.split(' ') {
            if !row.is_empty() && row.width() + 1 + word.width() > width {
                out.push(std::mem::take(&mut row));
            } else if !row.is_empty() {
                row.push(' ');
            }
            for c in word.chars() {
                if row.width() >= width {
                    out.push(std::mem::take(&mut row));
                }
                row.push(c);
            }
        }
        out.push(row);
    }
    out
}

fn slots_line(plan: &PhysicalPlan) -> String {
    let groups = plan.slots_per_group().into_iter();
    let groups: Vec<_> =
        groups.map(|(group, slots)| format!("{} {slots}", printable(group))).collect();
    format!("\nslots: {} ({})\n", plan.required_slots(), groups.join(", "))
}

/// The job graph with the subtasks in its boxes, and below it who is joined to whom.
fn execution(program: &StreamGraph, plan: &PhysicalPlan) -> String {
    let mut drawing = diagram::job(program, plan);
    let graph = &plan.execution;
    drawing.title = diagram::title(program, "execution graph");
    for (vertex, it) in graph.job.vertices.iter().zip(&mut drawing.boxes) {
        let names = (0..vertex.parallelism)
            .map(|index| graph.job.subtask_name(VertexSubtask { vertex: vertex.id, index }));
        it.lines = vec![vertex.name.clone(), abridged(names, "  ")];
    }
    let mut out = draw(&drawing);
    if graph.job.edges.is_empty() {
        return out;
    }
    out.push_str("\nchannels:\n");
    for (place, edge) in graph.job.edges.iter().enumerate() {
        let (from, to) = (graph.job.vertex(edge.source), graph.job.vertex(edge.target));
        let _ = writeln!(
            out,
            "  {} → {}  {}  {}",
            printable(&from.uid),
            printable(&to.uid),
            printable(&drawing.edges[place].label),
            wiring(graph, place, edge)
        );
    }
    out
}

fn wiring(graph: &ExecutionGraph, place: usize, edge: &JobEdge) -> String {
    let channels = graph.channels_of(place).len();
    match edge.pattern {
        DistributionPattern::AllToAll => {
            let producers = graph.job.vertex(edge.source).parallelism;
            let consumers = graph.job.vertex(edge.target).parallelism;
            format!("all-to-all {producers}×{consumers} = {channels}")
        }
        DistributionPattern::Pointwise => {
            let pairs = graph.channels_of(place).iter();
            let pairs = pairs.map(|it| format!("{}→{}", it.producer + 1, it.consumer + 1));
            format!("pointwise {channels}: {}", abridged(pairs, " "))
        }
    }
}

/// All of a list, or its beginning and its end if it is long.
fn abridged(items: impl ExactSizeIterator<Item = String>, separator: &str) -> String {
    let count = items.len();
    let is_shown = |place: usize| count <= SHOWN || place < SHOWN - 2 || place + 1 == count;
    let items = items.enumerate().filter(|(place, _)| is_shown(*place));
    let mut shown: Vec<String> = items.map(|(_, item)| item).collect();
    if count > SHOWN {
        shown.insert(shown.len() - 1, "…".to_string());
    }
    shown.join(separator)
}

/// A box for each slot, as many beside each other as fit.
fn physical(program: &StreamGraph, plan: &PhysicalPlan) -> String {
    let job = &plan.execution.job;
    let texts: Vec<Vec<String>> = plan
        .slots
        .iter()
        .zip(1..)
        .map(|(slot, number)| {
            let mut lines = vec![format!("slot {number}, group {}", slot.group)];
            lines.extend(slot.subtasks.iter().map(|&subtask| job.subtask_name(subtask)));
            wrapped(&lines, COLUMNS / 2 - 4)
        })
        .collect();
    let sizes: Vec<BoxSize> = texts.iter().map(|lines| size(lines)).collect();
    let width = sizes.iter().map(|size| size.width).max().unwrap_or(0);
    let per_row = (COLUMNS / (width + 1)).max(1);
    let title = printable(&diagram::title(program, "physical plan"));
    let mut out = format!("{title}\n{}\n", slots_line(plan));
    for (texts, sizes) in texts.chunks(per_row).zip(sizes.chunks(per_row)) {
        let height = sizes.iter().map(|size| size.height).max().unwrap_or(0);
        let mut canvas = Canvas::new(per_row * (width + 1), height);
        for (place, lines) in texts.iter().enumerate() {
            canvas.frame(Rect { x: place * (width + 1), y: 0, width, height }, lines);
        }
        out.push_str(&canvas.rows());
    }
    out
}
