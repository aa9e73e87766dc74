//! Draws from a random stream, written out so that no library's choice of algorithm moves a run.

use std::ops::RangeInclusive;

use rand::Rng;

use crate::base::StreamRng;

/// A number of `range`, each as likely as any other.
pub(super) fn evenly(rng: &mut StreamRng, range: RangeInclusive<u64>) -> u64 {
    let (low, high) = (*range.start(), *range.end());
    let span = u128::from(high - low) + 1;
    low + ((u128::from(rng.next_u64()) * span) >> 64) as u64
}

/// True with probability `share`.
pub(super) fn chance(rng: &mut StreamRng, share: f64) -> bool {
    const STEPS: f64 = (1_u64 << 53) as f64;
    ((rng.next_u64() >> 11) as f64) < share * STEPS
}
