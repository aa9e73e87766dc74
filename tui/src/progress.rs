//! How far a run or a sweep is, on a terminal, once it has taken a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use weir::sim::Progress;
use weir::sweep::Tally;

/// Shorter runs show nothing.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// A thread that shows how far a run is, until it is dropped.
pub struct Display {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Display {
    /// Begins to show the progress of a run on stderr.
    pub fn of_run(progress: Arc<Progress>) -> Option<Self> {
        Self::start(spinner, move |bar, elapsed| {
            let events = progress.events();
            let virtual_seconds = progress.virtual_time().as_micros() as f64 / 1e6;
            let rate = (events as f64 / elapsed.as_secs_f64()) as u64;
            bar.set_message(format!(
                "{} events, {virtual_seconds:.3} s simulated, {} events/s",
                HumanCount(events),
                HumanCount(rate)
            ));
            bar.tick();
        })
    }

    /// Begins to show the progress of a sweep on stderr.
    pub fn of_sweep(tally: Arc<Tally>) -> Option<Self> {
        Self::start(runs, move |bar, elapsed| {
            bar.set_length(tally.planned());
            bar.set_position(tally.done());
            let rate = tally.done() as f64 * 60.0 / elapsed.as_secs_f64();
            bar.set_message(format!("{} failed, {rate:.0} seeds/min", tally.failed()));
        })
    }

    fn start(
        bar: fn() -> ProgressBar,
        update: impl Fn(&ProgressBar, Duration) + Send + 'static,
    ) -> Option<Self> {
        let done = Arc::new(AtomicBool::new(false));
        let thread = {
            let done = Arc::clone(&done);
            std::thread::Builder::new()
                .name("progress".to_owned())
                .spawn(move || show(bar, &update, &done))
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
fn show(make: fn() -> ProgressBar, update: &impl Fn(&ProgressBar, Duration), done: &AtomicBool) {
    let start = Instant::now();
    let mut bar: Option<ProgressBar> = None;
    while !done.load(Ordering::Relaxed) {
        let elapsed = start.elapsed();
        if elapsed >= PATIENCE {
            update(bar.get_or_insert_with(make), elapsed);
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

fn runs() -> ProgressBar {
    let template = "{bar:30} {pos}/{len} runs, {msg}";
    let style = ProgressStyle::with_template(template).expect("the template is constant");
    ProgressBar::new(0).with_style(style)
}
