//! `[checkpointing]`: whether and how jobs are checkpointed.

use std::sync::Arc;

use crate::base::SimDuration;
use crate::checkpoint::{
    CheckpointConfig, CheckpointConfigError, CheckpointStorage, CheckpointingMode,
    ExternalizedRetention, OnCorrupt,
};
use crate::scenario::document::{Node, Value};
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::reader::{Reader, boolean, duration, one_of, size, some_duration, whole};
use crate::scenario::source::Source;

const KEYS: [&str; 14] = [
    "interval",
    "mode",
    "unaligned",
    "aligned-timeout",
    "timeout",
    "min-pause",
    "max-concurrent",
    "tolerable-failures",
    "storage",
    "max-state-size",
    "retained",
    "retention",
    "on-corrupt",
    "incremental",
];

/// No checkpoints, which Flink says by leaving out the interval.
const NONE: Option<CheckpointingMode> = None;

const MODES: [(&str, Option<CheckpointingMode>); 4] = [
    ("exactly-once", Some(CheckpointingMode::ExactlyOnce)),
    ("at-least-once", Some(CheckpointingMode::AtLeastOnce)),
    ("stop-the-world", Some(CheckpointingMode::StopTheWorld)),
    ("none", NONE),
];

const RETENTIONS: [(&str, ExternalizedRetention); 3] = [
    ("no-externalized-checkpoints", ExternalizedRetention::NoExternalizedCheckpoints),
    ("delete-on-cancellation", ExternalizedRetention::DeleteOnCancellation),
    ("retain-on-cancellation", ExternalizedRetention::RetainOnCancellation),
];

const ON_CORRUPT: [(&str, OnCorrupt); 2] =
    [("fail", OnCorrupt::Fail), ("fall-back", OnCorrupt::FallBack)];

pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    node: Option<&Node>,
    incremental: bool,
) -> Result<Option<CheckpointConfig>, ScenarioError> {
    let Some(node) = node else { return Ok(None) };
    let reader = Reader::new(source, "[checkpointing]", node, &KEYS)?;
    let mode = reader.get("mode", one_of(&MODES))?.unwrap_or_else(|| MODES[0].1);
    let Some(mode) = mode else {
        for key in KEYS.iter().filter(|key| **key != "mode") {
            reader.refuse(key, "there are no checkpoints in mode \"none\"")?;
        }
        return Ok(None);
    };
    let interval = reader.required("interval", "\"500ms\"", some_duration)?.value;
    let mut config = CheckpointConfig { mode, incremental, ..CheckpointConfig::every(interval) };
    if let Some(unaligned) = reader.get("unaligned", boolean)? {
        config.unaligned = unaligned;
    }
    config.aligned_timeout =
        reader.get("aligned-timeout", duration)?.filter(|timeout| *timeout > SimDuration::ZERO);
    if let Some(timeout) = reader.get("timeout", some_duration)? {
        config.timeout = timeout;
    }
    if let Some(pause) = reader.get("min-pause", duration)? {
        config.min_pause = pause;
    }
    if let Some(count) = reader.get("max-concurrent", whole(1..=1_000))? {
        config.max_concurrent = u32::try_from(count).expect("its bounds fit");
    }
    if let Some(count) = reader.get("tolerable-failures", count_or_unlimited)? {
        config.tolerable_failures = count;
    }
    storage(&reader, &mut config)?;
    if let Some(count) = reader.get("retained", whole(1..=1_000))? {
        config.retained = u32::try_from(count).expect("its bounds fit");
    }
    if let Some(retention) = reader.get("retention", one_of(&RETENTIONS))? {
        config.externalized = retention;
    }
    if let Some(on_corrupt) = reader.get("on-corrupt", one_of(&ON_CORRUPT))? {
        config.on_corrupt = on_corrupt;
    }
    if let Some(incremental) = reader.get("incremental", boolean)? {
        config.incremental = incremental;
    }
    match config.validate() {
        Ok(()) => Ok(Some(config)),
        Err(error) => Err(reader.wrong(key_of(error), Problem::new(error.to_string()))),
    }
}

fn storage(reader: &Reader<'_>, config: &mut CheckpointConfig) -> Result<(), ScenarioError> {
    let largest = CheckpointStorage::MAX_STATE_SIZE;
    let storages = [
        ("filesystem", CheckpointStorage::Filesystem),
        ("jobmanager", CheckpointStorage::JobManager { max_state_size: largest }),
    ];
    if let Some(storage) = reader.get("storage", one_of(&storages))? {
        config.storage = storage;
    }
    match &mut config.storage {
        CheckpointStorage::Filesystem => {
            reader.refuse("max-state-size", "it goes with storage = \"jobmanager\"")
        }
        CheckpointStorage::JobManager { max_state_size } => {
            if let Some(size) = reader.get("max-state-size", size)? {
                *max_state_size = size;
            }
            Ok(())
        }
    }
}

/// A number, or `"unlimited"`.
pub(super) fn count_or_unlimited(node: &Node) -> Result<Option<u32>, Problem> {
    match &node.value {
        Value::Text(text) if text == "unlimited" => Ok(None),
        Value::Integer(_) => {
            let count = whole(0..=u64::from(u32::MAX - 1))(node)?;
            Ok(Some(u32::try_from(count).expect("its bounds fit")))
        }
        _ => Err(Problem::new("must be a whole number or \"unlimited\"")),
    }
}

fn key_of(error: CheckpointConfigError) -> &'static str {
    match error {
        CheckpointConfigError::Interval => "interval",
        CheckpointConfigError::Timeout => "timeout",
        CheckpointConfigError::MaxConcurrent
        | CheckpointConfigError::UnalignedConcurrent
        | CheckpointConfigError::StopTheWorldConcurrent => "max-concurrent",
        CheckpointConfigError::Retained => "retained",
        CheckpointConfigError::UnalignedMode => "unaligned",
        CheckpointConfigError::AlignedTimeout => "aligned-timeout",
    }
}
