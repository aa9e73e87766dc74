//! Event time through whole clusters.

mod alignment;
mod clocks;
mod counts;
mod failures;
mod firing;
mod joins;
mod mutants;
mod page;
mod replay;
mod sources;
mod streams;
mod triggers;
mod watermarks;
mod window_state;
mod windows;

pub use window_state::CountFirings;

use std::time::Duration;

use weir::api::StreamExecutionEnvironment;
use weir::base::SimTime;
use weir::cluster::{self, ClusterOptions, RunReport};
use weir::trace::{Event, TraceFile};

/// A cluster of two TaskManagers with two slots each.
fn cluster() -> ClusterOptions {
    let mut options = ClusterOptions::new(2, 2);
    // A job that hangs is to fail its test.
    options.sim.limits.virtual_time = Duration::from_secs(600);
    options
}

/// Runs a program of one environment.
fn run(options: ClusterOptions, declare: impl Fn(&StreamExecutionEnvironment)) -> RunReport {
    let env = StreamExecutionEnvironment::new("test");
    declare(&env);
    cluster::execute(options, env.build().unwrap()).unwrap()
}

/// What happened, and when.
fn events(report: &RunReport) -> Vec<(SimTime, Event)> {
    let trace = TraceFile::parse(report.trace.clone().unwrap()).unwrap();
    trace.iter().map(|recorded| (recorded.at, recorded.event.clone())).collect()
}

/// The rows of a sink, joined and sorted.
fn rows(report: &RunReport, sink: &str) -> Vec<String> {
    let rows = report.sinks[sink].rows.iter().map(|row| row.fields.join(" "));
    let mut rows: Vec<String> = rows.collect();
    rows.sort();
    rows
}
