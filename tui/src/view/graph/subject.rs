//! What can be looked at more closely, and what changes it.

use weir::base::{CheckpointId, JobId, Name};
use weir::trace::{Event, StateEvent};

use super::super::look::Look;
use super::super::pen::Pen;
use super::checkpoint_panel::CheckpointPanel;
use super::state_panel::StatePanel;
use super::time_panel::TimePanel;

/// What is looked at more closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A vertex of the job.
    Vertex(usize),
    /// The job's checkpoints, and one of them; the newest if unset.
    Checkpoints(Option<CheckpointId>),
}

/// What is looked at of a vertex.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum Aspect {
    /// Event time and windows.
    #[default]
    EventTime,
    /// Keyed state and timers.
    State,
}

/// What is said about the subject.
pub(super) enum Panel<'a> {
    EventTime(TimePanel<'a>),
    State(StatePanel<'a>),
    Checkpoints(CheckpointPanel<'a>),
}

impl Panel<'_> {
    /// Rows that it could fill, its frame included.
    pub fn rows(&self, look: Look, width: usize) -> usize {
        match self {
            Self::EventTime(panel) => panel.rows(look, width),
            Self::State(panel) => panel.rows(width),
            Self::Checkpoints(panel) => panel.rows(width),
        }
    }

    /// How many of its lines can be hidden at the top where it has so many columns and rows.
    pub fn most_above(&self, look: Look, (width, rows): (usize, usize)) -> usize {
        match self {
            Self::EventTime(_) | Self::State(_) => self.rows(look, width).saturating_sub(rows),
            Self::Checkpoints(panel) => panel.most_above((width, rows)),
        }
    }

    pub fn draw(&self, pen: &mut Pen<'_>) {
        match self {
            Self::EventTime(panel) => panel.draw(pen),
            Self::State(panel) => panel.draw(pen),
            Self::Checkpoints(panel) => panel.draw(pen),
        }
    }
}

/// Whose state or timers an event changes, if it does.
pub(in super::super) fn changed_state(event: &Event) -> Option<(JobId, &Name)> {
    match event {
        Event::Timer(event) => Some((event.job(), event.subtask())),
        Event::State(
            event @ (StateEvent::StateBackendOpened { .. } | StateEvent::StateWritten { .. }),
        ) => Some((event.job(), event.subtask())),
        Event::State(StateEvent::StateRead { .. })
        | Event::Node(_)
        | Event::Fault(_)
        | Event::Rpc(_)
        | Event::Resource(_)
        | Event::Job(_)
        | Event::Task(_)
        | Event::Exchange(_)
        | Event::Record(_)
        | Event::Time(_)
        | Event::Window(_)
        | Event::Checkpoint(_)
        | Event::Recovery(_)
        | Event::Storage(_)
        | Event::Log(_)
        | Event::Database(_)
        | Event::Transaction(_)
        | Event::Sink(_) => None,
    }
}
