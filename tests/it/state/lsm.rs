//! The tree's directory: when it is written, what its files hold, and that it vanishes.

use std::fs;
use std::path::Path;

use weir::record::{Key, KeyGroupRange};
use weir::state::store_snapshot::{restore_store, snapshot_store};
use weir::state::{
    FilesSnapshot, KeyedBackend, KeyedStore, KeyedTable, ListStateDescriptor, LsmOptions, LsmStore,
    LsmTable, MapStateDescriptor, StateError, StateFile, ValueStateDescriptor,
};

use super::backends::{directory, lsm_store, small};

const RANGE: KeyGroupRange = KeyGroupRange { start: 0, end: 127 };

/// Sets the values of these keys.
fn fill(backend: &mut KeyedBackend<u64>, keys: std::ops::Range<u64>) {
    let value = backend.state(ValueStateDescriptor::<u64>::new("value")).unwrap();
    for key in keys {
        backend.set_current_key(key.hash_code(), &key).unwrap();
        value.update(backend, key * key).unwrap();
    }
}

fn files(backend: &mut KeyedBackend<u64>) -> FilesSnapshot {
    backend.files_snapshot().unwrap().expect("it is a tree")
}

fn shared(snapshot: &FilesSnapshot) -> Vec<&StateFile> {
    snapshot.manifest.files.iter().filter(|file| file.shared).collect()
}

#[test]
fn the_cache_is_bounded_also_when_values_grow_in_it() {
    const LIMIT: usize = 1 << 20;
    let options = LsmOptions { cache_bytes: 2 * LIMIT, ..small() };
    let store = lsm_store(options);
    let mut backend = KeyedBackend::<u64>::lsm(128, RANGE, store.clone());
    let list = backend.state(ListStateDescriptor::<Vec<u8>>::new("list")).unwrap();
    let value = backend.state(ValueStateDescriptor::<Vec<u8>>::new("value")).unwrap();
    let at = |backend: &mut KeyedBackend<u64>, key: u64| {
        backend.set_current_key(key.hash_code(), &key).unwrap();
    };
    let mut most = 0;
    for turn in 0..60 {
        for key in 0..20 {
            at(&mut backend, key);
            list.add(&mut backend, vec![7; 10_000]).unwrap();
            value.value_or_insert_with(&mut backend, Vec::new).unwrap().resize(turn * 5_000, 1);
            most = most.max(backend.cached_bytes());
        }
    }
    // The last that was handed out has not been measured, and is kept however large it is.
    assert!(most < 2 * LIMIT + 1_200_000, "{most} bytes were held");
    // What the cache says of itself is one thing; what is not in it must be in the tree.
    assert!(store.traffic().bytes_written > 15_000_000, "{:?}", store.traffic());
    for key in 0..20 {
        at(&mut backend, key);
        assert_eq!(list.get(&mut backend).unwrap().count(), 60);
        assert_eq!(value.value(&mut backend).unwrap().map(Vec::len), Some(295_000));
    }
}

#[test]
fn a_key_that_is_too_long_for_the_tree_is_told_at_once() {
    let mut backend = KeyedBackend::<String>::lsm(128, RANGE, lsm_store(small()));
    let value = backend.state(ValueStateDescriptor::<u8>::new("value")).unwrap();
    let map = backend.state(MapStateDescriptor::<String, u8>::new("map")).unwrap();
    let (long, short) = ("k".repeat(70_000), "k".to_string());
    backend.set_current_key(long.hash_code(), &long).unwrap();
    let told = |result: Result<(), StateError>| result.unwrap_err().to_string();
    let expected = "a key of 70007 bytes is too long for the `lsm` backend, which takes 65535";
    assert_eq!(told(value.update(&mut backend, 1)), expected);
    assert_eq!(told(value.value(&mut backend).map(drop)), expected);
    backend.set_current_key(short.hash_code(), &short).unwrap();
    value.update(&mut backend, 1).unwrap();
    assert!(told(map.put(&mut backend, long, 1)).contains("is too long"));
    map.put(&mut backend, short, 1).unwrap();
}

