//! `[[fault]]`: what goes wrong, and when. One key says what: `kill`, `pause`, `partition`,
//! `degrade`, `clock`, `disk`, `lock`, `fail`, `panic`, `slow`, `poison` or `expire`; the keys beside it
//! belong to that one.

use std::sync::Arc;

use super::network::{ends, link};
use super::{tables, when};
use crate::base::SimDuration;
use crate::cluster::{BROKER, DATABASE};
use crate::scenario::document::Node;
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::reader::{
    Reader, boolean, duration, factor, list, node_name, one_of, parts_per_million, signed_micros,
    some_duration, some_text,
};
use crate::scenario::shown::quoted;
use crate::scenario::source::Source;
use crate::sim::{DiskTrouble, FaultAction, FaultOptions, LinkOptions, NetworkOptions};

/// A kind of fault: the key that names it, the keys that go with it, and what it does.
pub struct FaultKind {
    /// The key.
    pub key: &'static str,
    /// Keys that may stand beside it.
    pub with: &'static [&'static str],
    /// What it does, in a sentence.
    pub about: &'static str,
}

/// Every kind of fault.
pub const FAULT_KINDS: [FaultKind; 12] = [
    FaultKind {
        key: "kill",
        with: &["restart-after"],
        about: "the node's process dies, and starts again if `restart-after` says when",
    },
    FaultKind { key: "pause", with: &["for"], about: "the node's process stands still" },
    FaultKind {
        key: "partition",
        with: &["to", "one-way", "for"],
        about: "nothing gets from these nodes to those of `to`, or to all others",
    },
    FaultKind {
        key: "degrade",
        with: &["for"],
        about: "the link { from, to } gets another latency, loss or bandwidth",
    },
    FaultKind {
        key: "clock",
        with: &["jump", "drift"],
        about: "the node's clock jumps, or drifts from then on",
    },
    FaultKind {
        key: "disk",
        with: &["trouble", "factor", "for"],
        about: "the node's disk has `trouble`: errors, slow (by `factor`), full, corrupts, tears",
    },
    FaultKind {
        key: "lock",
        with: &["for"],
        about: "somebody else has the lock of the `database`, which refuses to change anything",
    },
    FaultKind { key: "fail", with: &[], about: "the task fails as if its function had thrown" },
    FaultKind { key: "panic", with: &[], about: "the task's function panics" },
    FaultKind {
        key: "slow",
        with: &["factor", "for"],
        about: "the task's function takes `factor` times as long",
    },
    FaultKind {
        key: "poison",
        with: &["for"],
        about: "nobody can process the next record that the source reads, until it is repaired",
    },
    FaultKind {
        key: "expire",
        with: &[],
        about: "the broker takes the timeout of all transactions that are open for passed",
    },
];

pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    node: Option<&Node>,
    nodes: &[String],
    network: &NetworkOptions,
) -> Result<Vec<FaultOptions>, ScenarioError> {
    let keys = keys();
    let mut faults = Vec::new();
    for table in tables(source, "fault", node)? {
        let reader = Reader::new(source, "[[fault]]", table, &keys)?;
        let action = action(&reader, nodes, network)?;
        let when = when::read(&reader, nodes)?;
        faults.push(FaultOptions { when, action, optional: false });
    }
    Ok(faults)
}

