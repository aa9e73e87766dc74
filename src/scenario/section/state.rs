//! `[state]`: where keyed state lives.

use std::sync::Arc;

use crate::scenario::document::Node;
use crate::scenario::error::ScenarioError;
use crate::scenario::reader::{Reader, boolean, one_of};
use crate::scenario::source::Source;
use crate::state::StateBackendKind;

/// The names of backends: ours first, then Flink's.
const BACKENDS: [(&str, StateBackendKind); 5] = [
    ("hashmap", StateBackendKind::Hashmap),
    ("lsm", StateBackendKind::Lsm),
    ("memory", StateBackendKind::Hashmap),
    ("filesystem", StateBackendKind::Hashmap),
    ("rocksdb", StateBackendKind::Lsm),
];

/// What `[state]` says.
#[derive(Clone, Copy, Debug, Default)]
pub struct StateSection {
    /// Where the keyed state of jobs lives that do not say so themselves.
    pub backend: StateBackendKind,
    /// Whether checkpoints store only files that are new.
    pub incremental: bool,
}

pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    node: Option<&Node>,
) -> Result<StateSection, ScenarioError> {
    let Some(node) = node else { return Ok(StateSection::default()) };
    let reader = Reader::new(source, "[state]", node, &["backend", "incremental"])?;
    Ok(StateSection {
        backend: reader.get("backend", one_of(&BACKENDS))?.unwrap_or_default(),
        incremental: reader.get("incremental", boolean)?.unwrap_or_default(),
    })
}
