//! A snapshot of a [`KeyedStore`], in the form of any other keyed state.
//!
//! Operators that keep one value per key are stored as value state without a namespace, so that
//! tools see them as such and either store restores what the other has written.

use super::snapshot::{StateMeta, StateSnapshot};
use super::{KeyedStore, StateError, StateKind};
use crate::record::format::{Schema, decode, encode_into};
use crate::record::{Data, Key, KeyGroupRange};

fn meta<K: Key, V: Data>(name: &str) -> StateMeta {
    StateMeta {
        name: name.to_string(),
        kind: StateKind::Value,
        stamped: false,
        key: Schema::of::<K>(),
        namespace: Schema::of::<()>(),
        user_key: None,
        value: Schema::of::<V>(),
    }
}

/// All values of a store, as the state of this name.
pub fn snapshot_store<K: Key, V: Data>(
    name: &str,
    store: &mut impl KeyedStore<K, V>,
) -> Result<StateSnapshot, StateError> {
    let mut snapshot = StateSnapshot::empty(meta::<K, V>(name));
    let (mut address, mut bytes) = (Vec::new(), Vec::new());
    let mut outcome = Ok(());
    store.visit(&mut |group, key, value| {
        if outcome.is_err() {
            return;
        }
        address.clear();
        bytes.clear();
        outcome = encode_into(key, &mut address)
            .and_then(|()| encode_into(value, &mut bytes))
            .and_then(|()| snapshot.push(group, &address, &bytes));
    });
    outcome?;
    Ok(snapshot)
}

/// Puts those values of a snapshot into a store whose key groups lie in `range`.
pub fn restore_store<K: Key, V: Data>(
    store: &mut impl KeyedStore<K, V>,
    range: KeyGroupRange,
    snapshot: &StateSnapshot,
) -> Result<(), StateError> {
    let name = &snapshot.meta.name;
    if let Some(difference) = snapshot.meta.difference(&meta::<K, V>(name)) {
        return Err(StateError::Changed { name: name.clone(), difference });
    }
    for group in snapshot.within(range) {
        for entry in group.entries() {
            let (address, bytes) = entry?;
            let (key, value): (K, V) = (decode(address)?, decode(bytes)?);
            let hash_code = key.hash_code();
            store.find_or_insert(hash_code, |found| found.same(&key), || key.clone(), || value);
        }
    }
    Ok(())
}
