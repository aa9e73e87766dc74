//! A million keys on both backends: created, updated, listed by key group and cleared.

use weir::record::{Key, KeyGroupRange, key_group};
use weir::state::{KeyedBackend, LsmOptions, ValueState, ValueStateDescriptor};

use super::backends::lsm_store;

const KEYS: u64 = 1_000_000;
const RANGE: KeyGroupRange = KeyGroupRange { start: 0, end: 127 };

/// Lists the keys by group and sees to it that each is there once, in order, and no other.
fn check_groups(backend: &mut KeyedBackend<u64>, state: &ValueState<u64>, expected: u64) {
    let keys = backend.keys_and_namespaces(state, RANGE).unwrap();
    assert_eq!(keys.len() as u64, expected);
    assert!(keys.is_sorted_by(|a, b| a < b));
    let assigned = |key: &u64| key_group::assign(key.hash_code(), 128);
    assert!(keys.iter().all(|(group, key, ())| *group == assigned(key) && *key < KEYS));
    let one = KeyGroupRange { start: 77, end: 77 };
    let of_one = backend.keys_and_namespaces(state, one).unwrap();
    assert!(of_one.iter().eq(keys.iter().filter(|(group, _, ())| *group == 77)));
}

fn check(mut backend: KeyedBackend<u64>) {
    let state = backend.state(ValueStateDescriptor::<u64>::new("value")).unwrap();
    for round in 0..2 {
        for step in 0..KEYS {
            // Every key once, far from the one before.
            let key = step.wrapping_mul(7_919) % KEYS;
            backend.set_current_key(key.hash_code(), &key).unwrap();
            *state.value_or_insert_with(&mut backend, || key).unwrap() += round * 3;
        }
    }
    for key in (0..KEYS).step_by(9_973) {
        backend.set_current_key(key.hash_code(), &key).unwrap();
        assert_eq!(state.value(&mut backend).unwrap(), Some(&(key + 3)));
    }
    check_groups(&mut backend, &state, KEYS);
    backend.clear().unwrap();
    check_groups(&mut backend, &state, 0);
    backend.set_current_key(5.hash_code(), &5).unwrap();
    assert_eq!(state.value(&mut backend).unwrap(), None);
}

#[test]
fn a_million_keys_in_memory() {
    check(KeyedBackend::hashmap(128, RANGE));
}

#[test]
fn a_million_keys_in_a_tree() {
    // The cache holds a part of them, so that most are read from files.
    let options = LsmOptions { cache_bytes: 32 * 1024 * 1024, ..LsmOptions::default() };
    let store = lsm_store(options);
    check(KeyedBackend::lsm(128, RANGE, store.clone()));
    assert!(store.traffic().bytes_written > KEYS * 10);
}
