//! The diagram in characters: lanes, arrows from lane to lane, the line of the cut.
//!
//! An arrow leaves its lane along the row where it is sent, falls beside the lane that it goes to,
//! and arrives along the row where it is received, with its label at both ends.

use std::collections::BTreeMap;

use weir::replay::space_time::{Carries, Class, CutAt, End, Happening, Message, SpaceTime};
use weir::trace::{ExecutionState, JobStatus};

use super::super::look::{Look, Role};
use super::grid::{EAST, Grid, Place, WEST};
use super::rows::Rows;

/// Columns for the label of an arrow that arrives.
const LABEL: usize = 3;

/// What is in sight of the diagram, and how wide its lanes are.
pub(super) struct View {
    /// The first column of the plane on which lanes lie beside each other.
    pub left: usize,
    /// The first row.
    pub top: usize,
    /// Columns and rows.
    pub size: (usize, usize),
    /// Columns of a lane.
    pub lane: usize,
}

/// Draws the diagram.
pub(super) struct Picture<'a> {
    pub diagram: &'a SpaceTime,
    pub rows: &'a Rows,
    pub view: &'a View,
    /// Where the cut goes through the lanes.
    pub cuts: &'a [CutAt],
    pub look: Look,
}

fn signed(number: usize) -> isize {
    isize::try_from(number).unwrap_or(isize::MAX)
}

