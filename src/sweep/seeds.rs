//! `A..B`: which seeds.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::base::Seed;

/// A range of seeds, without its end, as in Rust. `A..=B` has its end, and `A` is one seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds(Range<u64>);

impl Seeds {
    /// How many there are.
    pub fn count(&self) -> usize {
        usize::try_from(self.0.end - self.0.start).unwrap_or(usize::MAX)
    }

    /// The seed at `place`, from 0.
    pub fn get(&self, place: usize) -> Seed {
        Seed(self.0.start + place as u64)
    }
}

impl Default for Seeds {
    /// A hundred.
    fn default() -> Self {
        Self(1..101)
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.0.start, self.0.end)
    }
}

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const LARGEST: u64 = i64::MAX as u64;
        let number = |text: &str| {
            let number = text.trim().parse::<u64>().ok().filter(|seed| *seed < LARGEST);
            number.ok_or_else(|| format!("{text:?} is no seed; write --seeds 1..101"))
        };
        let range = if let Some((from, to)) = text.split_once("..=") {
            number(from)?..number(to)? + 1
        } else if let Some((from, to)) = text.split_once("..") {
            number(from)?..number(to)?
        } else {
            let seed = number(text)?;
            seed..seed + 1
        };
        if range.is_empty() {
            return Err(format!("{text} is no seed at all: the end of A..B is not part of it"));
        }
        Ok(Self(range))
    }
}
