//! Moments as rows: time is pressed together where nothing happens.

use weir::base::SimTime;
use weir::replay::space_time::Moment;

/// How much time a row is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Zoom {
    /// Each moment has its row.
    #[default]
    Moments,
    /// Moments within so many microseconds share one.
    Micros(u64),
}

/// From close by to far away.
const ZOOMS: [Zoom; 6] = [
    Zoom::Moments,
    Zoom::Micros(100),
    Zoom::Micros(1_000),
    Zoom::Micros(10_000),
    Zoom::Micros(100_000),
    Zoom::Micros(1_000_000),
];

/// Where each moment has its row, this many microseconds without any are told of.
const LONG: u64 = 5_000;
/// Events before and after the middle that are read where each moment has its row.
const REACH: usize = 2_048;

impl Zoom {
    fn place(self) -> usize {
        ZOOMS.iter().position(|zoom| *zoom == self).unwrap_or(0)
    }

    pub fn farther(self) -> Self {
        ZOOMS[(self.place() + 1).min(ZOOMS.len() - 1)]
    }

    pub fn closer(self) -> Self {
        ZOOMS[self.place().saturating_sub(1)]
    }

    /// How many events before and after the middle are read.
    pub fn reach(self) -> usize {
        REACH << self.place().saturating_sub(1)
    }

    /// The number of the span of time that `at` is in. Moments are spans of their own.
    fn span(self, moment: Moment) -> u64 {
        match self {
            Self::Moments => u64::try_from(moment.event).unwrap_or(u64::MAX),
            Self::Micros(micros) => moment.at.as_micros() / micros.max(1),
        }
    }

    /// Whether a pause of so many microseconds is told of.
    fn tells_of(self, pause: u64) -> bool {
        match self {
            Self::Moments => pause >= LONG,
            Self::Micros(micros) => pause >= micros.saturating_mul(2),
        }
    }
}

/// A row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The first of its events. Of a pause, the last before it.
    pub first: usize,
    /// The last of its events.
    pub last: usize,
    /// When the first happens.
    pub at: SimTime,
    /// So many microseconds in which nothing happens that is shown.
    pub pause: Option<u64>,
}

/// Rows in order of time.
pub(super) struct Rows(Vec<Row>);

impl Rows {
    /// The rows of these moments, which are in order.
    pub fn new(moments: &[Moment], zoom: Zoom) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        let mut before: Option<Moment> = None;
        for moment in moments {
            // A pause is measured from the last moment of a row, not from its first.
            let before = before.replace(*moment);
            if let (Some(before), Some(row)) = (before, rows.last_mut()) {
                if zoom.span(before) == zoom.span(*moment) {
                    row.last = moment.event;
                    continue;
                }
                let pause = moment.at.as_micros().saturating_sub(before.at.as_micros());
                if zoom.tells_of(pause) {
                    let event = before.event;
                    let at = before.at;
                    rows.push(Row { first: event, last: event, at, pause: Some(pause) });
                }
            }
            let event = moment.event;
            rows.push(Row { first: event, last: event, at: moment.at, pause: None });
        }
        Self(rows)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn get(&self, row: usize) -> Option<&Row> {
        self.0.get(row)
    }

    /// The row of an event that has one; of another, the next row.
    pub fn of(&self, event: usize) -> usize {
        self.0.partition_point(|row| row.last < event)
    }

    /// The last row in which something has happened when so many events have.
    pub fn happened(&self, events: usize) -> Option<usize> {
        let after = self.0.partition_point(|row| row.first < events);
        (0..after).rev().find(|row| self.0[*row].pause.is_none())
    }

    /// The row that is `by` rows away, at most at one of the ends; pauses are not stopped at.
    pub fn from(&self, row: usize, by: isize) -> Option<usize> {
        let last = self.0.len().checked_sub(1)?;
        let to = row.saturating_add_signed(by).min(last);
        let is_moment = |row: &usize| self.0[*row].pause.is_none();
        // There is a moment on both sides of a pause.
        if by < 0 { (0..=to).rev().find(is_moment) } else { (to..=last).find(is_moment) }
    }
}
