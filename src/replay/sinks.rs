//! What the outside world sees.

use std::collections::{BTreeMap, VecDeque};

use super::Seen;
use crate::base::Name;
use crate::record::Row;
use crate::trace::SinkEvent;

/// A sink's contents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sink {
    /// How many rows have become visible, those included that others have replaced since.
    pub shown: u64,
    /// The sum of their hashes.
    pub hash: u64,
    /// The last rows written, the newest last, where the level kept them.
    pub last: VecDeque<Row>,
}

impl Sink {
    /// How many rows are remembered.
    pub const LAST: usize = 16;
}

/// All sinks, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sinks(BTreeMap<Name, Sink>);

impl Sinks {
    /// The sinks, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Sink)> {
        self.0.iter()
    }

    pub(super) fn apply(&mut self, event: &SinkEvent) -> Seen {
        match event {
            SinkEvent::RowsVisible { sink, rows, hash, .. } => {
                let sink = self.0.entry(sink.clone()).or_default();
                sink.shown = sink.shown.saturating_add(u64::from(*rows));
                sink.hash = sink.hash.wrapping_add(*hash);
                Seen::Yes
            }
            SinkEvent::RowsWritten { sink, rows, .. } => {
                let sink = self.0.entry(sink.clone()).or_default();
                sink.last.extend(rows.iter().skip(rows.len().saturating_sub(Sink::LAST)).cloned());
                while sink.last.len() > Sink::LAST {
                    sink.last.pop_front();
                }
                Seen::Yes
            }
            SinkEvent::WriterOpened { .. }
            | SinkEvent::RowsCounted { .. }
            | SinkEvent::SinkDeclared { .. }
            | SinkEvent::WriteRefused { .. }
            | SinkEvent::LatencyMeasured { .. }
            | SinkEvent::RowsExpected { .. } => Seen::No,
        }
    }
}
