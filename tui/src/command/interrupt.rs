//! Ctrl-C: the first asks the run to end, the second ends the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Failure;

/// The exit code of an interrupted command.
const INTERRUPTED: i32 = 130;

/// Sets `stop` when the user interrupts.
pub fn listen(stop: &Arc<AtomicBool>) -> Result<(), Failure> {
    let stop = Arc::clone(stop);
    let handler = move || {
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED);
        }
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Failure::Bug(format!("cannot listen for Ctrl-C: {error}")))
}
