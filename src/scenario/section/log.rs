//! `[log]`: the transactional log outside the cluster.

use std::sync::Arc;

use crate::scenario::document::Node;
use crate::scenario::error::ScenarioError;
use crate::scenario::reader::{Reader, whole};
use crate::scenario::source::Source;

/// The nodes of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSection {
    /// How many brokers there are, if that is said; one if a job uses the log.
    pub brokers: Option<u16>,
}

const KEYS: [&str; 1] = ["brokers"];
const BROKERS: u64 = 16;

pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    node: Option<&Node>,
) -> Result<LogSection, ScenarioError> {
    let Some(node) = node else { return Ok(LogSection::default()) };
    let reader = Reader::new(source, "[log]", node, &KEYS)?;
    let brokers = reader.get("brokers", whole(1..=BROKERS))?;
    Ok(LogSection { brokers: Some(brokers.unwrap_or(1) as u16) })
}