fn keys() -> Vec<&'static str> {
    let mut keys: Vec<&str> = when::KEYS.to_vec();
    for kind in &FAULT_KINDS {
        keys.push(kind.key);
        keys.extend(kind.with.iter().filter(|key| !when::KEYS.contains(key)));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn action(
    reader: &Reader<'_>,
    nodes: &[String],
    network: &NetworkOptions,
) -> Result<FaultAction, ScenarioError> {
    let mut given = FAULT_KINDS.iter().filter(|kind| reader.node(kind.key).is_some());
    let names = || FAULT_KINDS.iter().map(|kind| kind.key).collect::<Vec<_>>().join(", ");
    let Some(kind) = given.next() else {
        let problem =
            Problem::new("nothing says what goes wrong").hint(format!("one of {}", names()));
        return Err(problem.locate(reader.source, reader.key_at("")));
    };
    if let Some(other) = given.next() {
        let problem = Problem::new(format!("`{}` and `{}` are two faults", kind.key, other.key));
        let hint = "give each a [[fault]] of its own";
        return Err(problem.hint(hint).locate(reader.source, reader.key_at(other.key)));
    }
    for other in FAULT_KINDS.iter().flat_map(|kind| kind.with) {
        if !kind.with.contains(other) {
            reader.refuse(other, &format!("it does not go with `{}`", kind.key))?;
        }
    }
    let name = node_name(nodes);
    let node = || Ok(reader.required(kind.key, "\"taskmanager-1\"", name)?.value);
    let named = || Ok(reader.required(kind.key, "\"sum#1\"", subtask)?.value);
    let lasts = || reader.get("for", some_duration);
    Ok(match kind.key {
        "kill" => FaultAction::Kill {
            node: node()?,
            restart_after: reader.get("restart-after", duration)?,
        },
        "pause" => FaultAction::Pause { node: node()?, duration: lasts()? },
        "partition" => partition(reader, nodes, lasts()?)?,
        "degrade" => degrade(reader, nodes, network, lasts()?)?,
        "clock" => clock(reader, node()?)?,
        "disk" => disk(reader, node()?, lasts()?)?,
        "lock" => {
            let names = [("database", DATABASE)];
            let node = reader.required("lock", "\"database\"", one_of(&names))?.value.to_owned();
            FaultAction::Lock { node, duration: lasts()? }
        }
        "fail" => FaultAction::Fail { subtask: named()? },
        "panic" => FaultAction::Panic { subtask: named()? },
        "slow" => FaultAction::Slow {
            subtask: named()?,
            factor: reader.required("factor", "10.0", factor)?.value,
            duration: lasts()?,
        },
        "poison" => FaultAction::Poison { subtask: named()?, duration: lasts()? },
        "expire" => {
            let brokers: Vec<String> =
                nodes.iter().filter(|node| node.starts_with(BROKER)).cloned().collect();
            let node = reader.required("expire", "\"broker-1\"", node_name(&brokers))?.value;
            FaultAction::Expire { node }
        }
        other => unreachable!("{other} is not in the table"),
    })
}

/// A task by the name of its subtask, as traces show it.
fn subtask(node: &Node) -> Result<String, Problem> {
    let name = some_text(node)?;
    let number = name.rsplit_once('#').and_then(|(_, number)| number.parse::<u32>().ok());
    match number {
        Some(1..) => Ok(name),
        _ => Err(Problem::new(format!("must be a subtask, not {}", quoted(&name))).hint(
            "write it as traces do, such as \"sum#1\": the uid of its first operator, and its number",
        )),
    }
}

fn partition(
    reader: &Reader<'_>,
    nodes: &[String],
    duration: Option<SimDuration>,
) -> Result<FaultAction, ScenarioError> {
    let from = reader.required("partition", "[\"taskmanager-1\"]", list(node_name(nodes)))?.value;
    let to = reader.get("to", list(node_name(nodes)))?.unwrap_or_default();
    if from.is_empty() {
        return Err(reader.wrong("partition", Problem::new("`partition` names no node")));
    }
    if let Some(both) = from.iter().find(|node| to.contains(node)) {
        return Err(reader.wrong("to", Problem::new(format!("`{both}` is on both sides"))));
    }
    if to.is_empty() && nodes.iter().all(|node| from.contains(node)) {
        return Err(reader.wrong("partition", Problem::new("no node is left on the other side")));
    }
    let one_way = reader.get("one-way", boolean)?.unwrap_or(false);
    Ok(FaultAction::Partition { from, to, one_way, duration })
}

fn degrade(
    reader: &Reader<'_>,
    nodes: &[String],
    network: &NetworkOptions,
    duration: Option<SimDuration>,
) -> Result<FaultAction, ScenarioError> {
    let node = reader.node("degrade").expect("this fault was chosen by its key");
    let keys = ["from", "to", "latency", "loss", "bandwidth"];
    let inner = Reader::new(reader.source, "`degrade`", node, &keys)?;
    let (from, to) = ends(&inner, nodes)?;
    let before: &LinkOptions = network
        .links
        .iter()
        .find(|(f, t, _)| (f, t) == (&from, &to))
        .map_or(&network.default, |(_, _, link)| link);
    let link = link(&inner, before)?;
    if link == *before {
        let problem = Problem::new("this changes nothing of the link");
        return Err(reader.wrong("degrade", problem.hint("give it a latency, loss or bandwidth")));
    }
    Ok(FaultAction::Degrade { from, to, link, duration })
}

fn clock(reader: &Reader<'_>, node: String) -> Result<FaultAction, ScenarioError> {
    let jump_us = reader.get("jump", signed_micros)?.unwrap_or(0);
    let drift = reader.get("drift", parts_per_million)?;
    if jump_us == 0 && drift.is_none() {
        let problem = Problem::new("this changes nothing of the clock");
        return Err(reader.wrong("clock", problem.hint("give it a `jump` or a `drift`")));
    }
    Ok(FaultAction::Clock { node, jump_us, drift_ppm: drift.unwrap_or(0) })
}

#[derive(Clone, Copy)]
enum Trouble {
    Errors,
    Slow,
    Full,
    Corrupts,
    Tears,
}

fn disk(
    reader: &Reader<'_>,
    node: String,
    duration: Option<SimDuration>,
) -> Result<FaultAction, ScenarioError> {
    let words = [
        ("errors", Trouble::Errors),
        ("slow", Trouble::Slow),
        ("full", Trouble::Full),
        ("corrupts", Trouble::Corrupts),
        ("tears", Trouble::Tears),
    ];
    let trouble = reader.required("trouble", "\"errors\"", one_of(&words))?.value;
    if !matches!(trouble, Trouble::Slow) {
        reader.refuse("factor", "only a disk that is `slow` has one")?;
    }
    let trouble = match trouble {
        Trouble::Errors => DiskTrouble::Errors,
        Trouble::Slow => DiskTrouble::Slow(reader.required("factor", "10.0", factor)?.value),
        Trouble::Full => DiskTrouble::Full,
        Trouble::Corrupts => DiskTrouble::Corrupts,
        Trouble::Tears => DiskTrouble::Tears,
    };
    Ok(FaultAction::Disk { node, trouble, duration })
}
