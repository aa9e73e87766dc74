//! Where vertices, edges and channels are drawn.
//!
//! Vertices stand in layers, each after all that feed it. An edge arrives in an *inlet*, a block
//! just before its consumer with one row per channel, and is led there by lines through the gap
//! between the layers. If that is too wide, the vertices stand under each other, each under its
//! inlets; if it is too high, a vertex and an edge take one row each.
//!
//! Invariant: boxes and inlets neither overlap nor leave the plane.

use std::collections::BTreeMap;

use weir::graph::PhysicalPlan;

use super::lines::{Segment, tracks};

/// How much is shown of each vertex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// A row for each subtask, and one for each channel.
    Channels,
    /// A row for each subtask, and one for each edge.
    Subtasks,
    /// A row for each vertex, and one for each edge.
    Vertices,
}

impl Detail {
    const ALL: [Self; 3] = [Self::Channels, Self::Subtasks, Self::Vertices];
}

/// How much one wants to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Choice {
    /// As much as fits.
    #[default]
    AsItFits,
    Always(Detail),
}

/// What a drawing is to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    pub choice: Choice,
    /// Whether the job has event time.
    pub event_time: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    LeftToRight,
    TopToBottom,
}

/// A rectangle of the plane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

/// A drawing of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub direction: Direction,
    pub detail: Detail,
    /// Whether event time is shown.
    pub event_time: bool,
    pub width: usize,
    pub height: usize,
    /// By vertex.
    pub boxes: Vec<Block>,
    /// By edge.
    pub inlets: Vec<Block>,
    /// Which sides of a cell the lines through it reach, as in `Glyphs::lines`.
    pub lines: BTreeMap<(usize, usize), u8>,
}

const BOX_MIN: usize = 16;
const INLET_MIN: usize = 10;

impl Layout {
    /// How many rows a subtask takes in its box.
    pub fn rows_of_task(&self) -> usize {
        rows_of_task(self.direction, self.event_time)
    }

    /// The best drawing for a window of some columns and rows.
    pub fn new(plan: &PhysicalPlan, (width, height): (usize, usize), wish: Wish) -> Self {
        let details: &[Detail] = match wish.choice {
            Choice::AsItFits => &Detail::ALL,
            Choice::Always(Detail::Channels) => &[Detail::Channels],
            Choice::Always(Detail::Subtasks) => &[Detail::Subtasks],
            Choice::Always(Detail::Vertices) => &[Detail::Vertices],
        };
        let sketch = Sketch::new(plan, wish.event_time);
        let mut last = None;
        for direction in [Direction::LeftToRight, Direction::TopToBottom] {
            for &detail in details {
                let layout = match direction {
                    Direction::LeftToRight => sketch.left_to_right(detail, width),
                    Direction::TopToBottom => Some(sketch.top_to_bottom(detail, width)),
                };
                let Some(layout) = layout else { continue };
                if layout.height <= height {
                    return layout;
                }
                // What is too high is scrolled: rather sideways than in one long list.
                if last.as_ref().is_none_or(|kept: &Self| kept.direction == direction) {
                    last = Some(layout);
                }
            }
        }
        last.expect("top to bottom is always possible")
    }
}

/// What stands in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Vertex(usize),
    /// An edge that passes the layer on its way to a later one.
    Pass(usize),
}

/// What a drawing needs to know of a plan.
struct Sketch {
    parallelism: Vec<usize>,
    /// Source and target of each edge.
    edges: Vec<(usize, usize)>,
    /// Channels of each edge.
    channels: Vec<usize>,
    layers: Vec<Vec<Item>>,
    layer_of: Vec<usize>,
    event_time: bool,
}

impl Sketch {
    fn new(plan: &PhysicalPlan, event_time: bool) -> Self {
        let graph = &plan.execution.job;
        let parallelism: Vec<usize> = graph
            .vertices
            .iter()
            .map(|vertex| usize::try_from(vertex.parallelism).unwrap_or(usize::MAX))
            .collect();
        let edges: Vec<(usize, usize)> = graph
            .edges
            .iter()
            .map(|edge| (usize::from(edge.source.0), usize::from(edge.target.0)))
            .collect();
        let mut channels = vec![0; edges.len()];
        for channel in &plan.execution.channels {
            channels[channel.edge] += 1;
        }
        let mut layer_of = vec![0; parallelism.len()];
        // Vertices stand in topological order, so one pass by target finds the longest paths.
        let mut by_target: Vec<usize> = (0..edges.len()).collect();
        by_target.sort_by_key(|edge| edges[*edge].1);
        for edge in by_target {
            let (source, target) = edges[edge];
            layer_of[target] = layer_of[target].max(layer_of[source] + 1);
        }
        let layers = Vec::new();
        let mut sketch = Self { parallelism, edges, channels, layers, layer_of, event_time };
        sketch.order();
        sketch
    }

