//! How values expire, as scripts. What is seen is held to a model in `random`; here is what is kept.

use std::time::Duration;

use weir::base::EventTime;
use weir::record::Key;
use weir::state::{
    KeyedBackend, ListStateDescriptor, MapStateDescriptor, StateTtlConfig, StateVisibility,
    UpdateType, ValueStateDescriptor,
};

use super::backends::{KINDS, lsm_store, only, small};

fn ten_ms() -> StateTtlConfig {
    StateTtlConfig::new(Duration::from_millis(10))
}

fn use_key<K: Key>(backend: &mut KeyedBackend<K>, key: &K, now: i64) {
    backend.set_processing_time(EventTime(now));
    backend.set_current_key(key.hash_code(), key).unwrap();
}

#[test]
fn reading_renews_only_where_it_is_said_to() {
    for kind in KINDS {
        for (update_type, lives) in [
            (UpdateType::OnCreateAndWrite, false),
            (UpdateType::OnReadAndWrite, true),
            (UpdateType::Disabled, true),
        ] {
            let mut backend = only::<u32>(kind);
            let config = ten_ms().with_update_type(update_type);
            let value = ValueStateDescriptor::<u8>::new("value").enable_time_to_live(config);
            let value = backend.state(value).unwrap();
            use_key(&mut backend, &1, 0);
            value.update(&mut backend, 5).unwrap();
            use_key(&mut backend, &1, 9);
            assert_eq!(value.value(&mut backend).unwrap(), Some(&5));
            use_key(&mut backend, &1, 18);
            assert_eq!(value.value(&mut backend).unwrap().is_some(), lives, "{update_type:?}");
        }
    }
}

#[test]
fn an_expired_value_may_be_seen_until_it_is_read() {
    for kind in KINDS {
        let mut backend = only::<u32>(kind);
        let config = ten_ms()
            .with_visibility(StateVisibility::ReturnExpiredIfNotCleanedUp)
            .disable_cleanup_in_background();
        let value = ValueStateDescriptor::<u8>::new("value").enable_time_to_live(config);
        let list = ListStateDescriptor::<u8>::new("list").enable_time_to_live(config);
        let (value, list) = (backend.state(value).unwrap(), backend.state(list).unwrap());
        use_key(&mut backend, &1, 0);
        value.update(&mut backend, 5).unwrap();
        list.add(&mut backend, 6).unwrap();
        use_key(&mut backend, &1, 10);
        assert_eq!(value.value(&mut backend).unwrap(), Some(&5));
        assert_eq!(value.value(&mut backend).unwrap(), None);
        list.add(&mut backend, 7).unwrap();
        let seen: Vec<u8> = list.get(&mut backend).unwrap().copied().collect();
        assert_eq!(seen, [6, 7], "not all of the list has expired");
        use_key(&mut backend, &1, 20);
        assert_eq!(list.get(&mut backend).unwrap().count(), 2);
        assert_eq!(list.get(&mut backend).unwrap().count(), 0);
    }
}

#[test]
fn what_has_expired_stays_so_when_a_clock_jumps_back() {
    for kind in KINDS {
        let mut backend = only::<u32>(kind);
        let value = ValueStateDescriptor::<u8>::new("value").enable_time_to_live(ten_ms());
        let value = backend.state(value).unwrap();
        use_key(&mut backend, &1, 100);
        value.update(&mut backend, 1).unwrap();
        for key in 2..20 {
            // Whatever looks for expired values in passing may find it, or not.
            use_key(&mut backend, &key, 110);
            value.update(&mut backend, 2).unwrap();
        }
        use_key(&mut backend, &1, 101);
        assert_eq!(value.value(&mut backend).unwrap(), None);
    }
}

#[test]
fn a_list_that_is_always_added_to_does_not_keep_what_has_expired() {
    for kind in KINDS {
        let mut backend = only::<u32>(kind);
        let list = ListStateDescriptor::<u64>::new("list").enable_time_to_live(ten_ms());
        let list = backend.state(list).unwrap();
        for now in 0..1_000 {
            use_key(&mut backend, &1, now);
            list.add(&mut backend, now as u64).unwrap();
            assert!(list.get(&mut backend).unwrap().count() <= 10);
        }
        // Snapshots leave out what has expired; what a cache holds shows it.
        assert!(backend.cached_bytes() < 1_000, "{} bytes are kept", backend.cached_bytes());
    }
}

#[test]
fn the_hashmap_backend_is_cleaned_with_every_access() {
    let mut backend = only::<u32>(weir::state::StateBackendKind::Hashmap);
    let config = ten_ms()
        .with_visibility(StateVisibility::ReturnExpiredIfNotCleanedUp)
        .cleanup_incrementally(10, true);
    let map = MapStateDescriptor::<u8, u8>::new("map").enable_time_to_live(config);
    let map = backend.state(map).unwrap();
    for key in 0..100 {
        use_key(&mut backend, &key, 0);
        map.put(&mut backend, 1, 1).unwrap();
    }
    let entries = |backend: &mut KeyedBackend<u32>| {
        backend.snapshot().unwrap().states[0].groups.iter().map(|group| group.entries).sum::<u64>()
    };
    assert_eq!(entries(&mut backend), 100);
    use_key(&mut backend, &1000, 10);
    assert_eq!(entries(&mut backend), 90, "a record alone looks at ten keys");
    for _ in 0..40 {
        use_key(&mut backend, &1000, 10);
    }
    assert_eq!(entries(&mut backend), 0);
}

#[test]
fn merging_files_of_the_tree_leaves_out_what_has_expired() {
    let files = |clean: bool| {
        let store = lsm_store(small());
        let range = weir::record::KeyGroupRange::of_subtask(0, 1, 128);
        let mut backend = KeyedBackend::<u32>::lsm(128, range, store.clone());
        let mut config = ten_ms();
        config.cleanup.in_compaction = clean;
        let value = ValueStateDescriptor::<String>::new("value").enable_time_to_live(config);
        let value = backend.state(value).unwrap();
        for now in 0..2000 {
            let key = (now / 10) as u32;
            use_key(&mut backend, &key, now);
            value.update(&mut backend, "x".repeat(50)).unwrap();
        }
        backend.files_snapshot().unwrap();
        (store.disk_bytes(), store.traffic())
    };
    let ((kept, _), (cleaned, traffic)) = (files(false), files(true));
    assert!(cleaned < kept / 2, "{cleaned} bytes are left of {kept}");
    assert!(traffic.bytes_written > traffic.bytes_read && traffic.bytes_read > 0, "{traffic:?}");
}
