//! Records through whole clusters: what every operator, partitioner and sink does.

use weir::api::{Program, StreamExecutionEnvironment};
use weir::cluster::{self, ClusterOptions, RunReport};
use weir::trace::JobStatus;

fn run(program: Program) -> RunReport {
    cluster::execute(ClusterOptions::new(2, 4), program).unwrap()
}

#[test]
fn squares() {
    let env = StreamExecutionEnvironment::new("squares");
    env.set_parallelism(2);
    env.from_sequence(1000)
        .map(|n| (n % 7, n * n))
        .key_by_field(|p| &p.0)
        .sum(|p| &mut p.1)
        .upsert_to("squares", ["n", "square"], 1);
    let report = run(env.build().unwrap());
    println!("{:?}", report.jobs);
    assert_eq!(report.jobs[0].status, JobStatus::Finished);
    println!("{:#?}", report.sinks["squares"].rows);
    println!("{:?} {} {} {:?}", report.latency, report.virtual_time, report.events, report.end);
}
