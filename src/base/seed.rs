//! The one seed of a run, and the named random streams that derive from it.
//!
//! Streams are independent: drawing more from one never moves another. That is what keeps a run
//! with one more fault equal to the run without it up to the fault.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The seed of a run.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Seed(pub u64);

/// A random stream of a run. Its algorithm is part of what a replay token promises.
pub type StreamRng = Xoshiro256PlusPlus;

impl Seed {
    /// The random stream called `name`.
    ///
    /// ```
    /// use rand::Rng;
    /// use weir::base::Seed;
    ///
    /// let (mut a, mut b) = (Seed(7).stream("faults"), Seed(7).stream("faults"));
    /// assert_eq!(a.next_u64(), b.next_u64());
    /// assert_ne!(a.next_u64(), Seed(7).stream("clocks").next_u64());
    /// ```
    pub fn stream(self, name: &str) -> StreamRng {
        StreamRng::seed_from_u64(xxh3_64_with_seed(name.as_bytes(), self.0))
    }

    /// Random streams that have numbers under one name, such as one for each record of a source.
    ///
    /// ```
    /// use rand::Rng;
    /// use weir::base::Seed;
    ///
    /// let dice = Seed(7).numbered("dice");
    /// let third = dice.stream(3).next_u64();
    /// assert_eq!(dice.stream(3).next_u64(), third);
    /// assert_ne!(dice.stream(4).next_u64(), third);
    /// assert_ne!(Seed(8).numbered("dice").stream(3).next_u64(), third);
    /// ```
    pub fn numbered(self, name: &str) -> NumberedStreams {
        NumberedStreams { seed: xxh3_64_with_seed(name.as_bytes(), self.0) }
    }
}

/// Random streams by number. Each is the same however often, and after whatever others, it is asked
/// for: what is drawn for a record does not depend on which records were read before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberedStreams {
    seed: u64,
}

impl NumberedStreams {
    /// The stream with this number.
    pub fn stream(self, number: u64) -> StreamRng {
        StreamRng::seed_from_u64(xxh3_64_with_seed(&number.to_le_bytes(), self.seed))
    }
}
