//! Where the boxes and lines of a layered drawing go, in character cells.
//!
//! Boxes stand in layers by the longest way that leads to them, sources on top; an edge that
//! passes a layer has a lane there. The order within a layer follows the barycentre of the
//! neighbours. Between two layers each box or lane above has one trunk, which forks to whatever
//! it feeds below.
//!
//! Invariants: boxes and lanes do not overlap; lines leave through a box's lower side and enter
//! through its upper, never touch a box that they do not end at, and two trunks share no cell unless they
//! cross at a right angle.
//!
//! Nothing here draws, so a screen that draws by other means can use the same coordinates.

mod place;
mod route;

use super::order;

/// The free columns between neighbours in a layer.
const GAP: usize = 2;

/// How wide the place of a lane is, so that its line has room to evade others.
const LANE: usize = 5;

/// Something to be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxSize {
    /// Its columns, sides included. Boxes are widened to hold the labels of the edges into them.
    pub width: usize,
    /// Its rows, sides included.
    pub height: usize,
}

/// Something to be led from one box to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The box it leaves, by its place.
    pub from: usize,
    /// The box it enters, by its place.
    pub to: usize,
    /// The columns of its label.
    pub label: usize,
}

/// A cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// The column, from 0.
    pub x: usize,
    /// The row, from 0.
    pub y: usize,
}

/// Where a box stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// Its left column.
    pub x: usize,
    /// Its upper row.
    pub y: usize,
    /// Its columns.
    pub width: usize,
    /// Its rows.
    pub height: usize,
}

/// The way of an edge from one layer to the next: down, across, and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Which trunk it is a branch of; branches of one trunk may share cells.
    pub trunk: usize,
    /// The first cell, below what it leaves.
    pub start: Point,
    /// The row in which it runs across; anything if it need not.
    pub across: usize,
    /// The last cell, above what it enters.
    pub end: Point,
}

/// The way of an edge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Its legs, from above to below.
    pub legs: Vec<Leg>,
    /// Where its label begins.
    pub label: Point,
}

/// A drawing's geometry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Its columns.
    pub width: usize,
    /// Its rows.
    pub height: usize,
    /// The boxes, as they were given.
    pub boxes: Vec<Rect>,
    /// The edges, as they were given.
    pub routes: Vec<Route>,
}

/// Places boxes and leads edges between them.
///
/// # Panics
/// If the edges form a cycle or name a box that does not exist.
pub fn layout(boxes: &[BoxSize], connections: &[Connection]) -> Layout {
    let mut diagram = Diagram::new(boxes, connections);
    place::order(&mut diagram);
    place::columns(&mut diagram);
    route::route(&diagram, boxes.len(), connections)
}

/// A box or a lane.
#[derive(Clone, Debug)]
struct Item {
    x: usize,
    width: usize,
    /// None for a lane, which is as high as its layer.
    height: Option<usize>,
    layer: usize,
    /// The hops that lead here and away from here.
    above: Vec<usize>,
    below: Vec<usize>,
}

impl Item {
    fn middle(&self) -> usize {
        self.x + self.width / 2
    }
}

/// A part of an edge, from one layer to the next.
#[derive(Clone, Copy, Debug)]
struct Hop {
    from: usize,
    to: usize,
    connection: usize,
    /// The columns of the label above where it ends; none if it ends at a lane.
    label: Option<usize>,
}

/// Boxes first, then lanes, with the hops between them.
struct Diagram {
    items: Vec<Item>,
    hops: Vec<Hop>,
    /// The items of each layer from left to right.
    layers: Vec<Vec<usize>>,
}

impl Diagram {
    fn new(boxes: &[BoxSize], connections: &[Connection]) -> Self {
        let ends = connections.iter().map(|it| (it.from, it.to));
        let layer_of = order::layers(&order::digraph(boxes.len(), ends));
        let items = boxes.iter().zip(&layer_of).map(|(size, &layer)| Item {
            x: 0,
            width: size.width.max(LANE),
            height: Some(size.height),
            layer,
            above: Vec::new(),
            below: Vec::new(),
        });
        let depth = layer_of.iter().max().map_or(0, |layer| layer + 1);
        let mut diagram =
            Self { items: items.collect(), hops: Vec::new(), layers: vec![Vec::new(); depth] };
        for (place, connection) in connections.iter().enumerate() {
            let mut from = connection.from;
            for layer in layer_of[connection.from] + 1..layer_of[connection.to] {
                let lane = diagram.items.len();
                diagram.items.push(Item {
                    x: 0,
                    width: LANE,
                    height: None,
                    layer,
                    above: Vec::new(),
                    below: Vec::new(),
                });
                diagram.hop(Hop { from, to: lane, connection: place, label: None });
                from = lane;
            }
            let label = Some(connection.label);
            diagram.hop(Hop { from, to: connection.to, connection: place, label });
        }
        for item in &mut diagram.items[..boxes.len()] {
            let rooms = item.above.iter().map(|&hop| diagram.hops[hop].room());
            item.width = item.width.max(rooms.sum());
        }
        for (place, item) in diagram.items.iter().enumerate() {
            diagram.layers[item.layer].push(place);
        }
        diagram
    }

    fn hop(&mut self, hop: Hop) {
        self.items[hop.from].below.push(self.hops.len());
        self.items[hop.to].above.push(self.hops.len());
        self.hops.push(hop);
    }
}

impl Hop {
    /// The columns it needs above what it enters: some to choose its own from, then its label.
    fn room(&self) -> usize {
        self.label.map_or(LANE, |label| LANE + label + GAP)
    }
}
