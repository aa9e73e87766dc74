//! The log: one line an event, in fixed columns.
//!
//! The selection follows the current event until one moves it; Enter then goes there. A filter
//! hides events from the log and from nothing else.

use weir::replay::Timeline;
use weir::trace::{Filter, FilterError, Header, Recorded, Tone, parts};

use super::look::Role;
use super::pen::Pen;

/// Which events are kept.
#[derive(Clone, Debug)]
enum Kept {
    /// Those that fit.
    Fitting(Filter),
    /// Those whose line has a text, whatever its case: here in lower case.
    Having(String),
}

impl Kept {
    /// A text with a comparison in it is a filter; any other is looked for as it stands.
    fn parse(text: &str) -> Result<Self, FilterError> {
        if text.contains(['=', '<', '>', '~']) {
            Filter::parse(text).map(Self::Fitting)
        } else {
            Ok(Self::Having(text.to_lowercase()))
        }
    }

    fn keeps(&self, recorded: &Recorded, header: &Header) -> bool {
        match self {
            Self::Fitting(filter) => filter.matches(recorded, header),
            Self::Having(text) => {
                // Spaces within a line depend on its neighbours, so fields are looked at alone.
                let said = parts(recorded, header);
                let kind = recorded.event.kind();
                [&said.step, &said.time, &said.node, said.area, kind, &said.text]
                    .iter()
                    .any(|field| field.to_lowercase().contains(text.as_str()))
            }
        }
    }
}

/// What the filter has found.
#[derive(Clone, Debug)]
struct Found {
    /// The filter as it was typed.
    text: String,
    kept: Kept,
    /// The events that are kept.
    rows: Vec<usize>,
    /// How many events were looked at.
    looked_at: usize,
}

/// What is looked at in the log.
#[derive(Clone, Debug, Default)]
pub(super) struct EventsScreen {
    filter: Option<Found>,
    /// The selected row, if it does not follow the current event.
    browsing: Option<usize>,
}

impl EventsScreen {
    /// The filter as it was typed.
    pub fn filter(&self) -> Option<&str> {
        self.filter.as_ref().map(|found| found.text.as_str())
    }

    /// Keeps the events that fit; an empty text keeps all.
    pub fn set_filter(&mut self, timeline: &Timeline, text: &str) -> Result<(), FilterError> {
        let text = text.trim();
        let kept = if text.is_empty() { None } else { Some(Kept::parse(text)?) };
        self.clear();
        self.filter =
            kept.map(|kept| Found { text: text.to_owned(), kept, rows: Vec::new(), looked_at: 0 });
        self.refilter(timeline);
        Ok(())
    }

    /// Looks at the events that are new.
    pub fn refilter(&mut self, timeline: &Timeline) {
        let Some(found) = &mut self.filter else { return };
        let new = found.looked_at..timeline.len();
        let fitting = new.clone().zip(timeline.range(new));
        let fitting = fitting.filter(|(_, recorded)| found.kept.keeps(recorded, timeline.header()));
        found.rows.extend(fitting.map(|(index, _)| index));
        found.looked_at = timeline.len();
    }

    /// Drops the filter and selects the current event.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Selects the current event.
    pub fn follow(&mut self) {
        self.browsing = None;
    }

    fn len(&self, timeline: &Timeline) -> usize {
        self.filter.as_ref().map_or(timeline.len(), |found| found.rows.len())
    }

    /// The position just after the last event before the current one that the filter keeps, and just
    /// after the next; `None` if there is no filter.
    pub fn kept_around(&self, timeline: &Timeline) -> Option<(Option<usize>, Option<usize>)> {
        let rows = &self.filter.as_ref()?.rows;
        let here = timeline.position();
        let before = rows.partition_point(|index| index + 1 < here).checked_sub(1);
        let after = rows.get(rows.partition_point(|index| *index < here));
        Some((before.map(|row| rows[row] + 1), after.map(|index| index + 1)))
    }

    /// The event in a row of the log.
    fn event(&self, row: usize) -> usize {
        self.filter.as_ref().map_or(row, |found| found.rows[row])
    }

