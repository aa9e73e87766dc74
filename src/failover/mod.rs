//! What becomes of a job when a task has failed: the parts that decide.

pub mod restart_strategy;

pub use restart_strategy::{RestartStrategy, RestartStrategyError, Restarts};
