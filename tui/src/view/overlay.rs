//! Pop-ups: help, the scenario's words, its notes, all that an event says.

use ratatui::layout::Rect;
use weir::replay::Timeline;
use weir::trace::{Event, ExchangeEvent, RecordEvent, SinkEvent, StateEvent, WindowEvent, parts};

use super::app::App;
use super::events::tone;
use super::help;
use super::look::Role;
use super::pen::Pen;
use super::text;

/// A pop-up, scrolled down by some lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Overlay {
    Help {
        top: usize,
    },
    About {
        top: usize,
    },
    Note {
        text: String,
        /// Whether it has ended the playing.
        plays: bool,
        top: usize,
    },
    /// Why an invariant does not hold.
    Violation {
        text: String,
        top: usize,
    },
    /// The files that were written, or why they were not.
    Saved {
        text: String,
        top: usize,
    },
    /// Why a run could not go on.
    Broken {
        text: String,
        top: usize,
    },
    /// The event at this place in the trace.
    Event {
        event: usize,
        top: usize,
    },
}

impl Overlay {
    /// Tells which files were written into the current folder, or why they were not.
    pub fn saved(saved: Result<Vec<String>, String>) -> Self {
        let text = match saved {
            Ok(names) => format!("Written into this folder:\n{}", names.join("\n")),
            Err(error) => format!("Nothing more could be written: {error}"),
        };
        Self::Saved { text, top: 0 }
    }

    fn top(&mut self) -> &mut usize {
        match self {
            Self::Help { top }
            | Self::About { top }
            | Self::Note { top, .. }
            | Self::Violation { top, .. }
            | Self::Saved { top, .. }
            | Self::Broken { top, .. }
            | Self::Event { top, .. } => top,
        }
    }

    /// Scrolls by lines, as far as there is something to see.
    pub fn scroll(&mut self, app: &App, by: isize) {
        let (width, height) = inner_size(app.size);
        let last = self.lines(app, width).len().saturating_sub(height);
        let top = self.top();
        *top = top.saturating_add_signed(by).min(last);
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Help { .. } => " Help ",
            Self::About { .. } => " About this run ",
            Self::Note { .. } => " Note ",
            Self::Violation { .. } => " Violation ",
            Self::Saved { .. } => " Export ",
            Self::Broken { .. } => " The run could not go on ",
            Self::Event { .. } => " Event ",
        }
    }

    fn lines(&self, app: &App, width: usize) -> Vec<(String, Role)> {
        match self {
            Self::Help { .. } => {
                let lines = help::lines(&app.keys, app.look).into_iter();
                lines.flat_map(|(line, role)| hanging(&line, width, role)).collect()
            }
            Self::About { .. } => about(app, width),
            Self::Note { text, .. }
            | Self::Violation { text, .. }
            | Self::Saved { text, .. }
            | Self::Broken { text, .. } => paragraphs(app, text, width, Role::Plain),
            Self::Event { event, .. } => inspected(app, *event, width),
        }
    }

    pub fn draw(&self, app: &App, pen: &mut Pen<'_>) {
        let (width, height) = inner_size(app.size);
        let lines = self.lines(app, width);
        let top = match self {
            Self::Help { top }
            | Self::About { top }
            | Self::Note { top, .. }
            | Self::Violation { top, .. }
            | Self::Saved { top, .. }
            | Self::Broken { top, .. }
            | Self::Event { top, .. } => *top,
        };
        let rows = lines.len().min(height);
        let window = pen.window();
        let (w, h) = (saturated(width + 4), saturated(rows + 2));
        let rect = Rect {
            x: window.x + window.width.saturating_sub(w) / 2,
            y: window.y + window.height.saturating_sub(h) / 2,
            width: w,
            height: h,
        };
        let mut pen = pen.within(rect);
        pen.clear(Role::Plain);
        let role = match self {
            Self::Note { .. } => Role::Note,
            Self::Violation { .. } | Self::Broken { .. } => Role::Failed,
            Self::Help { .. } | Self::About { .. } | Self::Saved { .. } | Self::Event { .. } => {
                Role::Strong
            }
        };
        pen.frame(self.title(), role);
        // A resize may have left the text shorter than where one was in it.
        let top = top.min(lines.len().saturating_sub(height));
        for (row, (line, role)) in lines.iter().skip(top).take(rows).enumerate() {
            pen.put(2, row + 1, &pen.look.fit(line, width), *role);
        }
        let plays = matches!(self, Self::Note { plays: true, .. });
        let hint = match (plays, lines.len() > rows) {
            (true, true) => " space plays on; up, down, Esc ",
            (true, false) => " space plays on; Esc ",
            (false, true) => " up, down, Esc ",
            (false, false) => " Esc ",
        };
        let at = (width + 4).saturating_sub(hint.len() + 1);
        pen.put(at, rows + 1, hint, Role::Dim);
    }
}

fn saturated(columns: usize) -> u16 {
    u16::try_from(columns).unwrap_or(u16::MAX)
}

