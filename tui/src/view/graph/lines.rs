//! The lines that lead edges through the gaps between layers and along the rows of their inlets.

use super::layout::{Direction, Layout};

const EAST: u8 = 2;
const WEST: u8 = 8;
const NORTH: u8 = 1;
const SOUTH: u8 = 4;

/// An edge's way through one gap between layers.
pub(super) struct Segment {
    pub from: usize,
    pub to: usize,
}

impl Layout {
    fn line(&mut self, x: usize, y: usize, sides: u8) {
        *self.lines.entry((x, y)).or_default() |= sides;
    }

    pub(super) fn across(&mut self, from: usize, to: usize, y: usize) {
        for x in from..to {
            self.line(x, y, EAST | WEST);
        }
    }

    fn down(&mut self, x: usize, from: usize, to: usize) {
        let (top, bottom) = (from.min(to), from.max(to));
        for y in top..bottom {
            self.line(x, y, SOUTH);
            self.line(x, y + 1, NORTH);
        }
    }

    /// Leads edges through the gap between two columns; those that bend share a track with the
    /// others that leave from the same row.
    pub(super) fn lead(&mut self, segments: &[Segment], left: usize, right: usize) {
        let tracks = tracks(segments);
        for segment in segments {
            let Some(place) = tracks.iter().position(|from| *from == segment.from) else {
                self.across(left, right, segment.from);
                continue;
            };
            let track = left + 1 + place;
            self.across(left, track, segment.from);
            self.line(track, segment.from, WEST);
            if segment.from == segment.to {
                self.line(track, segment.from, EAST);
            } else {
                self.down(track, segment.from, segment.to);
                self.line(track, segment.to, EAST);
            }
            self.across(track + 1, right, segment.to);
        }
    }

    /// The line that joins an inlet's rows.
    pub(super) fn bracket(&mut self, edge: usize) {
        let inlet = self.inlets[edge];
        if inlet.height == 0 {
            return;
        }
        if self.direction == Direction::LeftToRight {
            self.line(inlet.x, inlet.y, WEST);
        }
        self.line(inlet.x, inlet.y, EAST);
        self.down(inlet.x, inlet.y, inlet.y + inlet.height - 1);
        for row in 1..inlet.height {
            self.line(inlet.x, inlet.y + row, EAST);
        }
    }
}

/// The rows that edges which bend in a gap leave from, in the order of their tracks from the left.
///
/// Where an edge leaves from the row on which another arrives, the one that leaves must turn off
/// first, or the two would be drawn as one line. Beyond that, edges that rise turn off the
/// earlier the higher they start, and those that fall the later, so that they do not cross.
pub(super) fn tracks(segments: &[Segment]) -> Vec<usize> {
    let bends = segments.iter().filter(|segment| segment.from != segment.to);
    let rising = |segment: &Segment| segment.to < segment.from;
    let mut waiting: Vec<(bool, usize)> =
        bends.map(|segment| (!rising(segment), segment.from)).collect();
    waiting.sort_by_key(|&(falls, from)| (falls, if falls { usize::MAX - from } else { from }));
    let mut rows: Vec<usize> = Vec::new();
    for (_, from) in waiting {
        if !rows.contains(&from) {
            rows.push(from);
        }
    }
    let arrives = |from: usize, on: usize| {
        segments.iter().any(|segment| segment.from == from && segment.to == on && from != on)
    };
    let mut tracks = Vec::with_capacity(rows.len());
    while !rows.is_empty() {
        // The first that no other must turn off before; two that swap rows have no good order.
        let free = rows
            .iter()
            .position(|row| !rows.iter().any(|other| other != row && arrives(*row, *other)));
        tracks.push(rows.remove(free.unwrap_or(0)));
    }
    tracks
}
