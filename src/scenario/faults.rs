//! A file of faults that are added to a scenario from outside: `[[fault]]` tables and nothing else.

use std::sync::Arc;

use super::document;
use super::error::{Problem, ScenarioError};
use super::parse::Scenario;
use super::reader::Reader;
use super::section::fault;
use super::source::{At, Source};
use crate::sim::FaultOptions;

/// Parses the text of such a file for `scenario`, whose nodes it may name. `path` is what errors
/// call it.
pub fn parse_faults(
    text: &str,
    path: &str,
    scenario: &Scenario,
) -> Result<Vec<FaultOptions>, ScenarioError> {
    let source = Source { name: path.to_owned(), text: text.to_owned(), flags: Vec::new() };
    let source = Arc::new(source);
    let root = document::parse(&source)?;
    let reader = Reader::new(&source, "a file of faults", &root, &["fault"])?;
    let nodes: Vec<String> = scenario.nodes.iter().map(|node| node.name.clone()).collect();
    let faults = fault::read(&source, reader.node("fault"), &nodes, &scenario.network)?;
    if faults.is_empty() {
        let problem = Problem::new("there is no fault in it").hint("write [[fault]] tables");
        return Err(problem.locate(&source, &At::File));
    }
    Ok(faults)
}
