//! Which channel leads to the owner of a key, found for a whole batch at a time.
//!
//! The rules are those of [`key_group`]; here they are worked out once, so that a record costs
//! neither of their divisions.

use crate::record::key_group::{self, KeyGroup};

/// Hashes below this are looked up at once, if a batch has no others.
const SMALL_HASHES: u32 = 4096;

/// See the module.
pub(super) struct Owners {
    by_group: Vec<u16>,
    /// Of the small hashes; empty until that many records were dealt. Whole numbers hash to
    /// themselves in Java, and keys are often numbers of things that are not so many.
    by_hash: Vec<u16>,
    dealt: usize,
}

impl Owners {
    /// Of a consumer with so many subtasks, one for each channel.
    pub(super) fn new(channels: usize, max_parallelism: u32) -> Self {
        let owner =
            |group| key_group::owner(group as KeyGroup, channels as u32, max_parallelism) as u16;
        Self { by_group: (0..max_parallelism).map(owner).collect(), by_hash: Vec::new(), dealt: 0 }
    }

    /// Puts the channels of keys with these Java hashes into `channels`, in their order.
    pub(super) fn find(&mut self, hashes: &[u32], channels: &mut Vec<u16>) {
        channels.clear();
        // Their bits together are as small as the largest of them, and quicker to find.
        let bits = hashes.iter().fold(0, |bits, hash| bits | hash);
        if bits < SMALL_HASHES && self.knows_small_hashes(hashes.len()) {
            channels.extend(hashes.iter().map(|&hash| self.by_hash[hash as usize]));
        } else {
            self.find_by_group(hashes, channels);
        }
    }

    /// Two passes: the first has neither branch nor look-up, so that the compiler can work on
    /// several hashes at a time.
    fn find_by_group(&self, hashes: &[u32], channels: &mut Vec<u16>) {
        key_group::assign_all(hashes, self.by_group.len() as u32, channels);
        for channel in channels {
            *channel = self.by_group[usize::from(*channel)];
        }
    }

    /// Whether small hashes can be looked up. They are worked out when as many records have asked:
    /// where few come, that would cost more than it saves.
    fn knows_small_hashes(&mut self, asking: usize) -> bool {
        if !self.by_hash.is_empty() {
            return true;
        }
        self.dealt += asking;
        if self.dealt < SMALL_HASHES as usize {
            return false;
        }
        let hashes: Vec<u32> = (0..SMALL_HASHES).collect();
        let mut by_hash = Vec::new();
        self.find_by_group(&hashes, &mut by_hash);
        self.by_hash = by_hash;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hashes: &[u32], channels: usize, max_parallelism: u32) {
        let mut owners = Owners::new(channels, max_parallelism);
        let expected: Vec<u16> = hashes
            .iter()
            .map(|&hash| key_group::assign(hash as i32, max_parallelism))
            .map(|group| key_group::owner(group, channels as u32, max_parallelism) as u16)
            .collect();
        let mut found = Vec::new();
        // The last rounds look small hashes up.
        for round in 0..5 {
            owners.find(hashes, &mut found);
            assert!(found == expected, "{channels} of {max_parallelism}, round {round}");
        }
    }

    #[test]
    fn a_key_goes_to_the_owner_of_its_group() {
        let small: Vec<u32> = (0..SMALL_HASHES).step_by(3).collect();
        let any: Vec<u32> = (0..2_000).map(|i: u32| i.wrapping_mul(0x9e37_79b9)).collect();
        for (channels, max) in [(2, 128), (3, 128), (7, 200), (128, 128), (500, 1 << 15), (2, 2)] {
            check(&small, channels, max);
            check(&any, channels, max);
            check(&[u32::MAX, SMALL_HASHES, 0, 1 << 31], channels, max);
            check(&[], channels, max);
        }
    }
}
