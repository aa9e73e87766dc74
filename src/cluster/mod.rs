//! Assembles a cluster in the simulation and runs jobs on it.
//!
//! ```
//! use weir::api::StreamExecutionEnvironment;
//! use weir::cluster::{self, ClusterOptions};
//!
//! let env = StreamExecutionEnvironment::new("squares");
//! env.from_sequence(4).map(|n| (n, n * n)).write_to("squares", ["n", "square"]);
//! let report = cluster::execute(ClusterOptions::new(1, 1), env.build().unwrap()).unwrap();
//! assert_eq!(report.sinks["squares"].rows[3].fields, ["3", "9"]);
//! ```
//!
//! Previous: [`crate::scenario`], which says what cluster and which jobs. Next:
//! [`crate::runtime`], which runs on the nodes.

mod error;
mod metrics;
mod onlooker;
mod options;
mod protocol;
mod report;
mod run;

pub use error::ClusterError;
pub use metrics::{AttemptMetrics, SubtaskMetrics};
pub use onlooker::{FileObserver, Onlooker};
pub use options::{BROKER, ClusterOptions, DATABASE, JobSubmission, STORAGE};
pub use protocol::Protocol;
pub use report::{CollectError, EndReason, JobReport, LatencyReport, RunReport, SinkReport};
pub use run::{RunLabel, header, plan, run};

pub use crate::broker::Retention;

use crate::api::Program;
use crate::base::SimTime;

/// Runs one program to its end.
pub fn execute(options: ClusterOptions, program: Program) -> Result<RunReport, ClusterError> {
    let jobs = [JobSubmission::new(SimTime::ZERO, program)];
    run(options, &jobs, RunLabel::default(), Onlooker::default())
}