    /// Fills the layers, each ordered by where what feeds its items stands.
    fn order(&mut self) {
        let count = self.layer_of.iter().max().map_or(0, |last| last + 1);
        for layer in 0..count {
            let vertices = (0..self.parallelism.len()).filter(|v| self.layer_of[*v] == layer);
            let passes = (0..self.edges.len()).filter(|edge| {
                let (source, target) = self.edges[*edge];
                self.layer_of[source] < layer && layer < self.layer_of[target]
            });
            let items: Vec<Item> =
                vertices.map(Item::Vertex).chain(passes.map(Item::Pass)).collect();
            let mut keyed: Vec<(usize, Item)> =
                items.into_iter().map(|item| (self.centre(item, layer), item)).collect();
            keyed.sort_by_key(|(centre, _)| *centre);
            self.layers.push(keyed.into_iter().map(|(_, item)| item).collect());
        }
    }

    /// The mean place of what feeds an item, in thousandths.
    fn centre(&self, item: Item, layer: usize) -> usize {
        let Some(before) = layer.checked_sub(1).and_then(|before| self.layers.get(before)) else {
            return 0;
        };
        let feeding: Vec<usize> = match item {
            Item::Pass(edge) => vec![edge],
            Item::Vertex(vertex) => {
                (0..self.edges.len()).filter(|edge| self.edges[*edge].1 == vertex).collect()
            }
        };
        let places: Vec<usize> = feeding
            .iter()
            .filter_map(|edge| {
                let source = self.edges[*edge].0;
                before.iter().position(|item| match item {
                    Item::Vertex(vertex) => *vertex == source,
                    Item::Pass(passing) => passing == edge,
                })
            })
            .collect();
        (places.iter().sum::<usize>() * 1000).checked_div(places.len()).unwrap_or(0)
    }

    fn in_edges(&self, vertex: usize) -> impl Iterator<Item = usize> {
        (0..self.edges.len()).filter(move |edge| self.edges[*edge].1 == vertex)
    }

    fn inlet_rows(&self, edge: usize, detail: Detail) -> usize {
        1 + match detail {
            Detail::Channels => self.channels[edge],
            Detail::Subtasks | Detail::Vertices => 1,
        }
    }

    fn box_rows(&self, vertex: usize, direction: Direction, detail: Detail) -> usize {
        let rows = match detail {
            Detail::Channels | Detail::Subtasks => self.parallelism[vertex].max(1),
            Detail::Vertices => 1,
        };
        rows * rows_of_task(direction, self.event_time)
    }

    fn empty(&self, direction: Direction, detail: Detail) -> Layout {
        Layout {
            direction,
            detail,
            event_time: self.event_time,
            width: 0,
            height: 0,
            boxes: vec![Block::default(); self.parallelism.len()],
            inlets: vec![Block::default(); self.edges.len()],
            lines: BTreeMap::new(),
        }
    }

    fn top_to_bottom(&self, detail: Detail, width: usize) -> Layout {
        let mut layout = self.empty(Direction::TopToBottom, detail);
        let width = width.max(BOX_MIN);
        let mut y = 0;
        for vertex in 0..self.parallelism.len() {
            for edge in self.in_edges(vertex) {
                let height = self.inlet_rows(edge, detail);
                layout.inlets[edge] = Block { x: 1, y, width: width - 1, height };
                y += height;
            }
            let height = self.box_rows(vertex, Direction::TopToBottom, detail) + 2;
            layout.boxes[vertex] = Block { x: 0, y, width, height };
            y += height;
        }
        (layout.width, layout.height) = (width, y);
        for edge in 0..self.edges.len() {
            layout.bracket(edge);
        }
        layout
    }

