//! A run that is computed while it is looked at.

use std::mem;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use weir::cluster::{ClusterError, Onlooker, header};
use weir::replay::Timeline;
use weir::scenario::{Lowered, run_lowered};
use weir::sim::Watch;
use weir::trace::Recorded;

use super::Failure;
use crate::view::UiEvent;

/// How many events are handed over together.
const BATCH: usize = 1024;
/// How many batches the run may be ahead of whoever looks.
const AHEAD: usize = 16;

/// See the module.
pub struct Live {
    watch: Watch,
    running: JoinHandle<Result<(), ClusterError>>,
}

impl Live {
    /// Begins a run. Also gives what is known of it before its first event, and what tells the rest.
    pub fn begin(lowered: Lowered, watch: &Watch) -> (Self, Timeline, Receiver<UiEvent>) {
        let timeline = Timeline::new(header(&lowered.options, &lowered.label), []);
        let (sender, feed) = sync_channel(AHEAD);
        let mut batch = Batch { events: Vec::new(), sender: sender.clone() };
        let observer = Box::new(move |recorded: &Recorded| batch.push(recorded));
        let onlooker = Onlooker { watch: watch.clone(), observer: Some(observer), files: None };
        let running = thread::spawn(move || {
            let outcome = run_lowered(lowered, onlooker);
            let ended = match &outcome {
                Ok(outcome) => Ok(outcome.report.end.to_string()),
                Err(error) => Err(error.to_string()),
            };
            // Whoever looked may have had enough.
            let _ = sender.send(UiEvent::Ended(ended));
            outcome.map(drop)
        });
        (Self { watch: watch.clone(), running }, timeline, feed)
    }

    /// Ends the run, if it has not ended. Fails if it could not go on.
    pub fn end(self) -> Result<(), Failure> {
        self.watch.stop.store(true, Ordering::Relaxed);
        match self.running.join() {
            Ok(outcome) => Ok(outcome?),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Events on their way to whoever looks. The last go when the run lets go of it.
struct Batch {
    events: Vec<Recorded>,
    sender: SyncSender<UiEvent>,
}

impl Batch {
    fn push(&mut self, recorded: &Recorded) {
        self.events.push(recorded.clone());
        if self.events.len() == BATCH {
            self.send();
        }
    }

    fn send(&mut self) {
        // Whoever looked may have had enough; then the run is told to stop, too.
        let _ = self.sender.send(UiEvent::More(mem::take(&mut self.events)));
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.send();
    }
}
