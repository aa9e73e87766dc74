//! Watermarks and timers, beyond what the golden vectors hold: against models, and as scripts.

mod alignment;
mod sources;
mod timers;
mod valve;
