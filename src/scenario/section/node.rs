//! `[[node]]`: how a node's clock differs.

use std::sync::Arc;

use super::tables;
use crate::scenario::document::Node;
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::reader::{Reader, node_name, parts_per_million, signed_micros};
use crate::scenario::source::Source;
use crate::sim::NodeOptions;

/// All nodes, with right clocks unless a table says otherwise.
pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    node: Option<&Node>,
    names: &[String],
) -> Result<Vec<NodeOptions>, ScenarioError> {
    let mut nodes: Vec<NodeOptions> = names
        .iter()
        .map(|name| NodeOptions { name: name.clone(), clock_offset_us: 0, clock_drift_ppm: 0 })
        .collect();
    let mut seen: Vec<String> = Vec::new();
    for table in tables(source, "node", node)? {
        let keys = ["name", "clock-offset", "clock-drift"];
        let reader = Reader::new(source, "[[node]]", table, &keys)?;
        let name = reader.required("name", "\"taskmanager-1\"", node_name(names))?.value;
        if seen.contains(&name) {
            let problem = Problem::new(format!("the node `{name}` is given twice"));
            return Err(reader.wrong("name", problem));
        }
        let options =
            nodes.iter_mut().find(|options| options.name == name).expect("the name was checked");
        if let Some(offset) = reader.get("clock-offset", signed_micros)? {
            options.clock_offset_us = offset;
        }
        if let Some(drift) = reader.get("clock-drift", parts_per_million)? {
            options.clock_drift_ppm = drift;
        }
        seen.push(name);
    }
    Ok(nodes)
}
