//! How barriers travel, as a word: filters and faults then wait for it like for any other.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::record::CheckpointKind;

pub fn serialize<S: Serializer>(kind: &CheckpointKind, serializer: S) -> Result<S::Ok, S::Error> {
    kind.word().serialize(serializer)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CheckpointKind, D::Error> {
    let word = String::deserialize(deserializer)?;
    let unknown = || D::Error::custom(format!("`{word}` is no way in which barriers travel"));
    CheckpointKind::from_word(&word).ok_or_else(unknown)
}
