//! Golden vectors, dumped from Apache Flink: every vector of every known file in the folder that
//! the environment variable `WEIR_GOLDEN` names (by default `tests/golden`) goes through the code
//! that jobs use. Every file is optional; each vector is reported as passed or failed with its
//! file and case number.

mod barrier_handlers;
mod combined_status;
mod generators;
mod jobgraph_chaining;
mod keygroups;
mod merging_window_set;
mod multiplexer;
mod operator_state;
mod pointwise_edges;
mod restart_strategies;
mod said;
mod sql_slices;
mod timers;
mod topology;
mod valve;
mod window_operator;
mod windows;

use std::path::PathBuf;

use serde_json::Value;

/// What a vector found: nothing, or in words what differs.
type Outcome = Result<(), String>;

/// The vectors of one file, by what they are called.
type Cases = Vec<(String, Outcome)>;

/// Runs the vectors of one file.
type Suite = fn(&Value) -> Cases;

const SUITES: &[(&str, Suite)] = &[
    ("barrier_handlers.json", barrier_handlers::run),
    ("combined_watermark_status.json", combined_status::run),
    ("jobgraph_chaining.json", jobgraph_chaining::run),
    ("keygroups.json", keygroups::run),
    ("merging_window_set.json", merging_window_set::run),
    ("operator_state_repartition.json", operator_state::run),
    ("pointwise_edges.json", pointwise_edges::run),
    ("restart_strategies.json", restart_strategies::run),
    ("sql_slices.json", sql_slices::run),
    ("status_watermark_valve.json", valve::run),
    ("watermark_generators.json", generators::run),
    ("watermark_multiplexer.json", multiplexer::run),
    ("window_operator.json", timers::run),
    ("window_operator.json", window_operator::run),
    ("windows.json", windows::run),
];

#[test]
fn golden_vectors() {
    let folder = std::env::var_os("WEIR_GOLDEN").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden"),
        PathBuf::from,
    );
    assert!(folder.is_dir(), "the folder of golden vectors {} does not exist", folder.display());
    let (mut passed, mut failures) = (0, Vec::new());
    for (file, run) in SUITES {
        let path = folder.join(file);
        if !path.exists() {
            println!("{file}: not in {}", folder.display());
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a file that exists can be read");
        let cases = match serde_json::from_str(&text) {
            Ok(vectors) => run(&vectors),
            Err(error) => vec![("the file".to_string(), Err(error.to_string()))],
        };
        for (number, (name, outcome)) in cases.into_iter().enumerate() {
            match outcome {
                Ok(()) => {
                    passed += 1;
                    println!("passed  {file} case {number}: {name}");
                }
                Err(difference) => {
                    println!("failed  {file} case {number}: {name}: {difference}");
                    failures.push(format!("{file} case {number}: {name}: {difference}"));
                }
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{passed} golden vectors passed, {} failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
    println!("{passed} golden vectors passed");
}

/// Compares what a vector expects with what came out.
fn expect_eq<T: PartialEq + std::fmt::Debug>(what: &str, expected: &T, actual: &T) -> Outcome {
    if expected == actual {
        return Ok(());
    }
    Err(format!("{what}: expected {expected:?}, got {actual:?}"))
}

/// A part of a vector as a type. A vector that is not of the known format fails.
fn parse<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| format!("not of the known format: {error}"))
}

/// The vectors under a key of the file; none if the file does not have that key.
fn vectors<'a>(file: &'a Value, key: &str) -> &'a [Value] {
    file.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
