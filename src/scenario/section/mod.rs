//! The sections of a scenario, one file each. A section reads its own table through a
//! [`Reader`](super::reader::Reader) and knows nothing of the others, except that those that
//! name nodes are given the names, and that `[config]` says by other names what others say.

pub(super) mod checkpointing;
pub(super) mod cluster;
pub(super) mod config;
pub(super) mod disk;
pub(super) mod expect;
pub(super) mod fault;
pub(super) mod job;
pub(super) mod limits;
pub(super) mod log;
pub(super) mod network;
pub(super) mod node;
pub(super) mod note;
pub(super) mod restart;
pub(super) mod state;
pub(super) mod when;

use std::sync::Arc;

use super::document::{Node, Value};
use super::error::{Problem, ScenarioError};
use super::source::Source;

/// The tables of `[[name]]`, or the one of `[name]`.
pub(super) fn tables<'a>(
    source: &Arc<Source>,
    name: &str,
    node: Option<&'a Node>,
) -> Result<Vec<&'a Node>, ScenarioError> {
    let Some(node) = node else { return Ok(Vec::new()) };
    match &node.value {
        Value::Array(elements) => Ok(elements.iter().collect()),
        Value::Table(_) => Ok(vec![node]),
        other => {
            let problem = Problem::new(format!("`{name}` must be a table, not {}", other.kind()));
            Err(problem.hint(format!("begin a section with [{name}]")).locate(source, &node.at))
        }
    }
}