impl Picture<'_> {
    pub fn grid(&self) -> Grid {
        let mut grid = Grid::new(self.view.left, self.view.size);
        self.lanes(&mut grid);
        let mut tracks = Tracks::new(self.view.lane);
        // What matters most is drawn last, over the rest.
        let mut messages: Vec<&Message> = self.diagram.messages.iter().collect();
        messages.sort_by_key(|message| weight(message.class));
        for message in messages {
            self.arrow(&mut grid, &mut tracks, message);
        }
        self.cut(&mut grid);
        self.points(&mut grid);
        grid
    }

    fn column(&self, lane: usize) -> isize {
        signed(lane * self.view.lane + self.view.lane / 2)
    }

    /// The row of an event, from the top of what is in sight.
    fn row(&self, event: usize) -> isize {
        signed(self.rows.of(event)) - signed(self.view.top)
    }

    fn lanes(&self, grid: &mut Grid) {
        // Lanes go on above and below what is in sight.
        let bottom = signed(self.view.size.1);
        let first = self.view.left / self.view.lane;
        let last = (self.view.left + self.view.size.0) / self.view.lane;
        for lane in first..self.diagram.lanes.len().min(last + 1) {
            let x = self.column(lane);
            let points = self.diagram.points.iter().filter(|point| point.lane == Some(lane));
            let mut turns = points.filter_map(|point| {
                point.what.runs_from_here().map(|runs| (self.row(point.when.event), runs))
            });
            // Up to the first turn it was the other way round.
            let (mut from, mut runs) = (-1, true);
            let mut first = true;
            loop {
                let turn = turns.next();
                if let (true, Some((_, to))) = (first, turn) {
                    runs = !to;
                }
                first = false;
                let until = turn.map_or(bottom, |(row, _)| row);
                self.lane(grid, x, (from, until), runs);
                let Some((row, to)) = turn else { break };
                (from, runs) = (row, to);
            }
        }
    }

    fn lane(&self, grid: &mut Grid, x: isize, (from, to): (isize, isize), runs: bool) {
        if runs {
            grid.down(x, (from, to), Role::Plain);
            return;
        }
        let sign = if self.look.ascii { '.' } else { '·' };
        for y in from.max(0)..to.min(signed(self.view.size.1)) {
            grid.ground((x, y), sign);
        }
    }

    fn arrow(&self, grid: &mut Grid, tracks: &mut Tracks, message: &Message) {
        let (role, label) = (role(message), self.label(message));
        let (from, to) = (self.column(message.from.lane), self.column(message.to.lane));
        // One that stays on its lane goes out to the right and comes back.
        let way: isize = if to > from { 1 } else { -1 };
        let row = |end: &End| end.when.map(|when| self.row(when.event));
        match (row(&message.from), row(&message.to)) {
            (Some(sent), Some(received)) if sent == received && from != to => {
                grid.across(sent, (from, to), role);
                self.head(grid, (to, received), way, (&label, role));
            }
            (Some(sent), Some(received)) => {
                let track = tracks.take((message.to.lane, way), (sent, received));
                let x = to - way * track;
                let leaves = if from == to { -way } else { way };
                grid.across(sent, (from, x), role);
                grid.down(x, (sent, received), role);
                grid.across(received, (x, to), role);
                if (x - from).abs() > signed(LABEL) + 1 {
                    put_label(grid, (from + 2 * leaves, sent), leaves, &label, role);
                }
                self.head(grid, (to, received), way, (&label, role));
            }
            (Some(sent), None) => {
                let leaves = if from == to { 1 } else { way };
                let end = from + leaves * (signed(text_len(&label)) + 2);
                grid.across(sent, (from, end), role);
                put_label(grid, (from + 2 * leaves, sent), leaves, &label, role);
                grid.sign((end, sent), self.more(), role);
            }
            (None, Some(received)) => {
                let start = to - way * (signed(text_len(&label)) + 2);
                grid.across(received, (start, to), role);
                grid.sign((start, received), self.more(), role);
                self.head(grid, (to, received), way, (&label, role));
            }
            (None, None) => {}
        }
    }

    fn more(&self) -> char {
        if self.look.ascii { '~' } else { '…' }
    }

    /// The head of an arrow in front of a lane, with its label behind it.
    fn head(&self, grid: &mut Grid, (x, y): Place, way: isize, (label, role): (&str, Role)) {
        let sign = match (way > 0, self.look.ascii) {
            (true, false) => '→',
            (false, false) => '←',
            (true, true) => '>',
            (false, true) => '<',
        };
        grid.sign((x - way, y), sign, role);
        put_label(grid, (x - 2 * way, y), -way, label, role);
    }

    /// What a message carries in a few characters, and a sign if it crosses the cut.
    fn label(&self, message: &Message) -> String {
        let glyphs = self.look.glyphs();
        let mut label = match message.carries {
            Carries::Barrier(checkpoint) => checkpoint.to_string(),
            Carries::Buffer { seq, .. } => format!("{}{seq}", glyphs.records),
            Carries::Trigger(checkpoint) => format!("t{checkpoint}"),
            Carries::Acknowledge(checkpoint) => format!("a{checkpoint}"),
            Carries::Decline(checkpoint) => format!("d{checkpoint}"),
            Carries::Complete(checkpoint) => format!("c{checkpoint}"),
            Carries::Abort(checkpoint) => format!("x{checkpoint}"),
        };
        match message.class {
            Some(Class::Crossing) => label.push(if self.look.ascii { '%' } else { '≈' }),
            Some(Class::Inconsistent) => label.push('!'),
            Some(Class::Before | Class::After | Class::Marker | Class::Unknown) | None => {}
        }
        label
    }

    /// The row in which the cut goes through a lane; above or below all others if not in sight.
    fn cut_row(&self, lane: usize) -> Option<isize> {
        match self.cuts.get(lane)? {
            CutAt::At(when) => Some(self.row(when.event)),
            CutAt::Earlier => Some(-1 - signed(self.view.top)),
            CutAt::Later => Some(signed(self.rows.len()) - signed(self.view.top)),
            CutAt::Unknown => None,
        }
    }

    /// On which side of the cut a row is, in a word; none if there is no cut.
    pub fn side(&self, row: usize) -> Option<&'static str> {
        let mut cuts = (0..self.cuts.len()).filter_map(|lane| self.cut_row(lane)).peekable();
        cuts.peek()?;
        let row = signed(row);
        let (mut above, mut below) = (false, false);
        for cut in cuts {
            above |= row <= cut;
            below |= row >= cut;
        }
        Some(match (above, below) {
            (true, false) => "before",
            (false, true) => "after",
            (true, true) | (false, false) => "cut",
        })
    }

    /// The line through the lanes. Between two of them it falls or rises.
    fn cut(&self, grid: &mut Grid) {
        let role = Role::Checkpoint;
        let rows: Vec<Option<isize>> =
            (0..self.diagram.lanes.len()).map(|lane| self.cut_row(lane)).collect();
        for (lane, row) in rows.iter().enumerate() {
            let Some(row) = *row else { continue };
            // Not where arrows fall that come to the next lane.
            let left = signed(lane * self.view.lane) - 1;
            let right = left + signed(self.view.lane);
            let next = rows.get(lane + 1).copied().flatten();
            grid.double_across(row, (left, if next.is_some() { right } else { right - 1 }), role);
            if let Some(next) = next.filter(|next| *next != row) {
                grid.double_down(right, (row, next), role);
            }
            // Where a line begins or ends beside no other, it goes to the edge.
            if lane == 0 || rows[lane - 1].is_none() {
                grid.double((left, row), EAST | WEST, role);
            }
            if next.is_none() {
                grid.double((right - 1, row), EAST | WEST, role);
            }
        }
    }

    fn points(&self, grid: &mut Grid) {
        let chosen = self.diagram.cut.as_ref().map(|cut| cut.checkpoint);
        let mut written: Option<(usize, isize, usize)> = None;
        let mut in_order: Vec<_> = self.diagram.points.iter().collect();
        in_order.sort_by_key(|point| (point.lane, point.when));
        for point in in_order {
            let Some(lane) = point.lane else { continue };
            let (x, y) = (self.column(lane), self.row(point.when.event));
            let role = tone(&point.what);
            let is_cut = chosen.is_some_and(|chosen| point.what == Happening::Snapshot(chosen));
            if is_cut {
                // The crossing of lane and cut is the sign of it.
                grid.double((x, y), EAST | WEST, Role::Checkpoint);
            } else {
                grid.sign((x, y), self.sign(&point.what), role);
            }
            // In a row of several, the first has its words and the others are counted.
            let more = match written {
                Some((at, row, more)) if (at, row) == (lane, y) => more + 1,
                Some(_) | None => 0,
            };
            written = Some((lane, y, more));
            let room = self.view.lane.saturating_sub(2);
            if more == 0 && is_cut {
                continue;
            }
            if more == 0 {
                let words = self.look.fit(&point.what.words(), room);
                grid.text((x + 1, y), &words, role);
            } else {
                let count = format!("+{more}");
                let at = room.saturating_sub(count.len());
                grid.text((x + 1 + signed(at), y), &count, role);
            }
        }
    }

    fn sign(&self, what: &Happening) -> char {
        let glyphs = self.look.glyphs();
        let sign = match what {
            Happening::Begun(_)
            | Happening::Aligning(_)
            | Happening::Snapshot(_)
            | Happening::Stored(_)
            | Happening::Acknowledged(_)
            | Happening::Completed(_)
            | Happening::Told(_)
            | Happening::Restored(_)
            | Happening::From(_) => glyphs.barrier,
            Happening::SnapshotFailed(_)
            | Happening::Declined(_)
            | Happening::Aborted(_)
            | Happening::Failure
            | Happening::Crashed
            | Happening::Ended(ExecutionState::Failed) => glyphs.failure,
            Happening::Paused => glyphs.pause,
            Happening::Fault(_) | Happening::Healed(_) => glyphs.fault,
            Happening::Started(_)
            | Happening::Ended(_)
            | Happening::Job(_)
            | Happening::Restart(_)
            | Happening::Up
            | Happening::Resumed => glyphs.knob,
        };
        sign.chars().next().unwrap_or('*')
    }
}

