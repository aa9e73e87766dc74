//! A run that is computed while it is looked at.

use std::mem;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use weir::base::SIMULATION_THREAD;
use weir::cluster::{ClusterError, Onlooker, header};
use weir::replay::Timeline;
use weir::scenario::{Lowered, run_lowered};
use weir::sim::Watch;
use weir::trace::Recorded;

use super::Failure;
use crate::view::UiEvent;

/// How many events are handed over together.
const BATCH: usize = 1024;
/// How long they are held back at most, as long as others follow.
const PATIENCE: Duration = Duration::from_millis(30);
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
        let timeline = Timeline::new(header(&lowered.options, lowered.label.clone()), []);
        let (sender, feed) = sync_channel(AHEAD);
        let mut batch = Batch::new(sender.clone());
        let observer = Box::new(move |recorded: &Recorded| batch.push(recorded));
        let onlooker = Onlooker { watch: watch.clone(), observer: Some(observer), files: None };
        // A panic in it is told of as one in the run itself.
        let thread = thread::Builder::new().name(SIMULATION_THREAD.to_owned());
        let running = thread.spawn(move || {
            let mut ending = Ending { sender, ended: Err("there is a bug in it".to_owned()) };
            let outcome = run_lowered(lowered, onlooker);
            ending.ended = match &outcome {
                Ok(outcome) => Ok(outcome.report.end.to_string()),
                Err(error) => Err(error.to_string()),
            };
            outcome.map(drop)
        });
        let running = running.expect("the system can give a run a thread");
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

/// Tells that the run has ended, however that comes about.
struct Ending {
    sender: SyncSender<UiEvent>,
    ended: Result<String, String>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        let ended = mem::replace(&mut self.ended, Ok(String::new()));
        // Whoever looked may have had enough.
        let _ = self.sender.send(UiEvent::Ended(ended));
    }
}

/// Events on their way to whoever looks. The last go when the run lets go of it.
struct Batch {
    events: Vec<Recorded>,
    sent: Instant,
    sender: SyncSender<UiEvent>,
}

#[expect(clippy::disallowed_methods, reason = "whoever looks waits in real time")]
impl Batch {
    fn new(sender: SyncSender<UiEvent>) -> Self {
        Self { events: Vec::new(), sent: Instant::now(), sender }
    }

    fn push(&mut self, recorded: &Recorded) {
        self.events.push(recorded.clone());
        if self.events.len() == BATCH || self.sent.elapsed() >= PATIENCE {
            self.send();
        }
    }

    fn send(&mut self) {
        self.sent = Instant::now();
        // Whoever looked may have had enough; then the run is told to stop, too.
        let _ = self.sender.send(UiEvent::More(mem::take(&mut self.events)));
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.send();
    }
}