#[test]
fn nothing_is_written_when_nothing_has_changed() {
    let store = lsm_store(LsmOptions::default());
    let mut backend = KeyedBackend::lsm(128, RANGE, store.clone());
    assert_eq!(files(&mut backend).manifest.files, []);
    assert!(fs::read_dir(store.directory()).unwrap().next().is_none());
    fill(&mut backend, 0..1000);
    let first = files(&mut backend);
    assert!(!shared(&first).is_empty());
    let value = backend.state(ValueStateDescriptor::<u64>::new("value")).unwrap();
    assert_eq!(value.value(&mut backend).unwrap(), Some(&(999 * 999)));
    backend.snapshot().unwrap();
    let traffic = store.traffic();
    assert_eq!(files(&mut backend), first);
    assert_eq!(store.traffic().bytes_written, traffic.bytes_written);
}

#[test]
fn later_snapshots_share_the_files_that_are_left() {
    let options = LsmOptions { table_bytes: 4000, ..small() };
    let mut backend = KeyedBackend::lsm(128, RANGE, lsm_store(options));
    fill(&mut backend, 0..20_000);
    let first = files(&mut backend);
    fill(&mut backend, 0..3);
    let second = files(&mut backend);
    assert!(second.state_version == first.state_version + 3);
    let (new, all) = (second.manifest.new_bytes(&first.manifest), second.manifest.files.iter());
    let all: u64 = all.map(|file| file.bytes).sum();
    assert!(new < all / 3, "{new} of {all} bytes are new");
    for file in shared(&second) {
        let unchanged = first.manifest.files.iter().find(|earlier| earlier.name == file.name);
        assert!(unchanged.is_none_or(|earlier| earlier == file), "{file:?} has changed");
    }
}

/// Copies the files of a manifest, as a checkpoint does.
fn copy(snapshot: &FilesSnapshot, from: &Path) -> std::path::PathBuf {
    let to = directory();
    fs::create_dir_all(to.join("tables")).unwrap();
    for file in &snapshot.manifest.files {
        let contents = fs::read(from.join(&file.name)).unwrap();
        assert_eq!(contents.len() as u64, file.bytes, "{}", file.name);
        assert_eq!(xxhash_rust::xxh3::xxh3_128(&contents), file.checksum, "{}", file.name);
        fs::write(to.join(&file.name), contents).unwrap();
    }
    to
}

#[test]
fn the_files_of_a_snapshot_hold_the_state() {
    let store = lsm_store(small());
    let mut old = KeyedBackend::lsm(128, RANGE, store.clone());
    fill(&mut old, 0..3000);
    let (snapshot, expected) = (files(&mut old), old.snapshot().unwrap());
    let copied = copy(&snapshot, store.directory());
    fill(&mut old, 0..10);

    let restored = LsmStore::open(&copied, small(), Some(&snapshot.manifest)).unwrap();
    let mut new = KeyedBackend::lsm(128, RANGE, restored);
    new.restore_files(&snapshot).unwrap();
    let unclaimed = new.snapshot().unwrap();
    assert_eq!(unclaimed.states[0].groups.len(), expected.states[0].groups.len());
    for (unclaimed, expected) in unclaimed.states[0].groups.iter().zip(&expected.states[0].groups) {
        assert_eq!((unclaimed.entries, unclaimed.digest), (expected.entries, expected.digest));
    }
    let wrong = new.state(ValueStateDescriptor::<String>::new("value"));
    assert!(wrong.is_err_and(|error| error.to_string().contains("has changed")));
    new.state(ValueStateDescriptor::<u64>::new("value")).unwrap();
    assert_eq!(new.snapshot().unwrap(), expected);
    fill(&mut new, 3000..3010);
    assert_eq!(new.state_version(), snapshot.state_version + 10);
}

#[test]
fn clearing_a_backend_leaves_what_else_is_in_its_tree() {
    let store = lsm_store(small());
    let mut table = LsmTable::<u8, u8>::new(store.clone(), "table", 128).unwrap();
    table.find_or_insert(1, |_| false, || 1, || 2);
    table.write_back().unwrap();
    let mut backend = KeyedBackend::lsm(128, RANGE, store);
    fill(&mut backend, 0..1000);
    backend.clear().unwrap();
    assert_eq!(backend.snapshot().unwrap().states[0].groups, []);
    let mut left = Vec::new();
    table.visit(&mut |_, key, value| left.push((*key, *value)));
    assert_eq!(left, [(1, 2)]);
}

