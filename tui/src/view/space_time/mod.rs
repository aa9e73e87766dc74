//! A part of the run as a diagram of space and time: lanes, arrows from lane to lane, and the cut of
//! a checkpoint as a line through the lanes.
//!
//! What is shown is computed anew from the events around the place one looks at, so that a step
//! costs the same in a long run as in a short one. The place follows the current event until one
//! moves it.

mod grid;
mod picture;
mod rows;

use ratatui::layout::Rect;
use weir::base::{CheckpointId, JobId};
use weir::replay::space_time::{CutAt, Happening, Lanes, Moment, Shown, SpaceTime, Wanted};
use weir::replay::{Job, Timeline};
use weir::trace::parts;

use super::events::tone;
use super::look::{Look, Role};
use super::pen::Pen;
use super::text;
use picture::{Picture, View};
use rows::{Rows, Zoom};

/// Columns of a lane, at least and at most.
const LANE: (usize, usize) = (10, 16);
/// Columns from which on what happens is told in full beside the lanes.
const TOLD: usize = 32;
/// Rows above the lanes and below them.
const HEAD: usize = 2;
const FOOT: usize = 1;

/// What is looked at in the diagram.
#[derive(Clone, Debug, Default)]
pub(super) struct TimeScreen {
    /// The job one has chosen; the newest that is not over, if unset.
    job: Option<JobId>,
    lanes: Lanes,
    shown: Shown,
    zoom: Zoom,
    /// The checkpoint one has chosen; the newest, if unset.
    checkpoint: Option<CheckpointId>,
    /// The event one looks at, if it does not follow the current one.
    browsing: Option<usize>,
    /// Lanes that are hidden at the left.
    hidden: usize,
}