/// Columns and rows for text within a pop-up.
fn inner_size((width, height): (u16, u16)) -> (usize, usize) {
    let width = usize::from(width).saturating_sub(8).clamp(1, 72);
    (width, usize::from(height).saturating_sub(6).max(1))
}

fn paragraphs(app: &App, text: &str, width: usize, role: Role) -> Vec<(String, Role)> {
    text.lines()
        .flat_map(|line| text::wrap(&app.look.show(line), width))
        .map(|line| (line, role))
        .collect()
}

/// Lines keep their inner spaces where they fit as they are.
fn hanging(line: &str, width: usize, role: Role) -> Vec<(String, Role)> {
    if text::width(line) <= width {
        return vec![(line.to_owned(), role)];
    }
    text::wrap(line, width).into_iter().map(|line| (line, role)).collect()
}

fn about(app: &App, width: usize) -> Vec<(String, Role)> {
    let mut lines = paragraphs(app, &app.title, width, Role::Strong);
    if !app.teaches.is_empty() {
        let teaches = format!("Teaches: {}", app.teaches.join(", "));
        lines.extend(paragraphs(app, &teaches, width, Role::Data));
    }
    if !app.about.is_empty() {
        lines.push((String::new(), Role::Plain));
        lines.extend(paragraphs(app, &app.about, width, Role::Plain));
    }
    let notes = &app.timeline.world().faults.notes;
    if !notes.is_empty() {
        lines.push((String::new(), Role::Plain));
        lines.push(("Notes so far".to_owned(), Role::Strong));
        for note in notes {
            let note = format!("step {}: {}", note.step, note.text);
            lines.extend(paragraphs(app, &note, width, Role::Plain));
        }
    }
    lines
}

/// An event's line in full, then its values, a line for each.
fn inspected(app: &App, event: usize, width: usize) -> Vec<(String, Role)> {
    let Some(recorded) = app.timeline.event(event) else { return Vec::new() };
    let said = parts(&recorded, app.timeline.header());
    let place = format!("step {}  {}  {}", said.step, said.time, said.node);
    let what = format!("{}  {}", said.area, recorded.event.kind());
    let mut lines = paragraphs(app, &place, width, Role::Strong);
    lines.extend(paragraphs(app, &what, width, Role::Dim));
    lines.extend(paragraphs(app, &said.text, width, tone(said.tone)));
    let values = values(&app.timeline, event);
    if !values.is_empty() {
        lines.push((String::new(), Role::Plain));
    }
    for (number, value) in values.iter().enumerate() {
        let value = format!("{:>4}  {value}", number + 1);
        lines.extend(hanging(&app.look.show(&value), width, Role::Data));
    }
    lines
}

/// The values that an event holds, or that the buffer holds of which it tells.
fn values(timeline: &Timeline, event: usize) -> Vec<String> {
    let Some(recorded) = timeline.event(event) else { return Vec::new() };
    match &recorded.event {
        Event::Record(
            RecordEvent::RecordsEmitted { values, .. } | RecordEvent::RecordsSent { values, .. },
        ) => values.clone(),
        Event::Sink(SinkEvent::RowsWritten { rows, .. }) => rows
            .iter()
            .map(|row| format!("{} {}", row.kind.short(), row.fields.join(",")))
            .collect(),
        Event::Exchange(
            ExchangeEvent::BufferSent { job, edge, from, to, seq, .. }
            | ExchangeEvent::BufferConsumed { job, edge, from, to, seq, .. },
        ) => {
            // The values stand close by, before a buffer is consumed and just after it is sent.
            let near = timeline.range(event..event + 2).chain(timeline.range(0..event).rev());
            near.filter_map(|recorded| match &recorded.event {
                Event::Record(RecordEvent::RecordsSent {
                    job: of,
                    edge: on,
                    from: by,
                    to: at,
                    seq: number,
                    values,
                    ..
                }) if (of, on, by, at, number) == (job, edge, from, to, seq) => {
                    Some(values.clone())
                }
                _ => None,
            })
            .next()
            .unwrap_or_default()
        }
        Event::Window(WindowEvent::RecordLate { value, .. }) => vec![value.clone()],
        Event::State(
            StateEvent::StateRead { key, value, .. } | StateEvent::StateWritten { key, value, .. },
        ) => [key.clone()].into_iter().chain(value.clone()).collect(),
        Event::Node(_)
        | Event::Fault(_)
        | Event::Rpc(_)
        | Event::Resource(_)
        | Event::Job(_)
        | Event::Task(_)
        | Event::Exchange(_)
        | Event::Time(_)
        | Event::Window(_)
        | Event::Timer(_)
        | Event::State(_)
        | Event::Checkpoint(_)
        | Event::Recovery(_)
        | Event::Storage(_)
        | Event::Log(_)
        | Event::Database(_)
        | Event::Transaction(_)
        | Event::Sink(_) => Vec::new(),
    }
}