    /// `None` if it cannot be that narrow.
    fn left_to_right(&self, detail: Detail, width: usize) -> Option<Layout> {
        let mut layout = self.empty(Direction::LeftToRight, detail);
        let passes = self.stack(&mut layout);
        let gaps = self.segments(&layout, &passes);
        let gap_widths: Vec<usize> = gaps.iter().map(|gap| 2 + tracks(gap).len()).collect();
        let layers = self.layers.len();
        let least = layers * BOX_MIN
            + layers.saturating_sub(1) * INLET_MIN
            + gap_widths.iter().sum::<usize>();
        let spare = width.checked_sub(least)?;
        let (box_width, inlet_width) = share(spare, layers, self.event_time);

        let mut x = 0;
        for layer in 0..layers {
            if layer > 0 {
                let gap = x;
                x += gap_widths[layer - 1];
                layout.lead(&gaps[layer - 1], gap, x);
                for item in &self.layers[layer] {
                    match item {
                        Item::Vertex(vertex) => {
                            for edge in self.in_edges(*vertex) {
                                layout.inlets[edge].x = x;
                                layout.inlets[edge].width = inlet_width;
                            }
                        }
                        Item::Pass(edge) => {
                            layout.across(x, x + inlet_width + box_width, passes[&(layer, *edge)]);
                        }
                    }
                }
                x += inlet_width;
            }
            for item in &self.layers[layer] {
                if let Item::Vertex(vertex) = item {
                    layout.boxes[*vertex].x = x;
                    layout.boxes[*vertex].width = box_width;
                }
            }
            x += box_width;
        }
        layout.width = x;
        for edge in 0..self.edges.len() {
            layout.bracket(edge);
        }
        Some(layout)
    }

    /// Gives rows to boxes, inlets and, by layer, passing edges.
    fn stack(&self, layout: &mut Layout) -> BTreeMap<(usize, usize), usize> {
        let mut passes = BTreeMap::new();
        for (layer, items) in self.layers.iter().enumerate() {
            let mut y = 0;
            for item in items {
                match item {
                    Item::Vertex(vertex) => {
                        let mut inlet_y = y + 1;
                        for edge in self.in_edges(*vertex) {
                            let height = self.inlet_rows(edge, layout.detail);
                            layout.inlets[edge].y = inlet_y;
                            layout.inlets[edge].height = height;
                            inlet_y += height;
                        }
                        let rows = self.box_rows(*vertex, layout.direction, layout.detail);
                        let rows = rows.max(inlet_y - y - 1);
                        layout.boxes[*vertex].y = y;
                        layout.boxes[*vertex].height = rows + 2;
                        y += rows + 2;
                    }
                    Item::Pass(edge) => {
                        passes.insert((layer, *edge), y + 1);
                        y += 3;
                    }
                }
            }
            layout.height = layout.height.max(y);
        }
        passes
    }

    /// The ways of all edges through each gap.
    fn segments(
        &self,
        layout: &Layout,
        passes: &BTreeMap<(usize, usize), usize>,
    ) -> Vec<Vec<Segment>> {
        let gaps = self.layers.len().saturating_sub(1);
        let mut segments: Vec<Vec<Segment>> = (0..gaps).map(|_| Vec::new()).collect();
        let mut used = vec![0; self.parallelism.len()];
        for (edge, &(source, target)) in self.edges.iter().enumerate() {
            let from = layout.boxes[source];
            // Edges leave from rows of their own as long as there are some.
            let mut y = from.y + 1 + used[source].min(from.height - 3);
            used[source] += 1;
            let crossed = self.layer_of[source]..self.layer_of[target];
            for (gap, layer) in segments[crossed.clone()].iter_mut().zip(crossed) {
                let to = match passes.get(&(layer + 1, edge)) {
                    Some(pass) => *pass,
                    None => layout.inlets[edge].y,
                };
                gap.push(Segment { from: y, to });
                y = to;
            }
        }
        segments
    }
}

/// How many rows a subtask takes in its box.
fn rows_of_task(direction: Direction, event_time: bool) -> usize {
    match direction {
        Direction::LeftToRight if event_time => 2,
        Direction::LeftToRight | Direction::TopToBottom => 1,
    }
}

/// Shares spare columns out: widths of a box and of an inlet. Watermarks among the records take
/// room that a box with two rows for each subtask can spare.
fn share(mut spare: usize, layers: usize, event_time: bool) -> (usize, usize) {
    let (mut boxes, mut inlets) = (BOX_MIN, INLET_MIN);
    let first = if event_time { 14 } else { INLET_MIN };
    for (of_box, most) in [(false, first), (true, 20), (false, 18), (true, 36), (false, 44)] {
        let (width, columns) =
            if of_box { (&mut boxes, layers) } else { (&mut inlets, layers.saturating_sub(1)) };
        let more = most - (*width).min(most);
        let more = more.min(spare.checked_div(columns).unwrap_or(0));
        *width += more;
        spare -= more * columns;
    }
    (boxes, inlets)
}
