//! `[limits]`: when a run is given up.

use std::sync::Arc;

use crate::scenario::document::Node;
use crate::scenario::error::ScenarioError;
use crate::scenario::reader::{Reader, size, some_duration, whole};
use crate::scenario::source::Source;
use crate::sim::Limits;

pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    node: Option<&Node>,
) -> Result<Limits, ScenarioError> {
    let mut limits = Limits::default();
    let Some(node) = node else { return Ok(limits) };
    let reader = Reader::new(source, "[limits]", node, &["events", "virtual-time", "memory"])?;
    if let Some(events) = reader.get("events", whole(1..=1_000_000_000_000))? {
        limits.events = events;
    }
    if let Some(span) = reader.get("virtual-time", some_duration)? {
        limits.virtual_time = span;
    }
    if let Some(size) = reader.get("memory", size)? {
        limits.memory = size;
    }
    Ok(limits)
}
