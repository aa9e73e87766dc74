//! `[cluster]`: what there is.

use std::sync::Arc;

use crate::base::SimDuration;
use crate::scenario::document::Node;
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::reader::{Reader, one_of, some_duration, whole};
use crate::scenario::source::Source;

/// What there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSection {
    /// How many TaskManagers.
    pub taskmanagers: u16,
    /// How many slots each of them has.
    pub slots: u16,
    /// How often heartbeats are sent.
    pub heartbeat_interval: SimDuration,
    /// After how much silence a peer is given up.
    pub heartbeat_timeout: SimDuration,
    /// How long a job waits for slots.
    pub slot_request_timeout: SimDuration,
}

impl Default for ClusterSection {
    /// Flink's defaults, and two TaskManagers of two slots.
    fn default() -> Self {
        Self {
            taskmanagers: 2,
            slots: 2,
            heartbeat_interval: SimDuration::from_secs(10),
            heartbeat_timeout: SimDuration::from_secs(50),
            slot_request_timeout: SimDuration::from_secs(300),
        }
    }
}

impl ClusterSection {
    /// The names of the nodes of the cluster itself.
    pub fn nodes(&self) -> Vec<String> {
        let taskmanagers = (1..=self.taskmanagers).map(|n| format!("taskmanager-{n}"));
        ["client", "jobmanager-1"].into_iter().map(str::to_owned).chain(taskmanagers).collect()
    }
}

const KEYS: [&str; 8] = [
    "taskmanagers",
    "slots",
    "jobmanagers",
    "mode",
    "provider",
    "heartbeat-interval",
    "heartbeat-timeout",
    "slot-request-timeout",
];

pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    node: Option<&Node>,
) -> Result<ClusterSection, ScenarioError> {
    let mut section = ClusterSection::default();
    let Some(node) = node else { return Ok(section) };
    let reader = Reader::new(source, "[cluster]", node, &KEYS)?;
    if let Some(count) = reader.get("taskmanagers", whole(1..=1_000))? {
        section.taskmanagers = u16::try_from(count).expect("its bounds fit");
    }
    if let Some(count) = reader.get("slots", whole(1..=1_000))? {
        section.slots = u16::try_from(count).expect("its bounds fit");
    }
    reader.get("jobmanagers", whole(1..=1))?;
    reader.get("mode", one_of(&[("session", ())]))?;
    reader.get("provider", one_of(&[("standalone", ())]))?;
    if let Some(span) = reader.get("heartbeat-interval", some_duration)? {
        section.heartbeat_interval = span;
    }
    if let Some(span) = reader.get("heartbeat-timeout", some_duration)? {
        section.heartbeat_timeout = span;
    }
    if section.heartbeat_timeout <= section.heartbeat_interval {
        let problem = Problem::new("the heartbeat timeout must be longer than the interval");
        let key = match reader.node("heartbeat-timeout") {
            Some(_) => "heartbeat-timeout",
            None => "heartbeat-interval",
        };
        let hint = format!(
            "interval {:?}, timeout {:?}",
            section.heartbeat_interval, section.heartbeat_timeout
        );
        return Err(reader.wrong(key, problem.hint(hint)));
    }
    if let Some(span) = reader.get("slot-request-timeout", some_duration)? {
        section.slot_request_timeout = span;
    }
    Ok(section)
}
