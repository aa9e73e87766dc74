//! Which subpartitions a subtask reads over a pointwise edge.

use serde::Deserialize;
use serde_json::Value;
use weir::graph::{ExecutionGraph, FlinkChaining, JobGraph, StreamNodeKind};
use weir::record::Partitioning;

use super::{Cases, Outcome, expect_eq, parse, vectors};
use crate::graph::programs::{edge, node, stream_graph};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    up: u32,
    down: u32,
    /// By consumer: first and last producer, first and last subpartition.
    inputs_per_downstream: Vec<Vec<[u32; 4]>>,
}

pub fn run(file: &Value) -> Cases {
    let run = |case: &Value| (format!("up {} down {}", case["up"], case["down"]), check(case));
    vectors(file, "cases").iter().map(run).collect()
}

fn check(case: &Value) -> Outcome {
    let case: Case = parse(case)?;
    let expected: Vec<Vec<(u32, u32)>> = case
        .inputs_per_downstream
        .iter()
        .map(|ranges| ranges.iter().copied().flat_map(spread).collect())
        .collect();
    let program = stream_graph(
        vec![
            node(0, "up", StreamNodeKind::Source, case.up),
            node(1, "down", StreamNodeKind::Sink, case.down),
        ],
        vec![edge(0, 1, 0, Some(Partitioning::Rescale))],
    );
    let job = JobGraph::from_stream_graph(&program, &FlinkChaining).map_err(|e| e.to_string())?;
    let execution = ExecutionGraph::from_job_graph(job).map_err(|e| e.to_string())?;
    let actual: Vec<Vec<(u32, u32)>> = (0..case.down)
        .map(|consumer| {
            let channels = execution.channels_into(0, consumer).iter();
            channels.map(|it| (it.producer, it.subpartition)).collect()
        })
        .collect();
    expect_eq("producers and subpartitions by consumer", &expected, &actual)
}

fn spread([first, last, first_part, last_part]: [u32; 4]) -> impl Iterator<Item = (u32, u32)> {
    let parts = move |producer| (first_part..=last_part).map(move |part| (producer, part));
    (first..=last).flat_map(parts)
}
