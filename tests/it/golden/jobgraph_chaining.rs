//! Chaining: programs and the job graphs that Flink makes of them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use weir::graph::{
    DistributionPattern, ExecutionGraph, FlinkChaining, JobEdge, JobGraph, JobVertex, PhysicalPlan,
};
use weir::record::Partitioning;

use super::topology::{self, Node};
use super::{Cases, Outcome, expect_eq, parse, vectors};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    default_parallelism: u32,
    nodes: Vec<Node>,
    vertices: Option<Vec<Vertex>>,
    #[serde(default)]
    slots_per_group: BTreeMap<String, u32>,
    required_slots: Option<usize>,
    error: Option<String>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vertex {
    name: String,
    operators: usize,
    parallelism: u32,
    max_parallelism: i64,
    slot_sharing_group: String,
    inputs: Vec<Input>,
}

/// `from`, a place among the vertices, is left to `from_name`, which says the same where names
/// are unique and does not depend on how equal names are ordered.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    from_name: String,
    ship: String,
    pattern: String,
    partition_type: String,
    broadcast: bool,
    forward: bool,
}

pub fn run(file: &Value) -> Cases {
    let name = |case: &Value| case["name"].as_str().unwrap_or("unnamed").to_string();
    vectors(file, "topologies").iter().map(|case| (name(case), check(case))).collect()
}

fn check(case: &Value) -> Outcome {
    let case: Case = parse(case)?;
    let job =
        topology::build(&case.name, case.default_parallelism, &case.nodes).and_then(|graph| {
            JobGraph::from_stream_graph(&graph, &FlinkChaining).map_err(|error| error.to_string())
        });
    let (job, vertices) = match (job, case.vertices, case.error) {
        (Err(_), None, Some(_)) => return Ok(()),
        (Err(error), Some(_), _) => return Err(format!("rejected, but Flink accepts it: {error}")),
        (Ok(_), None, Some(error)) => {
            return Err(format!("accepted, but Flink rejects it: {error}"));
        }
        (_, None, None) => return Err("neither vertices nor an error".to_string()),
        (Ok(job), Some(vertices), _) => (job, vertices),
    };
    expect_eq("vertices", &sorted(vertices), &sorted(actual(&job)))?;
    let slots = job.slots_per_group().into_iter();
    let slots: BTreeMap<String, u32> = slots.map(|(k, v)| (k.to_string(), v)).collect();
    expect_eq("slots per group", &case.slots_per_group, &slots)?;
    // Flink refuses more subtasks than key groups only here, after the vector was written.
    let Ok(execution) = ExecutionGraph::from_job_graph(job) else { return Ok(()) };
    let plan = PhysicalPlan::from_execution_graph(execution);
    expect_eq("required slots", &case.required_slots, &Some(plan.required_slots()))
}

/// Neither the order of vertices of one name nor that of a vertex's edges is compared.
fn sorted(mut vertices: Vec<Vertex>) -> Vec<Vertex> {
    vertices.iter_mut().for_each(|vertex| vertex.inputs.sort());
    vertices.sort();
    vertices
}

fn actual(job: &JobGraph) -> Vec<Vertex> {
    job.vertices.iter().map(|it| vertex(job, it)).collect()
}

fn vertex(job: &JobGraph, vertex: &JobVertex) -> Vertex {
    Vertex {
        name: vertex.name.clone(),
        operators: vertex.chain.len(),
        parallelism: vertex.parallelism,
        max_parallelism: if vertex.max_parallelism_set {
            i64::from(vertex.max_parallelism)
        } else {
            -1
        },
        slot_sharing_group: vertex.slot_sharing_group.clone(),
        inputs: job.edges_into(vertex.id).map(|(_, edge)| input(job, edge)).collect(),
    }
}

fn input(job: &JobGraph, edge: &JobEdge) -> Input {
    let ship = match edge.partitioning {
        Partitioning::Forward => "FORWARD",
        Partitioning::Rebalance => "REBALANCE",
        Partitioning::Rescale => "RESCALE",
        Partitioning::Shuffle => "SHUFFLE",
        Partitioning::Broadcast => "BROADCAST",
        Partitioning::Global => "GLOBAL",
        Partitioning::Hash => "HASH",
        Partitioning::Custom => "CUSTOM",
    };
    let pattern = match edge.pattern {
        DistributionPattern::AllToAll => "ALL_TO_ALL",
        DistributionPattern::Pointwise => "POINTWISE",
    };
    Input {
        from_name: job.vertex(edge.source).name.clone(),
        ship: ship.to_string(),
        pattern: pattern.to_string(),
        // The only kind of exchange there is.
        partition_type: "PIPELINED_BOUNDED".to_string(),
        broadcast: edge.partitioning == Partitioning::Broadcast,
        forward: edge.partitioning == Partitioning::Forward,
    }
}
