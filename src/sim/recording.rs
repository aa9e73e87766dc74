//! What keeps the trace, as far as the simulation is concerned.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::base::{Incarnation, NodeId, SimTime, Step};
use crate::trace::{Event, Recorder};

/// Keeps what happens. It may block (a debugger that waits for a key): the run does not notice.
pub trait Recording {
    /// Keeps one event; returns the step of the last control event, this one included.
    fn record(
        &mut self,
        at: SimTime,
        node: NodeId,
        incarnation: Incarnation,
        event: &Event,
    ) -> Step;
}

impl Recording for Recorder {
    fn record(
        &mut self,
        at: SimTime,
        node: NodeId,
        incarnation: Incarnation,
        event: &Event,
    ) -> Step {
        Recorder::record(self, at, node, incarnation, event)
    }
}

/// A recorder that can be taken back from the world, which knows it only as [`Recording`].
pub(super) struct Slot<R>(pub(super) Option<R>);

impl<R: Recording> Recording for Slot<R> {
    fn record(
        &mut self,
        at: SimTime,
        node: NodeId,
        incarnation: Incarnation,
        event: &Event,
    ) -> Step {
        let recorder = self.0.as_mut().expect("nothing is recorded once the run is over");
        recorder.record(at, node, incarnation, event)
    }
}

/// How far a run has come, for whoever shows that from outside.
#[derive(Debug, Default)]
pub struct Progress {
    events: AtomicU64,
    virtual_nanos: AtomicU64,
}

impl Progress {
    /// Control events so far.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Simulated time so far.
    pub fn virtual_time(&self) -> SimTime {
        SimTime(self.virtual_nanos.load(Ordering::Relaxed))
    }

    pub(super) fn update(&self, events: u64, now: SimTime) {
        self.events.store(events, Ordering::Relaxed);
        self.virtual_nanos.store(now.0, Ordering::Relaxed);
    }
}

/// What the outside may see and do while a run goes on. Neither changes what happens in it.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Set it to end the run as interrupted.
    pub stop: Arc<AtomicBool>,
    /// How far the run has come.
    pub progress: Arc<Progress>,
}
