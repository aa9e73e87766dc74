//! All that a run depends on, in one word that can be sent to somebody else.
//!
//! `weir1-`, and then as base64url: a JSON object and the eight bytes of its checksum. A sweep runs
//! tokens and nothing else, so that whoever has the token of a run has the run.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::{Endurance, base64url};
use crate::base::{Seed, Step};
use crate::gallery::Registry;
use crate::mutant::Mutant;
use crate::scenario::{Lowered, Overrides, Scenario, ScenarioError, load_with, lower};
use crate::sim::{FaultOptions, When};
use crate::trace::Level;

/// What tokens begin with. The number is that of the format.
const PREFIX: &str = "weir1-";

const CHECKSUM: usize = size_of::<u64>();

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The version of Weir that ran it.
    pub weir: String,
    /// The scenario's file, or the embedded scenario's name.
    pub scenario: String,
    /// The hash of all that the scenario says.
    pub hash: String,
    /// The seed.
    pub seed: Seed,
    /// The `--set` flags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<String>,
    /// Faults in addition to the scenario's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultOptions>,
    /// What takes the place of the scenario's own settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endurance: Option<Endurance>,
    /// The wrong part in the engine.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "mutant_name")]
    pub mutant: Option<Mutant>,
    /// Whether the final rows must be those of the run without faults.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compared: bool,
    /// The moment to look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
}

/// Why there is nothing to run again.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It is something else.
    #[error("this is no token of a run; tokens begin with `{PREFIX}`")]
    NotAToken,
    /// Something is missing or different.
    #[error("the token is damaged; it must be copied whole and unchanged")]
    Damaged,
    /// Another version might run differently.
    #[error("the token is of Weir {found}, and this is Weir {}", env!("CARGO_PKG_VERSION"))]
    Version {
        /// That version.
        found: String,
    },
    /// It is whole, but says something impossible.
    #[error("the token says something that cannot be: {0}")]
    Impossible(String),
    /// The scenario is wrong, or gone.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The scenario says something else now.
    #[error("the scenario `{0}` has changed since the run that the token is of")]
    Changed(String),
}

impl Token {
    /// A run of `scenario` as it is, with this seed.
    pub fn new(scenario: &Scenario, seed: Seed) -> Self {
        Self {
            weir: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: scenario.name.clone(),
            hash: scenario.content_hash(),
            seed,
            sets: scenario.flags().to_vec(),
            faults: Vec::new(),
            endurance: None,
            mutant: None,
            compared: false,
            step: None,
        }
    }

    /// Reads a token. What it says is possible as far as that can be told without its scenario.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let body = text.trim().strip_prefix(PREFIX).ok_or(TokenError::NotAToken)?;
        let bytes = base64url::decode(body).ok_or(TokenError::Damaged)?;
        let (json, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(TokenError::Damaged)?;
        if xxh3_64(json).to_le_bytes() != *checksum {
            return Err(TokenError::Damaged);
        }
        let weir = serde_json::from_slice::<Version>(json).map_err(impossible)?.weir;
        if weir != env!("CARGO_PKG_VERSION") {
            return Err(TokenError::Version { found: weir });
        }
        let token: Self = serde_json::from_slice(json).map_err(impossible)?;
        for fault in &token.faults {
            if let When::Event { pattern, .. } = &fault.when {
                pattern.check().map_err(TokenError::Impossible)?;
            }
        }
        Ok(token)
    }

    /// The scenario, if it is still the same.
    pub fn load(&self) -> Result<Scenario, TokenError> {
        let scenario = load_with(&self.scenario, &self.sets)?;
        if scenario.content_hash() != self.hash {
            return Err(TokenError::Changed(self.scenario.clone()));
        }
        Ok(scenario)
    }

    /// What a cluster is given to run it. `scenario` is the token's own.
    pub fn lower(
        &self,
        scenario: &Scenario,
        registry: &Registry,
        level: Level,
    ) -> Result<Lowered, ScenarioError> {
        let overrides = Overrides { seed: Some(self.seed), level, mutant: self.mutant };
        let mut lowered = lower(scenario, registry, &overrides)?;
        if let Some(endurance) = &self.endurance {
            endurance.apply(&mut lowered);
        }
        lowered.options.sim.faults.extend(self.faults.iter().cloned());
        if self.endurance.is_some() || !self.faults.is_empty() {
            lowered.label.again = format!("weir token {self}");
        }
        Ok(lowered)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = serde_json::to_vec(self).expect("a token is plain data");
        bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
        write!(f, "{PREFIX}{}", base64url::encode(&bytes))
    }
}

/// What every version's token has.
#[derive(Deserialize)]
struct Version {
    weir: String,
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is that of `map_err`")]
fn impossible(error: serde_json::Error) -> TokenError {
    TokenError::Impossible(error.to_string())
}

/// A mutant by its name.
mod mutant_name {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::mutant::Mutant;

    pub fn serialize<S: Serializer>(mutant: &Option<Mutant>, to: S) -> Result<S::Ok, S::Error> {
        mutant.map(Mutant::name).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Mutant>, D::Error> {
        let name = Option::<String>::deserialize(from)?;
        name.map(|name| name.parse().map_err(Error::custom)).transpose()
    }
}