impl TimeScreen {
    fn job<'a>(&self, timeline: &'a Timeline) -> Option<(JobId, &'a Job)> {
        let known = || timeline.end().jobs.iter();
        let chosen = known().find(|(id, _)| Some(*id) == self.job);
        let here = || timeline.world().jobs.iter();
        let runs = here().filter(|(_, job)| !job.status.is_terminal()).last();
        let shown = runs.or_else(|| here().last()).map(|(id, _)| id);
        chosen.or_else(|| known().find(|(id, _)| Some(*id) == shown)).or_else(|| known().next())
    }

    /// The checkpoint whose cut is shown: the chosen one, or the newest that has begun.
    fn checkpoint(&self, timeline: &Timeline) -> Option<CheckpointId> {
        let (id, job) = self.job(timeline)?;
        let chosen = self.checkpoint.filter(|chosen| job.checkpoints.get(*chosen).is_some());
        let newest = || Some(timeline.world().jobs.get(id)?.checkpoints.newest()?.0);
        chosen.or_else(newest)
    }

    pub fn next_job(&mut self, timeline: &Timeline) {
        let shown = self.job(timeline).map(|(id, _)| id);
        let known = || timeline.end().jobs.iter().map(|(id, _)| id);
        self.job = known().find(|id| Some(*id) > shown).or_else(|| known().next());
        (self.checkpoint, self.browsing, self.hidden) = (None, None, 0);
    }

    pub fn next_lanes(&mut self) {
        self.lanes = match self.lanes {
            Lanes::Subtasks => Lanes::Nodes,
            Lanes::Nodes => Lanes::Subtasks,
        };
        self.hidden = 0;
    }

    pub fn next_shown(&mut self) {
        self.shown = self.shown.next();
    }

    pub fn zoom_out(&mut self) {
        self.zoom = self.zoom.farther();
    }

    pub fn zoom_in(&mut self) {
        self.zoom = self.zoom.closer();
    }

    /// Looks at the checkpoint before, and after the oldest at the newest again.
    pub fn next_checkpoint(&mut self, timeline: &Timeline) {
        let older = |id| self.job(timeline)?.1.checkpoints.around(id).0;
        let older = self.checkpoint(timeline).and_then(older);
        self.turn_to(timeline, older);
    }

    /// Looks at the next newer checkpoint, also at one that is still to come.
    pub fn previous_checkpoint(&mut self, timeline: &Timeline) {
        let checkpoints = |id: Option<CheckpointId>| {
            let (_, job) = self.job(timeline)?;
            match id {
                Some(id) => job.checkpoints.around(id).1,
                None => job.checkpoints.iter().next().map(|(id, _)| id),
            }
        };
        let newer = checkpoints(self.checkpoint(timeline));
        self.turn_to(timeline, newer);
    }

    /// Goes to where a checkpoint begins, or follows the newest again.
    fn turn_to(&mut self, timeline: &Timeline, checkpoint: Option<CheckpointId>) {
        let begins = checkpoint.and_then(|id| {
            let at = self.job(timeline)?.1.checkpoints.get(id)?.triggered?;
            timeline.position_at(at).checked_sub(1)
        });
        (self.checkpoint, self.browsing) = (checkpoint, begins);
    }

    /// Shows the cut of a checkpoint, wherever one is.
    pub fn look_at(&mut self, job: Option<JobId>, checkpoint: CheckpointId) {
        self.job = job.or(self.job);
        self.checkpoint = Some(checkpoint);
    }

    /// Looks at the current event.
    pub fn follow(&mut self) {
        self.browsing = None;
    }

    /// Leaves what was chosen. Says whether anything was.
    pub fn leave(&mut self) -> bool {
        let left = self.browsing.is_some() || self.checkpoint.is_some();
        (self.checkpoint, self.browsing) = (None, None);
        left
    }

    /// Hides more or fewer lanes at the left.
    pub fn scroll_lanes(&mut self, timeline: &Timeline, by: isize) {
        let lanes = self.diagram(timeline).lanes.len();
        self.hidden = self.hidden.saturating_add_signed(by).min(lanes.saturating_sub(1));
    }

    /// The event that one looks at.
    pub fn selected(&self, timeline: &Timeline) -> Option<usize> {
        self.browsing.or_else(|| timeline.position().checked_sub(1))
    }

    /// Moves by rows.
    pub fn select(&mut self, timeline: &Timeline, by: isize) {
        let rows = Rows::new(&self.diagram(timeline).moments(), self.zoom);
        let from = match self.browsing {
            Some(event) => Some(rows.of(event)),
            None => rows.happened(timeline.position()),
        };
        // Before the first row the first step down selects it.
        let to = match from {
            Some(row) => rows.from(row, by),
            None => rows.from(0, by.saturating_sub(1).max(0)),
        };
        self.browsing = match to.and_then(|row| rows.get(row)) {
            Some(row) => Some(row.last),
            // Nothing is here to be seen; perhaps there is farther on.
            None => timeline.len().checked_sub(1).map(|last| {
                let reach = isize::try_from(self.zoom.reach()).unwrap_or(isize::MAX);
                let by = reach.saturating_mul(by.signum());
                self.selected(timeline).unwrap_or(0).saturating_add_signed(by).min(last)
            }),
        };
    }

    /// The diagram that is shown.
    pub fn diagram(&self, timeline: &Timeline) -> SpaceTime {
        let Some((job, _)) = self.job(timeline) else { return SpaceTime::default() };
        SpaceTime::read(
            timeline,
            &Wanted {
                job,
                lanes: self.lanes,
                shown: self.shown,
                checkpoint: self.checkpoint(timeline),
                around: self.selected(timeline).unwrap_or(0),
                reach: self.zoom.reach(),
            },
        )
    }

    pub fn draw(&self, timeline: &Timeline, pen: &mut Pen<'_>) {
        let (look, width, height) = (pen.look, pen.width(), pen.height());
        let diagram = self.diagram(timeline);
        let moments = diagram.moments();
        let title = self.title(timeline, &diagram, look);
        pen.put(0, 0, &look.fit(&title, width), Role::Strong);
        if moments.is_empty() {
            let message = match diagram.lanes.is_empty() {
                true => "No job has been submitted.",
                false => "Nothing that would be shown here happens around this event.",
            };
            pen.put(1, HEAD, &look.fit(message, width.saturating_sub(1)), Role::Dim);
            return;
        }
        let frame = Frame::new(timeline, &diagram, self, (width, height));
        let rows = Rows::new(&moments, self.zoom);
        let middle = match self.browsing {
            Some(event) => rows.of(event),
            None => rows.happened(timeline.position()).unwrap_or(0),
        };
        let seen = frame.rows;
        let top = middle.saturating_sub(seen / 2).min(rows.len().saturating_sub(seen));
        let view = View {
            left: frame.hidden * frame.lane,
            top,
            size: (frame.lanes * frame.lane + frame.behind, seen.min(rows.len() - top)),
            lane: frame.lane,
        };
        let cuts = diagram.cut_of_lanes();
        let picture = Picture { diagram: &diagram, rows: &rows, view: &view, cuts: &cuts, look };
        names(pen, &diagram, &frame);
        let now = rows.happened(timeline.position());
        let future = now.map_or(0, |row| (row + 1).saturating_sub(top));
        picture.grid().draw(pen, (frame.left, HEAD), future);
        let margin = Margin { rows: &rows, top, now, selected: self.browsing.map(|_| middle) };
        margin.draw(pen, &frame, &picture);
        faults(pen, &diagram, &moments, &rows, &view, &frame);
        tell(pen, timeline, &rows, &view, &frame);
        let legend = self.legend(look, &cuts);
        pen.put(0, height.saturating_sub(1), &look.fit(&legend, width), Role::Dim);
    }

    fn title(&self, timeline: &Timeline, diagram: &SpaceTime, look: Look) -> String {
        let Some((job, known)) = self.job(timeline) else { return " space and time".to_owned() };
        let mut title = format!(" job {job}  {}  ", look.show(&known.name));
        match &diagram.cut {
            None => title += "no checkpoint yet",
            Some(cut) => {
                let tally = diagram.tally();
                title += &format!(
                    "cut {}: {} before, {} in flight, {} after",
                    cut.checkpoint, tally.before, tally.crossing, tally.after
                );
                if tally.inconsistent > 0 {
                    title += &format!(", {} WRONG", tally.inconsistent);
                }
                if tally.unknown > 0 {
                    title += &format!(", {} not known", tally.unknown);
                }
            }
        }
        title
    }

    fn legend(&self, look: Look, cuts: &[CutAt]) -> String {
        let rows = match self.zoom {
            Zoom::Moments => "each moment".to_owned(),
            Zoom::Micros(micros) => text::span(micros),
        };
        let mut legend = format!(" {}; a row for {rows}", self.shown.words());
        if cuts.iter().any(|cut| !matches!(cut, CutAt::Unknown)) {
            let (cut, flies) = if look.ascii { ("=", "%") } else { ("═", "≈") };
            legend += &format!("; {cut} cut, {flies} in flight, ! from after to before");
        }
        legend
    }
}

