//! Which subtask gets which operator state when the parallelism changes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use weir::state::operator_state::{
    OperatorStateHandle, OperatorStateRepartitioner, RoundRobinOperatorStateRepartitioner,
    StateMetaInfo,
};

use super::{Cases, Outcome, expect_eq, parse, vectors};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    old_parallelism: usize,
    new_parallelism: usize,
    previous: Vec<Vec<OperatorStateHandle>>,
    /// By new subtask: states by handle.
    result: Option<Vec<BTreeMap<String, BTreeMap<String, StateMetaInfo>>>>,
    error: Option<String>,
}

pub fn run(file: &Value) -> Cases {
    let run = |case: &Value| {
        let (old, new, round) = (&case["oldParallelism"], &case["newParallelism"], &case["round"]);
        (format!("{old} to {new}, round {round}"), check(case))
    };
    vectors(file, "cases").iter().map(run).collect()
}

fn check(case: &Value) -> Outcome {
    let case: Case = parse(case)?;
    if let Some(error) = case.error {
        return Err(format!("not of the known format: an expected error, {error}"));
    }
    expect_eq("old subtasks", &case.old_parallelism, &case.previous.len())?;
    let assigned =
        RoundRobinOperatorStateRepartitioner.repartition(&case.previous, case.new_parallelism);
    let by_handle = |subtask: Vec<OperatorStateHandle>| {
        subtask.into_iter().map(|it| (it.handle, it.states)).collect::<BTreeMap<_, _>>()
    };
    let assigned: Vec<_> = assigned.into_iter().map(by_handle).collect();
    expect_eq("states by subtask and handle", &case.result.unwrap_or_default(), &assigned)
}
