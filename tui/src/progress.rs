//! How far a run is, on a terminal, once it has taken a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use weir::sim::Progress;

/// Shorter runs show nothing.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// A thread that shows how far a run is, until it is dropped.
pub struct Display {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Display {
    /// Begins to show `progress` on stderr.
    pub fn start(progress: Arc<Progress>) -> Option<Self> {
        let done = Arc::new(AtomicBool::new(false));
        let thread = {
            let done = Arc::clone(&done);
            std::thread::Builder::new()
                .name("progress".to_owned())
                .spawn(move || show(&progress, &done))
                .ok()?
        };
        Some(Self { done, thread: Some(thread) })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A display that broke is no reason to break the run it showed.
            let _ = thread.join();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the display is outside the simulation")]
fn show(progress: &Progress, done: &AtomicBool) {
    let start = Instant::now();
    let mut bar: Option<ProgressBar> = None;
    while !done.load(Ordering::Relaxed) {
        let elapsed = start.elapsed();
        if elapsed >= PATIENCE {
            let bar = bar.get_or_insert_with(spinner);
            let events = progress.events();
            let virtual_seconds = progress.virtual_time().as_micros() as f64 / 1e6;
            let rate = (events as f64 / elapsed.as_secs_f64()) as u64;
            bar.set_message(format!(
                "{} events, {virtual_seconds:.3} s simulated, {} events/s",
                HumanCount(events),
                HumanCount(rate)
            ));
            bar.tick();
        }
        std::thread::park_timeout(TICK);
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg}").expect("the template is constant");
    ProgressBar::new_spinner().with_style(style)
}