/// Where things are on the screen.
struct Frame {
    /// Columns for times.
    time: usize,
    /// Columns before the lanes.
    left: usize,
    /// Columns of a lane.
    lane: usize,
    /// Lanes in sight, and hidden at the left.
    lanes: usize,
    hidden: usize,
    /// Columns behind the last lane for words that its own half leaves no room for.
    behind: usize,
    /// Rows for moments.
    rows: usize,
}

impl Frame {
    fn new(
        timeline: &Timeline,
        diagram: &SpaceTime,
        screen: &TimeScreen,
        (width, height): (usize, usize),
    ) -> Self {
        let time = timeline.end_time().to_string().len().clamp(9, 16);
        let left = 1 + time + 1 + "before".len() + 1;
        let room = width.saturating_sub(left);
        let all = diagram.lanes.len().max(1);
        // What is told beside the lanes takes no room from the least that they need.
        let told = if room >= all * LANE.0 + TOLD { TOLD } else { 0 };
        let lane = ((room - told) / all).clamp(LANE.0, LANE.1);
        let lanes = (room / lane).clamp(1, all);
        let hidden = screen.hidden.min(all - lanes);
        let rest = room.saturating_sub(lanes * lane).min(lane / 2);
        let behind = if hidden + lanes == all { rest } else { 0 };
        let rows = height.saturating_sub(HEAD + FOOT).max(1);
        Self { time, left, lane, lanes, hidden, behind, rows }
    }

    /// The column behind the lanes.
    fn right(&self) -> usize {
        self.left + self.lanes * self.lane + self.behind
    }
}

/// A name in few columns. The number of a subtask says more than the end of its name.
fn short(look: Look, name: &str, columns: usize) -> String {
    let name = name.replace("taskmanager-", "tm-").replace("jobmanager-", "jm-");
    let name = look.show(&name);
    let (stem, number) = match name.rfind('#') {
        Some(at) if text::width(&name[at..]) < columns => name.split_at(at),
        Some(_) | None => (name.as_str(), ""),
    };
    format!("{}{number}", look.fit(stem, columns - text::width(number)))
}

