//! Sources and sinks of the user's own, and files of records.

mod crashes;
mod json_lines;
mod sinks;
mod sources;

use std::time::Duration;

use weir::api::StreamExecutionEnvironment;
use weir::cluster::{self, ClusterOptions, RunReport};
use weir::trace::JobStatus;

/// Runs a program of one environment at a parallelism.
fn run(
    mut options: ClusterOptions,
    parallelism: u32,
    declare: impl Fn(&StreamExecutionEnvironment),
) -> RunReport {
    // A job that hangs is to fail its test.
    options.sim.limits.virtual_time = Duration::from_secs(600);
    let env = StreamExecutionEnvironment::new("test");
    env.set_parallelism(parallelism);
    declare(&env);
    cluster::execute(options, env.build().unwrap()).unwrap()
}

/// The rows of the sink `out`, joined, in the order in which they became visible.
fn rows(report: &RunReport) -> Vec<String> {
    assert_eq!(report.jobs[0].status, JobStatus::Finished, "{:?}", report.jobs[0].cause);
    report.sinks["out"].rows.iter().map(|row| row.fields.join(" ")).collect()
}

/// A program whose job fails, and the root cause.
fn check_failure(declare: impl Fn(&StreamExecutionEnvironment), cause: &str) {
    let report = run(ClusterOptions::new(1, 1), 1, declare);
    assert_eq!(report.jobs[0].status, JobStatus::Failed);
    assert_eq!(report.jobs[0].cause.as_deref(), Some(cause));
}
