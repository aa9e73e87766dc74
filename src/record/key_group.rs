//! Key groups: the unit in which keyed state is owned and moved.
//!
//! The rules are those of Flink's `KeyGroupRangeAssignment` and `MathUtils`.

use serde::{Deserialize, Serialize};

/// Flink's `UPPER_BOUND_MAX_PARALLELISM`.
pub const MAX_PARALLELISM_LIMIT: u32 = 1 << 15;

/// The number of a key group.
pub type KeyGroup = u16;

/// What `MathUtils.murmurHash` does before it takes the sign away.
#[inline]
fn mixed(hash_code: i32) -> i32 {
    let mut code = (hash_code as u32).wrapping_mul(0xcc9e_2d51);
    code = code.rotate_left(15).wrapping_mul(0x1b87_3593);
    code = code.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    code ^= 4;
    code ^= code >> 16;
    code = code.wrapping_mul(0x85eb_ca6b);
    code ^= code >> 13;
    code = code.wrapping_mul(0xc2b2_ae35);
    code ^= code >> 16;
    code as i32
}

/// `MathUtils.murmurHash`: spreads a Java hash code; never negative.
#[inline]
pub fn murmur_hash(hash_code: i32) -> u32 {
    match mixed(hash_code) {
        i32::MIN => 0,
        code => code.unsigned_abs(),
    }
}

/// The key group of a key with this Java hash code.
#[inline]
pub fn assign(hash_code: i32, max_parallelism: u32) -> KeyGroup {
    (murmur_hash(hash_code) % max_parallelism) as KeyGroup
}

/// The key groups of keys with these Java hash codes, added to `groups` in their order.
pub(crate) fn assign_all(hash_codes: &[u32], max_parallelism: u32, groups: &mut Vec<KeyGroup>) {
    let codes = hash_codes.iter().map(|code| *code as i32);
    if max_parallelism.is_power_of_two() {
        // The smallest number needs no rule of its own: no mask leaves anything of it.
        let mask = max_parallelism - 1;
        groups.extend(codes.map(|code| (mixed(code).unsigned_abs() & mask) as KeyGroup));
    } else {
        groups.extend(codes.map(|code| assign(code, max_parallelism)));
    }
}

/// The subtask that owns a key group.
#[inline]
pub fn owner(group: KeyGroup, parallelism: u32, max_parallelism: u32) -> u32 {
    u32::from(group) * parallelism / max_parallelism
}

/// The maximum parallelism of an operator that does not say: half as much again as its
/// parallelism, rounded up to a power of two, within 128 and 32,768.
pub fn default_max_parallelism(parallelism: u32) -> u32 {
    let wanted = parallelism.saturating_add(parallelism / 2);
    wanted
        .checked_next_power_of_two()
        .unwrap_or(MAX_PARALLELISM_LIMIT)
        .clamp(128, MAX_PARALLELISM_LIMIT)
}

/// A run of key groups, first and last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyGroupRange {
    /// The first.
    pub start: KeyGroup,
    /// The last.
    pub end: KeyGroup,
}

impl KeyGroupRange {
    /// The key groups that a subtask owns.
    pub fn of_subtask(index: u32, parallelism: u32, max_parallelism: u32) -> Self {
        let (index, parallelism) = (u64::from(index), u64::from(parallelism));
        let max = u64::from(max_parallelism);
        Self {
            start: (index * max).div_ceil(parallelism) as KeyGroup,
            end: (((index + 1) * max - 1) / parallelism) as KeyGroup,
        }
    }

    /// How many they are.
    pub fn count(self) -> usize {
        usize::from(self.end - self.start) + 1
    }

    /// Whether `group` is one of them.
    pub fn contains(self, group: KeyGroup) -> bool {
        (self.start..=self.end).contains(&group)
    }
}