/// The files of a run in a simulation of its own, down to their checksums.
fn files_in_a_simulation(seed: u64) -> FilesSnapshot {
    let run = move || {
        let runtime = madsim::runtime::Runtime::with_seed_and_config(seed, Default::default());
        runtime.block_on(async {
            let mut backend = KeyedBackend::lsm(128, RANGE, lsm_store(small()));
            fill(&mut backend, 0..3000);
            fill(&mut backend, 1000..1500);
            files(&mut backend)
        })
    };
    std::thread::Builder::new().spawn(run).unwrap().join().unwrap()
}

#[test]
fn a_simulation_writes_the_same_files_every_time() {
    let first = files_in_a_simulation(7);
    assert!(shared(&first).len() > 3);
    assert_eq!(first, files_in_a_simulation(7));
}

#[test]
fn the_directory_vanishes_with_the_store() {
    let store = lsm_store(small());
    let path = store.directory().to_path_buf();
    let mut backend = KeyedBackend::lsm(128, RANGE, store);
    fill(&mut backend, 0..1000);
    assert!(path.join("tables").is_dir());
    drop(backend);
    assert!(!path.exists());
}

/// Runs the same uses of a store; what is in it in the end, and what was shown.
fn use_store(store: &mut impl KeyedStore<String, Vec<u32>>) -> Vec<String> {
    let mut shown = Vec::new();
    for step in 0u32..4000 {
        let key = format!("key {}", step.wrapping_mul(2_654_435_761) >> 24);
        let (hash_code, is_key) = (key.hash_code(), |found: &String| *found == key);
        if step % 7 == 3 {
            let removed = store.remove(hash_code, &key);
            shown.push(format!("{step} {removed} {}", store.count()));
        } else if step % 5 == 1 {
            let found = store.find(hash_code, is_key, || key.clone());
            shown.push(format!("{step} {:?}", found.map(|(_, values)| values.pop())));
        } else {
            let (_, values) = store.find_or_insert(hash_code, is_key, || key.clone(), Vec::new);
            values.push(step);
        }
    }
    store.visit(&mut |group, key, values| shown.push(format!("{group} {key} {values:?}")));
    shown
}

#[test]
fn a_table_is_a_keyed_store_like_any_other() {
    let store = lsm_store(small());
    let mut lsm = LsmTable::new(store.clone(), "table", 128).unwrap();
    let mut other = LsmTable::<u8, u8>::new(store.clone(), "other", 128).unwrap();
    other.find_or_insert(1, |_| false, || 1, || 2);
    let mut hashmap = KeyedTable::new(128);
    assert_eq!(use_store(&mut lsm), use_store(&mut hashmap));
    assert!(store.traffic().bytes_read > 0, "the cache was too large to need the tree");
    let snapshot = snapshot_store("table", &mut lsm).unwrap();
    assert_eq!(snapshot, snapshot_store("table", &mut hashmap).unwrap());

    let part = KeyGroupRange { start: 10, end: 60 };
    let mut halves = (
        KeyedTable::<String, Vec<u32>>::new(128),
        LsmTable::<String, Vec<u32>>::new(lsm_store(small()), "t", 128).unwrap(),
    );
    restore_store(&mut halves.0, part, &snapshot).unwrap();
    restore_store(&mut halves.1, part, &snapshot).unwrap();
    assert!(halves.0.len() < lsm.count() && halves.0.len() == halves.1.count());
    let of_halves = snapshot_store("table", &mut halves.0).unwrap();
    assert_eq!(of_halves, snapshot_store("table", &mut halves.1).unwrap());
    assert!(of_halves.groups.iter().eq(snapshot.within(part)));

    lsm.clear();
    let mut left = 0;
    lsm.visit(&mut |_, _, _: &Vec<u32>| left += 1);
    assert_eq!((left, lsm.count(), other.count()), (0, 0, 1));
    other.visit(&mut |_, key, value| assert_eq!((*key, *value), (1, 2)));
}
