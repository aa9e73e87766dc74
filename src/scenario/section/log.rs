//! `[log]`: the transactional log outside the cluster.

use std::sync::Arc;

use crate::base::SimDuration;
use crate::cluster::Retention;
use crate::scenario::document::Node;
use crate::scenario::error::ScenarioError;
use crate::scenario::reader::{Reader, some_duration, whole};
use crate::scenario::source::Source;

/// The nodes of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSection {
    /// How many brokers there are, if that is said; one if a job uses the log.
    pub brokers: Option<u16>,
    /// How long they keep records, if not for ever.
    pub retention: Option<Retention>,
}

const KEYS: [&str; 3] = ["brokers", "retention", "retention-check-interval"];
const BROKERS: u64 = 16;
/// Kafka's five minutes would never come in a run of seconds.
const CHECK_INTERVAL: SimDuration = SimDuration::from_millis(500);

pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    node: Option<&Node>,
) -> Result<LogSection, ScenarioError> {
    let Some(node) = node else { return Ok(LogSection::default()) };
    let reader = Reader::new(source, "[log]", node, &KEYS)?;
    let brokers = reader.get("brokers", whole(1..=BROKERS))?;
    let retention = match reader.get("retention", some_duration)? {
        Some(after) => {
            let interval = reader.get("retention-check-interval", some_duration)?;
            Some(Retention { after, check_interval: interval.unwrap_or(CHECK_INTERVAL) })
        }
        None => {
            let because = "without `retention`, records are kept for ever";
            reader.refuse("retention-check-interval", because)?;
            None
        }
    };
    Ok(LogSection { brokers: Some(brokers.unwrap_or(1) as u16), retention })
}
