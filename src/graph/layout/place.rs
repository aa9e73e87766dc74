//! The order of boxes within their layers, and their columns.

use super::{Diagram, GAP};

/// How often the order and the columns are improved, down and up again.
const SWEEPS: usize = 6;

#[derive(Clone, Copy)]
enum Side {
    Above,
    Below,
}

/// Orders each layer by the mean place of the neighbours, layer by layer, down and up again,
/// and keeps the order with the fewest crossings.
pub(super) fn order(diagram: &mut Diagram) {
    let mut best = (crossings(diagram), diagram.layers.clone());
    for _ in 0..SWEEPS {
        for layer in 1..diagram.layers.len() {
            order_layer(diagram, layer, Side::Above);
        }
        best = best.min((crossings(diagram), diagram.layers.clone()));
        for layer in (0..diagram.layers.len().saturating_sub(1)).rev() {
            order_layer(diagram, layer, Side::Below);
        }
        best = best.min((crossings(diagram), diagram.layers.clone()));
    }
    diagram.layers = best.1;
}

fn neighbours(diagram: &Diagram, item: usize, side: Side) -> impl Iterator<Item = usize> {
    let hops = match side {
        Side::Above => &diagram.items[item].above,
        Side::Below => &diagram.items[item].below,
    };
    hops.iter().map(move |&hop| match side {
        Side::Above => diagram.hops[hop].from,
        Side::Below => diagram.hops[hop].to,
    })
}

fn order_layer(diagram: &mut Diagram, layer: usize, side: Side) {
    let beside = match side {
        Side::Above => layer - 1,
        Side::Below => layer + 1,
    };
    let mut places = vec![0; diagram.items.len()];
    for layer in [layer, beside] {
        for (place, &item) in diagram.layers[layer].iter().enumerate() {
            places[item] = place;
        }
    }
    let mut order: Vec<(f64, usize)> = diagram.layers[layer]
        .iter()
        .map(|&item| {
            let count = neighbours(diagram, item, side).count();
            let sum: usize = neighbours(diagram, item, side).map(|it| places[it]).sum();
            // Whatever has no neighbours there stays about where it is.
            (if count == 0 { places[item] as f64 } else { sum as f64 / count as f64 }, item)
        })
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    diagram.layers[layer] = order.into_iter().map(|(_, item)| item).collect();
}

fn crossings(diagram: &Diagram) -> usize {
    let mut places = vec![0; diagram.items.len()];
    for layer in &diagram.layers {
        for (place, &item) in layer.iter().enumerate() {
            places[item] = place;
        }
    }
    let mut crossings = 0;
    for layer in &diagram.layers {
        let hops = layer.iter().flat_map(|&item| &diagram.items[item].below);
        let ends: Vec<_> = hops
            .map(|&hop| (places[diagram.hops[hop].from], places[diagram.hops[hop].to]))
            .collect();
        for (place, one) in ends.iter().enumerate() {
            let crosses = |other: &&(usize, usize)| one.0 < other.0 && one.1 > other.1;
            crossings += ends[place + 1..].iter().filter(crosses).count();
        }
    }
    crossings
}

/// Gives every item its column: as near to the middle of its neighbours as the others in its
/// layer allow.
pub(super) fn columns(diagram: &mut Diagram) {
    for layer in 0..diagram.layers.len() {
        spread(diagram, layer, &[]);
    }
    for _ in 0..SWEEPS {
        for layer in 1..diagram.layers.len() {
            spread(diagram, layer, &[Side::Above]);
        }
        for layer in (0..diagram.layers.len()).rev() {
            spread(diagram, layer, &[Side::Below]);
        }
    }
    for layer in 1..diagram.layers.len() {
        spread(diagram, layer, &[Side::Above]);
    }
}

/// Far enough from 0 that nothing has to be placed below it.
const ORIGIN: f64 = 1e6;

/// Places a layer: each item where it would like to be, or in the middle of a run of items that
/// would overlap there. With no side to go by, items like to stand at the origin.
fn spread(diagram: &mut Diagram, layer: usize, sides: &[Side]) {
    // A run: its first column, its columns, the number of its items and the sum of the columns
    // at which they would have it begin.
    let mut runs: Vec<(f64, usize, usize, f64)> = Vec::new();
    for &item in &diagram.layers[layer] {
        let width = diagram.items[item].width + GAP;
        let middles: Vec<f64> = sides
            .iter()
            .flat_map(|&side| neighbours(diagram, item, side))
            .map(|it| diagram.items[it].middle() as f64)
            .collect();
        let liked = if sides.is_empty() {
            ORIGIN
        } else if middles.is_empty() {
            diagram.items[item].x as f64
        } else {
            let middle = middles.iter().sum::<f64>() / middles.len() as f64;
            middle - (diagram.items[item].width / 2) as f64
        };
        let mut run = (liked, width, 1, liked);
        while let Some(&(start, columns, count, sum)) = runs.last() {
            if start + columns as f64 <= run.0 {
                break;
            }
            runs.pop();
            let (items, sum) = (count + run.2, sum + run.3 - (columns * run.2) as f64);
            run = (sum / items as f64, columns + run.1, items, sum);
        }
        runs.push(run);
    }
    // Rounding moves neighbouring runs alike or apart by at most one column too few.
    let mut free = 0;
    let mut items = diagram.layers[layer].clone().into_iter();
    for (start, _, count, _) in runs {
        let mut x = (start.round() as usize).max(free);
        for item in items.by_ref().take(count) {
            diagram.items[item].x = x;
            x += diagram.items[item].width + GAP;
        }
        free = x;
    }
}