    /// The row of the current event or, where that is hidden, of the last one before it.
    fn current(&self, timeline: &Timeline) -> Option<usize> {
        let happened = timeline.position();
        let rows = match &self.filter {
            None => happened,
            Some(found) => found.rows.partition_point(|index| *index < happened),
        };
        rows.checked_sub(1)
    }

    fn row(&self, timeline: &Timeline) -> Option<usize> {
        self.browsing.or_else(|| self.current(timeline))
    }

    /// The selected event.
    pub fn selected(&self, timeline: &Timeline) -> Option<usize> {
        self.row(timeline).map(|row| self.event(row))
    }

    /// Moves the selection by rows.
    pub fn select(&mut self, timeline: &Timeline, by: isize) {
        let Some(last) = self.len(timeline).checked_sub(1) else { return };
        let from = self.row(timeline);
        // Before the first event the first step down selects it.
        let to = match from {
            Some(row) => row.saturating_add_signed(by),
            None => usize::try_from(by - 1).unwrap_or(0),
        };
        self.browsing = Some(to.min(last));
    }

    pub fn draw(&self, timeline: &Timeline, pen: &mut Pen<'_>) {
        let look = pen.look;
        let (width, rows) = (pen.width(), pen.height().saturating_sub(1));
        let columns = Columns::new(timeline, width);
        let title = match self.filter() {
            Some(filter) => {
                let shown = self.len(timeline);
                let all = timeline.len();
                look.show(&format!("what happened ({shown} of {all} with \"{filter}\")"))
            }
            None => "what happened".to_owned(),
        };
        let head = columns.join(pen, ["step", "time", "node", "area", &title]);
        pen.put(0, 0, &look.pad(&head, width), Role::Strong);

        let selected = self.row(timeline);
        let len = self.len(timeline);
        let top = selected.unwrap_or(0).saturating_sub(rows / 2).min(len.saturating_sub(rows));
        let here = self.current(timeline).map(|row| self.event(row));
        for (y, row) in (top..len).take(rows).enumerate() {
            let index = self.event(row);
            let Some(recorded) = timeline.event(index) else { break };
            let said = parts(&recorded, timeline.header());
            let tone = tone(said.tone);
            let columns_of = [&said.step, &said.time, &said.node, said.area, &said.text];
            let parts = columns_of.map(|part| look.show(part));
            let line = columns.join(pen, parts.each_ref().map(String::as_str));
            let role = if selected == Some(row) {
                Role::Selected
            } else if index < timeline.position() {
                tone
            } else {
                Role::Dim
            };
            let mark = if here == Some(index) { look.glyphs().cursor } else { " " };
            pen.put(0, y + 1, mark, Role::Strong);
            pen.put(1, y + 1, &look.pad(&line, width.saturating_sub(1)), role);
        }
        if len == 0 {
            pen.put(1, 2, "No event is like that. Esc drops the filter.", Role::Dim);
        }
    }
}

/// The colour of a kind of news.
pub(super) fn tone(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Plain,
        Tone::Quiet => Role::Dim,
        Tone::Good => Role::Running,
        Tone::Waiting => Role::Waiting,
        Tone::Bad => Role::Failed,
        Tone::Fault => Role::Pressure,
        Tone::Note => Role::Note,
    }
}

/// How wide the columns are.
struct Columns {
    step: usize,
    time: usize,
    node: usize,
    area: usize,
}

impl Columns {
    fn new(timeline: &Timeline, width: usize) -> Self {
        let steps = timeline.end().step.to_string().len();
        let time = timeline.end_time().to_string().len();
        let node =
            timeline.header().nodes.iter().map(|name| name.chars().count()).max().unwrap_or(4);
        let area = if width < 100 { 0 } else { 10 };
        Self { step: steps.clamp(4, 12) + 4, time, node: node.clamp(4, 16), area }
    }

    fn join(&self, pen: &Pen<'_>, [step, at, node, area, what]: [&str; 5]) -> String {
        let look = pen.look;
        let mut line = format!(
            "{} {} {} ",
            look.pad_left(step, self.step),
            look.pad_left(at, self.time),
            look.pad(node, self.node),
        );
        if self.area > 0 {
            line.push_str(&look.pad(area, self.area));
            line.push(' ');
        }
        line.push_str(what);
        line
    }
}
