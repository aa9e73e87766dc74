//! Assembles a cluster in the simulation and runs jobs on it.

mod options;
mod report;

pub use options::{ClusterOptions, JobSubmission};
pub use report::{EndReason, JobReport, LatencyReport, RunReport, SinkReport};
