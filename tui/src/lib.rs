//! The command line of Weir and its terminal instrument.
//!
//! [`main`] is the whole of the binary `weir`. A crate with jobs of its own calls it with its own
//! registry and gets the same command line over them; `examples/own_jobs.rs` shows it.

mod command;
pub mod config;
mod progress;
mod suggest;
pub mod view;

pub use command::main;