fn names(pen: &mut Pen<'_>, diagram: &SpaceTime, frame: &Frame) {
    let look = pen.look;
    let (first, last) = (frame.hidden + 1, frame.hidden + frame.lanes);
    if frame.lanes < diagram.lanes.len() {
        let place = format!(" {first}-{last} of {}", diagram.lanes.len());
        pen.put(0, 1, &look.fit(&place, frame.left - 1), Role::Dim);
    }
    let lanes = diagram.lanes.iter().skip(frame.hidden).take(frame.lanes);
    for (place, lane) in lanes.enumerate() {
        let name = short(look, &lane.name, frame.lane - 1);
        let room = (frame.lane / 2).saturating_sub(text::width(&name) / 2);
        pen.put(frame.left + place * frame.lane + room, 1, &name, Role::Strong);
    }
}

/// What stands before the lanes.
struct Margin<'a> {
    rows: &'a Rows,
    top: usize,
    /// The row of the current event.
    now: Option<usize>,
    /// The row that one has moved to.
    selected: Option<usize>,
}

impl Margin<'_> {
    fn draw(&self, pen: &mut Pen<'_>, frame: &Frame, picture: &Picture<'_>) {
        let look = pen.look;
        let mut told = None;
        for y in 0..frame.rows {
            let place = self.top + y;
            let Some(row) = self.rows.get(place) else { break };
            if self.now == Some(place) {
                pen.put(0, HEAD + y, look.glyphs().cursor, Role::Strong);
            }
            let is_future = self.now.is_none_or(|now| place > now);
            let role = match self.selected == Some(place) {
                true => Role::Selected,
                false if is_future => Role::Dim,
                false => Role::Plain,
            };
            let time = match row.pause {
                Some(micros) => {
                    format!("{} {}", if look.ascii { ":" } else { "⋮" }, text::span(micros))
                }
                None if told == Some(row.at) && self.selected != Some(place) => String::new(),
                None => row.at.to_string(),
            };
            if row.pause.is_none() {
                told = Some(row.at);
            }
            pen.put(1, HEAD + y, &look.pad_left(&time, frame.time), role);
            if let Some(side) = picture.side(y) {
                let role = if side == "cut" { Role::Checkpoint } else { Role::Dim };
                pen.put(frame.time + 2, HEAD + y, side, role);
            }
        }
    }
}

/// What concerns all lanes is written across them.
fn faults(
    pen: &mut Pen<'_>,
    diagram: &SpaceTime,
    moments: &[Moment],
    rows: &Rows,
    view: &View,
    frame: &Frame,
) {
    let look = pen.look;
    let last = moments.last().map_or(0, |moment| moment.event);
    for point in diagram.points.iter().filter(|point| point.lane.is_none()) {
        let row = rows.of(point.when.event.min(last));
        let Some(y) = row.checked_sub(view.top).filter(|y| *y < view.size.1) else { continue };
        let sign = match &point.what {
            Happening::Healed(_) => look.glyphs().note,
            _ => look.glyphs().fault,
        };
        let words = look.show(&point.what.words());
        let words = look.fit(&format!("{sign} {words} "), frame.right() - frame.left);
        pen.put(frame.left, HEAD + y, &words, picture::tone(&point.what));
    }
}

/// Tells beside the lanes what happens, where there is room.
fn tell(pen: &mut Pen<'_>, timeline: &Timeline, rows: &Rows, view: &View, frame: &Frame) {
    let look = pen.look;
    let Some(room) = pen.width().checked_sub(frame.right() + 1).filter(|room| *room >= TOLD - 8)
    else {
        return;
    };
    let window = pen.window();
    let x = u16::try_from(frame.right() + 1).unwrap_or(u16::MAX);
    let width = u16::try_from(room).unwrap_or(u16::MAX);
    let mut pen = pen.within(Rect { x: window.x.saturating_add(x), width, ..window });
    for y in 0..view.size.1 {
        let Some(row) = rows.get(view.top + y).filter(|row| row.pause.is_none()) else { continue };
        let Some(recorded) = timeline.event(row.first) else { continue };
        let said = parts(&recorded, timeline.header());
        let role = match row.first < timeline.position() {
            true => tone(said.tone),
            false => Role::Dim,
        };
        pen.put(0, HEAD + y, &look.fit(&look.show(&said.text), room), role);
    }
}
