//! `[disk]`: how fast disks are, and how large.

use std::sync::Arc;

use crate::scenario::document::Node;
use crate::scenario::error::ScenarioError;
use crate::scenario::reader::{Reader, duration, rate, size};
use crate::scenario::source::Source;
use crate::sim::DiskOptions;

pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    node: Option<&Node>,
) -> Result<DiskOptions, ScenarioError> {
    let mut options = DiskOptions::default();
    let Some(node) = node else { return Ok(options) };
    let reader = Reader::new(source, "[disk]", node, &["bandwidth", "sync", "capacity"])?;
    if let Some(rate) = reader.get("bandwidth", rate)? {
        options.bandwidth = rate;
    }
    if let Some(span) = reader.get("sync", duration)? {
        options.sync = span;
    }
    if let Some(size) = reader.get("capacity", size)? {
        options.capacity = size;
    }
    Ok(options)
}
