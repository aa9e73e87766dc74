//! The command line of Weir and its terminal instrument.
//!
//! [`main`] is the whole of the binary `weir`. A crate with jobs of its own calls it with its own
//! registry and gets the same command line over them; `examples/own_jobs.rs` shows it.

pub mod command;
pub mod joints;
mod progress;

use std::process::ExitCode;

use weir::gallery::Registry;

/// Runs the command line over the jobs of `registry`.
pub fn main(registry: Registry) -> ExitCode {
    command::main(registry, &joints::Joints::default())
}
