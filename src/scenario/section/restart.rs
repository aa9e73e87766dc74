//! `[restart]`: whether jobs are started again after a failure, and when.

use std::sync::Arc;

use super::checkpointing::count_or_unlimited;
use crate::base::SimDuration;
use crate::failover::{RestartStrategy, RestartStrategyError};
use crate::scenario::document::Node;
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::reader::{Reader, duration, factor, one_of, whole};
use crate::scenario::source::Source;

/// A strategy by name, with the keys that belong to it.
#[derive(Clone, Copy)]
struct Kind {
    keys: &'static [&'static str],
    build: fn(&Reader<'_>) -> Result<RestartStrategy, ScenarioError>,
}

const KINDS: [(&str, Kind); 4] = [
    ("none", Kind { keys: &[], build: |_| Ok(RestartStrategy::None) }),
    ("fixed-delay", Kind { keys: &["attempts", "delay"], build: fixed_delay }),
    (
        "failure-rate",
        Kind { keys: &["max-failures-per-interval", "interval", "delay"], build: failure_rate },
    ),
    (
        "exponential-delay",
        Kind {
            keys: &[
                "attempts",
                "initial-backoff",
                "max-backoff",
                "backoff-multiplier",
                "reset-backoff-threshold",
            ],
            build: exponential_delay,
        },
    ),
];

const KEYS: [&str; 9] = [
    "strategy",
    "attempts",
    "delay",
    "max-failures-per-interval",
    "interval",
    "initial-backoff",
    "max-backoff",
    "backoff-multiplier",
    "reset-backoff-threshold",
];

pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    node: Option<&Node>,
) -> Result<Option<RestartStrategy>, ScenarioError> {
    let Some(node) = node else { return Ok(None) };
    let reader = Reader::new(source, "[restart]", node, &KEYS)?;
    let kind = reader.required("strategy", "\"fixed-delay\"", one_of(&KINDS))?.value;
    for key in KEYS.iter().filter(|key| **key != "strategy" && !kind.keys.contains(key)) {
        reader.refuse(key, "it does not go with this strategy")?;
    }
    let strategy = (kind.build)(&reader)?;
    match strategy.validate() {
        Ok(()) => Ok(Some(strategy)),
        Err(error) => Err(reader.wrong(key_of(error), Problem::new(error.to_string()))),
    }
}

/// Whether there is a strategy of this name.
pub(super) fn is_strategy(name: &str) -> bool {
    KINDS.iter().any(|(known, _)| *known == name)
}

fn millis(reader: &Reader<'_>, key: &str, default_ms: i64) -> Result<i64, ScenarioError> {
    let given = reader.get(key, duration)?;
    let millis = |span: SimDuration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    Ok(given.map_or(default_ms, millis))
}

fn count(reader: &Reader<'_>, key: &str, default: u32) -> Result<u32, ScenarioError> {
    Ok(reader.get(key, count_or_unlimited)?.map_or(default, |count| count.unwrap_or(u32::MAX)))
}

// Flink's defaults, with a cluster's for the first delay.

fn fixed_delay(reader: &Reader<'_>) -> Result<RestartStrategy, ScenarioError> {
    let attempts = count(reader, "attempts", 1)?;
    Ok(RestartStrategy::FixedDelay { attempts, delay_ms: millis(reader, "delay", 1_000)? })
}

fn failure_rate(reader: &Reader<'_>) -> Result<RestartStrategy, ScenarioError> {
    let most = reader.get("max-failures-per-interval", whole(0..=1_000_000))?.unwrap_or(1);
    Ok(RestartStrategy::FailureRate {
        max_failures_per_interval: u32::try_from(most).expect("its bounds fit"),
        interval_ms: millis(reader, "interval", 60_000)?,
        delay_ms: millis(reader, "delay", 1_000)?,
    })
}

fn exponential_delay(reader: &Reader<'_>) -> Result<RestartStrategy, ScenarioError> {
    Ok(RestartStrategy::ExponentialDelay {
        initial_backoff_ms: millis(reader, "initial-backoff", 1_000)?,
        max_backoff_ms: millis(reader, "max-backoff", 60_000)?,
        backoff_multiplier: reader.get("backoff-multiplier", factor)?.unwrap_or(1.5),
        reset_backoff_threshold_ms: millis(reader, "reset-backoff-threshold", 3_600_000)?,
        attempts_before_reset: count(reader, "attempts", u32::MAX)?,
    })
}

fn key_of(error: RestartStrategyError) -> &'static str {
    match error {
        RestartStrategyError::Delay => "delay",
        RestartStrategyError::Rate => "max-failures-per-interval",
        RestartStrategyError::Interval => "interval",
        RestartStrategyError::InitialBackoff => "initial-backoff",
        RestartStrategyError::MaxBackoff | RestartStrategyError::InitialAboveMax => "max-backoff",
        RestartStrategyError::Multiplier => "backoff-multiplier",
        RestartStrategyError::ResetThreshold => "reset-backoff-threshold",
        RestartStrategyError::Attempts => "attempts",
    }
}
