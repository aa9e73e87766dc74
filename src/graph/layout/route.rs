//! The ways of edges: where they enter, in which row they run across.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Connection, Diagram, GAP, LANE, Layout, Leg, Point, Rect, Route};

/// The rows above a layer in which edges come down: one for their labels, one for their tips.
const ENTRY_ROWS: usize = 2;

/// Where everything is known: turns columns into a layout.
pub(super) fn route(diagram: &Diagram, boxes: usize, connections: &[Connection]) -> Layout {
    let left = diagram.items.iter().map(|item| item.x).min().unwrap_or(0);
    let mut layout = Layout {
        boxes: vec![Rect::default(); boxes],
        routes: vec![Route::default(); connections.len()],
        ..Layout::default()
    };
    // The column in which an item's line leaves it.
    let mut exits: Vec<usize> = diagram.items.iter().map(|item| item.middle() - left).collect();
    let mut y = 0;
    for (layer, items) in diagram.layers.iter().enumerate() {
        if layer > 0 {
            let above = &diagram.layers[layer - 1];
            let entries = entries(diagram, left, above, items, &mut exits);
            let rows = rows(diagram, above, &entries, &exits);
            let across = rows.values().max().map_or(0, |row| row + 1);
            for (&hop, &entry) in &entries {
                let end = Point { x: entry, y: y + across + ENTRY_ROWS - 1 };
                lead(
                    diagram,
                    &mut layout,
                    hop,
                    Leg {
                        trunk: diagram.hops[hop].from,
                        start: Point { x: exits[diagram.hops[hop].from], y },
                        across: y + rows.get(&diagram.hops[hop].from).copied().unwrap_or(0),
                        end,
                    },
                );
                if diagram.hops[hop].label.is_none() {
                    exits[diagram.hops[hop].to] = entry;
                }
            }
            y += across + ENTRY_ROWS;
        }
        let mut height = 0;
        for &item in items {
            let item_height = diagram.items[item].height;
            height = height.max(item_height.unwrap_or(0));
            layout.width =
                layout.width.max(diagram.items[item].x - left + diagram.items[item].width);
            if let Some(item_height) = item_height {
                let (x, width) = (diagram.items[item].x - left, diagram.items[item].width);
                layout.boxes[item] = Rect { x, y, width, height: item_height };
            }
        }
        y += height;
    }
    layout.height = y;
    layout
}

/// Adds a leg to its route. It begins right below the box that it leaves, which may end above
/// its layer does, or where the leg above it ended.
fn lead(diagram: &Diagram, layout: &mut Layout, hop: usize, mut leg: Leg) {
    let hop = &diagram.hops[hop];
    let route = &mut layout.routes[hop.connection];
    leg.start.y = match layout.boxes.get(hop.from) {
        Some(rect) => rect.y + rect.height,
        None => route.legs.last().map_or(leg.start.y, |last| last.end.y + 1),
    };
    route.legs.push(leg);
    if hop.label.is_some() {
        route.label = Point { x: leg.end.x + GAP, y: leg.end.y + 1 - ENTRY_ROWS };
    }
}

/// The column in which each hop into a layer ends: none is that in which another trunk begins,
/// so that no two lines meet head on.
fn entries(
    diagram: &Diagram,
    left: usize,
    above: &[usize],
    items: &[usize],
    exits: &mut [usize],
) -> BTreeMap<usize, usize> {
    let trunks: BTreeMap<usize, usize> = above
        .iter()
        .filter(|&&item| !diagram.items[item].below.is_empty())
        .map(|&item| (exits[item], item))
        .collect();
    let mut entries = BTreeMap::new();
    for &item in items {
        let item = &diagram.items[item];
        let mut hops = item.above.clone();
        hops.sort_by_key(|&hop| exits[diagram.hops[hop].from]);
        let rooms: usize = hops.iter().map(|&hop| diagram.hops[hop].room()).sum();
        let spare = (item.width - rooms) / hops.len().max(1);
        let mut room = item.x - left;
        for hop in hops {
            let columns = room..room + spare + LANE;
            let trunk = diagram.hops[hop].from;
            let middle = if item.above.len() == 1 {
                item.middle() - left
            } else {
                room + (spare + LANE) / 2
            };
            let doorway = doorway(diagram, left, trunk);
            let wish = if columns.contains(&exits[trunk]) {
                exits[trunk]
            } else if doorway.start < columns.end && columns.start < doorway.end {
                exits[trunk].clamp(columns.start, columns.end - 1)
            } else {
                middle
            };
            let entry = columns
                .filter(|column| trunks.get(column).is_none_or(|&other| other == trunk))
                .min_by_key(|column| column.abs_diff(wish))
                .expect("trunks stand further apart than a place to enter is narrow");
            // A line without a fork leaves its box where it can go straight down. That no other
            // line is in its way follows from entries being unique.
            if doorway.contains(&entry) {
                exits[trunk] = entry;
            }
            entries.insert(hop, entry);
            room += spare + diagram.hops[hop].room();
        }
    }
    entries
}

/// The columns in which the line of a box without forks may leave it; none if it is bound to one
/// column by a fork, or by the lane above it. Those of neighbours are far enough apart.
fn doorway(diagram: &Diagram, left: usize, item: usize) -> Range<usize> {
    let item = &diagram.items[item];
    if item.below.len() > 1 || item.height.is_none() {
        return 0..0;
    }
    let x = item.x - left;
    x + GAP..x + item.width - GAP
}

/// The row, from 0, in which each trunk runs across: trunks that would meet have different rows.
fn rows(
    diagram: &Diagram,
    above: &[usize],
    entries: &BTreeMap<usize, usize>,
    exits: &[usize],
) -> BTreeMap<usize, usize> {
    let mut spans: Vec<(usize, usize, usize)> = Vec::new();
    for &item in above {
        let mut columns: BTreeSet<usize> =
            diagram.items[item].below.iter().map(|hop| entries[hop]).collect();
        columns.insert(exits[item]);
        if let (Some(&first), Some(&last)) = (columns.first(), columns.last())
            && first < last
        {
            spans.push((first, last, item));
        }
    }
    spans.sort_unstable();
    // The last column that is taken in each row.
    let mut taken: Vec<usize> = Vec::new();
    let mut rows = BTreeMap::new();
    for (first, last, item) in spans {
        let row = taken.iter().position(|&end| end < first).unwrap_or(taken.len());
        if row == taken.len() {
            taken.push(last);
        } else {
            taken[row] = last;
        }
        // The first row below a box is left free, so that a fork does not touch it.
        rows.insert(item, row + 1);
    }
    rows
}
