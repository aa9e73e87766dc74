//! For whom state is used just now: the current key, and the time.

use super::StateError;
use crate::base::EventTime;
use crate::record::format::encode_into;
use crate::record::{Key, KeyGroup, KeyGroupRange, key_group};

/// A key at work.
pub(super) struct CurrentKey<K> {
    pub key: K,
    pub hash_code: i32,
    pub group: KeyGroup,
    /// The key as the format writes it, where the backend addresses values by that.
    pub bytes: Vec<u8>,
}

/// What all states of a backend share.
pub(super) struct Scope<K> {
    current: Option<CurrentKey<K>>,
    /// Whether a key is at work; one that is not is kept, since the next may be the same.
    at_work: bool,
    encodes_keys: bool,
    pub max_parallelism: u32,
    pub range: KeyGroupRange,
    pub now: EventTime,
    /// How often state was changed.
    pub state_version: u64,
}

impl<K: Key> Scope<K> {
    pub fn new(max_parallelism: u32, range: KeyGroupRange, encodes_keys: bool) -> Self {
        Self {
            current: None,
            at_work: false,
            encodes_keys,
            max_parallelism,
            range,
            now: EventTime(0),
            state_version: 0,
        }
    }

    /// Puts the key with this Java hash for which `is_key` holds to work. `key` is that key, which is
    /// asked for only if another was at work before.
    pub fn set_key(
        &mut self,
        hash_code: i32,
        is_key: impl FnOnce(&K) -> bool,
        key: impl FnOnce() -> K,
    ) -> Result<(), StateError> {
        if let Some(current) = &self.current
            && current.hash_code == hash_code
            && is_key(&current.key)
        {
            self.at_work = true;
            return Ok(());
        }
        self.at_work = false;
        let (group, range) = (key_group::assign(hash_code, self.max_parallelism), self.range);
        if !range.contains(group) {
            return Err(StateError::ForeignKeyGroup { group, range });
        }
        let mut bytes = self.current.take().map(|before| before.bytes).unwrap_or_default();
        bytes.clear();
        let key = key().canonical();
        if self.encodes_keys {
            encode_into(&key, &mut bytes)?;
        }
        self.current = Some(CurrentKey { key, hash_code, group, bytes });
        self.at_work = true;
        Ok(())
    }

    pub fn clear_key(&mut self) {
        self.at_work = false;
    }

    /// The key at work; `state` is who asks.
    #[inline]
    pub fn key(&self, state: &str) -> Result<&CurrentKey<K>, StateError> {
        match &self.current {
            Some(current) if self.at_work => Ok(current),
            Some(_) | None => Err(StateError::NoKey(state.to_string())),
        }
    }
}
