//! How much of a run is kept.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of a run is kept. The digest is the same at every level.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nothing but the digest.
    Off,
    /// What the guarantees depend on.
    #[default]
    Control,
    /// Every buffer and every record too.
    Records,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Control => "control",
            Self::Records => "records",
        })
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self::Off),
            "control" => Ok(Self::Control),
            "records" => Ok(Self::Records),
            other => Err(format!("`{other}` is not a trace level: off, control or records")),
        }
    }
}
