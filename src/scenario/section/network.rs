//! `[network]` and `[[link]]`: how long messages take, and what gets lost.

use std::sync::Arc;

use super::tables;
use crate::scenario::document::Node;
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::reader::{Reader, duration, duration_range, node_name, rate, share};
use crate::scenario::source::Source;
use crate::sim::{LinkOptions, NetworkOptions};

pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    network: Option<&Node>,
    links: Option<&Node>,
    nodes: &[String],
) -> Result<NetworkOptions, ScenarioError> {
    let mut options = NetworkOptions::default();
    if let Some(node) = network {
        let keys = ["latency", "loss", "bandwidth", "loopback"];
        let reader = Reader::new(source, "[network]", node, &keys)?;
        options.default = link(&reader, &options.default)?;
        if let Some(span) = reader.get("loopback", duration)? {
            options.loopback = span;
        }
    }
    for node in tables(source, "link", links)? {
        let keys = ["from", "to", "latency", "loss", "bandwidth"];
        let reader = Reader::new(source, "[[link]]", node, &keys)?;
        let (from, to) = ends(&reader, nodes)?;
        if options.links.iter().any(|(f, t, _)| (f, t) == (&from, &to)) {
            let problem = Problem::new(format!("the link from `{from}` to `{to}` is given twice"));
            return Err(reader.wrong("from", problem));
        }
        let link = link(&reader, &options.default)?;
        options.links.push((from, to, link));
    }
    Ok(options)
}

/// `from` and `to`, two different nodes.
pub(super) fn ends(
    reader: &Reader<'_>,
    nodes: &[String],
) -> Result<(String, String), ScenarioError> {
    let from = reader.required("from", "\"taskmanager-1\"", node_name(nodes))?.value;
    let to = reader.required("to", "\"taskmanager-2\"", node_name(nodes))?.value;
    if from == to {
        let problem = Problem::new(format!("`{to}` is both ends of the link"));
        return Err(reader.wrong("to", problem.hint("messages to the own node never leave it")));
    }
    Ok((from, to))
}

/// `latency`, `loss` and `bandwidth`; what is not given is as in `default`.
pub(super) fn link(
    reader: &Reader<'_>,
    default: &LinkOptions,
) -> Result<LinkOptions, ScenarioError> {
    Ok(LinkOptions {
        latency: reader.get("latency", duration_range)?.unwrap_or_else(|| default.latency.clone()),
        loss: reader.get("loss", share)?.unwrap_or(default.loss),
        bandwidth: reader.get("bandwidth", rate)?.or(default.bandwidth),
    })
}
