//! The way of a subtask to a sink that shows rows at once, and what is measured at its end.
//!
//! Previous: [`SinkWriter`](super::SinkWriter), or a [`SinkFunction`](super::SinkFunction). Next: the
//! world outside ([`crate::host::Outside`]).

use crate::base::Name;
use crate::host::Writer;
use crate::operator::OperatorContext;
use crate::record::{LatencyMarker, Row};
use crate::trace::{Event, Level, SinkEvent};

/// See the module.
pub(super) struct Publisher {
    context: OperatorContext,
    sink: Name,
}

impl Publisher {
    /// Begins to write: what earlier attempts still write is refused from now on.
    pub(super) fn open(context: &OperatorContext, sink: &Name) -> Self {
        let publisher = Self { context: context.clone(), sink: sink.clone() };
        context.host.outside.open(publisher.writer());
        context.writes_to(sink);
        publisher
    }

    fn writer(&self) -> Writer<'_> {
        let OperatorContext { subtask, attempt, .. } = &self.context;
        Writer { sink: &self.sink, subtask, attempt: *attempt }
    }

    /// Makes rows visible.
    pub(super) fn publish(&self, rows: Vec<Row>) {
        if !rows.is_empty() {
            self.context.host.outside.publish(self.writer(), rows);
        }
    }

    /// Measures how long latency markers were on their way.
    pub(super) fn measure(&self, markers: &[LatencyMarker]) {
        let host = &self.context.host;
        let now = host.clock.now();
        for marker in markers {
            host.outside.measure(&self.sink, now.since(marker.marked));
        }
        if host.trace.level() >= Level::Records && !markers.is_empty() {
            host.trace.record(Event::Sink(SinkEvent::LatencyMeasured {
                subtask: self.context.subtask.clone(),
                marked: markers.iter().map(|marker| marker.marked).collect(),
            }));
        }
    }
}