/// Writes a label that begins or ends at a place, as one goes from it.
fn put_label(grid: &mut Grid, (x, y): Place, way: isize, label: &str, role: Role) {
    let x = if way > 0 { x } else { x + 1 - signed(text_len(label)) };
    grid.text((x, y), label, role);
}

fn text_len(label: &str) -> usize {
    label.chars().count()
}

fn weight(class: Option<Class>) -> u8 {
    match class {
        None | Some(Class::Unknown) => 0,
        Some(Class::After) => 1,
        Some(Class::Before) => 2,
        Some(Class::Marker) => 3,
        Some(Class::Crossing) => 4,
        Some(Class::Inconsistent) => 5,
    }
}

fn role(message: &Message) -> Role {
    match (message.class, message.carries) {
        (Some(Class::Inconsistent), _) => Role::Failed,
        (Some(Class::Crossing), _) => Role::Data,
        (Some(Class::Marker), _) | (None, Carries::Barrier(_)) => Role::Checkpoint,
        (Some(Class::After | Class::Unknown), _) => Role::Dim,
        (Some(Class::Before), _) | (None, _) => Role::Plain,
    }
}

/// The colour of what happens.
pub(super) fn tone(what: &Happening) -> Role {
    match what {
        Happening::Begun(_)
        | Happening::Aligning(_)
        | Happening::Snapshot(_)
        | Happening::Stored(_)
        | Happening::Acknowledged(_)
        | Happening::Restored(_)
        | Happening::From(_) => Role::Checkpoint,
        Happening::Completed(_) | Happening::Told(_) => Role::Done,
        Happening::SnapshotFailed(_)
        | Happening::Declined(_)
        | Happening::Aborted(_)
        | Happening::Failure
        | Happening::Crashed
        | Happening::Ended(ExecutionState::Failed)
        | Happening::Job(JobStatus::Failing | JobStatus::Failed) => Role::Failed,
        Happening::Restart(_) | Happening::Job(JobStatus::Restarting) | Happening::Paused => {
            Role::Waiting
        }
        Happening::Started(_) | Happening::Up | Happening::Resumed => Role::Running,
        Happening::Fault(_) | Happening::Healed(_) => Role::Pressure,
        Happening::Ended(_) | Happening::Job(_) => Role::Plain,
    }
}

/// Rows from the first to the last that an arrow takes.
type TakenRows = (isize, isize);

/// The columns beside lanes in which arrows fall.
struct Tracks {
    /// How many there are on a side of a lane.
    count: usize,
    /// Of each lane and side, the rows that each track is taken for.
    taken: BTreeMap<(usize, isize), Vec<Vec<TakenRows>>>,
}

impl Tracks {
    fn new(lane: usize) -> Self {
        let count = (lane / 2).saturating_sub(LABEL + 1).max(1);
        Self { count, taken: BTreeMap::new() }
    }

    /// How many columns from the lane an arrow falls that comes to this side of it. Where there is
    /// no free track it shares the outermost.
    fn take(&mut self, side: (usize, isize), rows: (isize, isize)) -> isize {
        let tracks = self.taken.entry(side).or_insert_with(|| vec![Vec::new(); self.count]);
        let is_free = |taken: &Vec<(isize, isize)>| {
            taken.iter().all(|(from, to)| rows.1 < *from || *to < rows.0)
        };
        let track = tracks.iter().position(is_free).unwrap_or(tracks.len() - 1);
        tracks[track].push(rows);
        signed(track + LABEL + 2)
    }
}
