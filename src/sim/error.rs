//! What makes a simulation impossible, or ends it without a result.

use std::collections::BTreeSet;

use super::{DiskTrouble, FaultAction, LinkOptions, SimOptions};

/// Why there is no outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SimError {
    /// A world of nothing.
    #[error("there are no nodes")]
    NoNodes,
    /// A fault or a link names a node that is not there.
    #[error("there is no node `{name}`; the nodes are {}", known.join(", "))]
    UnknownNode {
        /// The name.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// Two nodes have one name.
    #[error("two nodes are called `{0}`")]
    DuplicateNode(String),
    /// A link cannot behave like that.
    #[error("the link from `{from}` to `{to}` cannot be: {why}")]
    BadLink {
        /// The sender, or `any`.
        from: String,
        /// The receiver, or `any`.
        to: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A clock cannot stand still or run backwards.
    #[error("the clock of `{node}` cannot drift by {drift_ppm} ppm: it would stand still or more")]
    BadClock {
        /// The node.
        node: String,
        /// The drift.
        drift_ppm: i64,
    },
    /// A function cannot be slow by that.
    #[error("a function cannot take {0} times as long")]
    BadSlowness(String),
    /// A disk cannot be like that.
    #[error("no disk can be like that: {0}")]
    BadDisk(&'static str),
    /// A partition separates nobody.
    #[error("fault {0} cuts off nobody: `from` is empty")]
    EmptyPartition(usize),
    /// A node's code panicked.
    #[error("the code of node `{node}` panicked: {message}")]
    Panicked {
        /// The node.
        node: String,
        /// The panic's message.
        message: String,
    },
}

/// Refuses options that no world can have.
pub(super) fn validate(options: &SimOptions) -> Result<(), SimError> {
    if options.nodes.is_empty() {
        return Err(SimError::NoNodes);
    }
    let known: Vec<String> = options.nodes.iter().map(|node| node.name.clone()).collect();
    let node = |name: &String| {
        if known.contains(name) {
            Ok(())
        } else {
            Err(SimError::UnknownNode { name: name.clone(), known: known.clone() })
        }
    };
    let mut seen = BTreeSet::new();
    for options in &options.nodes {
        if !seen.insert(&options.name) {
            return Err(SimError::DuplicateNode(options.name.clone()));
        }
        check_clock(&options.name, options.clock_drift_ppm)?;
    }
    if options.disk.bandwidth == 0 {
        return Err(SimError::BadDisk("its bandwidth is 0"));
    }
    check_link("any", "any", &options.network.default)?;
    for (from, to, link) in &options.network.links {
        node(from)?;
        node(to)?;
        check_link(from, to, link)?;
    }
    for (i, fault) in options.faults.iter().enumerate() {
        match &fault.action {
            FaultAction::Kill { node: name, .. }
            | FaultAction::Pause { node: name, .. }
            | FaultAction::Lock { node: name, .. }
            | FaultAction::Expire { node: name } => {
                node(name)?;
            }
            FaultAction::Partition { from, to, .. } => {
                from.iter().chain(to).try_for_each(node)?;
                if from.is_empty() {
                    return Err(SimError::EmptyPartition(i + 1));
                }
            }
            FaultAction::Degrade { from, to, link, .. } => {
                node(from)?;
                node(to)?;
                check_link(from, to, link)?;
            }
            FaultAction::Clock { node: name, drift_ppm, .. } => {
                node(name)?;
                check_clock(name, *drift_ppm)?;
            }
            FaultAction::Disk { node: name, trouble, .. } => {
                node(name)?;
                if let DiskTrouble::Slow(times) = trouble
                    && !(times.is_finite() && *times >= 0.0)
                {
                    return Err(SimError::BadDisk("how slow it is must be a number from 0"));
                }
            }
            // Which tasks there are only turns out.
            FaultAction::Slow { factor, .. } if !(factor.is_finite() && *factor >= 0.0) => {
                return Err(SimError::BadSlowness(factor.to_string()));
            }
            FaultAction::Fail { .. }
            | FaultAction::Panic { .. }
            | FaultAction::Slow { .. }
            | FaultAction::Poison { .. } => {}
        }
    }
    Ok(())
}

fn check_clock(node: &str, drift_ppm: i64) -> Result<(), SimError> {
    if drift_ppm > -1_000_000 {
        Ok(())
    } else {
        Err(SimError::BadClock { node: node.to_owned(), drift_ppm })
    }
}

fn check_link(from: &str, to: &str, link: &LinkOptions) -> Result<(), SimError> {
    let why = if from == to && from != "any" {
        "a node's way to itself is not a link"
    } else if !(0.0..1.0).contains(&link.loss) {
        "its loss must be from 0 to less than 1"
    } else if link.latency.is_empty() {
        "its shortest latency is longer than its longest"
    } else if link.bandwidth == Some(0) {
        "its bandwidth is 0"
    } else {
        return Ok(());
    };
    Err(SimError::BadLink { from: from.to_owned(), to: to.to_owned(), why })
}
