//! Mutants: parts that are plausibly wrong, each for one seam.
//!
//! A mutant fills the same seam as the correct part, so that the engine around it is the engine
//! that is tested, with no branch for mutants in it. A scenario or a sweep that does not notice a
//! mutant does not test the guarantee that its seam gives.
//!
//! Previous: the traits of the seams, in [`crate::time`] and [`crate::window`]. Next:
//! [`crate::cluster`], which puts a mutant in its place.

mod watermark;
mod window;

use std::fmt;
use std::str::FromStr;

use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};

pub use watermark::MaxWatermark;
pub use window::{LateWindowReopened, SessionMergeLosesState, WindowOffByOne};

/// The named mutants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Mutant {
    /// An operator is as far as its fastest channel.
    MaxWatermark,
    /// A record at the very beginning of a window goes into the one before.
    WindowOffByOne,
    /// A window that is over opens again for a late record.
    LateWindowReopened,
    /// Sessions that merge keep the contents of only one of them.
    SessionMergeLosesState,
}

impl Mutant {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What is wrong with it, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::MaxWatermark => "an operator is as far in event time as its fastest channel",
            Self::WindowOffByOne => {
                "a record at the very beginning of a window goes into the one before"
            }
            Self::LateWindowReopened => "a window that is over opens again for a late record",
            Self::SessionMergeLosesState => {
                "sessions that merge keep the contents of only one of them"
            }
        }
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Mutant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(mutant) = Self::all().find(|mutant| mutant.name() == text) {
            return Ok(mutant);
        }
        let score = |mutant: &Self| strsim::jaro_winkler(text, mutant.name());
        let nearest = Self::all().max_by(|a, b| score(a).total_cmp(&score(b)));
        let hint = nearest
            .filter(|mutant| score(mutant) > 0.75)
            .map_or(", see `weir list`".to_string(), |it| format!(", did you mean `{it}`?"));
        Err(format!("there is no such mutant{hint}"))
    }
}
