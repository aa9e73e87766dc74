//! Ctrl-C: the first asks the run to end, the second ends the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Failure;
use crate::view;

/// The exit code of an interrupted command.
pub const INTERRUPTED: u8 = 130;

/// Sets `stop` when the user interrupts.
pub fn listen(stop: &Arc<AtomicBool>) -> Result<(), Failure> {
    let stop = Arc::clone(stop);
    let handler = move || {
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Failure::Bug(format!("cannot listen for Ctrl-C: {error}")))
}

/// How long a screen has to leave by itself.
const GRACE: Duration = Duration::from_millis(300);

/// Sets `stop` when the user interrupts. While something is `shown` on the whole terminal, the
/// program also ends if it does not do so by itself: it may be waiting for a terminal that is
/// gone.
#[expect(clippy::disallowed_methods, reason = "this is the edge: nothing here is simulated")]
pub fn listen_while_shown(stop: &Arc<AtomicBool>, shown: &Arc<AtomicBool>) -> Result<(), Failure> {
    let (stop, shown) = (Arc::clone(stop), Arc::clone(shown));
    let handler = move || {
        let again = stop.swap(true, Ordering::Relaxed);
        if shown.load(Ordering::Relaxed) {
            std::thread::sleep(GRACE);
            view::give_back();
        } else if !again {
            return;
        }
        std::process::exit(i32::from(INTERRUPTED));
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Failure::Bug(format!("cannot listen for Ctrl-C: {error}")))
}
